#include <hebbforge/error.hpp>
#include <hebbforge/host/contracts.hpp>
#include <hebbforge/host/schema.hpp>
#include <hebbforge/interfaces/constraint.hpp>
#include <hebbforge/interfaces/executor.hpp>
#include <hebbforge/interfaces/loss.hpp>
#include <hebbforge/interfaces/neuron.hpp>
#include <hebbforge/interfaces/optimizer.hpp>
#include <hebbforge/interfaces/perturbation.hpp>
#include <hebbforge/interfaces/rule_basis.hpp>
#include <hebbforge/interfaces/stimulus.hpp>
#include <map>
#include <set>

#include "config_reads.hpp"
#include "contracts/battery.hpp"

namespace hebbforge {
namespace {
using Texts = std::vector<std::string>;

// Required parameters whose name says what they need; of any other the type decides.
const std::map<std::string, Config::Value, std::less<>>& known_values() {
  static const std::map<std::string, Config::Value, std::less<>> values{
      {"pathway", std::string("EE")},
      {"pathways", Texts{"EE", "IE"}},
      {"population", std::string("E")},
      {"populations", Texts{"E"}},
      {"trials", std::string("last")},
      {"fit.trials", std::string("organise[:3]")},
      {"test.trials", std::string("organise[3:6]")},
      {"dw/dt", std::string("pre*post - w*post^2 + pre*post^2 - w + 1")},
      {"terms",
       Texts{"1",   "y",   "x",     "x y",  "y~",     "x y~", "x~",     "x~ y",   "y~ y",   "x~ x",   "w",
             "w y", "w x", "w x y", "w y~", "w x y~", "w x~", "w x~ y", "w y~ y", "w x~ x", "w x~ y~"}}};
  return values;
}

Config::Value value_by_type(const abi::Parameter& p) {
  const double inside = std::min(std::max(1.0, p.minimum), p.maximum);
  switch (p.type) {
    case abi::ParameterType::integer:
      return static_cast<std::int64_t>(inside);
    case abi::ParameterType::boolean:
      return true;
    case abi::ParameterType::text:
    case abi::ParameterType::path:
      return std::string(p.choices.size > 0 ? p.choices.data[0] : "EE");
    case abi::ParameterType::real_list:
      return std::vector<double>{inside};
    case abi::ParameterType::integer_list:
      return std::vector<std::int64_t>{static_cast<std::int64_t>(inside)};
    case abi::ParameterType::text_list:
      return Texts{p.choices.size > 0 ? p.choices.data[0] : "EE"};
    case abi::ParameterType::real:
      break;
  }
  return inside;
}

bool is_sentence(const char* text) {
  const std::string_view view(text);
  return view.size() > 1 && view.back() == '.';
}

template <class Interface>
std::string made(const RegisteredPlugin& plugin, const Config& config) {
  plugin.create<Interface>(config);
  return {};
}

std::string made_as_its_kind(const RegisteredPlugin& plugin, const Config& config) {
  switch (plugin.kind()) {
    case abi::Kind::rule:
      return made<RuleBasis>(plugin, config);
    case abi::Kind::optimizer:
      return made<Optimizer>(plugin, config);
    case abi::Kind::perturbation:
      return made<Perturbation>(plugin, config);
    case abi::Kind::loss:
      return made<Loss>(plugin, config);
    case abi::Kind::stimulus:
      return made<Stimulus>(plugin, config);
    case abi::Kind::neuron:
      return made<Neuron>(plugin, config);
    case abi::Kind::constraint:
      return made<Constraint>(plugin, config);
    case abi::Kind::executor:
      return made<Executor>(plugin, config);
  }
  throw InternalError("a plugin of no kind");
}

// Other values for a parameter that may decide which others are asked for.
std::vector<Config::Value> alternatives(const abi::Parameter& p) {
  if (p.type == abi::ParameterType::boolean) return {true, false};
  std::vector<Config::Value> values{value_by_type(p)};
  for (const char* choice : p.choices) {
    if (p.type == abi::ParameterType::text) values.emplace_back(std::string(choice));
    if (p.type == abi::ParameterType::text_list) values.emplace_back(Texts{choice});
  }
  return values;
}

// Asked for by a constructor under the given values; it may refuse them.
void note_reads(const RegisteredPlugin& plugin, const Config& config, std::set<std::string>& names) {
  const ConfigReads reads;
  try {
    made_as_its_kind(plugin, config);
  } catch (const std::exception&) {
  }
  names.insert(reads.names().begin(), reads.names().end());
}

std::string schema_against_reads(const RegisteredPlugin& plugin) {
  const Config config = contract_config(*plugin.descriptor);
  std::set<std::string> reads;
  note_reads(plugin, config, reads);
  for (const abi::Parameter& p : plugin.descriptor->parameters) {
    for (const Config::Value& value : alternatives(p)) {
      Config other = config;
      other.set(p.name, value);
      note_reads(plugin, other, reads);
    }
  }
  for (const abi::Parameter& p : plugin.descriptor->parameters) {
    if (reads.erase(p.name) == 0)
      return std::string("parameter '") + p.name + "' is declared, but its constructor never asks for it";
  }
  return reads.empty() ? "" : "it asks for the parameter '" + *reads.begin() + "', which it does not declare";
}

std::vector<ContractResult> check_kind(const RegisteredPlugin& plugin, const ContractOptions& options) {
  switch (plugin.kind()) {
    case abi::Kind::rule:
      return contracts::check_rule(plugin, options);
    case abi::Kind::optimizer:
      return contracts::check_optimizer(plugin, options);
    case abi::Kind::perturbation:
      return contracts::check_perturbation(plugin, options);
    case abi::Kind::loss:
      return contracts::check_loss(plugin, options);
    case abi::Kind::stimulus:
      return contracts::check_stimulus(plugin, options);
    case abi::Kind::neuron:
      return contracts::check_neuron(plugin, options);
    case abi::Kind::constraint:
      return contracts::check_constraint(plugin, options);
    case abi::Kind::executor:
      return contracts::check_executor(plugin, options);
  }
  throw InternalError("a plugin of no kind");
}

}  // namespace

Config contract_config(const abi::Descriptor& descriptor) {
  Config config = default_config(descriptor);
  for (const abi::Parameter& p : descriptor.parameters) {
    if (!p.required) continue;
    const auto known = known_values().find(p.name);
    const Config::Value by_type = value_by_type(p);
    const bool fits = known != known_values().end() && known->second.index() == by_type.index();
    config.set(p.name, fits ? known->second : by_type);
  }
  return config;
}

std::vector<ContractResult> check_contracts(const RegisteredPlugin& plugin, const ContractOptions& options) {
  contracts::Battery battery(options);
  battery.check("summaries are sentences", [&]() -> std::string {
    if (!is_sentence(plugin.descriptor->summary)) return "the plugin's summary does not end with a full stop";
    for (const abi::Parameter& p : plugin.descriptor->parameters) {
      if (!is_sentence(p.summary))
        return std::string("the summary of parameter '") + p.name + "' does not end with a full stop";
    }
    return {};
  });
  const bool usable = battery.check(
      "it can be made", [&] { return made_as_its_kind(plugin, contract_config(*plugin.descriptor)); });
  if (usable && plugin.descriptor->parameters.size > 0)
    battery.check("asks for the parameters that it declares", [&] { return schema_against_reads(plugin); });
  std::vector<ContractResult> results = battery.take();
  if (!usable) return results;
  for (ContractResult& result : check_kind(plugin, options)) results.push_back(std::move(result));
  return results;
}

}  // namespace hebbforge
