#include "host/hdf5_file.hpp"

#include <hdf5.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <hebbforge/error.hpp>
#include <memory>
#include <numeric>
#include <utility>

#include "host/whole_file.hpp"

namespace hebbforge {
namespace {

/// Closes an HDF5 identifier of any kind.
class Handle {
 public:
  explicit Handle(hid_t id) noexcept : id_(id) {}
  ~Handle() {
    if (id_ >= 0) H5Idec_ref(id_);
  }
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;
  hid_t id() const noexcept { return id_; }
  bool good() const noexcept { return id_ >= 0; }

 private:
  hid_t id_;
};

std::size_t product(const std::vector<std::size_t>& shape) {
  return std::accumulate(shape.begin(), shape.end(), std::size_t{1}, std::multiplies<>());
}

hid_t space_of(const std::vector<std::size_t>& shape) {
  if (shape.empty()) return H5Screate(H5S_SCALAR);
  const std::vector<hsize_t> size(shape.begin(), shape.end());
  return H5Screate_simple(static_cast<int>(size.size()), size.data(), nullptr);
}

// How numpy's truth values are stored: an enumeration of one byte with FALSE and TRUE.
bool is_boolean(hid_t type) {
  if (H5Tget_class(type) != H5T_ENUM || H5Tget_size(type) != 1 || H5Tget_nmembers(type) != 2) return false;
  std::uint8_t no = 1, yes = 0;
  return H5Tenum_valueof(type, "FALSE", &no) >= 0 && H5Tenum_valueof(type, "TRUE", &yes) >= 0 && no == 0 &&
         yes == 1;
}

hid_t utf8_string(std::size_t bytes) {
  const hid_t type = H5Tcopy(H5T_C_S1);
  H5Tset_size(type, std::max<std::size_t>(bytes, 1));
  H5Tset_cset(type, H5T_CSET_UTF8);
  H5Tset_strpad(type, H5T_STR_NULLPAD);
  return type;
}

}  // namespace

Hdf5Writer::Hdf5Writer(std::filesystem::path file)
    : file_(regular_target(file)), temporary_(temporary_for(file_)) {
  errno = 0;
  H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
  handle_ = H5Fcreate(temporary_.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
  check(handle_ >= 0, "make");
}

Hdf5Writer::~Hdf5Writer() {
  if (handle_ < 0) return;
  H5Fclose(handle_);
  std::error_code ignored;
  std::filesystem::remove(temporary_, ignored);
}

void Hdf5Writer::check(bool good, const std::string& doing) const {
  if (good) return;
  const std::string why = errno != 0 ? std::string(": ") + std::strerror(errno) : "";
  throw SimulationError("cannot " + doing + " '" + file_.string() + "'" + why +
                        "; is the disk full, or the directory not writable?");
}

namespace {

herr_t write_dataset(hid_t file, const std::string& name, hid_t type, const std::vector<std::size_t>& shape,
                     const void* values) {
  errno = 0;
  const Handle links(H5Pcreate(H5P_LINK_CREATE)), creation(H5Pcreate(H5P_DATASET_CREATE));
  H5Pset_create_intermediate_group(links.id(), 1);
  H5Pset_obj_track_times(creation.id(), false);
  const Handle space(space_of(shape));
  const Handle set(H5Dcreate2(file, name.c_str(), type, space.id(), links.id(), creation.id(), H5P_DEFAULT));
  if (!set.good()) return -1;
  if (product(shape) == 0) return 0;
  return H5Dwrite(set.id(), type, H5S_ALL, H5S_ALL, H5P_DEFAULT, values);
}

herr_t write_attribute(hid_t file, const std::string& object, const std::string& name, hid_t type,
                       const void* value) {
  errno = 0;
  const Handle at(H5Oopen(file, object.c_str(), H5P_DEFAULT)), space(H5Screate(H5S_SCALAR));
  const Handle attribute(H5Acreate2(at.id(), name.c_str(), type, space.id(), H5P_DEFAULT, H5P_DEFAULT));
  return attribute.good() ? H5Awrite(attribute.id(), type, value) : -1;
}

}  // namespace

void Hdf5Writer::reals(const std::string& name, const std::vector<std::size_t>& shape, const double* values) {
  check(write_dataset(handle_, name, H5T_NATIVE_DOUBLE, shape, values) >= 0, "write '" + name + "' to");
}

void Hdf5Writer::integers(const std::string& name, const std::vector<std::size_t>& shape,
                          const std::uint64_t* values) {
  check(write_dataset(handle_, name, H5T_NATIVE_UINT64, shape, values) >= 0, "write '" + name + "' to");
}

void Hdf5Writer::text(const std::string& name, std::string_view value) {
  const Handle type(utf8_string(value.size()));
  const std::string terminated(value);
  check(write_dataset(handle_, name, type.id(), {}, terminated.c_str()) >= 0, "write '" + name + "' to");
}

void Hdf5Writer::texts(const std::string& name, const std::vector<std::string>& values) {
  std::size_t width = 1;
  for (const std::string& v : values) width = std::max(width, v.size());
  std::string all(width * values.size(), '\0');
  for (std::size_t k = 0; k < values.size(); ++k) values[k].copy(all.data() + k * width, width);
  const Handle type(utf8_string(width));
  check(write_dataset(handle_, name, type.id(), {values.size()}, all.data()) >= 0, "write '" + name + "' to");
}

void Hdf5Writer::matrix(const std::string& name, const ConstMatrixView& values) {
  const Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor> rows = values;
  reals(name, {static_cast<std::size_t>(rows.rows()), static_cast<std::size_t>(rows.cols())}, rows.data());
}

void Hdf5Writer::attribute(const std::string& object, const std::string& name, double value) {
  check(write_attribute(handle_, object, name, H5T_NATIVE_DOUBLE, &value) >= 0,
        "write the attribute '" + name + "' to");
}

void Hdf5Writer::attribute(const std::string& object, const std::string& name, std::string_view value) {
  const Handle type(utf8_string(value.size()));
  const std::string terminated(value);
  check(write_attribute(handle_, object, name, type.id(), terminated.c_str()) >= 0,
        "write the attribute '" + name + "' to");
}

void Hdf5Writer::commit() {
  errno = 0;
  const bool flushed = H5Fflush(handle_, H5F_SCOPE_GLOBAL) >= 0;
  const bool closed = H5Fclose(std::exchange(handle_, -1)) >= 0;
  const bool replaced = flushed && closed && replace_file(temporary_, file_);
  if (!replaced) {
    const int why = errno;
    std::error_code ignored;
    std::filesystem::remove(temporary_, ignored);
    errno = why;
  }
  check(replaced, "write");
}

Hdf5Reader::Hdf5Reader(std::filesystem::path file) : file_(std::move(file)) {
  H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
  handle_ = H5Fopen(file_.c_str(), H5F_ACC_RDONLY, H5P_DEFAULT);
  if (handle_ < 0) throw Error("cannot read '" + file_.string() + "' as an HDF5 file");
}

Hdf5Reader::~Hdf5Reader() {
  if (handle_ >= 0) H5Fclose(handle_);
}

void Hdf5Reader::fail(const std::string& name, const std::string& what) const {
  throw Error("'" + file_.string() + "': " + what + " '" + name + "'");
}

bool Hdf5Reader::has(const std::string& name) const {
  if (name == "/") return true;
  // Every group on the way has to be looked at: HDF5 only answers for the last part.
  for (auto slash = name.find('/', 1); slash != std::string::npos; slash = name.find('/', slash + 1)) {
    if (H5Lexists(handle_, name.substr(0, slash).c_str(), H5P_DEFAULT) <= 0) return false;
  }
  return H5Lexists(handle_, name.c_str(), H5P_DEFAULT) > 0;
}

bool Hdf5Reader::is_dataset(const std::string& name) const {
  const Handle object(H5Oopen(handle_, name.c_str(), H5P_DEFAULT));
  return object.good() && H5Iget_type(object.id()) == H5I_DATASET;
}

std::int64_t Hdf5Reader::open(const std::string& name) const {
  const hid_t set = has(name) ? H5Dopen2(handle_, name.c_str(), H5P_DEFAULT) : -1;
  if (set < 0) fail(name, "there is no dataset");
  return set;
}

std::vector<std::size_t> Hdf5Reader::shape(const std::string& name) const {
  const Handle set(open(name)), space(H5Dget_space(set.id()));
  const int rank = H5Sget_simple_extent_ndims(space.id());
  if (rank < 0) fail(name, "no shape is known of");
  std::vector<hsize_t> size(static_cast<std::size_t>(rank));
  H5Sget_simple_extent_dims(space.id(), size.data(), nullptr);
  return {size.begin(), size.end()};
}

std::vector<double> Hdf5Reader::reals(const std::string& name) const {
  std::vector<double> values(product(shape(name)));
  const Handle set(open(name)), type(H5Dget_type(set.id()));
  if (is_boolean(type.id())) {
    // HDF5 converts an enumeration to no number, but its bytes are there to be read.
    std::vector<std::uint8_t> bytes(values.size());
    if (!bytes.empty() && H5Dread(set.id(), type.id(), H5S_ALL, H5S_ALL, H5P_DEFAULT, bytes.data()) < 0)
      fail(name, "no truth values can be read from");
    std::ranges::copy(bytes, values.begin());
    return values;
  }
  const bool good = values.empty() ||
                    H5Dread(set.id(), H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data()) >= 0;
  if (!good) fail(name, "no numbers can be read from");
  return values;
}

std::vector<std::uint64_t> Hdf5Reader::integers(const std::string& name) const {
  std::vector<std::uint64_t> values(product(shape(name)));
  const Handle set(open(name));
  const bool good = values.empty() ||
                    H5Dread(set.id(), H5T_NATIVE_UINT64, H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data()) >= 0;
  if (!good) fail(name, "no whole numbers can be read from");
  return values;
}

std::vector<std::string> Hdf5Reader::texts(const std::string& name) const {
  const std::size_t count = product(shape(name));
  const Handle set(open(name)), type(H5Dget_type(set.id()));
  if (H5Tget_class(type.id()) != H5T_STRING || H5Tis_variable_str(type.id()) > 0)
    fail(name, "no text can be read from");
  const std::size_t width = H5Tget_size(type.id());
  std::string all(width * count, '\0');
  if (count > 0 && H5Dread(set.id(), type.id(), H5S_ALL, H5S_ALL, H5P_DEFAULT, all.data()) < 0) {
    fail(name, "no text can be read from");
  }
  std::vector<std::string> values;
  for (std::size_t k = 0; k < count; ++k) {
    std::string one = all.substr(k * width, width);
    one.erase(std::find(one.begin(), one.end(), '\0'), one.end());
    values.push_back(std::move(one));
  }
  return values;
}

std::string Hdf5Reader::text(const std::string& name) const {
  const auto all = texts(name);
  if (all.size() != 1) fail(name, "no text can be read from");
  return all.front();
}

std::vector<std::string> Hdf5Reader::names(const std::string& group) const {
  std::vector<std::string> all;
  if (!has(group)) return all;
  const auto note = [](hid_t, const char* name, const H5L_info_t*, void* list) -> herr_t {
    static_cast<std::vector<std::string>*>(list)->emplace_back(name);
    return 0;
  };
  H5Literate_by_name(handle_, group.c_str(), H5_INDEX_NAME, H5_ITER_INC, nullptr, note, &all, H5P_DEFAULT);
  return all;
}

double Hdf5Reader::real(const std::string& name) const {
  const auto all = reals(name);
  if (all.size() != 1) fail(name, "no single number is in");
  return all.front();
}

std::uint64_t Hdf5Reader::integer(const std::string& name) const {
  const auto all = integers(name);
  if (all.size() != 1) fail(name, "no single whole number is in");
  return all.front();
}

std::string_view Hdf5Reader::kind(const std::string& name) const {
  const Handle set(open(name)), type(H5Dget_type(set.id()));
  switch (H5Tget_class(type.id())) {
    case H5T_FLOAT:
      return "reals";
    case H5T_INTEGER:
      return "integers";
    case H5T_STRING:
      return "text";
    case H5T_ENUM:
      return is_boolean(type.id()) ? "truth values" : "";
    default:
      return "";
  }
}

double Hdf5Reader::attribute(const std::string& object, const std::string& name) const {
  double value = 0;
  const Handle at(H5Aopen_by_name(handle_, object.c_str(), name.c_str(), H5P_DEFAULT, H5P_DEFAULT));
  if (!at.good() || H5Aread(at.id(), H5T_NATIVE_DOUBLE, &value) < 0)
    fail(name, "there is no numeric attribute");
  return value;
}

std::string Hdf5Reader::text_attribute(const std::string& object, const std::string& name) const {
  const Handle at(H5Aopen_by_name(handle_, object.c_str(), name.c_str(), H5P_DEFAULT, H5P_DEFAULT));
  if (!at.good()) fail(name, "there is no such attribute");
  const Handle type(H5Aget_type(at.id()));
  if (!type.good() || H5Tget_class(type.id()) != H5T_STRING || H5Tis_variable_str(type.id()) != 0)
    fail(name, "the attribute is no text of fixed length");
  std::string value(H5Tget_size(type.id()), '\0');
  if (H5Aread(at.id(), type.id(), value.data()) < 0) fail(name, "the attribute cannot be read");
  value.resize(std::min(value.size(), value.find('\0')));
  return value;
}

}  // namespace hebbforge
