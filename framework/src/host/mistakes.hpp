// All mistakes of a user's file in one go.
#pragma once

#include <cstddef>
#include <hebbforge/error.hpp>
#include <hebbforge/export.hpp>
#include <string>
#include <vector>

#include "host/document.hpp"

namespace hebbforge {

/// Collects mistakes and reports them together, each with its place, in file order.
class HEBBFORGE_API Mistakes {
 public:
  void add(const Place& place, const std::string& text);
  /// A mistake that knows its place.
  void add(const ConfigError& error);
  std::size_t count() const noexcept { return all_.size(); }
  /// \throws ConfigError with one message per mistake, if there are any
  void throw_if_any();

 private:
  struct Mistake {
    Place place;
    std::string text;
  };
  std::vector<Mistake> all_;
};

}  // namespace hebbforge
