#include <algorithm>
#include <boost/dll/shared_library.hpp>
#include <cctype>
#include <cstdio>
#include <exception>
#include <hebbforge/error.hpp>
#include <hebbforge/host/plugin_library.hpp>
#include <hebbforge/host/schema.hpp>
#include <hebbforge/log.hpp>
#include <hebbforge/register.hpp>
#include <new>
#include <set>
#include <utility>
#if defined(__SSE2__)
#include <xmmintrin.h>
#endif

namespace hebbforge {
namespace {

// Flush-to-zero and denormals-are-zero: a library linked with -ffast-math switches them on for everybody.
unsigned rounding_state() noexcept {
#if defined(__SSE2__)
  return _mm_getcsr() & 0x8040u;
#else
  return 0;
#endif
}
void restore_rounding(unsigned before) noexcept {
#if defined(__SSE2__)
  _mm_setcsr((_mm_getcsr() & ~0x8040u) | before);
#else
  static_cast<void>(before);
#endif
}

// "boost::dll::shared_library::load() failed (dlerror system message: FILE: X): Bad file descriptor" -> "X"
std::string system_message(std::string text, const std::filesystem::path& file) {
  const std::string opening = "dlerror system message: ";
  const auto from = text.find(opening), to = text.rfind(')');
  if (from == std::string::npos || to == std::string::npos) return text;
  text = text.substr(from + opening.size(), to - from - opening.size());
  const std::string place = file.string() + ": ";
  return text.starts_with(place) ? text.substr(place.size()) : text;
}

std::string number(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%g", value);
  return text;
}

std::string hex(std::uint32_t value) {
  char text[16];
  std::snprintf(text, sizeof text, "%08x", value);
  return text;
}

bool in_snake_case(std::string_view text, bool dotted) noexcept {
  bool start = true;
  int dots = 0;
  for (const char c : text) {
    if (c == '.') {
      if (start) return false;
      ++dots;
      start = true;
    } else if ((std::islower(static_cast<unsigned char>(c)) != 0) ||
               (!start && (c == '_' || (std::isdigit(static_cast<unsigned char>(c)) != 0)))) {
      start = false;
    } else {
      return false;
    }
  }
  return !start && (!dotted || dots == 1);
}

// "" or "X lies outside its range A to B".
std::string range_mistake(const abi::Parameter& p, double value) {
  if (value >= p.minimum && value <= p.maximum) return {};
  return number(value) + " lies outside its range " + number(p.minimum) + " to " + number(p.maximum);
}

// Lower snake case, a derivative such as "dw/dt", or the parameter that stands for all other keys.
bool is_parameter_name(const abi::Parameter& p, std::string_view name) {
  if (name == any_other_key) return p.type == abi::ParameterType::text_list;
  const auto slash = name.find('/');
  if (slash == name.npos) return in_snake_case(name, false);
  return in_snake_case(name.substr(0, slash), false) && in_snake_case(name.substr(slash + 1), false);
}

// "" or what is wrong with a schema.
std::string schema_mistake(const abi::Descriptor& d) {
  std::set<std::string_view> names;
  for (const abi::Parameter& p : d.parameters) {
    const std::string name = p.name ? p.name : "";
    if (!is_parameter_name(p, name)) return "the parameter name '" + name + "' is not in lower snake case";
    if (!names.insert(p.name).second) return "parameter '" + name + "' is declared twice";
    if (!p.unit || !p.summary) return "parameter '" + name + "' has no unit or no summary";
    if (!(p.minimum <= p.maximum)) {
      return "the minimum of parameter '" + name + "', " + number(p.minimum) + ", is above its maximum, " +
             number(p.maximum);
    }
    const bool scalar = p.type == abi::ParameterType::real || p.type == abi::ParameterType::integer;
    const std::string scalar_mistake = scalar && !p.required ? range_mistake(p, p.default_value) : "";
    if (!scalar_mistake.empty()) return "the default of parameter '" + name + "', " + scalar_mistake;
    for (const double value : p.default_numbers) {
      const std::string mistake = range_mistake(p, value);
      if (!mistake.empty()) return "a default of parameter '" + name + "', " + mistake;
    }
    for (const char* text : p.default_texts) {
      const auto same = [&](const char* c) { return std::string_view(c) == text; };
      if (p.choices.size > 0 && std::none_of(p.choices.begin(), p.choices.end(), same)) {
        return "the default of parameter '" + name + "', '" + text + "', is not one of its choices";
      }
    }
  }
  return {};
}

std::string fingerprint_line(const char* who, const abi::Manifest& m) {
  return std::string("\n  ") + who + " digest " + hex(m.fingerprint.interface_digest) + ", " +
         (m.built_with ? m.built_with : "?");
}

}  // namespace

bool is_plugin_name(std::string_view name) noexcept { return in_snake_case(name, true); }

PluginLibrary::PluginLibrary(std::filesystem::path file) : file_(std::move(file)) {}
PluginLibrary::~PluginLibrary() = default;

std::shared_ptr<const PluginLibrary> PluginLibrary::open(const std::filesystem::path& file) {
  const std::shared_ptr<PluginLibrary> library(new PluginLibrary(file));
  for (const PluginCheck& check : library->load()) {
    if (check.passed) continue;
    throw PluginError(file.string(), "",
                      "cannot use " + file.string() + ": " + check.detail +
                          (check.remedy.empty() ? "" : "\n  " + check.remedy));
  }
  return library;
}

std::vector<PluginCheck> PluginLibrary::inspect(const std::filesystem::path& file) {
  const std::shared_ptr<PluginLibrary> library(new PluginLibrary(file));
  return library->load();
}

std::vector<PluginCheck> PluginLibrary::load() {
  std::vector<PluginCheck> checks;
  const std::string rebuild = "rebuild the plugin against this installation";
  const auto check = [&](std::string name, bool passed, std::string detail, std::string remedy) {
    if (passed) detail.clear(), remedy.clear();
    checks.push_back({std::move(name), passed, std::move(detail), std::move(remedy)});
    return passed;
  };
  std::error_code unreadable;
  if (!check("file", std::filesystem::is_regular_file(file_, unreadable),
             std::filesystem::exists(file_, unreadable) ? "it is not a file" : "there is no such file",
             "check the path"))
    return checks;

  const unsigned before = rounding_state();
  try {
    handle_.load(file_, boost::dll::load_mode::rtld_now | boost::dll::load_mode::rtld_local);
    check("loads", true, "", "");
  } catch (const std::exception& error) {
    check("loads", false, "it cannot be loaded: " + system_message(error.what(), file_),
          "build it as a shared library for this machine, with all libraries that it needs");
    return checks;
  }
  const bool same_rounding = rounding_state() == before;
  restore_rounding(before);
  if (!check("rounding", same_rounding, "loading it switched on flush-to-zero for the whole program",
             "link it without -ffast-math"))
    return checks;
  if (!check("manifest", handle_.has(abi::manifest_symbol),
             std::string("it exports no symbol '") + abi::manifest_symbol + "'",
             "end its source with HEBBFORGE_EXPORT_PLUGIN"))
    return checks;

  const abi::Manifest* m = handle_.get_alias<abi::ManifestFunction>(abi::manifest_symbol)();
  if (!check("magic", m && m->magic == abi::magic,
             m ? "its manifest begins with " + hex(m->magic) + ", one of Hebbforge with " + hex(abi::magic)
               : std::string("it returns no manifest"),
             rebuild))
    return checks;
  if (!check(
          "ABI version", m->version == abi::version,
          "its ABI version is " + std::to_string(m->version) + ", the host's " + std::to_string(abi::version),
          m->version > abi::version
              ? "it was built for a newer Hebbforge: update this installation, or " + rebuild
              : rebuild))
    return checks;
  if (!check("manifest size", m->size == sizeof(abi::Manifest),
             "its manifest has " + std::to_string(m->size) + " bytes, the host's " +
                 std::to_string(sizeof(abi::Manifest)),
             rebuild))
    return checks;
  const abi::Fingerprint &theirs = m->fingerprint, &ours = abi::this_fingerprint;
  const auto equal = [&](const char* name, std::uint32_t a, std::uint32_t b, const std::string& remedy) {
    return check(
        name, a == b,
        std::string("its ") + name + " is " + std::to_string(a) + ", the host's " + std::to_string(b),
        remedy);
  };
  const bool same =
      equal("pointer size", theirs.pointer_bytes, ours.pointer_bytes, "build it for this architecture") &&
      equal("real size", theirs.real_bytes, ours.real_bytes, rebuild) &&
      equal("std::string size", theirs.std_string_bytes, ours.std_string_bytes,
            "build it with the same C++ standard library") &&
      equal("level of debug containers", theirs.debug_containers, ours.debug_containers,
            "build both with or both without _GLIBCXX_DEBUG") &&
      equal("set of sanitizers", theirs.sanitizers, ours.sanitizers, "build both with the same sanitizers");
  if (!same) return checks;
  const abi::Manifest host{
      abi::magic, abi::version, sizeof(abi::Manifest), abi::this_fingerprint, abi::this_build, {}};
  if (!check("interface digest", theirs.interface_digest == ours.interface_digest,
             "built against other interface headers" + fingerprint_line("plugin", *m) +
                 fingerprint_line("host  ", host),
             rebuild))
    return checks;
  if (!check("plugins", m->descriptors.size > 0, "its manifest lists no plugin",
             "end its source with HEBBFORGE_EXPORT_PLUGIN"))
    return checks;
  for (const abi::Descriptor* d : m->descriptors) {
    // The size says whether the rest may be read.
    const std::size_t size = d ? d->size : 0;
    if (!check("descriptor size", size == sizeof(abi::Descriptor),
               "a descriptor has " + std::to_string(size) + " bytes, the host's " +
                   std::to_string(sizeof(abi::Descriptor)),
               rebuild))
      return checks;
    const std::string name = d->name ? d->name : "";
    const char* lack = !d->create                                    ? "create function"
                       : !d->destroy                                 ? "destroy function"
                       : !d->version || !d->summary || !d->reference ? "version, summary or reference"
                       : static_cast<std::size_t>(d->kind) >= abi::kind_count ? "known kind"
                                                                              : nullptr;
    if (!check("descriptor", !lack, "plugin '" + name + "' has no " + (lack ? lack : ""),
               "export it with HEBBFORGE_EXPORT_PLUGIN"))
      return checks;
    if (!check("name", is_plugin_name(name),
               "the name '" + name + "' is not of the form source.name in lower snake case",
               "rename the plugin, as in 'mylab.my_rule'"))
      return checks;
    const std::string mistake = schema_mistake(*d);
    if (!check("schema", mistake.empty(), "plugin '" + name + "': " + mistake, "correct its schema"))
      return checks;
  }
  manifest_ = m;
  return checks;
}

void* PluginLibrary::guarded_create(const abi::Descriptor& descriptor, abi::Kind kind,
                                    const Config& config) const {
  if (descriptor.kind != kind)
    throw InternalError(std::string("'") + descriptor.name + "' is of another kind");
  const std::string who = std::string("plugin '") + descriptor.name + "' ";
  void* made = nullptr;
  try {
    made = descriptor.create(config);
    // Copied here: an exception's code and text may live in the library.
  } catch (const std::bad_alloc&) {
    throw std::bad_alloc();
  } catch (const ConfigError& error) {
    throw ConfigError(std::string(error.what()));
  } catch (const TextError& error) {
    throw TextError(std::string(error.key()), error.offset(), error.length(), std::string(error.what()));
  } catch (const std::exception& error) {
    throw PluginError(file_.string(), descriptor.name, who + "could not be made: " + error.what());
  } catch (...) {
    throw PluginError(file_.string(), descriptor.name,
                      who + "could not be made: it threw an object that is not a std::exception");
  }
  if (!made)
    throw PluginError(file_.string(), descriptor.name,
                      who + "could not be made: its create function returned null");
  return made;
}

}  // namespace hebbforge
