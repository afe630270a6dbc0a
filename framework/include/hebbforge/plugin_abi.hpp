// The plain data of a plugin library: all that the host reads before it trusts the library.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>

namespace hebbforge {
class Config;
namespace abi {

inline constexpr std::uint32_t magic = 0x48424647;  // "HBFG"
inline constexpr std::uint32_t version = 1;         // raised on any change in this file

template <class T>
struct List {
  const T* data = nullptr;
  std::size_t size = 0;
  constexpr const T* begin() const noexcept { return data; }
  constexpr const T* end() const noexcept { return data + size; }
};

/// What has to be equal on both sides for C++ objects to cross safely.
struct Fingerprint {
  std::uint16_t pointer_bytes, real_bytes, std_string_bytes, debug_containers;
  std::uint32_t sanitizers;        ///< bit set: 1 address, 2 thread, 4 memory
  std::uint32_t interface_digest;  ///< of the interface headers, written by CMake
};

enum class Kind : std::uint32_t {
  rule,
  optimizer,
  perturbation,
  loss,
  stimulus,
  neuron,
  constraint,
  executor
};
inline constexpr std::size_t kind_count = 8;

enum class ParameterType : std::uint32_t {
  real,
  integer,
  boolean,
  text,
  path,
  real_list,
  integer_list,
  text_list
};

/// One parameter of a plugin. Strings live as long as the library (of a rule's parameters(): as long as
/// the rule).
struct Parameter {
  /// TOML key; dots stand for nested tables: "fit.samples". "*" of a text_list: all other keys of the table,
  /// each as "KEY = VALUE", in the order of the file.
  const char* name = "";
  const char* unit = "1";    ///< "s", "Hz", "1": dimensionless
  const char* summary = "";  ///< one sentence, ends with a full stop
  ParameterType type = ParameterType::real;
  bool required = false;                           ///< then there is no default
  double default_value = 0;                        ///< of a real, integer or boolean
  double minimum = -HUGE_VAL, maximum = HUGE_VAL;  ///< minimum <= default <= maximum; also of list entries
  List<double> default_numbers{};                  ///< of a list; each in range
  List<const char*> default_texts{};               ///< one for text and path
  const char* refers_to = "";   ///< of a text or text list: "population", "pathway" or "trials" of
                                ///< the pipeline, which the host checks
  List<const char*> choices{};  ///< of a text; empty: any
  bool log_scale = false;       ///< a search moves the logarithm
  double step = 0;              ///< a search's initial standard deviation; 0: none proposed
};

/// One loadable class. Strings live as long as the library.
struct Descriptor {
  std::uint32_t size;  ///< sizeof(Descriptor) as the plugin saw it
  Kind kind;
  const char* name;       ///< "bell2024.temporal_oja": unique, never reused
  const char* version;    ///< "1.2.0"
  const char* summary;    ///< one sentence, ends with a full stop
  const char* reference;  ///< citation or DOI; "" if original
  List<Parameter> parameters;
  void* (*create)(const Config& config);  ///< an Interface*, never null; may throw
  void (*destroy)(void*) noexcept;
};

struct Manifest {
  std::uint32_t magic, version, size;
  Fingerprint fingerprint;
  const char* built_with;  ///< compiler and version of the framework: shown, never compared
  List<const Descriptor*> descriptors;
};

using ManifestFunction = const Manifest*() noexcept;
inline constexpr char manifest_symbol[] = "hebbforge_manifest";

}  // namespace abi
}  // namespace hebbforge
