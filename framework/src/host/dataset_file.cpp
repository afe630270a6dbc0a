#include <hebbforge/error.hpp>
#include <hebbforge/host/dataset_file.hpp>

#include <hebbforge/host/suggestion.hpp>
#include "host/hdf5_file.hpp"

namespace hebbforge {

DatasetFile::DatasetFile(const std::filesystem::path& file) : file_(file) {
  const Hdf5Reader reader(file);
  const auto read = [&](const std::string& name) {
    if (!reader.is_dataset(name)) {
      unusable_[name] = "a group";
      return;
    }
    const auto kind = reader.kind(name);
    const auto shape = reader.shape(name);
    if (kind.empty() || kind == "text" || shape.size() > 3) {
      unusable_[name] = kind.empty()     ? "values that are no numbers"
                        : kind == "text" ? "text"
                                         : std::to_string(shape.size()) + " dimensions";
      return;
    }
    const auto values = reader.reals(name);
    const auto extent = [&](std::size_t k) {
      return k < shape.size() ? static_cast<Eigen::Index>(shape[k]) : 1;
    };
    Dataset& data = data_[name];
    data.shape.assign(shape.begin(), shape.end());
    using RowMajor = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
    if (shape.size() == 3)
      data.values = Eigen::Map<const Eigen::MatrixXd>(values.data(), extent(2), extent(0) * extent(1));
    else
      data.values = Eigen::Map<const RowMajor>(values.data(), extent(0), extent(1));
  };
  for (const std::string& name : reader.names("/")) {
    try {
      read(name);
    } catch (const Error& error) {
      unusable_[name] = std::string("what cannot be read (") + error.what() + ")";
    }
  }
}

const DatasetFile::Dataset& DatasetFile::dataset(std::string_view name) const {
  if (const auto found = data_.find(name); found != data_.end()) return found->second;
  if (const auto found = unusable_.find(name); found != unusable_.end())
    throw Error("'" + file_.string() + "': '" + std::string(name) + "' holds " + found->second +
                "; expected numbers in at most three dimensions");
  std::vector<std::string> there;
  for (const auto& [known, unused] : data_) there.push_back(known);
  throw Error("'" + file_.string() + "' has no numeric dataset '" + std::string(name) + "'." +
              suggestion(name, there) + " Its datasets: " + joined(there));
}

}  // namespace hebbforge
