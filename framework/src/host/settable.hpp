// The values of a model that a search may move.
#pragma once

#include <hebbforge/host/pipeline.hpp>
#include <string>
#include <utility>
#include <vector>

#include "host/document.hpp"

namespace hebbforge {

struct Settable {
  std::string path;  ///< in [search.free]: "EE.c.x~*y", "cap.maximum"
  std::string key;   ///< in the pipeline's file: "pathway.EE.rule.values.c.x~*y", "constraint.cap.maximum"
  ParameterTarget target;
  const abi::Parameter* parameter;
  double value;  ///< that the pipeline has
};

/// All of them: parameters of rules, and the real ones of every other plugin of a life.
std::vector<Settable> settables(const Pipeline& pipeline);

/// Both: \param target  of a plugin or rule that is there
void set_value(Pipeline& pipeline, const ParameterTarget& target, double value);
double value_of(const Pipeline& pipeline, const ParameterTarget& target);

/// `changed` with those values of `read` that the texts, as after --set, name: they win over what was
/// learned.
Pipeline with_overrides(Pipeline changed, const Pipeline& read, const std::vector<std::string>& overrides);

/// The leaves of a table by their paths: "constraint.cap.maximum".
std::vector<std::pair<std::string, const Node::Entry*>> leaves_of(const Node& table);

}  // namespace hebbforge
