#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <hebbforge/error.hpp>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "command.hpp"
#include "host/document.hpp"
#include "host/mistakes.hpp"
#include "host/table_reader.hpp"
#include "stages/optimizer_bench.hpp"
#include "stages/test_functions.hpp"

namespace hebbforge::cli {
namespace {

struct Arguments {
  std::vector<std::string> names, functions;
  std::vector<std::int64_t> dimensions;
  std::int64_t seeds = 0, budget = 0;
  unsigned jobs = 0;
  bool quick = false;
  std::filesystem::path csv;
};

/// An optimizer under test, with the settings that were asked for.
struct Entry {
  std::string label;
  const RegisteredPlugin* plugin;
  Config config;
};

// "cma_es:active=false,restarts=none"
Entry entry_of(const Registry& registry, const std::string& label) {
  const auto colon = label.find(':');
  Entry entry{label, &registry.find(abi::Kind::optimizer, label.substr(0, colon)), {}};
  Node settings;
  std::string rest = colon == std::string::npos ? "" : label.substr(colon + 1);
  while (!rest.empty()) {
    const auto comma = rest.find(',');
    merge(settings, parse_override(rest.substr(0, comma)));
    rest = comma == std::string::npos ? "" : rest.substr(comma + 1);
  }
  Mistakes mistakes;
  TableReader reader(&settings, "'" + label + "'", {"the command line", 0, 0}, mistakes);
  const abi::Descriptor& descriptor = *entry.plugin->descriptor;
  entry.config = reader.config({descriptor.parameters.data, descriptor.parameters.size});
  reader.finish("optimizer '" + std::string(entry.plugin->name()) + "'");
  mistakes.throw_if_any();
  return entry;
}

std::vector<Entry> entries_of(const Registry& registry, const std::vector<std::string>& names,
                              const std::vector<BenchReference>& references) {
  std::vector<std::string> labels = names;
  if (names.empty()) {
    for (const RegisteredPlugin* plugin : registry.all()) {
      if (plugin->kind() == abi::Kind::optimizer && !plugin->hidden()) {
        const bool ours = plugin->name().starts_with("hebbforge.");
        labels.emplace_back(ours ? plugin->last_name() : plugin->name());
      }
    }
    for (const BenchReference& r : references) {
      if (!r.like.empty() && std::ranges::count(labels, r.like) == 0) labels.push_back(r.like);
    }
  }
  std::vector<Entry> entries;
  for (const std::string& label : labels) entries.push_back(entry_of(registry, label));
  return entries;
}

struct Block {
  std::string function;
  Eigen::Index dimension;
  std::int64_t budget;
};

// Searches of all entries with all seeds; entry by entry, seed by seed, whatever the number of jobs.
std::vector<std::vector<BenchSearch>> run_block(const Block& block, const std::vector<Entry>& entries,
                                                std::int64_t seeds, unsigned jobs) {
  std::vector<std::vector<BenchSearch>> searches(entries.size(),
                                                 std::vector<BenchSearch>(static_cast<std::size_t>(seeds)));
  const std::size_t count = entries.size() * static_cast<std::size_t>(seeds);
  std::atomic<std::size_t> next{0};
  std::mutex mutex;
  std::size_t done = 0;
  std::exception_ptr failure;
  const bool on_terminal = ::isatty(STDERR_FILENO) == 1;
  const auto work = [&] {
    for (std::size_t k = next++; k < count; k = next++) {
      const std::size_t e = k / static_cast<std::size_t>(seeds), s = k % static_cast<std::size_t>(seeds);
      try {
        searches[e][s] = bench_search(*entries[e].plugin, entries[e].config, block.function, block.dimension,
                                      s + 1, block.budget);
      } catch (...) {
        const std::lock_guard lock(mutex);
        if (!failure) failure = std::current_exception();
        next = count;
      }
      const std::lock_guard lock(mutex);
      ++done;
      if (!on_terminal) continue;
      std::fprintf(stderr, "\r%s, n = %lld: %zu of %zu searches ", block.function.c_str(),
                   static_cast<long long>(block.dimension), done, count);
    }
  };
  {
    std::vector<std::jthread> threads;
    for (unsigned k = 0; k < jobs; ++k) threads.emplace_back(work);
  }
  if (on_terminal) std::fprintf(stderr, "\r%60s\r", "");
  if (failure) std::rethrow_exception(failure);
  return searches;
}

/// How many times the evaluations of the reference each entry needed.
struct Ratios {
  double log_sum = 0, largest = 0;
  int cells = 0;
  std::string worst;
};

std::string count_text(double evaluations) {
  return std::isinf(evaluations) ? "-" : std::to_string(std::llround(evaluations));
}

class Table {
 public:
  Table(const std::filesystem::path& csv, const std::vector<BenchReference>& references)
      : references_(references) {
    if (csv.empty()) return;
    csv_.open(csv);
    csv_ << "function,dimension,optimizer,searches,reached,median,low,high,us_per_evaluation,reference,"
            "reference_median,ratio\n";
    if (!csv_) throw ConfigError("cannot write " + csv.string());
  }

