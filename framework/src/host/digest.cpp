#include "host/digest.hpp"

#include <algorithm>
#include <array>
#include <boost/uuid/detail/sha1.hpp>
#include <cstdio>
#include <fstream>
#include <hebbforge/host/registry.hpp>

namespace hebbforge {
namespace {

std::string text_of(boost::uuids::detail::sha1& sha) {
  unsigned digest[5];
  sha.get_digest(digest);
  std::string text;
  for (const unsigned word : digest) {
    char part[9];
    std::snprintf(part, sizeof part, "%08x", word);
    text += part;
  }
  return text;
}

}  // namespace

std::string digest_of_beginning(const std::filesystem::path& file, std::uintmax_t bytes) {
  boost::uuids::detail::sha1 sha;
  std::ifstream in(file, std::ios::binary);
  std::array<char, 65536> block;
  while (bytes > 0 && in) {
    in.read(block.data(), static_cast<std::streamsize>(std::min<std::uintmax_t>(bytes, block.size())));
    sha.process_bytes(block.data(), static_cast<std::size_t>(in.gcount()));
    bytes -= static_cast<std::uintmax_t>(in.gcount());
  }
  return text_of(sha);
}

std::string digest_of_file(const std::filesystem::path& file) {
  return digest_of_beginning(file, UINTMAX_MAX);
}

std::string digest_of_text(std::string_view bytes) {
  boost::uuids::detail::sha1 sha;
  sha.process_bytes(bytes.data(), bytes.size());
  return text_of(sha);
}

}  // namespace hebbforge
