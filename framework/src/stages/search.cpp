// The stage `search`: an optimizer proposes rules, lives score them, a second set of networks picks.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <hebbforge/error.hpp>
#include <hebbforge/host/run.hpp>
#include <hebbforge/interfaces/loss.hpp>
#include <hebbforge/interfaces/optimizer.hpp>
#include <hebbforge/log.hpp>
#include <limits>
#include <optional>

#include "engine/instruction_set.hpp"
#include "host/document.hpp"
#include "host/hdf5_file.hpp"
#include "host/machine.hpp"
#include "host/resolved.hpp"
#include "host/rule_file.hpp"
#include "host/whole_file.hpp"
#include "stages/directions.hpp"
#include "stages/evaluator.hpp"
#include "stages/optimizer_state.hpp"
#include "stages/racing.hpp"
#include "stages/run_directory.hpp"
#include "stages/running_mark.hpp"
#include "stages/search_record.hpp"
#include "stages/statistics.hpp"

namespace hebbforge {
namespace {

constexpr int checkpoint_format = 2;

std::string first_difference(const std::string& a, const std::string& b) {
  std::size_t from = 0;
  while (from < a.size() && from < b.size()) {
    const auto end_a = std::min(a.find('\n', from), a.size()), end_b = std::min(b.find('\n', from), b.size());
    const std::string line_a = a.substr(from, end_a - from), line_b = b.substr(from, end_b - from);
    if (line_a != line_b) return "\n  there: " + line_a + "\n  here:  " + line_b;
    from = end_a + 1;
  }
  return "";
}

class Search {
 public:
  Search(const Pipeline& pipeline, const RunOptions& options)
      : pipeline_(pipeline),
        search_(*pipeline.search),
        options_(options),
        executor_(pipeline.executor.plugin->create<Executor>(pipeline.executor.config)),
        evaluator_(*executor_, options.stop, options.reference_kernel),
        optimizer_(search_.optimizer.plugin->create<Optimizer>(search_.optimizer.config)) {
    record_.layout = LifeLayout::of(pipeline);
    record_.networks = static_cast<std::size_t>(pipeline.networks.search);
    record_.racing = search_.racing;
    record_.parameter_names = paths_of(search_);
  }

  RunSummary run() {
    try {
      return all();
    } catch (const WriteError& error) {
      std::error_code missing;
      const bool kept = std::filesystem::is_regular_file(file("checkpoint.h5"), missing);
      if (!kept) throw;
      throw SimulationError(
          error.problem() + "; the checkpoint" +
          (saved_generation_ ? " of generation " + std::to_string(*saved_generation_) : "") +
          " is whole: " + error.remedy() + " and go on with --resume");
    }
  }

 private:
  RunSummary all() {
    begin_directory();
    begin_optimizer();
    if (resuming_) restore();
    started_ = std::chrono::steady_clock::now();
    RunSummary summary;
    summary.interrupted = !score_references() || !search(summary.stop_reason);
    if (!summary.interrupted && search_.racing) {
      message("racing left out " + std::to_string(record_.lives_left_out()) + " of " +
              std::to_string(record_.evaluations() * record_.networks) + " lives of the search");
    }
    if (!summary.interrupted) summary.interrupted = !score_report();
    save_checkpoint();
    if (!summary.interrupted) write_results();
    fill(summary);
    return summary;
  }

  std::filesystem::path file(const char* name) const { return options_.directory / name; }

  void begin_directory() {
    const bool there = begin_run_directory(options_, running_);
    log_info("machine: " + machine_text());
    engine::log_instruction_set();
    resuming_ = options_.resume && std::filesystem::exists(file("checkpoint.h5"));
    if (!resuming_) write_text_file(file("pipeline.toml"), pipeline_.resolved);
    if (there && !resuming_)
      message("no checkpoint in " + options_.directory.string() +
              " yet: the search starts from the beginning");
  }

