#include "host/hdf5_file.hpp"

#include <fcntl.h>
#include <hdf5.h>
#include <sys/resource.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <functional>
#include <hebbforge/error.hpp>
#include <hebbforge/host/registry.hpp>
#include <memory>
#include <numeric>
#include <utility>

#include "host/child.hpp"
#include "host/digest.hpp"
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

bool is_single(hid_t attribute) {
  const Handle space(H5Aget_space(attribute));
  return space.good() && H5Sget_simple_extent_npoints(space.id()) == 1;
}

hid_t utf8_string(std::size_t bytes) {
  const hid_t type = H5Tcopy(H5T_C_S1);
  H5Tset_size(type, std::max<std::size_t>(bytes, 1));
  H5Tset_cset(type, H5T_CSET_UTF8);
  H5Tset_strpad(type, H5T_STR_NULLPAD);
  return type;
}

// HDF5 keeps quiet: what fails is told here. At the end of the process it does not try once more what failed.
void begin_hdf5() {
  [[maybe_unused]] static const bool once = [] {
    H5dont_atexit();
    H5PLset_loading_state(0);  // nor does a file name code to be loaded
    return true;
  }();
  H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
}

// Room for groups, attributes and the like beside the values.
constexpr std::uint64_t margin = 65536;

// HDF5 looks at what lies before: a line at the end is not in its way.
constexpr std::string_view seal = "\nhebbforge sha1 ";
constexpr std::size_t seal_size = seal.size() + 40;

}  // namespace

