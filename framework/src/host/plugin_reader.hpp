// Tables of a pipeline that choose a plugin.
#pragma once

#include <hebbforge/host/pipeline.hpp>
#include <string>
#include <vector>

#include "host/table_reader.hpp"

namespace hebbforge {

/// Reads tables such as `{ plugin = "time_decoder", samples = 500 }`: finds the plugin, checks its
/// parameters, makes an instance once so that what its constructor refuses is a mistake at this place.
class PluginReader {
 public:
  /// A text that has to name something of the pipeline, checked when all of it is known.
  struct Reference {
    Place place;
    std::string refers_to, value;
  };

  PluginReader(Registry& registry, Mistakes& mistakes) : registry_(registry), mistakes_(mistakes) {}

  /// \param reader  of the table; keys that the host reads have to be taken before
  PluginChoice choice(abi::Kind kind, TableReader& reader);
  /// The table, or the text that is short for `{ plugin = "text" }`, under a key of `parent`.
  /// \param fallback  plugin if the key is missing; "": then that is a mistake
  PluginChoice nested(abi::Kind kind, TableReader& parent, std::string_view key,
                      const std::string& fallback = "");

  const std::vector<Reference>& references() const noexcept { return references_; }
  Registry& registry() noexcept { return registry_; }
  Mistakes& mistakes() noexcept { return mistakes_; }

 private:
  const RegisteredPlugin* find(abi::Kind kind, TableReader& reader);
  void note_references(TableReader& reader, const abi::Descriptor& descriptor);
  void try_to_make(abi::Kind kind, const PluginChoice& choice, TableReader& reader);
  void add_mistake(const TextError& error, TableReader& reader);
  Registry& registry_;
  Mistakes& mistakes_;
  std::vector<Reference> references_;
};

/// A text as the table that it is short for; any other node as it is, merged over its preset.
Node plugin_table(const Node& node);

}  // namespace hebbforge
