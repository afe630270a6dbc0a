// Numeric datasets of an HDF5 file.
#pragma once

#include <Eigen/Core>
#include <cstdint>
#include <filesystem>
#include <hebbforge/export.hpp>
#include <hebbforge/types.hpp>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace hebbforge {

/// Every numeric dataset of rank 0 to 3 in a file's root, read at once as doubles (true: 1) and indexed as in
/// the file: (rows, columns), rank 1 as a column. Rank 3 (trial, time, channel) is a matrix (channels, trials
/// * times), trial after trial: the file's own order in memory.
class HEBBFORGE_API DatasetFile {
 public:
  /// \throws Error naming the file if it cannot be read
  explicit DatasetFile(const std::filesystem::path& file);
  /// Whether anything has this name; matrix() says whether it can be used.
  bool has(std::string_view name) const noexcept { return data_.contains(name) || unusable_.contains(name); }
  /// \throws Error saying what is wrong with the dataset, or listing those that are there
  const Eigen::MatrixXd& matrix(std::string_view name) const { return dataset(name).values; }
  /// Extents in the file; {} of a single number. \throws as matrix()
  std::span<const std::int64_t> shape(std::string_view name) const { return dataset(name).shape; }
  const std::filesystem::path& file() const noexcept { return file_; }

 private:
  struct Dataset {
    std::vector<std::int64_t> shape;
    Eigen::MatrixXd values;
  };
  const Dataset& dataset(std::string_view name) const;

  std::filesystem::path file_;
  std::map<std::string, Dataset, std::less<>> data_;
  std::map<std::string, std::string, std::less<>> unusable_;  ///< and what they hold
};

}  // namespace hebbforge
