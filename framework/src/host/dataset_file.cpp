#include <hebbforge/error.hpp>
#include <hebbforge/host/dataset_file.hpp>

#include "host/hdf5_file.hpp"
#include <hebbforge/host/suggestion.hpp>

namespace hebbforge {

DatasetFile::DatasetFile(const std::filesystem::path& file) : file_(file) {
  const Hdf5Reader reader(file);
  for (const std::string& name : reader.names("/")) {
    if (!reader.is_dataset(name) || reader.kind(name) == "text" || reader.kind(name).empty()) continue;
    const auto shape = reader.shape(name);
    if (shape.size() > 2) continue;
    const auto rows = static_cast<Eigen::Index>(shape.empty() ? 1 : shape[0]);
    const auto cols = static_cast<Eigen::Index>(shape.size() < 2 ? 1 : shape[1]);
    const auto values = reader.reals(name);
    using RowMajor = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
    data_[name] = Eigen::Map<const RowMajor>(values.data(), rows, cols);
  }
}

const Eigen::MatrixXd& DatasetFile::matrix(std::string_view name) const {
  const auto found = data_.find(name);
  if (found != data_.end()) return found->second;
  std::vector<std::string> there;
  for (const auto& [known, unused] : data_) there.push_back(known);
  throw Error("'" + file_.string() + "' has no numeric dataset '" + std::string(name) + "'." +
              suggestion(name, there) + " Its datasets: " + joined(there));
}

}  // namespace hebbforge
