#include "stages/candidates.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <fstream>
#include <hebbforge/error.hpp>
#include <sstream>

#include <hebbforge/host/suggestion.hpp>
#include "host/document.hpp"
#include "host/hdf5_file.hpp"
#include "host/mistakes.hpp"
#include "host/resolved.hpp"
#include "stages/evaluator.hpp"
#include "stages/search_record.hpp"

namespace hebbforge {
namespace {

struct Cell {
  std::string text;
  unsigned column;
};

std::vector<Cell> cells_of(const std::string& line) {
  std::vector<Cell> cells;
  std::size_t from = 0;
  for (;;) {
    const auto comma = std::min(line.find(',', from), line.size());
    std::string text = line.substr(from, comma - from);
    const auto first = text.find_first_not_of(" \t\r\"");
    const auto last = text.find_last_not_of(" \t\r\"");
    text = first == std::string::npos ? "" : text.substr(first, last - first + 1);
    cells.push_back({text, static_cast<unsigned>(from + 1)});
    if (comma == line.size()) return cells;
    from = comma + 1;
  }
}

// Columns: candidates. Every mistake of the file is told.
Eigen::MatrixXd read_candidates(const SearchSpec& search, const std::filesystem::path& file) {
  std::ifstream in(file);
  if (!in || std::filesystem::is_directory(file))
    throw ConfigError("cannot read the candidates '" + file.string() + "'");
  Mistakes mistakes;
  const std::vector<std::string> paths = paths_of(search);
  std::string line;
  std::getline(in, line);
  if (line.starts_with("\xEF\xBB\xBF")) line.erase(0, 3);  // some editors begin UTF-8 with a mark
  if (line.find_first_not_of(" \t\r") == std::string::npos)
    throw ConfigError(
        file.string() +
        ":1:1: the file is empty; expected a header with paths of free parameters, and a row per candidate");
  std::vector<std::size_t> target;
  for (const Cell& cell : cells_of(line)) {
    const auto found = std::ranges::find(paths, cell.text);
    target.push_back(static_cast<std::size_t>(found - paths.begin()));
    const Place place{file.string(), 1, cell.column};
    if (found == paths.end()) {
      mistakes.add(place, "the search has no free parameter '" + cell.text + "'." +
                              suggestion(cell.text, paths) + "\n  its free parameters: " + joined(paths));
    } else if (std::count(target.begin(), target.end(), target.back()) > 1) {
      mistakes.add(place, "the column '" + cell.text + "' stands twice");
    }
  }
  mistakes.throw_if_any();
  const Eigen::VectorXd start = start_of(search);
  std::vector<Eigen::VectorXd> rows;
  for (unsigned number = 2; std::getline(in, line); ++number) {
    if (line.find_first_not_of(" \t\r") == std::string::npos) continue;
    const auto cells = cells_of(line);
    if (cells.size() != target.size()) {
      mistakes.add({file.string(), number, 1}, "the row has " + std::to_string(cells.size()) +
                                                   " values; the header has " +
                                                   std::to_string(target.size()) + " names");
      continue;
    }
    Eigen::VectorXd candidate = start;
    for (std::size_t k = 0; k < cells.size(); ++k) {
      const FreeParameter& f = search.free[target[k]];
      double value = 0;
      const char* end = cells[k].text.data() + cells[k].text.size();
      const auto [at, error] = std::from_chars(cells[k].text.data(), end, value);
      const Place place{file.string(), number, cells[k].column};
      if (error != std::errc() || at != end || !std::isfinite(value)) {
        mistakes.add(place, "'" + cells[k].text + "' is no number");
      } else if (value < f.lower || value > f.upper) {
        mistakes.add(place, "'" + f.path + "' is " + cells[k].text + "; its range is " + toml_real(f.lower) +
                                " to " + toml_real(f.upper));
      } else {
        candidate[static_cast<Eigen::Index>(target[k])] = f.log_scale ? std::log(value) : value;
      }
    }
    rows.push_back(std::move(candidate));
  }
  mistakes.throw_if_any();
  if (rows.empty()) throw ConfigError(file.string() + ": there are no candidates below the header");
  Eigen::MatrixXd all(start.size(), static_cast<Eigen::Index>(rows.size()));
  for (std::size_t k = 0; k < rows.size(); ++k) all.col(static_cast<Eigen::Index>(k)) = rows[k];
  return all;
}

std::size_t shard_begin(const Shard& shard, std::size_t rows) {
  return (shard.index - 1) * rows / shard.count;
}

/// Scored candidates as they stand in a file.
struct EvaluationFile {
  std::string pipeline, set, made_with;  ///< made_with: the list of candidates, the plugins, the kernel
  std::uint64_t rows = 0, first = 0;     ///< candidates in the CSV; the first one of this file
  std::vector<std::string> parameter_names;
  std::vector<double> parameters, loss;
  std::size_t count() const noexcept { return loss.size(); }
};

void write_head(Hdf5Writer& out, const EvaluationFile& file, const LifeLayout& layout) {
  out.text("pipeline", file.pipeline);
  out.text("set", file.set);
  out.text("made_with", file.made_with);
  out.integer("rows", file.rows);
  out.integer("first_row", file.first);
  out.texts("parameter_names", file.parameter_names);
  out.reals("parameters", {file.count(), file.parameter_names.size()}, file.parameters.data());
  out.reals("loss", {file.count()}, file.loss.data());
  out.texts("loss_names", layout.losses);
  if (!layout.measures.empty()) out.texts("measure_names", layout.measures);
}

}  // namespace

Shard shard_named(const std::string& text) {
  Shard shard;
  const char* end = text.data() + text.size();
  const auto first = std::from_chars(text.data(), end, shard.index);
  const bool slash = first.ec == std::errc() && first.ptr != end && *first.ptr == '/';
  const auto second = slash ? std::from_chars(first.ptr + 1, end, shard.count) : first;
  if (slash && second.ec == std::errc() && second.ptr == end && shard.index >= 1 &&
      shard.index <= shard.count)
    return shard;
  throw ConfigError("--shard " + text + ": expected the part and how many there are, as in 3/100");
}

EvaluateSummary evaluate_candidates(const Pipeline& pipeline, const EvaluateOptions& options) {
  const Eigen::MatrixXd all = read_candidates(*pipeline.search, options.candidates);
  const auto rows = static_cast<std::size_t>(all.cols());
  const std::size_t begin = shard_begin(options.shard, rows);
  const std::size_t end = shard_begin({options.shard.index + 1, options.shard.count}, rows);
  const Eigen::MatrixXd candidates =
      all.middleCols(static_cast<Eigen::Index>(begin), static_cast<Eigen::Index>(end - begin));
  const NetworkSet set = network_set_named(options.set);
  const std::int64_t networks = set == NetworkSet::search   ? pipeline.networks.search
                                : set == NetworkSet::select ? pipeline.networks.select
                                                            : pipeline.networks.report;
  if (networks == 0) throw ConfigError("the pipeline has no networks in the set '" + options.set + "'");
  Hdf5Writer out(options.out);  // before the work: a path that cannot be written is found at once
  const auto executor = pipeline.executor.plugin->create<Executor>(pipeline.executor.config);
  Evaluator evaluator(*executor, options.stop, options.reference_kernel);
  Scores scores;
  if (!evaluator.evaluate(pipeline, candidates, set, 0, networks, scores)) throw Interrupted();
  evaluator.check_broken(pipeline.evaluation, evaluator.broken(), evaluator.lives());

  const std::string_view list(reinterpret_cast<const char*>(all.data()),
                              static_cast<std::size_t>(all.size()) * sizeof(double));
  EvaluationFile file{identity_text(pipeline),
                      options.set,
                      "candidates " + digest_of_text(list) + "\n" + plugin_record_text(pipeline) +
                          (options.reference_kernel ? "reference" : "fused"),
                      rows,
                      begin,
                      {},
                      {},
                      {}};
  file.parameter_names = paths_of(*pipeline.search);
  EvaluateSummary summary{end - begin, static_cast<std::size_t>(networks), 0, HUGE_VAL, 0};
  for (Eigen::Index k = 0; k < candidates.cols(); ++k) {
    const Eigen::VectorXd column = candidates.col(k);
    const Pipeline candidate = with_candidate(pipeline, view_of(column));
    const auto c = static_cast<std::size_t>(k);
    file.loss.push_back(
        scores.sum(c, pipeline.trials(), pipeline.search->graded_failure, sum_of_coefficients(candidate)));
    for (std::size_t i = 0; i < pipeline.search->free.size(); ++i) {
      const double value = column[static_cast<Eigen::Index>(i)];
      file.parameters.push_back(pipeline.search->free[i].log_scale ? std::exp(value) : value);
    }
    summary.failed += scores.failed(c) > 0;
    if (file.loss.back() >= summary.best_loss) continue;
    summary.best_loss = file.loss.back();
    summary.best = begin + c;
  }
  write_head(out, file, scores.layout);
  write_scores(out, "lives", scores);
  out.commit();
  return summary;
}

std::size_t merge_shards(const std::vector<std::filesystem::path>& shards,
                         const std::filesystem::path& out_file) {
  struct Part {
    std::filesystem::path path;
    EvaluationFile file;
    Scores scores;
  };
  std::vector<Part> parts;
  for (const auto& path : shards) {
    const Hdf5Reader in(path);
    Part part{
        path,
        {in.text("pipeline"), in.text("set"), in.text("made_with"), in.integer("rows"),
         in.integer("first_row"), in.texts("parameter_names"), in.reals("parameters"), in.reals("loss")},
        {}};
    part.scores = read_scores(in, "lives", read_layout(in, "lives"));
    parts.push_back(std::move(part));
  }
  std::ranges::stable_sort(parts, {}, [](const Part& p) { return std::pair(p.file.first, p.file.count()); });
  Part& whole = parts.front();
  const std::uint64_t rows = whole.file.rows;
  std::uint64_t next = 0;
  for (const Part& part : parts) {
    const std::string name = "'" + part.path.string() + "'";
    const auto other = [&](const std::string& what) {
      throw ConfigError(name + " comes from another " + what + " than '" + whole.path.string() + "'");
    };
    if (part.file.pipeline != whole.file.pipeline) other("pipeline");
    if (part.file.set != whole.file.set) other("set of networks");
    if (part.file.made_with != whole.file.made_with || part.file.rows != rows)
      other("list of candidates, build of a plugin, or kernel");
    if (part.file.first < next) throw ConfigError(name + " holds candidates that another shard holds too");
    if (part.file.first > next)
      throw ConfigError("candidates " + std::to_string(next) + " to " + std::to_string(part.file.first - 1) +
                        " are missing: a shard was left out");
    next += part.file.count();
  }
  if (next != rows)
    throw ConfigError("candidates " + std::to_string(next) + " to " + std::to_string(rows - 1) +
                      " are missing: a shard was left out");
  Eigen::Index lives = 0;
  for (const Part& part : parts) lives += part.scores.lives.cols();
  Eigen::MatrixXd joined_lives(whole.scores.lives.rows(), lives);
  lives = 0;
  for (Part& part : parts) {
    joined_lives.middleCols(lives, part.scores.lives.cols()) = part.scores.lives;
    lives += part.scores.lives.cols();
    if (&part == &whole) continue;
    whole.file.parameters.insert(whole.file.parameters.end(), part.file.parameters.begin(),
                                 part.file.parameters.end());
    whole.file.loss.insert(whole.file.loss.end(), part.file.loss.begin(), part.file.loss.end());
  }
  whole.scores.lives = std::move(joined_lives);
  Hdf5Writer out(out_file);
  write_head(out, whole.file, whole.scores.layout);
  write_scores(out, "lives", whole.scores);
  out.commit();
  return rows;
}

}  // namespace hebbforge
