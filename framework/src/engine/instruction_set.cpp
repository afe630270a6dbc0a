#include "engine/instruction_set.hpp"

#include <hwy/highway.h>
#include <hwy/targets.h>

#include <cctype>
#include <cstdint>
#include <hebbforge/error.hpp>
#include <hebbforge/log.hpp>

namespace hebbforge::engine {
namespace {

// Targets are single bits; a lower one is a better one.
std::int64_t usable_targets() noexcept {
  return static_cast<std::int64_t>(hwy::SupportedTargets()) & static_cast<std::int64_t>(HWY_TARGETS);
}

std::int64_t best_target() noexcept {
  const std::int64_t usable = usable_targets();
  return usable & -usable;
}

void pin(std::int64_t target) {
  hwy::SetSupportedTargetsForTest(target);
  hwy::GetChosenTarget().Update(hwy::SupportedTargets());
}

std::string lower(std::string_view text) {
  std::string out;
  for (const char c : text) out += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return out;
}

}  // namespace

std::string_view instruction_set() noexcept { return hwy::TargetName(best_target()); }

std::vector<std::string> instruction_sets() {
  std::vector<std::string> names;
  for (const std::int64_t target : hwy::SupportedAndGeneratedTargets())
    names.emplace_back(hwy::TargetName(target));
  return names;
}

void use_instruction_set(std::string_view name) {
  const std::int64_t before = best_target();
  pin(0);
  if (name.empty()) return;
  std::string known;
  for (const std::int64_t target : hwy::SupportedAndGeneratedTargets()) {
    if (lower(hwy::TargetName(target)) == lower(name)) return pin(target);
    known += (known.empty() ? "" : ", ") + std::string(hwy::TargetName(target));
  }
  pin(before);
  throw ConfigError("this machine has no instruction set '" + std::string(name) + "'; it has " + known);
}

bool has_fused_multiply_add() noexcept { return !HWY_ARCH_X86 || best_target() <= HWY_AVX2; }

bool has_vectors_of_eight() noexcept { return HWY_ARCH_X86 && best_target() <= HWY_AVX3; }

void log_instruction_set() {
  const std::string name(instruction_set());
  if (has_fused_multiply_add()) return log_info("instruction set " + name);
  log_info("instruction set " + name +
           ", without fused multiply-add: results differ in the last digits from those of machines with it");
}

}  // namespace hebbforge::engine