  void begin_optimizer() {
    const auto n = static_cast<Eigen::Index>(search_.free.size());
    Eigen::VectorXd start = start_of(search_), lower(n), upper(n), step(n);
    for (Eigen::Index k = 0; k < n; ++k) {
      const FreeParameter& f = search_.free[static_cast<std::size_t>(k)];
      lower[k] = f.log_scale ? std::log(f.lower) : f.lower;
      upper[k] = f.log_scale ? std::log(f.upper) : f.upper;
      step[k] = f.step;
    }
    Eigen::MatrixXd covariance;
    if (std::filesystem::is_directory(search_.start_from)) start_from_run(start, step, covariance);
    start = start.cwiseMax(lower).cwiseMin(upper);
    optimizer_->begin({view_of(std::as_const(start)), view_of(std::as_const(lower)),
                       view_of(std::as_const(upper)), view_of(std::as_const(step)), pipeline_.seeds.optimizer,
                       view_of(std::as_const(covariance))});
    if (search_.racing) check_racing();
  }

  void check_racing() const {
    for (const LossSpec& loss : pipeline_.losses) {
      if (loss.choice.plugin->create<Loss>(loss.choice.config)->may_be_negative())
        throw ConfigError("[search] racing = true, but the loss '" + loss.name +
                          "' may be negative, so no sum over some networks bounds the sum over all; leave "
                          "racing out");
    }
    if (optimizer_->parents() >= optimizer_->population_size()) {
      throw ConfigError("[search] racing = true, but the optimizer '" +
                        std::string(search_.optimizer.plugin->name()) +
                        "' as it is set orders all of a generation's candidates, so none may be left "
                        "unfinished; use cma_es with active = false, or leave racing out");
    }
  }

  // The distribution in which another run ended: its mean, and its covariance in units of its steps.
  void start_from_run(Eigen::VectorXd& start, Eigen::VectorXd& step, Eigen::MatrixXd& covariance) const {
    const auto checkpoint = search_.start_from / "checkpoint.h5";
    if (!std::filesystem::exists(checkpoint))
      throw ConfigError("'start_from': the run '" + search_.start_from.string() + "' has no checkpoint.h5");
    require_seal(checkpoint);
    const Hdf5Reader in(checkpoint);
    if (in.texts("search/parameter_names") != record_.parameter_names) {
      throw ConfigError("'start_from': the run '" + search_.start_from.string() +
                        "' searched other parameters than this pipeline; "
                        "start from its rule.toml instead");
    }
    if (in.texts("distribution/scale") != scales()) {
      throw ConfigError(
          "'start_from': the run '" + search_.start_from.string() +
          "' searched on other scales (linear, log) than this pipeline; start from its rule.toml instead");
    }
    const auto n = start.size();
    const auto sized = [&](const char* name, std::size_t size) {
      if (in.reals(name).size() != size)
        throw ConfigError("'start_from': '" + checkpoint.string() + "' is damaged: '" + name +
                          "' has another size than its parameters");
    };
    const auto size = static_cast<std::size_t>(n);
    sized("distribution/mean", size);
    sized("distribution/step", size);
    if (in.has("distribution/covariance")) sized("distribution/covariance", size * size);
    start = Eigen::Map<const Eigen::VectorXd>(in.reals("distribution/mean").data(), n);
    step = Eigen::Map<const Eigen::VectorXd>(in.reals("distribution/step").data(), n);
    if (in.has("distribution/covariance"))
      covariance = Eigen::Map<const Eigen::MatrixXd>(in.reals("distribution/covariance").data(), n, n);
  }

  std::vector<std::string> scales() const {
    std::vector<std::string> all;
    for (const FreeParameter& f : search_.free) all.emplace_back(f.log_scale ? "log" : "linear");
    return all;
  }
  std::string kernel() const { return options_.reference_kernel ? "reference" : "fused"; }