  void print(const Block& block, double target, std::int64_t seeds, const std::vector<Entry>& entries,
             const std::vector<std::vector<BenchSearch>>& searches) {
    std::printf("\n%s, n = %lld: evaluations to %g, %lld seeds, at most %lld\n", block.function.c_str(),
                static_cast<long long>(block.dimension), target, static_cast<long long>(seeds),
                static_cast<long long>(block.budget));
    std::printf("  %-56s %8s  %-18s %7s %10s %13s\n", "optimizer", "median", "95 % interval", "reached",
                "us/eval.", "of reference");
    for (std::size_t e = 0; e < entries.size(); ++e)
      print_row(block, entries[e].label, bench_cell(searches[e]));
    for (const BenchReference& r : references_) {
      if (r.function == block.function && r.dimension == block.dimension)
        std::printf("  %-56s %8s\n", ("(" + r.name + ")").c_str(), count_text(r.median).c_str());
    }
    std::fflush(stdout);
  }

  void print_summary(const std::vector<Entry>& entries) const {
    if (ratios_.empty()) return;
    std::printf("\nevaluations over those of the reference: geometric mean, and the largest\n");
    for (const Entry& entry : entries) {
      const auto found = ratios_.find(entry.label);
      if (found == ratios_.end()) continue;
      const Ratios& r = found->second;
      std::printf("  %-56s %5.2f over %d cells, %5.2f on %s\n", entry.label.c_str(),
                  std::exp(r.log_sum / r.cells), r.cells, r.largest, r.worst.c_str());
    }
  }

 private:
  const BenchReference* reference(const Block& block, const std::string& label) const {
    const auto found = std::ranges::find_if(references_, [&](const BenchReference& r) {
      return r.function == block.function && r.dimension == block.dimension && r.like == label;
    });
    return found == references_.end() ? nullptr : &*found;
  }

  void print_row(const Block& block, const std::string& label, const BenchCell& cell) {
    const BenchReference* r = reference(block, label);
    const double ratio = r ? cell.median / r->median : 0;
    char ratio_text[32] = "";
    if (r) {
      std::snprintf(ratio_text, sizeof ratio_text, "%.2f", ratio);
      Ratios& all = ratios_[label];
      all.log_sum += std::log(ratio);
      ++all.cells;
      if (ratio > all.largest) {
        all.largest = ratio;
        all.worst = block.function + ", n = " + std::to_string(block.dimension);
      }
    }
    std::printf("  %-56s %8s  %-18s %3lld/%-3lld %10.2f %13s\n", label.c_str(),
                count_text(cell.median).c_str(),
                ("[" + count_text(cell.low) + ", " + count_text(cell.high) + "]").c_str(),
                static_cast<long long>(cell.reached), static_cast<long long>(cell.searches),
                cell.own_microseconds, ratio_text);
    if (!csv_.is_open()) return;
    csv_ << block.function << ',' << block.dimension << ",\"" << label << "\"," << cell.searches << ','
         << cell.reached << ',' << cell.median << ',' << cell.low << ',' << cell.high << ','
         << cell.own_microseconds << ',';
    if (r)
      csv_ << r->name << ',' << r->median << ',' << ratio << '\n';
    else
      csv_ << ",,\n";
    csv_.flush();
  }

