// Numeric datasets of an HDF5 file.
#pragma once

#include <Eigen/Core>
#include <filesystem>
#include <hebbforge/export.hpp>
#include <hebbforge/types.hpp>
#include <map>
#include <string>
#include <string_view>

namespace hebbforge {

/// Every numeric dataset of rank 0 to 2 in a file's root, read at once as doubles and indexed as in the file:
/// (rows, columns), rank 1 as a column.
class HEBBFORGE_API DatasetFile {
 public:
  /// \throws Error naming the file if it cannot be read
  explicit DatasetFile(const std::filesystem::path& file);
  bool has(std::string_view name) const noexcept { return data_.find(name) != data_.end(); }
  /// \throws Error listing the datasets that are there
  const Eigen::MatrixXd& matrix(std::string_view name) const;
  const std::filesystem::path& file() const noexcept { return file_; }

 private:
  std::filesystem::path file_;
  std::map<std::string, Eigen::MatrixXd, std::less<>> data_;
};

}  // namespace hebbforge
