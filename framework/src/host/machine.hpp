// The machine that runs this program.
#pragma once

#include <hebbforge/export.hpp>
#include <string>

namespace hebbforge {

/// "hebbforge 0.1.0, AMD EPYC, 2 processors, 15.6 GiB, Linux 6.1 x86_64, AVX2": one line for logs and
/// reports.
HEBBFORGE_API std::string machine_text();

}  // namespace hebbforge
