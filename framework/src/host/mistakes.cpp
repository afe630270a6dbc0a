#include "host/mistakes.hpp"

#include <algorithm>
#include <tuple>

namespace hebbforge {

void Mistakes::add(const Place& place, const std::string& text) {
  const auto same = [&](const Mistake& m) {
    return m.text == text && m.place.line == place.line && m.place.column == place.column &&
           m.place.file == place.file;
  };
  if (std::ranges::none_of(all_, same)) all_.push_back({place, text});
}

void Mistakes::add(const ConfigError& error) {
  std::string text = error.what();
  const std::string prefix =
      error.file() + ":" + std::to_string(error.line()) + ":" + std::to_string(error.column()) + ": ";
  if (error.line() > 0 && text.starts_with(prefix)) text.erase(0, prefix.size());
  add({error.file(), error.line(), error.column()}, text);
}

void Mistakes::throw_if_any() {
  if (all_.empty()) return;
  std::ranges::stable_sort(
      all_, {}, [](const Mistake& m) { return std::tie(m.place.file, m.place.line, m.place.column); });
  if (all_.size() == 1) {
    const Place& at = all_.front().place;
    if (at.line > 0) throw ConfigError(at.file, at.line, at.column, all_.front().text);
    throw ConfigError((at.file.empty() ? "" : at.file + ": ") + all_.front().text);
  }
  std::string text;
  for (const Mistake& m : all_) {
    if (!text.empty()) text += "\n";
    if (!m.place.file.empty()) text += m.place.file + ":";
    if (m.place.line > 0) text += std::to_string(m.place.line) + ":" + std::to_string(m.place.column) + ":";
    text += (m.place.file.empty() ? "" : " ") + m.text;
  }
  throw ConfigError(text);
}

}  // namespace hebbforge
