// A pipeline's circuit and rules as a script of another simulator.
#pragma once

#include <hebbforge/export.hpp>
#include <hebbforge/host/pipeline.hpp>
#include <string>

namespace hebbforge {

/// A Python script that runs one trial in Brian 2: the same cells, pathways, traces, rules and order of
/// updates as docs/numerics.md says. It reads initial weights and drive from a file of `hebbforge simulate`,
/// and prints how far its rates and weights are from those in the file. \param made_by  the command line that
/// wrote it, for the script's first lines \throws ConfigError naming a neuron, constraint or rule that has no
/// text form, or a phase that goes on from
///   traces which no file holds
HEBBFORGE_API std::string brian2_script(const Pipeline& pipeline, const std::string& made_by);

}  // namespace hebbforge