Hdf5Writer::Hdf5Writer(std::filesystem::path file)
    : file_(regular_target(file)), temporary_(temporary_for(file_)) {
  begin_hdf5();
  descriptor_ = ::open(temporary_.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (descriptor_ < 0) throw WriteError(file_, errno);
  try {
    reserve(0);
    handle_ = H5Fcreate(temporary_.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    check(handle_ >= 0, "make");
    reserved_ = 0;
    reserve(0);
  } catch (...) {
    drop();
    throw;
  }
}

Hdf5Writer::~Hdf5Writer() {
  if (descriptor_ >= 0) drop();
}

void Hdf5Writer::drop() noexcept {
  if (handle_ >= 0) H5Fclose(std::exchange(handle_, -1));
  ::close(std::exchange(descriptor_, -1));
  std::error_code ignored;
  std::filesystem::remove(temporary_, ignored);
}

void Hdf5Writer::reserve(std::uint64_t bytes) {
  hsize_t size = 0;
  if (handle_ >= 0) H5Fget_filesize(handle_, &size);
  const std::uint64_t end = size + bytes + margin;
  if (end <= reserved_) return;
  rlimit most{};
  if (::getrlimit(RLIMIT_FSIZE, &most) == 0 && most.rlim_cur != RLIM_INFINITY && end > most.rlim_cur)
    throw WriteError(file_, EFBIG);
  int error = ::fallocate(descriptor_, FALLOC_FL_KEEP_SIZE, 0, static_cast<off_t>(end)) == 0 ? 0 : errno;
  if (error == EOPNOTSUPP || error == ENOSYS) {
    struct statvfs disk {};
    error = ::fstatvfs(descriptor_, &disk) == 0 && disk.f_bavail * disk.f_frsize < end - size ? ENOSPC : 0;
  }
  if (error != 0) throw WriteError(file_, error);
  reserved_ = end;
}

void Hdf5Writer::check(bool good, const std::string& doing) const {
  if (!good) throw SimulationError("cannot " + doing + " '" + file_.string() + "': HDF5 refuses it");
}

namespace {

herr_t write_dataset(hid_t file, const std::string& name, hid_t type, const std::vector<std::size_t>& shape,
                     const void* values) {
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
  const Handle at(H5Oopen(file, object.c_str(), H5P_DEFAULT)), space(H5Screate(H5S_SCALAR));
  const Handle attribute(H5Acreate2(at.id(), name.c_str(), type, space.id(), H5P_DEFAULT, H5P_DEFAULT));
  return attribute.good() ? H5Awrite(attribute.id(), type, value) : -1;
}

}  // namespace

void Hdf5Writer::reals(const std::string& name, const std::vector<std::size_t>& shape, const double* values) {
  reserve(product(shape) * sizeof(double));
  check(write_dataset(handle_, name, H5T_NATIVE_DOUBLE, shape, values) >= 0, "write '" + name + "' to");
}

void Hdf5Writer::integers(const std::string& name, const std::vector<std::size_t>& shape,
                          const std::uint64_t* values) {
  reserve(product(shape) * sizeof(std::uint64_t));
  check(write_dataset(handle_, name, H5T_NATIVE_UINT64, shape, values) >= 0, "write '" + name + "' to");
}

void Hdf5Writer::text(const std::string& name, std::string_view value) {
  const Handle type(utf8_string(value.size()));
  const std::string terminated(value);
  reserve(value.size());
  check(write_dataset(handle_, name, type.id(), {}, terminated.c_str()) >= 0, "write '" + name + "' to");
}

void Hdf5Writer::texts(const std::string& name, const std::vector<std::string>& values) {
  std::size_t width = 1;
  for (const std::string& v : values) width = std::max(width, v.size());
  std::string all(width * values.size(), '\0');
  for (std::size_t k = 0; k < values.size(); ++k) values[k].copy(all.data() + k * width, width);
  const Handle type(utf8_string(width));
  reserve(all.size());
  check(write_dataset(handle_, name, type.id(), {values.size()}, all.data()) >= 0, "write '" + name + "' to");
}

void Hdf5Writer::matrix(const std::string& name, const ConstMatrixView& values) {
  const Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor> rows = values;
  reals(name, {static_cast<std::size_t>(rows.rows()), static_cast<std::size_t>(rows.cols())}, rows.data());
}

void Hdf5Writer::attribute(const std::string& object, const std::string& name, double value) {
  reserve(sizeof value);
  check(write_attribute(handle_, object, name, H5T_NATIVE_DOUBLE, &value) >= 0,
        "write the attribute '" + name + "' to");
}

void Hdf5Writer::attribute(const std::string& object, const std::string& name, std::string_view value) {
  const Handle type(utf8_string(value.size()));
  const std::string terminated(value);
  reserve(value.size());
  check(write_attribute(handle_, object, name, type.id(), terminated.c_str()) >= 0,
        "write the attribute '" + name + "' to");
}

void Hdf5Writer::commit(bool sealed) {
  const bool closed = H5Fflush(handle_, H5F_SCOPE_GLOBAL) >= 0 && H5Fclose(std::exchange(handle_, -1)) >= 0;
  check(closed, "write");
  off_t size = ::lseek(descriptor_, 0, SEEK_END);
  int error = size >= 0 ? 0 : errno;
  if (sealed && error == 0) {
    const std::string line = std::string(seal) + digest_of_file(temporary_);
    error = try_to_append(temporary_, line);
    size += static_cast<off_t>(line.size());
  }
  // What was reserved and not needed is given back.
  if (error == 0 && ::ftruncate(descriptor_, size) != 0) error = errno;
  if (error == 0) error = replace_file(temporary_, file_);
  if (error != 0) throw WriteError(file_, error);
  ::close(std::exchange(descriptor_, -1));
}

void require_seal(const std::filesystem::path& file) {
  std::error_code error;
  const auto size = std::filesystem::file_size(file, error);
  if (error) throw Error("cannot read '" + file.string() + "': " + error.message());
  const auto body = size < seal_size ? 0 : size - seal_size;
  std::ifstream in(file, std::ios::binary);
  in.seekg(static_cast<std::streamoff>(body));
  const std::string end((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  if (!end.starts_with(seal))
    throw Error("'" + file.string() + "' is not whole: its last line, the digest of the rest, is missing");
  if (end.substr(seal.size()) != digest_of_beginning(file, body))
    throw Error("'" + file.string() + "' is not as it was written: its digest differs");
}

namespace {

// Of one dataset, 8 GiB as numbers; of one text; of one file; of groups within groups.
constexpr std::uint64_t most_values = std::uint64_t{1} << 30, longest_text = std::uint64_t{1} << 28,
                        most_objects = 100000;
constexpr int deepest_group = 16;

// Values, links and code may come from the file alone.
bool is_in_file(hid_t dataset) {
  const Handle creation(H5Dget_create_plist(dataset));
  return creation.good() && H5Pget_layout(creation.id()) != H5D_VIRTUAL &&
         H5Pget_external_count(creation.id()) == 0;
}

// Every dataset in and below a group, as it will be read.
void read_all(const Hdf5Reader& in, const std::string& group, int depth, std::uint64_t& objects,
              const std::function<void(std::string)>& alive) {
  for (const std::string& last : in.names(group)) {
    if (++objects > most_objects || depth > deepest_group) return;
    const std::string name = group == "/" ? last : group + "/" + last;
    if (!in.is_dataset(name)) {
      read_all(in, name, depth + 1, objects, alive);
      continue;
    }
    try {
      const auto kind = in.kind(name);
      if (kind == "text")
        in.texts(name);
      else if (kind == "integers")
        in.integers(name);
      if (kind != "text" && !kind.empty()) in.reals(name);
    } catch (const std::exception&) {
      // Whoever needs it will be told.
    }
    alive("");
  }
}

}  // namespace

// HDF5 may crash on a file that somebody else has made, or never come back: a child process reads it first.
Hdf5Reader::Hdf5Reader(std::filesystem::path file) : file_(std::move(file)) {
  begin_hdf5();
  const std::string failure = run_in_child(
      {60, 0},
      [&](const std::function<void(std::string)>& alive) {
        std::uint64_t objects = 0;
        if (open_file()) read_all(*this, "/", 0, objects, alive);
      },
      [](const std::string&) {});
  if (!failure.empty())
    throw Error("'" + file_.string() + "' is no sound HDF5 file: the process that read it on trial " +
                failure);
  if (!open_file()) throw Error("cannot read '" + file_.string() + "' as an HDF5 file");
}

bool Hdf5Reader::open_file() {
  handle_ = H5Fopen(file_.c_str(), H5F_ACC_RDONLY, H5P_DEFAULT);
  return handle_ >= 0;
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
  const auto is_here = [this](const std::string& part) {
    H5L_info_t link{};
    return H5Lexists(handle_, part.c_str(), H5P_DEFAULT) > 0 &&
           H5Lget_info(handle_, part.c_str(), &link, H5P_DEFAULT) >= 0 && link.type != H5L_TYPE_EXTERNAL;
  };
  for (auto slash = name.find('/', 1); slash != std::string::npos; slash = name.find('/', slash + 1)) {
    if (!is_here(name.substr(0, slash))) return false;
  }
  return is_here(name);
}

bool Hdf5Reader::is_dataset(const std::string& name) const {
  const Handle object(has(name) ? H5Oopen(handle_, name.c_str(), H5P_DEFAULT) : -1);
  return object.good() && H5Iget_type(object.id()) == H5I_DATASET;
}

std::int64_t Hdf5Reader::open(const std::string& name) const {
  const hid_t set = has(name) ? H5Dopen2(handle_, name.c_str(), H5P_DEFAULT) : -1;
  if (set < 0) fail(name, "there is no dataset");
  if (is_in_file(set)) return set;
  H5Dclose(set);
  fail(name, "another file holds the values of");
}

std::vector<std::size_t> Hdf5Reader::shape(const std::string& name) const {
  const Handle set(open(name)), space(H5Dget_space(set.id()));
  const int rank = H5Sget_simple_extent_ndims(space.id());
  if (rank < 0) fail(name, "no shape is known of");
  std::vector<hsize_t> size(static_cast<std::size_t>(rank));
  H5Sget_simple_extent_dims(space.id(), size.data(), nullptr);
  std::uint64_t values = 1;
  for (const hsize_t extent : size) {
    if (extent > most_values || (values *= std::max<hsize_t>(extent, 1)) > most_values)
      fail(name, "there are more than " + std::to_string(most_values) + " values in");
  }
  return {size.begin(), size.end()};
}

std::vector<std::size_t> Hdf5Reader::shape(const std::string& name, std::size_t dimensions) const {
  auto size = shape(name);
  if (size.size() != dimensions)
    fail(name, std::to_string(dimensions) + " dimensions are expected, not " + std::to_string(size.size()) +
                   ", of");
  return size;
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
  if (width == 0 || width > longest_text || count > longest_text / width)
    fail(name, "there are more than " + std::to_string(longest_text) + " bytes of text in");
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
  if (!at.good() || !is_single(at.id()) || H5Aread(at.id(), H5T_NATIVE_DOUBLE, &value) < 0)
    fail(name, "there is no numeric attribute");
  return value;
}

std::string Hdf5Reader::text_attribute(const std::string& object, const std::string& name) const {
  const Handle at(H5Aopen_by_name(handle_, object.c_str(), name.c_str(), H5P_DEFAULT, H5P_DEFAULT));
  if (!at.good() || !is_single(at.id())) fail(name, "there is no such attribute");
  const Handle type(H5Aget_type(at.id()));
  if (!type.good() || H5Tget_class(type.id()) != H5T_STRING || H5Tis_variable_str(type.id()) != 0)
    fail(name, "the attribute is no text of fixed length");
  if (H5Tget_size(type.id()) > longest_text) fail(name, "the attribute is too long");
  std::string value(H5Tget_size(type.id()), '\0');
  if (H5Aread(at.id(), type.id(), value.data()) < 0) fail(name, "the attribute cannot be read");
  value.resize(std::min(value.size(), value.find('\0')));
  return value;
}

}  // namespace hebbforge
