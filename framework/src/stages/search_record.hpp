// Everything that a search has found out so far, in memory and in files.
#pragma once

#include <cstdint>
#include <filesystem>
#include <hebbforge/host/run.hpp>
#include <string>
#include <vector>

#include "host/hdf5_file.hpp"
#include "stages/evaluator.hpp"

namespace hebbforge {

/// A candidate that was the best on the search networks when it was found, scored on the select networks.
struct Selection {
  std::int64_t evaluation = 0;
  double value = 0;  ///< what picking compares: the median (or sum) over the select networks
  Scores scores;
};

/// Rules scored beside the search.
struct ReferenceScores {
  std::string name;
  Scores search, select, report;
};

/// Grows by one generation at a time; what a checkpoint keeps and results show.
struct SearchRecord {
  std::vector<std::string> parameter_names;
  LifeLayout layout;
  std::size_t networks = 0;
  bool racing = false;  ///< the CSV says what was left out

  std::vector<std::uint64_t> generation;     ///< of each evaluation
  std::vector<std::uint64_t> first_network;  ///< of each evaluation: not 0 where networks are redrawn
  std::vector<double> loss;                  ///< the objective
  std::vector<double> parameters;            ///< (evaluations, parameters)
  std::vector<double> lives;                 ///< (evaluations, networks, layout.size())
  std::vector<Selection> selections;
  std::vector<ReferenceScores> references;
  std::int64_t picked = -1;  ///< index into selections; -1: none
  Scores report;             ///< of the picked candidate, at the end

  std::size_t evaluations() const noexcept { return loss.size(); }
  void add_generation(std::uint64_t index, std::uint64_t first, const Eigen::MatrixXd& candidates,
                      const std::vector<double>& losses, const Scores& scores);
  Eigen::VectorXd candidate(std::int64_t evaluation) const;
  Scores scores_of(std::int64_t evaluation) const;
  std::int64_t best_evaluation() const;  ///< -1 without evaluations; the first of equals
  std::int64_t lives_run() const;        ///< of everything recorded here
  std::int64_t lives_left_out() const;   ///< of the evaluations: by racing
  std::int64_t lives_broken() const;     ///< of the evaluations: by a plugin
  std::uint64_t generations() const noexcept { return generation.empty() ? 0 : generation.back() + 1; }

  void write(Hdf5Writer& out) const;
  static SearchRecord read(const Hdf5Reader& in, const LifeLayout& layout,
                           std::vector<std::string> parameter_names, std::size_t networks);

  std::string csv_header() const;
  std::string csv_rows(std::size_t from) const;  ///< rows from evaluation `from` on
};

/// Datasets end, trials_survived, losses, measures, effects, total under `group`.
void write_scores(Hdf5Writer& out, const std::string& group, const Scores& scores);
/// The layout of a group of lives that write_scores() made. \throws Error
LifeLayout read_layout(const Hdf5Reader& in, const std::string& group);
/// \throws Error if sizes do not fit the layout
Scores read_scores(const Hdf5Reader& in, const std::string& group, const LifeLayout& layout);

/// Of the first candidate.
HEBBFORGE_API SetSummary summary_of(const Scores& scores);

/// The candidate that the run in `directory` picked, as its optimizer proposed it.
/// \param names  the parameters that it has to have searched
/// \throws ConfigError if it searched others or found no healthy rule
Eigen::VectorXd picked_candidate(const std::filesystem::path& directory,
                                 const std::vector<std::string>& names);

}  // namespace hebbforge
