#include <hdf5.h>

#include <hebbforge/error.hpp>
#include <hebbforge/host/dataset_file.hpp>
#include <mutex>
#include <vector>

namespace hebbforge {
namespace {

std::mutex& hdf5_mutex() {
  static std::mutex mutex;
  return mutex;
}

struct Reading {
  std::map<std::string, Eigen::MatrixXd, std::less<>>* data;
};

herr_t read_one(hid_t group, const char* name, const H5L_info_t*, void* context) {
  H5O_info_t info;
  if (H5Oget_info_by_name(group, name, &info, H5P_DEFAULT) < 0 || info.type != H5O_TYPE_DATASET) return 0;
  const hid_t set = H5Dopen2(group, name, H5P_DEFAULT);
  if (set < 0) return 0;
  const hid_t type = H5Dget_type(set), space = H5Dget_space(set);
  const H5T_class_t kind = H5Tget_class(type);
  const int rank = H5Sget_simple_extent_ndims(space);
  if ((kind == H5T_FLOAT || kind == H5T_INTEGER) && rank >= 0 && rank <= 2) {
    hsize_t size[2] = {1, 1};
    H5Sget_simple_extent_dims(space, size, nullptr);
    using RowMajor = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
    RowMajor rows(static_cast<Eigen::Index>(size[0]), static_cast<Eigen::Index>(size[1]));
    if (rows.size() == 0 ||
        H5Dread(set, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, rows.data()) >= 0) {
      (*static_cast<Reading*>(context)->data)[name] = rows;
    }
  }
  H5Sclose(space);
  H5Tclose(type);
  H5Dclose(set);
  return 0;
}

}  // namespace

DatasetFile::DatasetFile(const std::filesystem::path& file) : file_(file) {
  const std::lock_guard lock(hdf5_mutex());
  H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
  const hid_t handle = H5Fopen(file.c_str(), H5F_ACC_RDONLY, H5P_DEFAULT);
  if (handle < 0) throw Error("cannot read '" + file.string() + "' as an HDF5 file");
  Reading reading{&data_};
  const herr_t status = H5Literate(handle, H5_INDEX_NAME, H5_ITER_INC, nullptr, &read_one, &reading);
  H5Fclose(handle);
  if (status < 0) throw Error("cannot list the datasets of '" + file.string() + "'");
}

const Eigen::MatrixXd& DatasetFile::matrix(std::string_view name) const {
  const auto found = data_.find(name);
  if (found != data_.end()) return found->second;
  std::string there;
  for (const auto& [known, unused] : data_) there += (there.empty() ? "" : ", ") + known;
  throw Error("'" + file_.string() + "' has no numeric dataset '" + std::string(name) +
              "'; its datasets: " + there);
}

}  // namespace hebbforge
