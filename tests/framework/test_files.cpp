// Files of a run: whole or not there; logs that stay small; HDF5 files that somebody else has made.
#include <unistd.h>

#include <boost/test/unit_test.hpp>
#include <csignal>
#include <cstdint>
#include <fstream>
#include <hebbforge/error.hpp>
#include <hebbforge/host/dataset_file.hpp>
#include <hebbforge/log.hpp>
#include <iterator>

#include "host/child.hpp"
#include "host/hdf5_file.hpp"
#include "host/log_file.hpp"
#include "host/printable.hpp"
#include "host/whole_file.hpp"
#include "registry.hpp"

using namespace hebbforge;
namespace {

const std::filesystem::path hostile = std::filesystem::path(HEBBFORGE_SOURCE) / "tests/fuzz/corpus/datasets";

std::string refusal(const auto& work) {
  try {
    work();
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

bool has(const std::string& text, const std::string& part) { return text.find(part) != text.npos; }

}  // namespace

BOOST_AUTO_TEST_CASE(a_log_is_rotated) {
  const auto directory = scratch("log");
  log_quietly(true);
  log_to_file(directory / "log.txt");
  const std::string line(1000, 'x');
  for (int k = 0; k < 20000; ++k) log_info(line);
  std::uintmax_t all = 0;
  int files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(directory)) {
    all += entry.file_size();
    ++files;
  }
  BOOST_TEST(files == 3);
  BOOST_TEST(std::filesystem::exists(directory / "log.2.txt"));
  BOOST_TEST(all < 13u << 20);
  log_to_file("/dev/null");
}

BOOST_AUTO_TEST_CASE(a_log_that_cannot_be_written_ends_nothing) {
  log_to_file("/dev/null/log.txt");  // no directory, and none can be made
  log_info("nobody reads this");
  log_to_file("/dev/full");
  log_info("nor this");
  log_to_file("/dev/null");
}

BOOST_AUTO_TEST_CASE(what_is_printed_does_not_steer_the_terminal) {
  BOOST_TEST(printable("plain, ümläut\tand\nline") == "plain, ümläut\tand\nline");
  BOOST_TEST(printable("\x1b[2J\r\x7f") == "\\x1b[2J\\x0d\\x7f");
  BOOST_TEST(printable("\xC2\x9B"
                       "31m") == "\\x9b31m");  // the one-byte form of the same, in UTF-8
  BOOST_TEST(printable(std::string_view("\0", 1)) == "\\x00");
}

BOOST_AUTO_TEST_CASE(a_file_that_cannot_be_replaced_stays_as_it_was) {
  const auto directory = scratch("whole_files");
  write_text_file(directory / "a.txt", "before");
  std::filesystem::create_directory(directory / ("b.txt.writing-" + std::to_string(::getpid())));
  BOOST_CHECK_THROW(write_text_file(directory / "b.txt", "after"), WriteError);
  BOOST_TEST(!std::filesystem::exists(directory / "b.txt"));
  BOOST_TEST(
      has(refusal([&] { write_text_file(directory / "none/c.txt", ""); }), "its directory is not there"));
  BOOST_TEST(
      has(refusal([&] { append_text("/dev/full", "x"); }), "no space left for '/dev/full': free space"));
  BOOST_TEST(read_text_file(directory / "a.txt") == "before");
  BOOST_TEST(has(refusal([&] { read_text_file("/dev/zero"); }), "more than 64 MiB"));
}

BOOST_AUTO_TEST_CASE(a_seal_finds_every_changed_byte) {
  const auto file = scratch("seal") / "a.h5";
  const std::vector<double> values(100, 1.5);
  Hdf5Writer out(file);
  out.reals("x", {100}, values.data());
  out.commit(true);
  require_seal(file);
  BOOST_TEST((Hdf5Reader(file).reals("x") == values));
  std::string bytes = read_text_file(file);
  for (std::size_t k = 0; k < bytes.size(); k += bytes.size() / 50) {
    std::string changed = bytes;
    changed[k] ^= 1;
    write_text_file(file, changed);
    BOOST_CHECK_THROW(require_seal(file), Error);
    write_text_file(file, std::string_view(bytes).substr(0, k));
    BOOST_CHECK_THROW(require_seal(file), Error);
  }
}

BOOST_AUTO_TEST_CASE(hdf5_values_stand_in_the_file_itself) {
  const DatasetFile file(hostile / "elsewhere.h5");
  for (const char* name : {"w0", "virtual"})
    BOOST_TEST(has(refusal([&] { file.matrix(name); }), "another file holds the values of"), name);
}

BOOST_AUTO_TEST_CASE(what_is_too_large_or_of_another_type_is_told_only_to_whom_it_concerns) {
  const DatasetFile file(hostile / "chunked.h5");
  BOOST_TEST(file.matrix("w0").size() == 24);
  BOOST_TEST(has(refusal([&] { file.matrix("huge"); }), "more than 1073741824 values"));
  BOOST_TEST(has(refusal([&] { file.matrix("v"); }), "holds text"));
  BOOST_TEST(has(refusal([&] { file.matrix("group"); }), "holds a group"));
  BOOST_TEST(has(refusal([&] { file.matrix("other"); }), "holds a group"));
}

BOOST_AUTO_TEST_CASE(what_a_child_process_suffers_is_one_sentence) {
  const auto ended = [](const std::function<void()>& work) {
    return run_in_child(
        {0.5, 0}, [&](const std::function<void(std::string)>&) { work(); }, [](const std::string&) {});
  };
  BOOST_TEST(ended([] {}) == "");
  BOOST_TEST(ended([] { ::raise(SIGSEGV); }) == "crashed: Segmentation fault (signal 11)");
  BOOST_TEST(has(ended([] { ::pause(); }), "hung"));
}