  void restore() {
    try {
      require_seal(file("checkpoint.h5"));
      const Hdf5Reader in(file("checkpoint.h5"));
      if (in.integer("format") != checkpoint_format)
        throw Error("the checkpoint has format " + std::to_string(in.integer("format")) +
                    ", this version reads " + std::to_string(checkpoint_format));
      const std::string there = in.text("pipeline"), here = identity_text(pipeline_);
      if (there != here) {
        throw ConfigError(
            "the run in '" + options_.directory.string() +
            "' was made with another pipeline, so it cannot go on with this one; first difference:" +
            first_difference(there, here));
      }
      if (in.text("engine") != kernel()) {
        throw ConfigError("the run in '" + options_.directory.string() + "' used the " + in.text("engine") +
                          " kernel, whose rounding differs; go on with --engine " + in.text("engine"));
      }
      if (const std::string before = in.text("plugins"), now = plugin_record_text(pipeline_); before != now) {
        log_warning(
            "plugins have changed since the checkpoint, so the rest may differ from an undisturbed run:" +
            first_difference(before, now));
      }
      const MemoryState state = read_state(in, "optimizer");
      record_ = SearchRecord::read(in, record_.layout, record_.parameter_names, record_.networks);
      record_.racing = search_.racing;
      optimizer_->restore(state);
      before_ = in.real("seconds");
    } catch (const ConfigError&) {
      throw;
    } catch (const std::exception& error) {
      throw SimulationError(
          std::string(error.what()) +
          "; the checkpoint is damaged or from another version: start anew in another directory");
    }
    saved_generation_ = record_.generations();
    message("going on after " + std::to_string(record_.evaluations()) + " evaluations");
    write_text_file(file("pipeline.toml"), pipeline_.resolved);
    write_csv();
  }

  bool score_references() {
    for (std::size_t k = record_.references.size(); k < search_.references.size(); ++k) {
      const ReferenceRule& reference = search_.references[k];
      ReferenceScores scores{reference.name, {}, {}, {}};
      const Pipeline variant = with_rules(pipeline_, reference.rules);
      if (!evaluator_.evaluate(variant, {}, NetworkSet::search, 0, pipeline_.networks.search, scores.search))
        return false;
      if (!evaluator_.evaluate(variant, {}, NetworkSet::select, 0, pipeline_.networks.select, scores.select))
        return false;
      const SetSummary search = summary_of(scores.search), select = summary_of(scores.select);
      char text[200];
      std::snprintf(text, sizeof text,
                    "reference %s: search loss %.6g (sum of %zu networks), select median %.4g",
                    reference.name.c_str(), search.sum, search.networks, select.median);
      message(text);
      record_.references.push_back(std::move(scores));
    }
    if (record_.evaluations() == 0) write_csv();
    return true;
  }

  // "" while there is room for another generation, else the limit that is reached.
  std::string limit_reached(std::int64_t population) const {
    const BudgetSpec& b = search_.budget;
    const auto done = static_cast<std::int64_t>(record_.evaluations());
    if (done == 0) return "";  // a first generation is always allowed
    if (b.evaluations > 0 && done + population > b.evaluations) return "budget: evaluations";
    if (b.generations > 0 && static_cast<std::int64_t>(record_.generations()) >= b.generations)
      return "budget: generations";
    if (b.lives > 0 && (done + population) * pipeline_.networks.search - record_.lives_left_out() > b.lives)
      return "budget: lives";
    if (b.wall_time > 0 && seconds() >= b.wall_time) return "budget: wall_time";
    return "";
  }

  // A run that goes on beyond its results: these, and the tables of its stages, are of another rule from here
  // on. The results stay under another name until there are new ones.
  void withdraw_results() const {
    std::error_code missing;
    std::filesystem::rename(file("results.h5"), file("results.h5.before"), missing);
    if (missing) return;
    for (const StageSpec& stage : pipeline_.stages) withdraw_tables(options_.directory / stage.name);
  }

  bool search(std::string& reason) {
    for (;;) {
      const Eigen::Index population = optimizer_->population_size();
      if (population < 1)
        throw PluginError("", std::string(search_.optimizer.plugin->name()),
                          "the optimizer asks for a population of " + std::to_string(population));
      reason = limit_reached(population);
      if (!optimizer_->stop().empty()) reason = "optimizer: " + std::string(optimizer_->stop());
      if (!reason.empty()) return true;
      if (stopped()) return false;
      withdraw_results();
      if (!generation(population)) return false;
      save_checkpoint_now_and_then();
      append_csv();
      report_progress();
      evaluator_.check_broken(
          pipeline_.evaluation, record_.lives_broken(),
          static_cast<std::int64_t>(record_.evaluations() * record_.networks) - record_.lives_left_out());
    }
  }

