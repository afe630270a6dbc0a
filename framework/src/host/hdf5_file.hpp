// HDF5 files of named arrays, written so that a reader sees either the old file or the whole new one.
#pragma once

#include <cstdint>
#include <filesystem>
#include <hebbforge/export.hpp>
#include <hebbforge/types.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace hebbforge {

/// Writes to a temporary name beside `file`; commit() syncs and renames. Times of objects are off, so equal
/// contents give equal bytes. HDF5 does not survive a full disk (it may crash long afterwards): room is
/// reserved before each of its writes, so that it never meets one. Names may hold '/': groups are made as
/// needed. Row-major, as HDF5 is.
class HEBBFORGE_API Hdf5Writer {
 public:
  /// \throws WriteError if the file cannot be made
  explicit Hdf5Writer(std::filesystem::path file);
  ~Hdf5Writer();  ///< without commit(): the temporary file is removed
  Hdf5Writer(const Hdf5Writer&) = delete;
  Hdf5Writer& operator=(const Hdf5Writer&) = delete;

  /// \param shape  its product is the number of values; {} for a scalar
  void reals(const std::string& name, const std::vector<std::size_t>& shape, const double* values);
  void integers(const std::string& name, const std::vector<std::size_t>& shape, const std::uint64_t* values);
  void text(const std::string& name, std::string_view value);
  void texts(const std::string& name, const std::vector<std::string>& values);
  /// (rows, columns) as indexed here.
  void matrix(const std::string& name, const ConstMatrixView& values);
  void real(const std::string& name, double value) { reals(name, {}, &value); }
  void integer(const std::string& name, std::uint64_t value) { integers(name, {}, &value); }
  /// Attribute of a dataset or group; "/" is the file.
  void attribute(const std::string& object, const std::string& name, double value);
  void attribute(const std::string& object, const std::string& name, std::string_view value);

  /// \throws WriteError on a full disk or the like; the old file is then untouched
  /// \param sealed  the file ends with a digest of itself. \see require_seal
  void commit(bool sealed = false);

 private:
  void check(bool good, const std::string& doing) const;
  void reserve(std::uint64_t bytes);
  void drop() noexcept;
  std::filesystem::path file_, temporary_;
  int descriptor_ = -1;         ///< of the temporary file, to reserve room
  std::uint64_t reserved_ = 0;  ///< bytes from its beginning
  std::int64_t handle_ = -1;
};

/// Finds a file that was cut, or in which a bit has changed. \throws Error, also if there is none
HEBBFORGE_API void require_seal(const std::filesystem::path& file);

/// Reads what Hdf5Writer wrote, or somebody else: a child process reads the whole file first, so that one on
/// which HDF5 crashes or hangs gives an Error. A damaged or missing entry throws Error naming file and entry,
/// and so does one of more than 2^30 values, or whose values another file holds.
class HEBBFORGE_API Hdf5Reader {
 public:
  explicit Hdf5Reader(std::filesystem::path file);
  ~Hdf5Reader();
  Hdf5Reader(const Hdf5Reader&) = delete;
  Hdf5Reader& operator=(const Hdf5Reader&) = delete;

  bool has(const std::string& name) const;
  bool is_dataset(const std::string& name) const;
  std::vector<std::size_t> shape(const std::string& name) const;
  /// The same, of what has to have so many dimensions.
  std::vector<std::size_t> shape(const std::string& name, std::size_t dimensions) const;
  std::vector<double> reals(const std::string& name) const;
  std::vector<std::uint64_t> integers(const std::string& name) const;
  std::string text(const std::string& name) const;
  std::vector<std::string> texts(const std::string& name) const;
  /// Names in a group, sorted.
  std::vector<std::string> names(const std::string& group) const;
  double real(const std::string& name) const;
  std::uint64_t integer(const std::string& name) const;
  /// "reals", "integers", "truth values" (those of numpy, which reals() gives as 1 and 0), "text" or "":
  /// other types.
  std::string_view kind(const std::string& name) const;
  double attribute(const std::string& object, const std::string& name) const;
  std::string text_attribute(const std::string& object, const std::string& name) const;

 private:
  [[noreturn]] void fail(const std::string& name, const std::string& what) const;
  std::int64_t open(const std::string& name) const;
  bool open_file();
  std::filesystem::path file_;
  std::int64_t handle_ = -1;
};

}  // namespace hebbforge
