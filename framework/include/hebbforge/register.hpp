// HEBBFORGE_EXPORT_PLUGIN: the one line that turns a class into a plugin.
#pragma once

#include <boost/dll/alias.hpp>
#include <concepts>
#include <hebbforge/abi_digest.hpp>
#include <hebbforge/config.hpp>
#include <hebbforge/error.hpp>
#include <hebbforge/plugin_abi.hpp>
#include <hebbforge/version.hpp>
#include <span>
#include <string>
#include <type_traits>

namespace hebbforge {

/// Who a plugin is. `reference` cites where the method comes from.
struct Identity {
  const char* name;     ///< "source.name", lower snake case, never reused
  const char* version;  ///< of the plugin: "1.0.0"
  const char* summary;  ///< one sentence
  const char* reference = "";
};

/// A concept of its own, for the compiler's message: std::constructible_from would only say "not".
template <class T>
concept NotAbstract = !std::is_abstract_v<T>;

/// A class that HEBBFORGE_EXPORT_PLUGIN accepts: derived from its interface, not abstract, made from a
/// Config, with static members `identity` and `schema`.
template <class T, class Interface>
concept PluginClass = std::derived_from<T, Interface> && NotAbstract<T> &&
    std::constructible_from<T, const Config&> && requires {
  { T::identity } -> std::convertible_to<Identity>;
  { T::schema } -> std::convertible_to<std::span<const abi::Parameter>>;
  { Interface::plugin_kind } -> std::convertible_to<abi::Kind>;
};

namespace abi {

#if defined(__has_feature)
#define HEBBFORGE_HAS_FEATURE(name) __has_feature(name)
#else
#define HEBBFORGE_HAS_FEATURE(name) 0
#endif
#if defined(__SANITIZE_ADDRESS__) || HEBBFORGE_HAS_FEATURE(address_sanitizer)
inline constexpr std::uint32_t sanitizer_address = 1;
#else
inline constexpr std::uint32_t sanitizer_address = 0;
#endif
#if defined(__SANITIZE_THREAD__) || HEBBFORGE_HAS_FEATURE(thread_sanitizer)
inline constexpr std::uint32_t sanitizer_thread = 2;
#else
inline constexpr std::uint32_t sanitizer_thread = 0;
#endif
#if HEBBFORGE_HAS_FEATURE(memory_sanitizer)
inline constexpr std::uint32_t sanitizer_memory = 4;
#else
inline constexpr std::uint32_t sanitizer_memory = 0;
#endif
#if defined(_GLIBCXX_DEBUG)
inline constexpr std::uint16_t debug_containers = 1;
#elif defined(_ITERATOR_DEBUG_LEVEL)
inline constexpr std::uint16_t debug_containers = _ITERATOR_DEBUG_LEVEL;
#else
inline constexpr std::uint16_t debug_containers = 0;
#endif

/// Of the code that includes this header.
inline constexpr Fingerprint this_fingerprint{sizeof(void*),
                                              sizeof(double),
                                              sizeof(std::string),
                                              debug_containers,
                                              sanitizer_address | sanitizer_thread | sanitizer_memory,
                                              HEBBFORGE_INTERFACE_DIGEST};

#define HEBBFORGE_TEXT_(x) #x
#define HEBBFORGE_TEXT(x) HEBBFORGE_TEXT_(x)
#if defined(__clang__)
#define HEBBFORGE_COMPILER "clang++ " __clang_version__
#elif defined(__GNUC__)
#define HEBBFORGE_COMPILER "g++ " __VERSION__
#else
#define HEBBFORGE_COMPILER "unknown compiler"
#endif
inline constexpr char this_build[] = "hebbforge " HEBBFORGE_VERSION ", " HEBBFORGE_COMPILER;

/// The constant manifest of a library with one plugin.
template <class T, class Interface>
requires PluginClass<T, Interface>
struct ManifestOf {
  static void* create(const Config& config) { return static_cast<Interface*>(new T(config)); }
  static void destroy(void* object) noexcept { delete static_cast<Interface*>(object); }
  static constexpr std::span<const Parameter> schema{T::schema};
  static constexpr Descriptor descriptor{sizeof(Descriptor),
                                         Interface::plugin_kind,
                                         T::identity.name,
                                         T::identity.version,
                                         T::identity.summary,
                                         T::identity.reference,
                                         {schema.data(), schema.size()},
                                         &create,
                                         &destroy};
  static constexpr const Descriptor* descriptors[] = {&descriptor};
  static constexpr Manifest manifest{magic,      version,         sizeof(Manifest), this_fingerprint,
                                     this_build, {descriptors, 1}};
};

}  // namespace abi
}  // namespace hebbforge

/// Exports `Class`, which implements `Interface`, as the plugin of this library: one function that
/// returns constant data, and one symbol that points to it. No static constructor runs.
#define HEBBFORGE_EXPORT_PLUGIN(Class, Interface)                            \
  namespace {                                                                \
  const ::hebbforge::abi::Manifest* hebbforge_manifest_function() noexcept { \
    return &::hebbforge::abi::ManifestOf<Class, Interface>::manifest;        \
  }                                                                          \
  }                                                                          \
  BOOST_DLL_ALIAS(hebbforge_manifest_function, hebbforge_manifest)
