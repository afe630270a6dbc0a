#include "host/plugin_reader.hpp"

#include <hebbforge/error.hpp>
#include <hebbforge/interfaces/constraint.hpp>
#include <hebbforge/interfaces/executor.hpp>
#include <hebbforge/interfaces/loss.hpp>
#include <hebbforge/interfaces/neuron.hpp>
#include <hebbforge/interfaces/optimizer.hpp>
#include <hebbforge/interfaces/perturbation.hpp>
#include <hebbforge/interfaces/rule_basis.hpp>
#include <hebbforge/interfaces/stimulus.hpp>

#include "host/presets.hpp"

namespace hebbforge {

Node plugin_table(const Node& node) {
  if (node.type != Node::Type::text) return node.type == Node::Type::table ? with_preset(node) : node;
  Node table;
  table.place = node.place;
  table.table.push_back({"plugin", node.place, node});
  return table;
}

const RegisteredPlugin* PluginReader::find(abi::Kind kind, TableReader& reader) {
  const Node* library = reader.take("library");
  const Node* name = reader.take("plugin");
  const Place place = name ? name->place : reader.place();
  try {
    if (library) {
      if (library->type != Node::Type::text) {
        mistakes_.add(library->place,
                      "'library' is " + describe(*library) + "; expected the path of a plugin library");
        return nullptr;
      }
      const RegisteredPlugin& plugin = registry_.add_file(path_of(library->text(), library->place));
      if (!name && plugin.kind() == kind) return &plugin;
    }
    if (!name) {
      mistakes_.add(reader.place(), reader.what() + " needs the key 'plugin', the name of a " +
                                        std::string(name_of(kind)) + " plugin");
      return nullptr;
    }
    if (name->type != Node::Type::text) {
      mistakes_.add(place, "'plugin' is " + describe(*name) + "; expected the name of a " +
                               std::string(name_of(kind)) + " plugin");
      return nullptr;
    }
    return &registry_.find(kind, name->text());
  } catch (const PluginError& error) {
    mistakes_.add(library ? library->place : place, error.what());
  } catch (const ConfigError& error) {
    mistakes_.add(place, error.what());
  }
  return nullptr;
}

void PluginReader::note_references(TableReader& reader, const abi::Descriptor& descriptor) {
  for (const abi::Parameter& p : descriptor.parameters) {
    if (*p.refers_to == '\0') continue;
    const Node* node = reader.take(p.name);
    const bool is_single = node && node->type == Node::Type::text;  // "": left out, where that is the default
    const auto note = [&](const Node& n) {
      if (n.type == Node::Type::text && !(n.text().empty() && is_single && p.default_texts.size == 0))
        references_.push_back({n.place, p.refers_to, n.text()});
    };
    if (!node) {
      // A default has to fit this pipeline too: the population "E" may not be there.
      for (const char* text : p.default_texts) references_.push_back({reader.place(), p.refers_to, text});
    } else if (node->type == Node::Type::array) {
      for (const Node& n : node->array) note(n);
    } else {
      note(*node);
    }
  }
}

namespace {
// The line of a text in which a mistake is, and under it where.
std::string pointed_at(const std::string& text, std::size_t offset, std::size_t length) {
  const auto newline = offset == 0 ? text.npos : text.rfind('\n', offset - 1);
  const std::size_t begin = newline == text.npos ? 0 : newline + 1;
  const std::size_t end = std::min(text.find('\n', begin), text.size());
  const std::size_t marks = std::max<std::size_t>(1, std::min(length, end - std::min(offset, end)));
  return "\n  " + text.substr(begin, end - begin) + "\n  " + std::string(offset - begin, ' ') + "^" +
         std::string(marks - 1, '~');
}
}  // namespace

void PluginReader::add_mistake(const TextError& error, TableReader& reader) {
  const Node* node = reader.take(error.key());
  if (!node) {
    mistakes_.add(reader.place(), error.what());
  } else if (node->type != Node::Type::text) {
    mistakes_.add(node->place, error.what());
  } else {
    const std::size_t offset = std::min(error.offset(), node->text().size());
    mistakes_.add(place_in(*node, offset), error.what() + pointed_at(node->text(), offset, error.length()));
  }
}

void PluginReader::try_to_make(abi::Kind kind, const PluginChoice& choice, TableReader& reader) {
  try {
    switch (kind) {
      case abi::Kind::rule:
        choice.plugin->create<RuleBasis>(choice.config);
        break;
      case abi::Kind::optimizer:
        choice.plugin->create<Optimizer>(choice.config);
        break;
      case abi::Kind::perturbation:
        choice.plugin->create<Perturbation>(choice.config);
        break;
      case abi::Kind::loss:
        choice.plugin->create<Loss>(choice.config);
        break;
      case abi::Kind::stimulus:
        choice.plugin->create<Stimulus>(choice.config);
        break;
      case abi::Kind::neuron:
        choice.plugin->create<Neuron>(choice.config);
        break;
      case abi::Kind::constraint:
        choice.plugin->create<Constraint>(choice.config);
        break;
      case abi::Kind::executor:
        choice.plugin->create<Executor>(choice.config);
        break;
    }
  } catch (const TextError& error) {
    add_mistake(error, reader);
  } catch (const Error& error) {
    mistakes_.add(reader.place(), error.what());
  }
}

PluginChoice PluginReader::choice(abi::Kind kind, TableReader& reader) {
  PluginChoice choice;
  choice.plugin = find(kind, reader);
  if (!choice.plugin) return choice;
  const abi::Descriptor& descriptor = *choice.plugin->descriptor;
  const auto before = mistakes_.count();
  choice.config = reader.config({descriptor.parameters.data, descriptor.parameters.size});
  note_references(reader, descriptor);
  reader.finish(std::string(name_of(kind)) + " '" + descriptor.name + "'");
  if (mistakes_.count() == before) try_to_make(kind, choice, reader);
  return choice;
}

PluginChoice PluginReader::nested(abi::Kind kind, TableReader& parent, std::string_view key,
                                  const std::string& fallback) {
  const Node* node = parent.take(key);
  Node table;
  table.place = parent.place();
  try {
    if (node) table = plugin_table(*node);
    const bool chosen = table.type != Node::Type::table || table.find("plugin") || table.find("library");
    if (!chosen && !fallback.empty()) {
      Node name;
      name.type = Node::Type::text;
      name.scalar = fallback;
      name.place = table.place;
      table.table.push_back({"plugin", table.place, name});
    } else if (!node) {
      mistakes_.add(parent.place(), parent.what() + " needs the key '" + std::string(key) + "': a " +
                                        std::string(name_of(kind)) + " plugin, as in " + std::string(key) +
                                        " = { plugin = \"…\" }");
      return {};
    }
  } catch (const ConfigError& error) {
    mistakes_.add(error);
    return {};
  }
  TableReader reader(&table, "'" + std::string(key) + "' of " + parent.what(), table.place, mistakes_);
  return reader.node() ? choice(kind, reader) : PluginChoice{};
}

}  // namespace hebbforge
