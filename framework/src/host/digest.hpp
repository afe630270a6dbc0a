// Digests of parts of files.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

namespace hebbforge {

/// SHA-1 of the file's first bytes, hexadecimal. \see digest_of_file
std::string digest_of_beginning(const std::filesystem::path& file, std::uintmax_t bytes);

}  // namespace hebbforge
