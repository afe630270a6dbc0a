#include <hebbforge/error.hpp>
#include <hebbforge/state.hpp>

namespace hebbforge {

StateWriter::~StateWriter() = default;
StateReader::~StateReader() = default;
MemoryState::MemoryState() = default;
MemoryState::~MemoryState() = default;

void MemoryState::real(std::string_view name, double value) {
  entries_[std::string(name)] = {"", 0, 1, 1, {value}, Entry::Type::real};
}
void MemoryState::integer(std::string_view name, std::uint64_t value) {
  entries_[std::string(name)] = {"", value, 0, 0, {}, Entry::Type::integer};
}
void MemoryState::text(std::string_view name, std::string_view value) {
  entries_[std::string(name)] = {std::string(value), 0, 0, 0, {}, Entry::Type::text};
}
void MemoryState::vector(std::string_view name, ConstVectorView value) {
  entries_[std::string(name)] = {
      "", 0, value.size(), 1, {value.data(), value.data() + value.size()}, Entry::Type::vector};
}
void MemoryState::matrix(std::string_view name, ConstMatrixView value) {
  Entry entry{"", 0, value.rows(), value.cols(), {}, Entry::Type::matrix};
  entry.reals.reserve(static_cast<std::size_t>(value.size()));
  for (Eigen::Index j = 0; j < value.cols(); ++j) {
    for (Eigen::Index i = 0; i < value.rows(); ++i) entry.reals.push_back(value(i, j));
  }
  entries_[std::string(name)] = std::move(entry);
}

const MemoryState::Entry& MemoryState::at(std::string_view name, Entry::Type type) const {
  const auto found = entries_.find(name);
  if (found == entries_.end()) throw Error("the saved state has no entry '" + std::string(name) + "'");
  if (found->second.type != type)
    throw Error("the saved state's entry '" + std::string(name) + "' has another type");
  return found->second;
}

double MemoryState::real(std::string_view name) const { return at(name, Entry::Type::real).reals.front(); }
std::uint64_t MemoryState::integer(std::string_view name) const {
  return at(name, Entry::Type::integer).integer;
}
std::string_view MemoryState::text(std::string_view name) const { return at(name, Entry::Type::text).text; }
ConstVectorView MemoryState::vector(std::string_view name) const {
  const Entry& entry = at(name, Entry::Type::vector);
  return {entry.reals.data(), entry.rows};
}
ConstMatrixView MemoryState::matrix(std::string_view name) const {
  const Entry& entry = at(name, Entry::Type::matrix);
  return {entry.reals.data(), entry.rows, entry.cols, Eigen::OuterStride<>(entry.rows)};
}

}  // namespace hebbforge