  bool generation(Eigen::Index population) {
    Eigen::MatrixXd candidates(static_cast<Eigen::Index>(search_.free.size()), population);
    candidates.setConstant(std::numeric_limits<double>::quiet_NaN());
    optimizer_->ask(view_of(candidates));
    check(candidates);
    const std::uint64_t index = record_.generations();
    const std::int64_t first =
        search_.redraw ? static_cast<std::int64_t>(index) * pipeline_.networks.search : 0;
    Scores scores;
    std::vector<double> coefficients;
    for (std::size_t k = 0; k < static_cast<std::size_t>(population); ++k)
      coefficients.push_back(sum_of_coefficients(with_candidate(pipeline_, column(candidates, k))));
    const auto objective = [&](const Scores& s, std::size_t k) {
      return s.sum(k, pipeline_.trials(), search_.graded_failure, coefficients[k]);
    };
    evaluator_.count_candidates_from(static_cast<std::int64_t>(record_.evaluations()));
    const bool scored = search_.racing
                            ? race(evaluator_, pipeline_, candidates, first, pipeline_.networks.search,
                                   static_cast<std::size_t>(optimizer_->parents()), objective, scores)
                            : evaluator_.evaluate(pipeline_, candidates, NetworkSet::search, first,
                                                  pipeline_.networks.search, scores);
    if (!scored) return false;
    std::vector<double> losses;
    std::vector<Status> status;
    for (std::size_t k = 0; k < static_cast<std::size_t>(population); ++k) {
      losses.push_back(objective(scores, k));
      status.push_back(scores.left_out(k) > 0 ? Status::censored
                       : scores.failed(k) > 0 ? Status::failed
                                              : Status::healthy);
    }
    const std::int64_t best_before = record_.best_evaluation();
    const double bound = best_before < 0 || search_.redraw
                             ? std::numeric_limits<double>::infinity()
                             : record_.loss[static_cast<std::size_t>(best_before)];
    const auto best_now = static_cast<std::size_t>(std::ranges::min_element(losses) - losses.begin());
    std::optional<Selection> selection;
    if (losses[best_now] < bound && status[best_now] == Status::healthy) {
      selection = select(candidates.col(static_cast<Eigen::Index>(best_now)),
                         static_cast<std::int64_t>(record_.evaluations() + best_now));
      if (!selection) return false;
    }
    tell(candidates, losses, status, scores);
    record_.add_generation(index, static_cast<std::uint64_t>(first), candidates, losses, scores);
    if (selection) add(std::move(*selection));
    return true;
  }

  static ConstVectorView column(const Eigen::MatrixXd& m, std::size_t k) {
    return {m.data() + static_cast<Eigen::Index>(k) * m.rows(), m.rows()};
  }

  void check(const Eigen::MatrixXd& candidates) const {
    const std::string who(search_.optimizer.plugin->name());
    for (Eigen::Index k = 0; k < candidates.cols(); ++k) {
      for (Eigen::Index i = 0; i < candidates.rows(); ++i) {
        const FreeParameter& f = search_.free[static_cast<std::size_t>(i)];
        const double low = f.log_scale ? std::log(f.lower) : f.lower,
                     high = f.log_scale ? std::log(f.upper) : f.upper;
        if (candidates(i, k) >= low && candidates(i, k) <= high) continue;
        throw PluginError("", who,
                          "the optimizer '" + who + "' proposed " + toml_real(candidates(i, k)) + " for '" +
                              f.path + "', outside of its range " + toml_real(low) + " to " +
                              toml_real(high));
      }
    }
  }

