#include <hebbforge/host/suggestion.hpp>

#include <algorithm>
#include <numeric>

namespace hebbforge {
namespace {

// Levenshtein's distance, with a row of the table at a time.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), 0);
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t above = row[j];
      row[j] = std::min({above + 1, row[j - 1] + 1, diagonal + (a[i - 1] == b[j - 1] ? 0u : 1u)});
      diagonal = above;
    }
  }
  return row[b.size()];
}

}  // namespace

std::string suggestion(std::string_view given, const std::vector<std::string>& candidates) {
  const std::string* best = nullptr;
  std::size_t least = std::max<std::size_t>(2, given.size() / 3) + 1;
  for (const std::string& candidate : candidates) {
    // A word cut short is near to the whole word, however long that is.
    const bool cut = given.size() >= 2 && candidate.starts_with(given);
    const std::size_t d = cut ? 1 : distance(given, candidate);
    if (d < least) {
      least = d;
      best = &candidate;
    }
  }
  return best ? " Did you mean '" + *best + "'?" : "";
}

std::string joined(const std::vector<std::string>& texts) {
  std::string all;
  for (const std::string& text : texts) all += (all.empty() ? "" : ", ") + text;
  return all;
}

}  // namespace hebbforge
