// Another program, run as a child process.
#pragma once

#include <filesystem>
#include <hebbforge/export.hpp>
#include <string>
#include <vector>

namespace hebbforge::report {

struct ProgramResult {
  bool found = true;    ///< false: there is no such program on the PATH
  int exit_status = 0;  ///< 128 + signal if it was ended by one
  std::string output;   ///< standard output and error, cut after 64 KiB
};

/// Runs a program with arguments, never through a shell, without standard input, in a directory and a process
/// group of its own. After `seconds` everything of it is ended.
/// \throws SimulationError where no process can be made
HEBBFORGE_API ProgramResult run_program(const std::vector<std::string>& words,
                                        const std::filesystem::path& directory, double seconds);

}  // namespace hebbforge::report
