// The tables [stage.NAME] of a pipeline.
#pragma once

#include <hebbforge/host/pipeline.hpp>
#include <string>
#include <string_view>

#include "host/plugin_reader.hpp"
#include "host/table_reader.hpp"

namespace hebbforge {

/// Reads the stages into `pipeline`, whose other parts are known and without mistakes. Every condition of
/// a stage is the pipeline's file read again with the condition's keys set, so that all of it is checked.
/// \param options  with which the pipeline is read
void read_stages(TableReader& top, PluginReader& plugins, const PipelineOptions& options, Pipeline& pipeline);

/// What a sweep calls the condition under which a key has this value: "probability=0.01".
std::string name_of_swept(std::string_view path, const Node& value);

}  // namespace hebbforge
