// What a run directory says about its run: to compare runs, and to put many into one table.
#pragma once

#include <filesystem>
#include <hebbforge/export.hpp>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace hebbforge {

/// Texts by name, as the files have them; numbers to the last bit.
struct RunRecord {
  std::filesystem::path directory;
  std::map<std::string, std::string> pipeline;  ///< every key of the resolved pipeline: "loss.time.weight"
  std::map<std::string, std::string> plugins;   ///< "rule hebbforge.polynomial" -> version and digest
  /// In order: evaluations, losses, report measures, the picked rule's parameters. A run that did not get
  /// that far lacks the later ones.
  std::vector<std::pair<std::string, std::string>> results;

  const std::string* result(const std::string& name) const noexcept;  ///< null: none
};

/// \throws ConfigError if it is no run directory, or a file of it is damaged
HEBBFORGE_API RunRecord read_run(const std::filesystem::path& directory);

/// What differs, in three parts, a line each; "" if nothing does.
HEBBFORGE_API std::string difference_text(const RunRecord& a, const RunRecord& b);

/// A row per run: its directory, the pipeline's keys in which the runs differ, losses and measures.
struct RunTable {
  std::vector<std::string> header;
  std::vector<std::vector<std::string>> rows;
};
HEBBFORGE_API RunTable table_of(const std::vector<RunRecord>& runs);
HEBBFORGE_API std::string csv_text(const RunTable& table);
HEBBFORGE_API std::string aligned_text(const RunTable& table);

}  // namespace hebbforge
