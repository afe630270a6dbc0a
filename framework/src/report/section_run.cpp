// What was run, and how to run it again.
#include <algorithm>
#include <cstdio>

#include "report/html.hpp"
#include "report/section.hpp"

namespace hebbforge::report {
namespace {

std::string duration_text(double seconds) {
  char text[48];
  const auto s = static_cast<long>(seconds + 0.5);
  if (s >= 3600)
    std::snprintf(text, sizeof text, "%ld h %ld min", s / 3600, s / 60 % 60);
  else if (s >= 60)
    std::snprintf(text, sizeof text, "%ld min %ld s", s / 60, s % 60);
  else
    std::snprintf(text, sizeof text, "%.1f s", seconds);
  return text;
}

std::string count(double value) { return std::to_string(static_cast<long long>(value)); }

std::string joined(const std::vector<std::string>& all, const char* between = ", ") {
  std::string text;
  for (const std::string& one : all) text += (text.empty() ? "" : between) + one;
  return text;
}

const Node& table_of(const RunData& run, const char* key) {
  static const Node none;
  const Node* found = run.pipeline.find(key);
  return found && found->type == Node::Type::table ? *found : none;
}

std::string populations(const RunData& run) {
  std::vector<std::string> all;
  for (const auto& p : table_of(run, "population").table)
    all.push_back(count(run.number({"population", p.key, "size"})) + " " + p.key);
  std::vector<std::string> learn;
  for (const auto& p : table_of(run, "pathway").table) {
    if (p.value.find("rule")) learn.push_back(p.key);
  }
  return joined(all) + " cells" +
         (learn.empty() ? "" : "; " + joined(learn) + (learn.size() == 1 ? " learns" : " learn"));
}

std::string life(const RunData& run) {
  std::vector<std::string> all;
  for (const auto& p : table_of(run, "phase").table)
    all.push_back(p.key + ": " + count(run.number({"phase", p.key, "trials"})) + " trials of " +
                  number_text(1e3 * run.number({"phase", p.key, "duration"})) + " ms");
  return joined(all, "; ");
}

std::string budget(const RunData& run) {
  std::vector<std::string> all;
  const Node& search = table_of(run, "search");
  if (const Node* b = search.find("budget"); b && b->type == Node::Type::table) {
    for (const auto& limit : b->table) {
      if (limit.value.is_number())
        all.push_back(number_text(limit.value.number()) +
                      (limit.key == "wall_time" ? " s" : " " + limit.key));
    }
  }
  return joined(all);
}

std::string state(const RunData& run) {
  if (run.finished) return "finished";
  if (!run.searches()) return "not finished: these are results so far";
  return run.has_record ? "not finished: these are results so far"
                        : "not finished: no generation has ended yet";
}

std::string stages(const RunData& run) {
  std::vector<std::string> all;
  for (const StageData& s : run.stages)
    all.push_back(s.kind == s.name ? s.name : s.name + " (" + s.kind + ")");
  return joined(all);
}

std::string seeds(const RunData& run) {
  std::string text = count(run.number({"seed"}));
  std::vector<std::string> others;
  for (const auto& s : table_of(run, "seeds").table) {
    if (s.value.is_number() && s.value.number() != run.number({"seed"}))
      others.push_back(s.key + " " + count(s.value.number()));
  }
  return others.empty() ? text : text + " (" + joined(others) + ")";
}

std::string networks(const RunData& run) {
  return count(run.number({"networks", "search"})) + " search, " + count(run.number({"networks", "select"})) +
         " select, " + count(run.number({"networks", "report"})) + " report";
}

std::vector<std::vector<std::string>> plugins(const RunData& run) {
  std::vector<std::vector<std::string>> rows;
  for (const auto& kind : table_of(run, "plugins").table) {
    for (const auto& plugin : kind.value.table)
      rows.push_back({escaped(plugin.key), escaped(kind.key),
                      escaped(run.text({"plugins", kind.key, plugin.key, "version"})),
                      "<code>" + escaped(run.text({"plugins", kind.key, plugin.key, "digest"})) + "</code>"});
  }
  return rows;
}

// For a POSIX shell.
std::string quoted(const std::string& text) {
  const bool plain =
      !text.empty() &&
      text.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./=+,") ==
          std::string::npos;
  if (plain) return text;
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? "'\\''" : std::string(1, c);
  return out + "'";
}

}  // namespace

Section what_was_run(Runs runs, FigureList&) {
  std::vector<std::string> header;
  if (runs.size() > 1) header.emplace_back("");
  for (const RunData& run : runs) {
    if (runs.size() > 1) header.push_back(escaped(run.name));
  }
  std::vector<std::vector<std::string>> rows;
  const auto add = [&](const char* what, const auto& text_of) {
    std::vector<std::string> row{what};
    bool any = false;
    for (const RunData& run : runs) {
      const std::string text = text_of(run);
      any = any || !text.empty();
      row.push_back(escaped(text));
    }
    if (any) rows.push_back(std::move(row));
  };
  add("Pipeline", [](const RunData& r) { return r.title; });
  add("Directory", [](const RunData& r) { return r.directory.string(); });
  add("State", state);
  add("Seed", seeds);
  add("Circuit", populations);
  add("Life", life);
  add("Networks", networks);
  add("Optimizer", [](const RunData& r) { return r.text({"search", "optimizer", "plugin"}); });
  add("Budget", budget);
  add("Stages", stages);
  add("Evaluations",
      [](const RunData& r) { return r.has_record ? std::to_string(r.record.evaluations()) : ""; });
  add("Lives", [](const RunData& r) { return r.has_record ? std::to_string(r.record.lives_run()) : ""; });
  add("Time taken", [](const RunData& r) { return r.seconds < 0 ? "" : duration_text(r.seconds); });
  add("Began", [](const RunData& r) { return r.began; });
  add(std::ranges::all_of(runs, &RunData::finished) ? "Ended" : "Last entry of the log",
      [](const RunData& r) { return r.ended; });
  add("Machine", [](const RunData& r) { return r.machine; });
  return {"run", "What was run", table(header, rows)};
}

Section repeat_section(Runs runs, FigureList&) {
  std::string html;
  for (const RunData& run : runs) {
    if (runs.size() > 1) html += "<h3>" + escaped(run.name) + "</h3>\n";
    html += "<pre><code>hebbforge run " + escaped(quoted((run.directory / "pipeline.toml").string())) +
            " --out " + escaped(quoted(run.name + "_again")) + "</code></pre>\n";
    html += "<p>gives the same bytes in ";
    if (run.searches())
      html += "<code>evaluations.csv</code>, <code>rule.toml</code> and <code>results.h5</code>";
    if (!run.stages.empty())
      html += std::string(run.searches() ? ", and " : "") + "what its stages write (but logs)";
    html += " with these plugins";
    html += run.machine.empty() ? ".</p>\n" : "; it was run by " + escaped(run.machine) + ".</p>\n";
    const auto rows = plugins(run);
    if (!rows.empty())
      html += "<details><summary>" + std::to_string(rows.size()) +
              " plugins, their versions and SHA-1 digests</summary>" +
              table({"plugin", "kind", "version", "digest"}, rows) + "</details>\n";
  }
  return {"repeat", "How to repeat it", html};
}

}  // namespace hebbforge::report
