#include "@NAME@.hpp"

HEBBFORGE_EXPORT_PLUGIN(@NAME@_plugin::@CLASS@, hebbforge::RuleBasis)