  void tell(const Eigen::MatrixXd& candidates, const std::vector<double>& losses,
            const std::vector<Status>& status, const Scores& scores) {
    const auto count = static_cast<Eigen::Index>(losses.size()), networks = pipeline_.networks.search;
    Eigen::MatrixXd per_network(networks, count),
        measures(static_cast<Eigen::Index>(record_.layout.measures.size()), count);
    for (Eigen::Index k = 0; k < count; ++k) {
      const auto candidate = static_cast<std::size_t>(k);
      for (Eigen::Index n = 0; n < networks; ++n)
        per_network(n, k) = scores.loss(candidate, static_cast<std::size_t>(n));  // infinite if not run
      for (Eigen::Index m = 0; m < measures.rows(); ++m) {
        double sum = 0;
        for (Eigen::Index n = 0; n < networks; ++n)
          sum += scores.measure(candidate, static_cast<std::size_t>(n), static_cast<std::size_t>(m));
        measures(m, k) = sum / static_cast<double>(networks);
      }
    }
    optimizer_->tell(view_of(candidates),
                     {ConstVectorView(losses.data(), count), view_of(std::as_const(per_network)),
                      view_of(std::as_const(measures)), status});
  }

  std::optional<Selection> select(const Eigen::VectorXd& candidate, std::int64_t evaluation) {
    Selection s;
    s.evaluation = evaluation;
    evaluator_.count_candidates_from(evaluation);
    if (!evaluator_.evaluate(pipeline_, candidate, NetworkSet::select, 0, pipeline_.networks.select,
                             s.scores))
      return std::nullopt;
    s.value = s.scores.failed(0) > 0 || !search_.pick_by_median
                  ? s.scores.sum(0, pipeline_.trials(), search_.graded_failure,
                                 sum_of_coefficients(with_candidate(pipeline_, column(candidate, 0))))
                  : median(s.scores.losses(0));
    return s;
  }

  void add(Selection selection) {
    const bool better = record_.picked < 0 ||
                        selection.value < record_.selections[static_cast<std::size_t>(record_.picked)].value;
    record_.selections.push_back(std::move(selection));
    if (!better) return;
    record_.picked = static_cast<std::int64_t>(record_.selections.size()) - 1;
    write_rule();
  }

  const Selection* picked() const {
    return record_.picked < 0 ? nullptr : &record_.selections[static_cast<std::size_t>(record_.picked)];
  }
  Pipeline picked_pipeline() const {
    const Eigen::VectorXd candidate = record_.candidate(picked()->evaluation);
    return with_candidate(pipeline_, view_of(candidate));
  }

  // A resumed run keeps what it has, unless the size of the report set was changed.
  bool score_report() {
    const std::int64_t networks = pipeline_.networks.report;
    bool told = false;
    const auto score = [&](const Pipeline& pipeline, Scores& scores) {
      if (scores.networks == static_cast<std::size_t>(networks)) return true;
      scores = {};
      if (networks == 0) return true;
      if (!told)
        message("scoring the picked rule and the references on " + std::to_string(networks) +
                " report networks");
      told = true;
      return evaluator_.evaluate(pipeline, {}, NetworkSet::report, 0, networks, scores);
    };
    if (picked() && !score(picked_pipeline(), record_.report)) return false;
    for (std::size_t k = 0; k < record_.references.size(); ++k) {
      if (!score(with_rules(pipeline_, search_.references[k].rules), record_.references[k].report))
        return false;
    }
    return true;
  }

  void write_rule() const {
    if (!picked()) return;
    RuleOrigin origin{{"seed", std::to_string(pipeline_.seeds.seed)}};
    if (!pipeline_.title.empty()) origin.insert(origin.begin(), {"pipeline", toml_text(pipeline_.title)});
    const Selection& s = *picked();
    origin.push_back({"optimizer", toml_text(search_.optimizer.plugin->name())});
    origin.push_back({"evaluation", std::to_string(s.evaluation)});
    const bool known = static_cast<std::size_t>(s.evaluation) < record_.evaluations();
    if (known)
      origin.push_back({"search_loss", toml_real(record_.loss[static_cast<std::size_t>(s.evaluation)]) +
                                           "  # sum over the search networks"});
    origin.push_back({"select_median", toml_real(median(s.scores.losses(0))) + "  # per network"});
    if (record_.report.networks > 0)
      origin.push_back({"report_median", toml_real(median(record_.report.losses(0))) + "  # per network"});
    write_text_file(file("rule.toml"), rule_file_text(picked_pipeline(), origin));
  }

