// Checkpoints whose entries were changed: each three bytes of the input say which entry, what happens to it,
// and how much. The files are sound HDF5, their seals are right: what is tried is who reads them.
#include <algorithm>
#include <array>
#include <atomic>
#include <fstream>
#include <hebbforge/host/run.hpp>
#include <limits>
#include <vector>

#include "framework/registry.hpp"
#include "host/hdf5_file.hpp"
#include "hostile.hpp"
#include "report/run_data.hpp"
#include "stages/run_status.hpp"

using namespace hebbforge;

namespace {

struct Entry {
  std::string name;
  std::string_view kind;
  std::vector<std::size_t> shape;
  std::vector<double> reals;
  std::vector<std::uint64_t> integers;
  std::vector<std::string> texts;
};

void collect(const Hdf5Reader& in, const std::string& group, std::vector<Entry>& all) {
  for (const std::string& last : in.names(group)) {
    const std::string name = group == "/" ? last : group + "/" + last;
    if (!in.is_dataset(name)) {
      collect(in, name, all);
      continue;
    }
    Entry e{name, in.kind(name), in.shape(name), {}, {}, {}};
    if (e.kind == "reals") e.reals = in.reals(name);
    if (e.kind == "integers") e.integers = in.integers(name);
    if (e.kind == "text") e.texts = in.texts(name);
    all.push_back(std::move(e));
  }
}

/// A search that was stopped, by one optimizer.
struct Run {
  Pipeline pipeline;
  std::filesystem::path directory;
  std::vector<Entry> checkpoint;

  explicit Run(const std::string& optimizer) {
    PipelineOptions options;
    options.overrides = {"search.optimizer=\"" + optimizer + "\"", "search.budget={generations=2}",
                         "executor.jobs=1", "networks={search=2,select=2,report=0}",
                         "search.references=[\"no_plasticity\"]"};
    pipeline = load_pipeline(built_plugins(),
                             std::filesystem::path(HEBBFORGE_SOURCE) / "tests/framework/pipelines/cheap.toml",
                             options);
    directory = std::filesystem::temp_directory_path() / ("fuzz_checkpoint_" + std::to_string(::getpid())) /
                optimizer;
    std::filesystem::remove_all(directory);
    RunOptions run;
    run.directory = directory;
    run_search(pipeline, run);
    collect(Hdf5Reader(directory / "checkpoint.h5"), "/", checkpoint);
  }
  ~Run() { std::filesystem::remove_all(directory.parent_path()); }
};

void change(std::vector<Entry>& all, unsigned which, unsigned what, unsigned amount) {
  if (all.empty()) return;
  Entry& e = all[which % all.size()];
  constexpr std::array reals{0.0,
                             -1.0,
                             1e300,
                             -1e300,
                             std::numeric_limits<double>::infinity(),
                             std::numeric_limits<double>::quiet_NaN(),
                             5e-324,
                             3.5};
  constexpr std::array<std::uint64_t, 8> integers{
      0, 1, 2, 255, 1u << 31, std::uint64_t{1} << 63, UINT64_MAX, UINT64_MAX - 1};
  switch (what % 8) {
    case 0:
      all.erase(all.begin() + which % static_cast<std::ptrdiff_t>(all.size()));
      return;
    case 1:  // one value
      if (!e.reals.empty()) e.reals[amount % e.reals.size()] = reals[amount / 8 % 8];
      if (!e.integers.empty()) e.integers[amount % e.integers.size()] = integers[amount / 8 % 8];
      if (!e.texts.empty()) e.texts[amount % e.texts.size()] += static_cast<char>(amount);
      return;
    case 2:  // all values
      std::ranges::fill(e.reals, reals[amount % 8]);
      std::ranges::fill(e.integers, integers[amount % 8]);
      return;
    case 3:  // another length
      e.shape.assign(1, amount);
      e.reals.resize(amount);
      e.integers.resize(amount);
      return;
    case 4:  // two or three dimensions
      e.shape = {amount % 4, amount / 4 % 8};
      if (amount >= 128) e.shape.push_back(amount / 32 % 4);
      break;
    case 5:  // a scalar
      e.shape.clear();
      break;
    case 6:  // another type
      e.kind = e.kind == "reals" ? "integers" : e.kind == "integers" ? "text" : "reals";
      break;
    case 7:  // another's values under its name
      e = {e.name,
           all[amount % all.size()].kind,
           all[amount % all.size()].shape,
           all[amount % all.size()].reals,
           all[amount % all.size()].integers,
           all[amount % all.size()].texts};
      return;
  }
  std::size_t count = 1;
  for (const std::size_t extent : e.shape) count *= extent;
  e.reals.resize(count);
  e.integers.resize(count);
}

void write(const std::vector<Entry>& all, const std::filesystem::path& file) {
  Hdf5Writer out(file);
  for (const Entry& e : all) {
    if (e.kind == "text" && e.shape.empty())
      out.text(e.name, e.texts.empty() ? "" : e.texts.front());
    else if (e.kind == "text")
      out.texts(e.name, e.texts);
    else if (e.kind == "integers")
      out.integers(e.name, e.shape, e.integers.data());
    else
      out.reals(e.name, e.shape, e.reals.data());
  }
  out.commit(true);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const std::array<Run, 4> runs{Run("cma_es"), Run("nelder_mead"), Run("differential_evolution"),
                                       Run("random_search")};
  static const std::atomic<bool> stop{true};
  if (size == 0) return 0;
  const Run& run = runs[data[0] % runs.size()];
  std::vector<Entry> all = run.checkpoint;
  for (std::size_t k = 1; k + 2 < size && k < 60; k += 3) change(all, data[k], data[k + 1], data[k + 2]);
  write(all, run.directory / "checkpoint.h5");
  RunOptions options;
  options.directory = run.directory;
  options.resume = true;
  options.stop = &stop;
  fuzz::read_or_refuse([&] { run_search(run.pipeline, options); });
  write(all, run.directory / "checkpoint.h5");
  write(all, run.directory / "results.h5");
  fuzz::read_or_refuse([&] { status_text(read_status(run.directory)); });
  fuzz::read_or_refuse([&] { report::read_run_data(run.directory); });
  return 0;
}
