#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <hebbforge/error.hpp>
#include <memory>
#include <mutex>
#include <thread>

#include "command.hpp"
#include "host/log_file.hpp"
#include "host/whole_file.hpp"
#include "load.hpp"
#include "scratch.hpp"
#include "stages/regression.hpp"

namespace hebbforge::cli {
namespace {

struct Arguments {
  std::filesystem::path suite, junit;
  std::vector<std::string> only;
  int jobs = 0;
  bool update = false;
};

/// One repetition of a case.
struct Job {
  const RegressionCase* what;
  Pipeline pipeline;
  Quantities quantities;
  std::string error;
};

std::vector<Job> make_jobs(Session& session, const RegressionSuite& suite) {
  std::vector<Job> jobs;
  for (const RegressionCase& c : suite.cases) {
    PipelineArguments arguments;
    arguments.file = c.pipeline;
    arguments.overrides = c.overrides;
    arguments.rule = c.rule;
    arguments.jobs = 1;
    std::uint64_t first = 0;
    for (std::int64_t k = 0; k < c.seeds; ++k) {
      if (k > 0) arguments.seed = std::to_string(first + static_cast<std::uint64_t>(k));
      Pipeline pipeline = load(session, arguments, c.search);
      if (k == 0) first = pipeline.seeds.seed;
      jobs.push_back({&c, std::move(pipeline), {}, ""});
    }
  }
  return jobs;
}

// Cases side by side, each in one thread: their results do not depend on it.
void run_jobs(std::vector<Job>& jobs, int threads) {
  const Scratch scratch;
  std::atomic<std::size_t> next{0}, finished{0};
  const auto work = [&] {
    for (std::size_t k = next++; k < jobs.size() && !stop_requested(); k = next++) {
      Job& job = jobs[k];
      try {
        job.quantities =
            job.what->search
                ? quantities_of_run(job.pipeline, scratch.path() / std::to_string(k), &stop_requested())
                : quantities_of_lives(job.pipeline, job.what->networks, &stop_requested());
      } catch (const std::exception& error) {
        job.error = error.what();
      }
      std::fprintf(stderr, "%zu of %zu: %s\n", ++finished, jobs.size(), job.what->name.c_str());
    }
  };
  {
    std::vector<std::jthread> helpers;
    for (int k = 1; k < threads; ++k) helpers.emplace_back(work);
    work();
  }
  if (stop_requested()) throw Interrupted();
}

std::map<std::string, CaseResult> collect(const std::vector<Job>& jobs) {
  std::map<std::string, CaseResult> results;
  for (const Job& job : jobs) {
    CaseResult& result = results[job.what->name];
    for (const auto& [name, value] : job.quantities) result.values[name].push_back(value);
    result.plugins = plugin_digests(job.pipeline);
    if (!job.error.empty()) result.error = job.error;
  }
  return results;
}

void print(const std::vector<Verdict>& verdicts) {
  std::size_t width = 8;
  for (const Verdict& v : verdicts) width = std::max(width, v.case_name.size() + 1 + v.quantity.size());
  std::printf("%-*s %14s %14s  %-22s %s\n", static_cast<int>(width), "quantity", "baseline", "now", "drift",
              "allowed");
  const auto value = [](const std::optional<double>& x) {
    char text[32] = "-";
    if (x) std::snprintf(text, sizeof text, "%.8g", *x);
    return std::string(text);
  };
  for (const Verdict& v : verdicts) {
    std::printf("%-*s %14s %14s  %-22s %s%s\n", static_cast<int>(width),
                (v.case_name + "." + v.quantity).c_str(), value(v.baseline).c_str(), value(v.now).c_str(),
                v.drift.c_str(), v.allowed.c_str(), v.failure.empty() ? "" : "  FAILED");
  }
}

void print_changes(const RegressionSuite& suite, const std::map<std::string, CaseResult>& baseline,
                   const std::map<std::string, CaseResult>& now) {
  std::size_t changes = 0;
  for (const Verdict& v : compare(suite, baseline, now)) {
    const auto& result = now.at(v.case_name);
    if (!result.error.empty()) throw SimulationError("case '" + v.case_name + "': " + result.error);
    if (!v.now) throw ConfigError(suite.file.string() + ": case '" + v.case_name + "': " + v.failure);
    const auto old_case = baseline.find(v.case_name);
    if (v.baseline && old_case->second.values.at(v.quantity) == result.values.at(v.quantity)) continue;
    ++changes;
    if (v.baseline)
      std::printf("%s.%s: %.8g -> %.8g\n", v.case_name.c_str(), v.quantity.c_str(), *v.baseline, *v.now);
    else
      std::printf("%s.%s: new, %.8g\n", v.case_name.c_str(), v.quantity.c_str(), *v.now);
  }
  std::printf("%zu quantities changed\n", changes);
}

void note_plugins(const std::map<std::string, CaseResult>& baseline,
                  const std::map<std::string, CaseResult>& now) {
  std::vector<std::string> others;
  for (const auto& [name, result] : now) {
    const auto old = baseline.find(name);
    if (old == baseline.end()) continue;
    for (const auto& [plugin, digest] : result.plugins) {
      const auto at = old->second.plugins.find(plugin);
      if (at != old->second.plugins.end() && at->second == digest) continue;
      if (std::ranges::find(others, plugin) == others.end()) others.push_back(plugin);
    }
  }
  if (others.empty()) return;
  std::string list;
  for (const std::string& name : others) list += (list.empty() ? "" : ", ") + name;
  std::printf("note: the baseline was made with other builds of %s\n", list.c_str());
}

void regress(Session& session, const Arguments& arguments) {
  log_quietly(true);
  RegressionSuite suite = read_suite(arguments.suite);
  for (const std::string& name : arguments.only) {
    if (std::ranges::none_of(suite.cases, [&](const RegressionCase& c) { return c.name == name; }))
      throw ConfigError("--only " + name + ": the suite has no such case");
  }
  // Before anything runs, so that a damaged file costs nothing.
  std::map<std::string, CaseResult> baseline = read_baseline(suite.baseline_file);
  if (!arguments.only.empty()) {
    if (arguments.update) throw ConfigError("--update rewrites the whole baseline; leave --only out");
    std::erase_if(suite.cases, [&](const RegressionCase& c) {
      return std::ranges::find(arguments.only, c.name) == arguments.only.end();
    });
  }
  std::vector<Job> jobs = make_jobs(session, suite);
  catch_signals();
  const unsigned processors = std::max(1u, std::thread::hardware_concurrency());
  run_jobs(jobs, arguments.jobs > 0 ? arguments.jobs : static_cast<int>(processors));
  const std::map<std::string, CaseResult> now = collect(jobs);
  if (arguments.update) {
    print_changes(suite, baseline, now);
    write_text_file(suite.baseline_file, baseline_text(suite, now));
    std::printf("written: %s\n", suite.baseline_file.c_str());
    return;
  }
  const std::vector<Verdict> verdicts = compare(suite, baseline, now);
  print(verdicts);
  note_plugins(baseline, now);
  if (!arguments.junit.empty()) write_text_file(arguments.junit, junit_text(suite, verdicts));
  const auto first = std::ranges::find_if(verdicts, [](const Verdict& v) { return !v.failure.empty(); });
  if (first == verdicts.end()) {
    std::printf("%zu quantities of %zu cases are as they were\n", verdicts.size(), suite.cases.size());
    return;
  }
  std::printf("first drift: case '%s', quantity '%s': %s\n", first->case_name.c_str(),
              first->quantity.c_str(), first->failure.c_str());
  session.exit = failed;
}

}  // namespace

void add_regress(CLI::App& app, Session& session) {
  auto arguments = std::make_shared<Arguments>();
  CLI::App* command = app.add_subcommand("regress", "Compare a suite of pipelines with stored results");
  command->add_option("suite", arguments->suite, "Suite file (TOML)")->required()->type_name("SUITE");
  command->add_flag("--update", arguments->update, "Write the baseline anew and show what changed");
  command->add_option("--junit", arguments->junit, "Write the verdicts as JUnit XML too")->type_name("FILE");
  command->add_option("--only", arguments->only, "Only this case; may be repeated")
      ->type_name("CASE")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  command->add_option("--jobs", arguments->jobs, "Cases at a time; by default one per processor")
      ->check(CLI::Range(1, 1000000));
  command->footer(
      "The baseline is the file SUITE.baseline.toml beside the suite. Exit status 1: something drifted.\n"
      "Examples:\n"
      "  hebbforge regress tests/regression/suite.toml\n"
      "  hebbforge regress tests/regression/suite.toml --update");
  command->callback([arguments, &session] { regress(session, *arguments); });
}

}  // namespace hebbforge::cli