  void write_csv() {
    write_text_file(file("evaluations.csv"), record_.csv_header() + record_.csv_rows(0));
    written_ = record_.evaluations();
  }

  void append_csv() {
    append_text(file("evaluations.csv"), record_.csv_rows(written_));
    written_ = record_.evaluations();
  }

  // A checkpoint holds the whole search so far, so that of a long one takes its time. At most a twentieth of
  // the run goes into them: then a kill costs a few generations, which give the same bytes once more.
  void save_checkpoint_now_and_then() {
    const auto now = std::chrono::steady_clock::now();
    if (now - saved_at_ < 20 * saving_takes_) return;
    save_checkpoint();
    saved_at_ = std::chrono::steady_clock::now();
    saving_takes_ = saved_at_ - now;
  }

  void save_checkpoint() {
    Hdf5Writer out(file("checkpoint.h5"));
    out.integer("format", checkpoint_format);
    out.text("pipeline", identity_text(pipeline_));
    out.text("plugins", plugin_record_text(pipeline_));
    out.text("engine", kernel());
    out.real("seconds", seconds());
    record_.write(out);
    MemoryState state;
    optimizer_->save(state);
    write_state(out, "optimizer", state);
    write_distribution(out);
    out.commit(true);
    saved_generation_ = record_.generations();
  }

  void write_distribution(Hdf5Writer& out) const {
    const auto n = static_cast<Eigen::Index>(search_.free.size());
    Eigen::VectorXd mean(n), step(n);
    optimizer_->best(view_of(mean));
    for (Eigen::Index k = 0; k < n; ++k) step[k] = search_.free[static_cast<std::size_t>(k)].step;
    out.texts("distribution/scale", scales());
    out.reals("distribution/mean", {static_cast<std::size_t>(n)}, mean.data());
    out.reals("distribution/step", {static_cast<std::size_t>(n)}, step.data());
    Eigen::MatrixXd covariance(n, n);
    if (optimizer_->covariance(view_of(covariance)))
      out.matrix("distribution/covariance", view_of(std::as_const(covariance)));
  }

  void write_results() {
    Hdf5Writer out(file("results.h5"));
    record_.write(out);
    write_distribution(out);
    if (picked() && !is_broken(picked()->scores.end(0, 0))) write_example_life(out);
    out.commit();
    std::filesystem::remove(file("results.h5.before"));
    write_rule();
    write_csv();
  }

  // Rates and weights of the picked rule in the first select network, to look at.
  void write_example_life(Hdf5Writer& out) const {
    LifeRecord life;
    LifeOptions options;
    options.set = NetworkSet::select;
    options.reference_kernel = options_.reference_kernel;
    options.record = &life;
    run_life(picked_pipeline(), options);
    out.matrix("example/r_last", view_of(Eigen::MatrixXd(life.rates.transpose())));
    out.matrix("example/w0", view_of(std::as_const(life.initial_weights)));
    out.matrix("example/w_final", view_of(std::as_const(life.final_weights)));
  }

  double seconds() const {
    return before_ + std::chrono::duration<double>(std::chrono::steady_clock::now() - started_).count();
  }
  bool stopped() const { return options_.stop && options_.stop->load(); }
  void message(const std::string& text) const {
    log_info(text);
    if (options_.observer) options_.observer->message(text);
  }

  void report_progress() const {
    SearchProgress p;
    p.generation = record_.generations();
    p.evaluations = static_cast<std::int64_t>(record_.evaluations());
    p.best_loss = record_.loss[static_cast<std::size_t>(record_.best_evaluation())];
    p.picked_value = picked() ? picked()->value : std::numeric_limits<double>::quiet_NaN();
    p.seconds = seconds();
    const BudgetSpec& b = search_.budget;
    double share = 0;
    const auto note = [&](double done, double limit) {
      if (limit > 0) share = std::max(share, done / limit);
    };
    note(static_cast<double>(p.evaluations), static_cast<double>(b.evaluations));
    note(static_cast<double>(p.generation), static_cast<double>(b.generations));
    note(static_cast<double>(p.evaluations * pipeline_.networks.search), static_cast<double>(b.lives));
    note(p.seconds, b.wall_time);
    if (share > 0) p.seconds_left = p.seconds * (1 / std::min(share, 1.0) - 1);
    char text[200];
    std::snprintf(text, sizeof text,
                  "generation %llu: %lld evaluations, best search loss %.6g, picked rule's select %s %.5g",
                  static_cast<unsigned long long>(p.generation), static_cast<long long>(p.evaluations),
                  p.best_loss, search_.pick_by_median ? "median" : "sum", p.picked_value);
    log_info(text);
    if (options_.observer) options_.observer->progress(p);
  }

