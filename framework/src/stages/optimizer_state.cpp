#include "stages/optimizer_state.hpp"

#include <hebbforge/error.hpp>

namespace hebbforge {

void write_state(Hdf5Writer& out, const std::string& group, const MemoryState& state) {
  using Type = MemoryState::Entry::Type;
  for (const auto& [key, entry] : state.entries()) {
    const std::string name = group + "/" + key;
    switch (entry.type) {
      case Type::integer:
        out.integer(name, entry.integer);
        break;
      case Type::text:
        out.text(name, entry.text);
        break;
      case Type::real:
        out.real(name, entry.reals.front());
        break;
      case Type::vector:
        out.reals(name, {entry.reals.size()}, entry.reals.data());
        break;
      case Type::matrix:
        out.matrix(name, state.matrix(key));
        break;
    }
  }
}

MemoryState read_state(const Hdf5Reader& in, const std::string& group) {
  MemoryState state;
  for (const std::string& key : in.names(group)) {
    const std::string name = group + "/" + key;
    const auto shape = in.shape(name);
    const std::string_view kind = in.kind(name);
    if (kind == "integers") {
      state.integer(key, in.integer(name));
    } else if (kind == "text") {
      state.text(key, in.text(name));
    } else if (kind == "reals") {
      const auto values = in.reals(name);
      if (shape.empty()) {
        state.real(key, values.front());
      } else if (shape.size() == 1) {
        state.vector(key, {values.data(), static_cast<Eigen::Index>(values.size())});
      } else if (shape.size() > 2) {
        throw Error("the checkpoint's entry '" + name + "' has more than two dimensions");
      } else {
        using RowMajor = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
        const Eigen::MatrixXd matrix = Eigen::Map<const RowMajor>(
            values.data(), static_cast<Eigen::Index>(shape[0]), static_cast<Eigen::Index>(shape[1]));
        state.matrix(key, view_of(matrix));
      }
    } else {
      throw Error("the checkpoint's entry '" + name + "' has an unknown type");
    }
  }
  return state;
}

}  // namespace hebbforge
