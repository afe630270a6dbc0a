#include "stages/search_record.hpp"

#include <algorithm>
#include <cmath>
#include <hebbforge/error.hpp>

#include "host/document.hpp"
#include "stages/statistics.hpp"

namespace hebbforge {
namespace {

// Slices of (life, field) data: fields [from, from + count) of every life, one array each in a file.
void write_fields(Hdf5Writer& out, const std::string& name, const double* lives, std::size_t candidates,
                  std::size_t networks, std::size_t fields, std::size_t from, std::size_t count) {
  std::vector<double> values;
  values.reserve(candidates * networks * count);
  for (std::size_t life = 0; life < candidates * networks; ++life) {
    const double* first = lives + life * fields + from;
    values.insert(values.end(), first, first + count);
  }
  out.reals(name, {candidates, networks, count}, values.data());
}

void read_fields(const Hdf5Reader& in, const std::string& name, std::vector<double>& lives,
                 std::size_t fields, std::size_t from, std::size_t count) {
  const auto values = in.reals(name);
  if (fields == 0 || values.size() * fields != lives.size() * count) {
    throw Error("the checkpoint's dataset '" + name + "' has another size than its neighbours");
  }
  for (std::size_t life = 0; life < lives.size() / fields; ++life) {
    std::copy_n(values.data() + life * count, count, lives.data() + life * fields + from);
  }
}

void write_lives(Hdf5Writer& out, const std::string& group, const LifeLayout& layout, const double* lives,
                 std::size_t candidates, std::size_t networks) {
  const std::size_t fields = layout.size();
  std::vector<std::uint64_t> ends, survived;
  for (std::size_t life = 0; life < candidates * networks; ++life) {
    ends.push_back(static_cast<std::uint64_t>(lives[life * fields]));
    survived.push_back(static_cast<std::uint64_t>(lives[life * fields + 1]));
  }
  out.integers(group + "/end", {candidates, networks}, ends.data());
  out.integers(group + "/trials_survived", {candidates, networks}, survived.data());
  write_fields(out, group + "/losses", lives, candidates, networks, fields, layout.loss_at(),
               layout.losses.size());
  write_fields(out, group + "/measures", lives, candidates, networks, fields, layout.measure_at(),
               layout.measures.size());
  write_fields(out, group + "/effects", lives, candidates, networks, fields, layout.effect_at(),
               layout.effects.size());
  if (!layout.effects.empty()) out.texts(group + "/effect_names", layout.effects);
}

std::vector<double> read_lives(const Hdf5Reader& in, const std::string& group, const LifeLayout& layout,
                               std::size_t networks) {
  const auto ends = in.integers(group + "/end"), survived = in.integers(group + "/trials_survived");
  if (networks == 0 || ends.size() % networks != 0 || survived.size() != ends.size()) {
    throw Error("the checkpoint's group '" + group + "' was made for another number of networks");
  }
  const std::size_t fields = layout.size();
  std::vector<double> lives(ends.size() * fields);
  for (std::size_t life = 0; life < ends.size(); ++life) {
    lives[life * fields] = static_cast<double>(ends[life]);
    lives[life * fields + 1] = static_cast<double>(survived[life]);
  }
  read_fields(in, group + "/losses", lives, fields, layout.loss_at(), layout.losses.size());
  read_fields(in, group + "/measures", lives, fields, layout.measure_at(), layout.measures.size());
  read_fields(in, group + "/effects", lives, fields, layout.effect_at(), layout.effects.size());
  return lives;
}

}  // namespace

void write_scores(Hdf5Writer& out, const std::string& group, const Scores& scores) {
  write_lives(out, group, scores.layout, scores.lives.data(), scores.candidates(), scores.networks);
}

Scores read_scores(const Hdf5Reader& in, const std::string& group, const LifeLayout& layout) {
  const std::size_t networks = in.shape(group + "/end", 2)[1];
  const auto lives = read_lives(in, group, layout, networks);
  const auto fields = static_cast<Eigen::Index>(layout.size());
  return {layout, networks,
          Eigen::Map<const Eigen::MatrixXd>(lives.data(), fields,
                                            static_cast<Eigen::Index>(lives.size()) / fields)};
}

LifeLayout read_layout(const Hdf5Reader& in, const std::string& group) {
  const auto names = [&](const std::string& dataset) {
    return in.has(dataset) ? in.texts(dataset) : std::vector<std::string>{};
  };
  return {in.texts("loss_names"), names("measure_names"), names(group + "/effect_names")};
}

SetSummary summary_of(const Scores& scores) {
  SetSummary s;
  if (scores.networks == 0) return s;
  const auto losses = scores.losses(0);
  s.networks = scores.networks;
  s.failed = scores.failed(0);
  for (const double v : losses) s.sum += v;
  s.median = median(losses);
  const Interval interval = median_interval(losses);
  s.low = interval.low;
  s.high = interval.high;
  for (std::size_t k = 0; k < scores.layout.measures.size(); ++k) {
    std::vector<double> values;
    for (std::size_t n = 0; n < scores.networks; ++n) {
      if (scores.end(0, n) == LifeEnd::healthy) values.push_back(scores.measure(0, n, k));
    }
    s.measures.push_back(median(values));
  }
  return s;
}

void SearchRecord::add_generation(std::uint64_t index, std::uint64_t first, const Eigen::MatrixXd& candidates,
                                  const std::vector<double>& losses, const Scores& scores) {
  report = {};  // of the rule that was picked before
  for (ReferenceScores& reference : references) reference.report = {};
  generation.insert(generation.end(), losses.size(), index);
  first_network.insert(first_network.end(), losses.size(), first);
  loss.insert(loss.end(), losses.begin(), losses.end());
  parameters.insert(parameters.end(), candidates.data(), candidates.data() + candidates.size());
  lives.insert(lives.end(), scores.lives.data(), scores.lives.data() + scores.lives.size());
}

Eigen::VectorXd SearchRecord::candidate(std::int64_t evaluation) const {
  const auto n = static_cast<Eigen::Index>(parameter_names.size());
  return Eigen::Map<const Eigen::VectorXd>(parameters.data() + evaluation * n, n);
}

Scores SearchRecord::scores_of(std::int64_t evaluation) const {
  const auto fields = static_cast<Eigen::Index>(layout.size()), n = static_cast<Eigen::Index>(networks);
  return {layout, networks,
          Eigen::Map<const Eigen::MatrixXd>(lives.data() + evaluation * n * fields, fields, n)};
}

std::int64_t SearchRecord::best_evaluation() const {
  return loss.empty() ? -1 : std::ranges::min_element(loss) - loss.begin();
}

std::int64_t SearchRecord::lives_run() const {
  std::size_t lives_of_all =
      evaluations() * networks - static_cast<std::size_t>(lives_left_out()) + report.networks;
  for (const Selection& s : selections) lives_of_all += s.scores.networks;
  for (const ReferenceScores& r : references)
    lives_of_all += r.search.networks + r.select.networks + r.report.networks;
  return static_cast<std::int64_t>(lives_of_all);
}

std::int64_t SearchRecord::lives_left_out() const {
  std::int64_t count = 0;
  for (std::size_t life = 0; life < lives.size(); life += layout.size())
    count += lives[life] == static_cast<double>(LifeEnd::unfinished);
  return count;
}

std::int64_t SearchRecord::lives_broken() const {
  std::int64_t count = 0;
  for (std::size_t life = 0; life < lives.size(); life += layout.size())
    count += is_broken(static_cast<LifeEnd>(static_cast<std::uint32_t>(lives[life])));
  return count;
}

void SearchRecord::write(Hdf5Writer& out) const {
  out.texts("loss_names", layout.losses);
  if (!layout.measures.empty()) out.texts("measure_names", layout.measures);
  out.texts("search/parameter_names", parameter_names);
  out.reals("search/parameters", {evaluations(), parameter_names.size()}, parameters.data());
  out.reals("search/loss", {evaluations()}, loss.data());
  out.integers("search/generation", {evaluations()}, generation.data());
  out.integers("search/first_network", {evaluations()}, first_network.data());
  write_lives(out, "search", layout, lives.data(), evaluations(), networks);
  std::vector<std::uint64_t> chosen;
  std::vector<double> values, all;
  for (const Selection& s : selections) {
    chosen.push_back(static_cast<std::uint64_t>(s.evaluation));
    values.push_back(s.value);
    all.insert(all.end(), s.scores.lives.data(), s.scores.lives.data() + s.scores.lives.size());
  }
  out.integers("select/evaluation", {selections.size()}, chosen.data());
  out.reals("select/value", {selections.size()}, values.data());
  write_lives(out, "select", layout, all.data(), selections.size(),
              selections.empty() ? 0 : selections.front().scores.networks);
  out.integer("picked", static_cast<std::uint64_t>(picked + 1));  // 0: none yet
  out.integer("reference_count", references.size());
  for (std::size_t k = 0; k < references.size(); ++k) {
    const std::string group = "references/" + std::to_string(k);
    out.text(group + "/name", references[k].name);
    write_scores(out, group + "/search", references[k].search);
    write_scores(out, group + "/select", references[k].select);
    if (references[k].report.networks > 0) write_scores(out, group + "/report", references[k].report);
  }
  if (report.networks > 0) write_scores(out, "report", report);
}

SearchRecord SearchRecord::read(const Hdf5Reader& in, const LifeLayout& layout,
                                std::vector<std::string> parameter_names, std::size_t networks) {
  SearchRecord record;
  record.parameter_names = std::move(parameter_names);
  record.layout = layout;
  record.networks = networks;
  record.parameters = in.reals("search/parameters");
  record.loss = in.reals("search/loss");
  record.generation = in.integers("search/generation");
  record.first_network = in.integers("search/first_network");
  record.lives = read_lives(in, "search", layout, networks);
  const std::size_t count = record.evaluations();
  if (record.parameters.size() != count * record.parameter_names.size() ||
      record.generation.size() != count || record.first_network.size() != count ||
      record.lives.size() != count * networks * layout.size()) {
    throw Error("the checkpoint's search has arrays of different lengths");
  }
  const auto chosen = in.integers("select/evaluation");
  const auto values = in.reals("select/value");
  if (!chosen.empty()) {
    const Scores all = read_scores(in, "select", layout);
    if (values.size() != chosen.size() || all.candidates() != chosen.size()) {
      throw Error("the checkpoint's selections have arrays of different lengths");
    }
    const auto n = static_cast<Eigen::Index>(all.networks);
    for (std::size_t k = 0; k < chosen.size(); ++k) {
      if (chosen[k] >= count) throw Error("the checkpoint selects a candidate that it does not have");
      record.selections.push_back(
          {static_cast<std::int64_t>(chosen[k]),
           values[k],
           {layout, all.networks, all.lives.middleCols(static_cast<Eigen::Index>(k) * n, n)}});
    }
  }
  const std::uint64_t picked = in.integer("picked");
  if (picked > chosen.size()) throw Error("the checkpoint picks a rule that it does not have");
  record.picked = static_cast<std::int64_t>(picked) - 1;
  const std::size_t references = in.integer("reference_count");
  for (std::size_t k = 0; k < references; ++k) {
    const std::string group = "references/" + std::to_string(k);
    LifeLayout own = layout;
    own.effects = in.has(group + "/search/effect_names") ? in.texts(group + "/search/effect_names")
                                                         : std::vector<std::string>{};
    record.references.push_back(
        {in.text(group + "/name"), read_scores(in, group + "/search", own),
         read_scores(in, group + "/select", own),
         in.has(group + "/report/end") ? read_scores(in, group + "/report", own) : Scores{}});
  }
  if (in.has("report")) record.report = read_scores(in, "report", layout);
  return record;
}

std::string SearchRecord::csv_header() const {
  std::string text = "evaluation,generation,loss,failed_networks,";
  if (racing) text += "networks_left_out,";
  text += "select";
  for (const std::string& name : layout.losses) text += ",loss." + name;
  for (const std::string& name : layout.measures) text += ",median." + name;
  for (const std::string& name : parameter_names) text += "," + name;
  return text + "\n";
}

std::string SearchRecord::csv_rows(std::size_t from) const {
  std::string text;
  for (std::size_t e = from; e < evaluations(); ++e) {
    const Scores scores = scores_of(static_cast<std::int64_t>(e));
    text += std::to_string(e) + "," + std::to_string(generation[e]) + "," + toml_real(loss[e]) + "," +
            std::to_string(scores.failed(0)) + ",";
    if (racing) text += std::to_string(scores.left_out(0)) + ",";
    const auto selected = std::ranges::find(selections, static_cast<std::int64_t>(e), &Selection::evaluation);
    if (selected != selections.end()) text += toml_real(selected->value);
    for (std::size_t k = 0; k < layout.losses.size(); ++k) {
      double sum = 0;
      for (std::size_t n = 0; n < networks; ++n) sum += scores.part(0, n, k);
      text += "," + (std::isnan(sum) ? "" : toml_real(sum));
    }
    for (std::size_t k = 0; k < layout.measures.size(); ++k) {
      std::vector<double> values;
      for (std::size_t n = 0; n < networks; ++n) {
        if (!std::isnan(scores.measure(0, n, k))) values.push_back(scores.measure(0, n, k));
      }
      text += "," + (values.empty() ? "" : toml_real(median(values)));
    }
    for (std::size_t k = 0; k < parameter_names.size(); ++k)
      text += "," + toml_real(parameters[e * parameter_names.size() + k]);
    text += "\n";
  }
  return text;
}

Eigen::VectorXd picked_candidate(const std::filesystem::path& directory,
                                 const std::vector<std::string>& names) {
  require_seal(directory / "checkpoint.h5");
  const Hdf5Reader in(directory / "checkpoint.h5");
  if (in.texts("search/parameter_names") != names)
    throw ConfigError("the run '" + directory.string() +
                      "' searched other parameters than its pipeline.toml says");
  const std::uint64_t picked = in.integer("picked");
  if (picked == 0) throw ConfigError("the run '" + directory.string() + "' has found no healthy rule");
  const auto chosen = in.integers("select/evaluation");
  const auto parameters = in.reals("search/parameters");
  const auto evaluation = picked > chosen.size() ? parameters.size() : chosen[picked - 1];
  if (evaluation >= parameters.size() || (evaluation + 1) * names.size() > parameters.size())
    throw ConfigError("'" + (directory / "checkpoint.h5").string() +
                      "' is damaged: the picked candidate is missing");
  return Eigen::Map<const Eigen::VectorXd>(parameters.data() + evaluation * names.size(),
                                           static_cast<Eigen::Index>(names.size()));
}

}  // namespace hebbforge
