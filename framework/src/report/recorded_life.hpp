// One life of a run's picked rule, to look at: activity and weights.
#pragma once

#include <Eigen/Core>
#include <cstdint>
#include <filesystem>
#include <hebbforge/export.hpp>
#include <hebbforge/host/pipeline.hpp>
#include <string>
#include <vector>

namespace hebbforge::report {

struct CellBlock {
  std::string name;  ///< of a population
  Eigen::Index first = 0, size = 0;
};

/// Cells of all populations, in order.
struct RecordedLife {
  std::string network;            ///< "network 0 of the select set"
  std::vector<CellBlock> blocks;  ///< the populations
  std::size_t shown = 0;  ///< index of the block whose activity is shown: where a learning pathway ends
  double dt = 0;          ///< s
  std::vector<std::int64_t> trials;    ///< indices from 0
  std::vector<Eigen::MatrixXd> rates;  ///< (cells, steps) in each of `trials`
  Eigen::MatrixXd before, after;       ///< weights W(post, pre)
  Eigen::MatrixXd firing_times;        ///< (shown cells, evenly spaced trials), s; silent: NaN; may be empty
  std::string end;                     ///< "healthy", or why it failed
};

/// Runs the pipeline's rules in the first network of the select set; rates of the first, middle and last
/// trial, firing times in some tens of trials from the first to the last. \throws SimulationError if a plugin
/// fails
HEBBFORGE_API RecordedLife record_life(const Pipeline& pipeline);

/// When each cell of a block fires: the centre of mass of its rate over a trial, in steps; silent: NaN.
HEBBFORGE_API Eigen::VectorXd firing_times(const Eigen::MatrixXd& rates, const CellBlock& block);

/// Cells of a block in the order of their firing, silent ones last. Indices from 0 within all cells.
HEBBFORGE_API std::vector<Eigen::Index> firing_order(const Eigen::MatrixXd& rates, const CellBlock& block);

}  // namespace hebbforge::report
