// The table [search] of a pipeline.
#pragma once

#include <hebbforge/host/pipeline.hpp>

#include "host/plugin_reader.hpp"
#include "host/table_reader.hpp"

namespace hebbforge {

/// Reads [search] into `pipeline`, whose other parts are known; does nothing without the table.
void read_search(TableReader& top, PluginReader& plugins, Pipeline& pipeline);

/// The key `budget` of a table that searches.
BudgetSpec read_budget(TableReader& table);

}  // namespace hebbforge
