// What an optimizer writes into a checkpoint.
#pragma once

#include <cstdint>
#include <hebbforge/export.hpp>
#include <hebbforge/types.hpp>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace hebbforge {

/// Named arrays, restored bit by bit.
class HEBBFORGE_API StateWriter {
 public:
  virtual ~StateWriter();
  virtual void real(std::string_view name, double value) = 0;
  virtual void integer(std::string_view name, std::uint64_t value) = 0;
  virtual void text(std::string_view name, std::string_view value) = 0;
  virtual void vector(std::string_view name, ConstVectorView value) = 0;
  virtual void matrix(std::string_view name, ConstMatrixView value) = 0;
};

/// Throws Error naming what is missing or has another shape.
class HEBBFORGE_API StateReader {
 public:
  virtual ~StateReader();
  virtual double real(std::string_view name) const = 0;
  virtual std::uint64_t integer(std::string_view name) const = 0;
  virtual std::string_view text(std::string_view name) const = 0;
  /// Valid as long as the reader.
  virtual ConstVectorView vector(std::string_view name) const = 0;
  virtual ConstMatrixView matrix(std::string_view name) const = 0;
};

/// Keeps everything in memory: for tests, and between an optimizer and a checkpoint file.
class HEBBFORGE_API MemoryState final : public StateWriter, public StateReader {
 public:
  MemoryState();
  ~MemoryState() override;
  void real(std::string_view name, double value) override;
  void integer(std::string_view name, std::uint64_t value) override;
  void text(std::string_view name, std::string_view value) override;
  void vector(std::string_view name, ConstVectorView value) override;
  void matrix(std::string_view name, ConstMatrixView value) override;
  double real(std::string_view name) const override;
  std::uint64_t integer(std::string_view name) const override;
  std::string_view text(std::string_view name) const override;
  ConstVectorView vector(std::string_view name) const override;
  ConstMatrixView matrix(std::string_view name) const override;

  /// One stored array; integers are kept apart from reals because doubles lose their high bits.
  struct Entry {
    std::string text;
    std::uint64_t integer = 0;
    Eigen::Index rows = 0, cols = 0;
    std::vector<double> reals;  ///< column-major
    enum class Type { real, integer, text, vector, matrix } type = Type::real;
  };
  std::map<std::string, Entry, std::less<>>& entries() noexcept { return entries_; }
  const std::map<std::string, Entry, std::less<>>& entries() const noexcept { return entries_; }

 private:
  const Entry& at(std::string_view name, Entry::Type type) const;
  std::map<std::string, Entry, std::less<>> entries_;
};

}  // namespace hebbforge
