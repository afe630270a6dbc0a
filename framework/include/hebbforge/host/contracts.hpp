// Does a plugin keep the promises of its interface?
#pragma once

#include <cstdint>
#include <functional>
#include <hebbforge/export.hpp>
#include <hebbforge/host/registry.hpp>
#include <string>
#include <vector>

namespace hebbforge {

/// One promise, and whether a plugin keeps it.
struct ContractResult {
  std::string name;  ///< "zero coefficients give zero delta"
  bool passed = false;
  std::string detail;  ///< how it was broken; "" if passed
};

struct ContractOptions {
  /// How often this thread has allocated so far, where the program counts that; null: allocation is not
  /// checked.
  std::uint64_t (*allocations)() noexcept = nullptr;
  /// Called before and after every check: who watches a process that crashes knows in which.
  std::function<void(const std::string& name)> begins{};
  std::function<void(const ContractResult&)> ends{};
};

/// Values for every parameter of a plugin: its defaults, and for required ones values that suit the networks
/// of the contract checks (pathway "EE", terms of the published basis).
HEBBFORGE_API Config contract_config(const abi::Descriptor& descriptor);

/// Makes the plugin, calls it in every way that its interface allows, and reports each promise. A plugin that
/// crashes takes the process with it: call this in a child process for plugins that are not trusted. Takes
/// seconds at most; all random numbers have fixed seeds.
HEBBFORGE_API std::vector<ContractResult> check_contracts(const RegisteredPlugin& plugin,
                                                          const ContractOptions& options = {});

}  // namespace hebbforge