  const std::vector<BenchReference>& references_;
  std::map<std::string, Ratios> ratios_;
  std::ofstream csv_;
};

void bench_optimizers(Session& session, Arguments a) {
  session.find_plugins();
  if (a.functions.empty())
    a.functions = a.quick ? std::vector<std::string>{"sphere", "ellipsoid", "rosenbrock", "rotated_rastrigin",
                                                     "bounded_sphere"}
                          : test_function_names();
  if (a.dimensions.empty())
    a.dimensions = a.quick ? std::vector<std::int64_t>{5, 10} : std::vector<std::int64_t>{5, 10, 20, 40};
  if (a.seeds == 0) a.seeds = a.quick ? 5 : 21;
  if (a.jobs == 0) a.jobs = std::max(1u, std::thread::hardware_concurrency());
  const auto references =
      read_bench_references(installation_prefix() / "share/hebbforge/benchmarks/optimizer_medians.csv");
  const std::vector<Entry> entries = entries_of(session.registry, a.names, references);
  // An unknown function is a mistake before the first search, not after the last.
  for (const std::string& function : a.functions) TestFunction(function, 2, 1);
  Table table(a.csv, references);
  for (const std::string& function : a.functions) {
    for (const std::int64_t n : a.dimensions) {
      const TestFunction f(function, n, 1);
      const std::int64_t per_dimension = a.budget > 0   ? a.budget
                                         : f.multimodal ? (a.quick ? 5000 : 20000)
                                                        : (a.quick ? 1000 : 5000);
      const Block block{function, n, per_dimension * n};
      table.print(block, f.target, a.seeds, entries, run_block(block, entries, a.seeds, a.jobs));
    }
  }
  table.print_summary(entries);
}

}  // namespace

void add_bench_optimizers(CLI::App& bench, Session& session) {
  auto a = std::make_shared<Arguments>();
  CLI::App* command =
      bench.add_subcommand("optimizers", "Evaluations that optimizers need on test functions");
  command
      ->add_option("optimizers", a->names,
                   "NAME or NAME:KEY=VALUE,KEY=VALUE; without any: every optimizer that is found, and the "
                   "settings that the stored medians are compared with")
      ->type_name("NAME");
  command->add_option("--functions", a->functions, "Some of the functions, comma-separated")
      ->type_name("NAME")
      ->delimiter(',');
  command->add_option("--dimensions", a->dimensions, "Default: 5,10,20,40")
      ->type_name("N")
      ->delimiter(',')
      ->check(CLI::Range(2, 10000));
  command->add_option("--seeds", a->seeds, "Searches per optimizer, function and dimension; default 21")
      ->type_name("N")
      ->check(CLI::Range(1, 100000));
  command
      ->add_option("--budget", a->budget,
                   "Evaluations at most, times the dimension; default 5000, for many local optima 20000")
      ->type_name("N")
      ->check(CLI::Range(1, 100000000));
  command->add_option("--jobs", a->jobs, "Searches at the same time; default: one per core")
      ->type_name("N")
      ->check(CLI::Range(1, 1024));
  command->add_option("--csv", a->csv, "Write the table to this file too")->type_name("FILE");
  command->add_flag("--quick", a->quick, "Five functions, two dimensions, five seeds: a minute or two");
  command->footer(
      "Reached: searches with a candidate below the target. us/eval.: processor time of an optimizer "
      "itself;\n"
      "what it does in threads of its own (nlopt) is not counted. In parentheses: stored medians of "
      "published\n"
      "implementations. Rotated functions are turned and shifted by the seed.\n"
      "Examples:\n"
      "  hebbforge bench optimizers --quick\n"
      "  hebbforge bench optimizers cma_es cma_es:covariance=diagonal --functions sphere,tablet\n"
      "  hebbforge bench optimizers nlopt:method=sbplx nelder_mead --dimensions 5 --csv bench.csv");
  command->callback([a, &session] { bench_optimizers(session, *a); });
}

}  // namespace hebbforge::cli
