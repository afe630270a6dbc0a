// Which instruction set the compiled kernels use.
#pragma once

#include <hebbforge/export.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace hebbforge::engine {

/// The one in use: "AVX3" (AVX-512), "AVX2", "SSE4", ….
HEBBFORGE_API std::string_view instruction_set() noexcept;
/// Those that this machine has and the kernels are compiled for, best first.
HEBBFORGE_API std::vector<std::string> instruction_sets();
/// Pins one for the whole process, "" the best again. Not while lives run.
/// \throws ConfigError naming those that there are
HEBBFORGE_API void use_instruction_set(std::string_view name);
/// False: multiplies and adds are rounded separately, so results differ in the last bits from machines
/// with fused multiply-add.
HEBBFORGE_API bool has_fused_multiply_add() noexcept;
/// Eight doubles at a time, as AVX-512 has them.
HEBBFORGE_API bool has_vectors_of_eight() noexcept;
/// Logs the one in use, and what it means if it has no fused multiply-add.
HEBBFORGE_API void log_instruction_set();

}  // namespace hebbforge::engine