  void fill(RunSummary& summary) const {
    summary.evaluations = static_cast<std::int64_t>(record_.evaluations());
    summary.lives = record_.lives_run();
    summary.seconds = seconds();
    summary.measure_names = record_.layout.measures;
    fill_directions(summary);
    if (picked()) {
      summary.picked_evaluation = picked()->evaluation;
      const Pipeline best = picked_pipeline();
      const Eigen::VectorXd candidate = record_.candidate(picked()->evaluation);
      for (std::size_t k = 0; k < search_.free.size(); ++k) {
        const double value = candidate[static_cast<Eigen::Index>(k)];
        summary.parameter_names.push_back(search_.free[k].path);
        summary.parameter_units.push_back(search_.free[k].unit);
        summary.parameters.push_back(search_.free[k].log_scale ? std::exp(value) : value);
        summary.candidate.push_back(value);
      }
      for (const PathwaySpec& p : best.pathways) {
        if (p.rule) summary.formulas.push_back(p.name + ": " + formula_text(*p.rule));
      }
      summary.rules.push_back({"picked rule", summary_of(record_.scores_of(picked()->evaluation)),
                               summary_of(picked()->scores), summary_of(record_.report)});
    }
    for (const ReferenceScores& r : record_.references)
      summary.rules.push_back({r.name, summary_of(r.search), summary_of(r.select), summary_of(r.report)});
    for (const char* name :
         {"rule.toml", "evaluations.csv", "results.h5", "pipeline.toml", "checkpoint.h5", "log.txt"}) {
      if (std::filesystem::exists(file(name))) summary.files.push_back(file(name));
    }
  }

  void fill_directions(RunSummary& summary) const {
    const auto n = static_cast<Eigen::Index>(search_.free.size());
    Eigen::MatrixXd covariance(n, n);
    if (record_.evaluations() == 0 || !optimizer_->covariance(view_of(covariance))) return;
    const auto all = directions_of(covariance);
    const auto line = [&](const Direction& d) {
      char spread[32];
      std::snprintf(spread, sizeof spread, "%-9.3g", d.spread);
      return spread + direction_text(d, record_.parameter_names);
    };
    // None is named twice, however few there are.
    for (std::size_t k = 0; k < std::min<std::size_t>(3, (all.size() + 1) / 2); ++k)
      summary.stiff.push_back(line(all[k]));
    for (std::size_t k = 0; k < std::min<std::size_t>(3, all.size() / 2); ++k)
      summary.sloppy.push_back(line(all[all.size() - 1 - k]));
  }

  const Pipeline& pipeline_;
  const SearchSpec& search_;
  const RunOptions& options_;
  std::shared_ptr<Executor> executor_;
  Evaluator evaluator_;
  std::shared_ptr<Optimizer> optimizer_;
  SearchRecord record_;
  std::optional<RunningMark> running_;
  std::size_t written_ = 0;                        ///< evaluations in the CSV
  std::optional<std::uint64_t> saved_generation_;  ///< of the checkpoint
  std::chrono::steady_clock::time_point saved_at_;
  std::chrono::steady_clock::duration saving_takes_{};
  bool resuming_ = false;
  double before_ = 0;  ///< seconds of the processes before this one
  std::chrono::steady_clock::time_point started_ = std::chrono::steady_clock::now();
};

}  // namespace

RunObserver::~RunObserver() = default;

RunSummary run_search(const Pipeline& pipeline, const RunOptions& options) {
  return Search(pipeline, options).run();
}

}  // namespace hebbforge
