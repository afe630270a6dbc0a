// Slices of trials, in Python's syntax.
#include <algorithm>
#include <charconv>
#include <hebbforge/error.hpp>
#include <hebbforge/host/pipeline.hpp>
#include <optional>

#include <hebbforge/host/suggestion.hpp>

namespace hebbforge {
namespace {

[[noreturn]] void fail(std::string_view text, const std::string& what) {
  throw Error("'" + std::string(text) + "' names no trials: " + what);
}

std::optional<std::int64_t> bound(std::string_view text, std::string_view whole) {
  if (text.empty()) return std::nullopt;
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) {
    fail(whole, "expected [begin:end:step] with whole numbers, as in \"organise[-56:-30:5]\"");
  }
  return value;
}

}  // namespace

std::vector<std::int64_t> trials_named(const std::vector<PhaseSpec>& phases, std::string_view text) {
  std::int64_t total = 0;
  for (const PhaseSpec& phase : phases) total += phase.trials;
  const auto bracket = std::min(text.find('['), text.size());
  const std::string_view name = text.substr(0, bracket);
  std::int64_t first = 0, count = -1;
  std::vector<std::string> names{"all", "last"};
  if (name == "all") count = total;
  if (name == "last") {
    first = total - 1;
    count = 1;
  }
  std::int64_t begin_of_phase = 0;
  for (const PhaseSpec& phase : phases) {
    if (phase.name == name) {
      first = begin_of_phase;
      count = phase.trials;
    }
    begin_of_phase += phase.trials;
    names.push_back(phase.name);
  }
  if (count < 0)
    fail(text, "there is no phase '" + std::string(name) + "'." + suggestion(name, names) +
                   " There are: " + joined(names));

  std::int64_t from = 0, to = count, step = 1;
  if (bracket < text.size()) {
    if (!text.ends_with(']')) fail(text, "the bracket is not closed");
    const std::string_view inside = text.substr(bracket + 1, text.size() - bracket - 2);
    const auto colon = inside.find(':');
    const auto clipped = [&](std::int64_t i) {
      return std::clamp<std::int64_t>(i < 0 ? i + count : i, 0, count);
    };
    if (colon == std::string_view::npos) {
      const auto index = bound(inside, text);
      if (!index || *index < -count || *index >= count) {
        fail(text, "the phase has trials 0 to " + std::to_string(count - 1));
      }
      from = *index < 0 ? *index + count : *index;
      to = from + 1;
    } else {
      const auto second = std::min(inside.find(':', colon + 1), inside.size());
      from = clipped(bound(inside.substr(0, colon), text).value_or(0));
      to = clipped(bound(inside.substr(colon + 1, second - colon - 1), text).value_or(count));
      if (second < inside.size()) step = bound(inside.substr(second + 1), text).value_or(1);
      if (step < 1) fail(text, "the step has to be 1 or more");
    }
  }
  std::vector<std::int64_t> trials;
  for (std::int64_t i = from; i < to; i += step) trials.push_back(first + i);
  return trials;
}

}  // namespace hebbforge
