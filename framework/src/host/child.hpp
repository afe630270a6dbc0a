// Work that may crash, hang or eat memory, in a process of its own.
#pragma once

#include <cstdint>
#include <functional>
#include <hebbforge/export.hpp>
#include <string>
#include <string_view>

namespace hebbforge {

/// What a child process may take. \see run_in_child
struct ChildLimits {
  double silence = 30;       ///< s without a message: then it is ended
  std::uint64_t memory = 0;  ///< bytes of address space; 0: no limit
};

/// Runs `work` in a child process and hands each of its messages to `message` in this one. What the child
/// prints goes to standard error. Nothing that the child does harms this process. No other thread may be at
/// work: what it holds would never be released in the child. \param work  takes the function that sends a
/// message, one or more lines \returns how the child failed, "crashed: Segmentation fault (signal 11)"; "" if
/// `work` returned \throws SimulationError where no process can be made
HEBBFORGE_API std::string run_in_child(
    const ChildLimits& limits, const std::function<void(const std::function<void(std::string)>& send)>& work,
    const std::function<void(const std::string&)>& message);

}  // namespace hebbforge
