// Every way in which a plugin library can be bad: refused in one clear sentence, and nothing crashes.
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <filesystem>
#include <hebbforge/error.hpp>
#include <hebbforge/host/plugin_library.hpp>
#include <hebbforge/interfaces/neuron.hpp>
#include <hebbforge/interfaces/rule_basis.hpp>
#include <hebbforge/register.hpp>
#include <ostream>
#include <string>
#include <vector>
#if defined(__SSE2__)
#include <xmmintrin.h>
#endif

namespace hebbforge {
namespace {

std::string fixture(const std::string& name) { return HEBBFORGE_BUILD "/tests/fixtures/" + name + ".so"; }

std::string message_of_opening(const std::string& file) {
  try {
    PluginLibrary::open(file);
  } catch (const PluginError& error) {
    BOOST_TEST(error.library() == file);
    return error.what();
  }
  return "";
}

std::string hex_digits(std::uint32_t value) {
  std::string text;
  for (int shift = 28; shift >= 0; shift -= 4) text += "0123456789abcdef"[value >> shift & 15u];
  return text;
}

const std::string rebuild = "\n  rebuild the plugin against this installation";

struct BadLibrary {
  std::string name;      // of the fixture
  std::string check;     // that fails
  std::string sentence;  // after "cannot use FILE: "
};
std::ostream& operator<<(std::ostream& out, const BadLibrary& bad) { return out << bad.name; }

const std::vector<BadLibrary> bad_libraries{
    {"there_is_none", "file", "there is no such file\n  check the path"},
    {"text_file", "loads",
     "it cannot be loaded: file too short\n  build it as a shared library for this machine, with all "
     "libraries that it needs"},
    {"missing_dependency", "loads",
     "it cannot be loaded: libfixture_stub.so: cannot open shared object file: No such file or directory\n  "
     "build it as a shared library for this machine, with all libraries that it needs"},
    {"no_manifest", "manifest",
     "it exports no symbol 'hebbforge_manifest'\n  end its source with HEBBFORGE_EXPORT_PLUGIN"},
    {"null_manifest", "magic", "it returns no manifest" + rebuild},
    {"wrong_magic", "magic", "its manifest begins with 12345678, one of Hebbforge with 48424647" + rebuild},
    {"older_abi", "ABI version", "its ABI version is 0, the host's 1" + rebuild},
    {"newer_abi", "ABI version",
     "its ABI version is 2, the host's 1\n  it was built for a newer Hebbforge: update this installation, or "
     "rebuild the plugin against this installation"},
    {"wrong_manifest_size", "manifest size",
     "its manifest has " + std::to_string(sizeof(abi::Manifest) + 8) + " bytes, the host's " +
         std::to_string(sizeof(abi::Manifest)) + rebuild},
    {"other_pointer_size", "pointer size",
     "its pointer size is 4, the host's 8\n  build it for this architecture"},
    {"other_real_size", "real size", "its real size is 4, the host's 8" + rebuild},
    {"other_string_size", "std::string size",
     "its std::string size is 24, the host's " + std::to_string(sizeof(std::string)) +
         "\n  build it with the same C++ standard library"},
    {"other_debug_containers", "level of debug containers",
     "its level of debug containers is " + std::to_string(abi::debug_containers ^ 1) + ", the host's " +
         std::to_string(abi::debug_containers) + "\n  build both with or both without _GLIBCXX_DEBUG"},
    {"other_sanitizers", "set of sanitizers",
     "its set of sanitizers is " + std::to_string(abi::this_fingerprint.sanitizers ^ 4) + ", the host's " +
         std::to_string(abi::this_fingerprint.sanitizers) + "\n  build both with the same sanitizers"},
    {"other_digest", "interface digest",
     "built against other interface headers\n  plugin digest 8f21c3aa, hebbforge 0.0.1, g++ 1.0.0\n  host   "
     "digest " +
         hex_digits(HEBBFORGE_INTERFACE_DIGEST) + ", " + abi::this_build + rebuild},
    {"no_plugins", "plugins", "its manifest lists no plugin\n  end its source with HEBBFORGE_EXPORT_PLUGIN"},
    {"wrong_descriptor_size", "descriptor size",
     "a descriptor has " + std::to_string(sizeof(abi::Descriptor) + 8) + " bytes, the host's " +
         std::to_string(sizeof(abi::Descriptor)) + rebuild},
    {"unknown_kind", "descriptor",
     "plugin 'fixtures.good' has no known kind\n  export it with HEBBFORGE_EXPORT_PLUGIN"},
    {"null_create", "descriptor",
     "plugin 'fixtures.good' has no create function\n  export it with HEBBFORGE_EXPORT_PLUGIN"},
    {"name_without_source", "name",
     "the name 'good' is not of the form source.name in lower snake case\n  rename the plugin, as in "
     "'mylab.my_rule'"},
    {"name_in_capitals", "name",
     "the name 'Fixtures.Good' is not of the form source.name in lower snake case\n  rename the plugin, as "
     "in "
     "'mylab.my_rule'"},
    {"default_outside_range", "schema",
     "plugin 'fixtures.good': the default of parameter 'gain', 5 lies outside its range 0 to 1\n  correct "
     "its "
     "schema"},
    {"default_is_no_choice", "schema",
     "plugin 'fixtures.good': the default of parameter 'pace', 'fast', is not one of its choices\n  correct "
     "its schema"},
    {"duplicate_parameter", "schema",
     "plugin 'fixtures.good': parameter 'gain' is declared twice\n  correct its schema"},
    {"minimum_above_maximum", "schema",
     "plugin 'fixtures.good': the minimum of parameter 'gain', 2, is above its maximum, 1\n  correct its "
     "schema"},
    {"flush_to_zero", "rounding",
     "loading it switched on flush-to-zero for the whole program\n  link it without -ffast-math"},
};

std::shared_ptr<Neuron> made_by(const std::string& name) {
  const auto library = PluginLibrary::open(fixture(name));
  return library->create<Neuron>(*library->descriptors()[0], Config());
}

double rate_of(const Neuron& neuron, double input) {
  double state = 0, rate = 0;
  neuron.step({1e-4, {&input, 1}, {&state, 1, 1, Eigen::OuterStride<>(1)}, {&rate, 1}});
  return rate;
}

#if defined(__SSE2__)
bool flushes_to_zero() { return (_mm_getcsr() & 0x8040u) != 0; }
#else
bool flushes_to_zero() { return false; }
#endif

}  // namespace

BOOST_DATA_TEST_CASE(a_bad_library_is_refused_in_one_sentence_with_a_remedy, bad_libraries, bad) {
  const std::string file = fixture(bad.name);
  BOOST_TEST(message_of_opening(file) == "cannot use " + file + ": " + bad.sentence);
  BOOST_TEST(rate_of(*made_by("good"), 0.5) == 0.5);  // a good one still loads
}

BOOST_DATA_TEST_CASE(inspecting_a_bad_library_lists_the_checks_up_to_the_one_that_failed, bad_libraries,
                     bad) {
  const std::vector<PluginCheck> checks = PluginLibrary::inspect(fixture(bad.name));
  BOOST_TEST_REQUIRE(!checks.empty());
  for (const PluginCheck& check : checks) {
    const bool last = &check == &checks.back();
    BOOST_TEST(check.passed == !last);
    BOOST_TEST((check.name == bad.check) == last);
    BOOST_TEST(check.detail.empty() == !last);
    BOOST_TEST(check.remedy.empty() == !last);
  }
  BOOST_TEST(checks.back().detail + "\n  " + checks.back().remedy == bad.sentence);
}

BOOST_AUTO_TEST_CASE(inspecting_a_good_library_lists_every_check_as_passed) {
  std::vector<std::string> names;
  for (const PluginCheck& check : PluginLibrary::inspect(fixture("good"))) {
    BOOST_TEST(check.passed);
    BOOST_TEST(check.detail == "");
    names.push_back(check.name);
  }
  const std::vector<std::string> expected{"file",
                                          "loads",
                                          "rounding",
                                          "manifest",
                                          "magic",
                                          "ABI version",
                                          "manifest size",
                                          "pointer size",
                                          "real size",
                                          "std::string size",
                                          "level of debug containers",
                                          "set of sanitizers",
                                          "interface digest",
                                          "plugins",
                                          "descriptor size",
                                          "descriptor",
                                          "name",
                                          "schema"};
  BOOST_TEST(names == expected, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_directory_is_not_a_library) {
  const std::string directory = HEBBFORGE_BUILD "/tests/fixtures";
  BOOST_TEST(message_of_opening(directory) ==
             "cannot use " + directory + ": it is not a file\n  check the path");
}

BOOST_AUTO_TEST_CASE(the_good_library_says_who_it_is) {
  const auto library = PluginLibrary::open(fixture("good"));
  BOOST_TEST(library->file() == fixture("good"));
  BOOST_TEST(library->built_with() == abi::this_build);
  BOOST_TEST_REQUIRE(library->descriptors().size() == 1u);
  BOOST_TEST(library->descriptors()[0]->name == std::string("fixtures.good"));
}

BOOST_AUTO_TEST_CASE(subnormal_numbers_survive_a_library_that_flushes_to_zero) {
  BOOST_TEST(!flushes_to_zero());
  BOOST_CHECK_THROW(PluginLibrary::open(fixture("flush_to_zero")), PluginError);
  BOOST_TEST(!flushes_to_zero());
  volatile double smallest_normal = 2.2250738585072014e-308;
  BOOST_TEST(smallest_normal / 2 > 0);
}

// GCC 13 and later leave such a library harmless: then it is accepted.
BOOST_AUTO_TEST_CASE(a_library_linked_with_fast_math_never_leaves_flush_to_zero_on) {
  const std::string message = message_of_opening(fixture("linked_with_fast_math"));
  const bool harmless = message.empty();
  BOOST_TEST((harmless || message.find("link it without -ffast-math") != std::string::npos));
#if defined(__SSE2__) && defined(__GNUC__) && !defined(__clang__) && __GNUC__ < 13
  BOOST_TEST(!harmless);
#endif
  BOOST_TEST(!flushes_to_zero());
}

BOOST_AUTO_TEST_CASE(what_a_constructor_throws_is_read_after_its_library_is_gone) {
  const auto message = [](const std::string& name) -> std::string {
    try {
      made_by(name);
    } catch (const PluginError& error) {  // the library closed while this flew past it
      BOOST_TEST(error.library() == fixture(name));
      BOOST_TEST(error.plugin() == "fixtures." + name);
      return error.what();
    }
    return "";
  };
  BOOST_TEST(message("throws_exception") ==
             "plugin 'fixtures.throws_exception' could not be made: the moon is full");
  BOOST_TEST(message("throws_non_exception") ==
             "plugin 'fixtures.throws_non_exception' could not be made: it threw an object that is not a "
             "std::exception");
  BOOST_TEST(message("create_returns_null") ==
             "plugin 'fixtures.create_returns_null' could not be made: its create function returned null");
  BOOST_TEST(message("asks_for_undeclared") ==
             "plugin 'fixtures.asks_for_undeclared' could not be made: asked for the parameter 'undeclared', "
             "which its schema does not declare");
  BOOST_TEST(rate_of(*made_by("good"), 0.25) == 0.25);
}

BOOST_AUTO_TEST_CASE(a_plugin_is_not_made_as_another_kind) {
  const auto library = PluginLibrary::open(fixture("good"));
  BOOST_CHECK_THROW(library->create<RuleBasis>(*library->descriptors()[0], Config()), InternalError);
}

BOOST_AUTO_TEST_CASE(an_instance_outlives_the_pointer_to_its_library) {
  std::weak_ptr<const PluginLibrary> watched;
  std::shared_ptr<Neuron> neuron;
  {
    const auto library = PluginLibrary::open(fixture("good"));
    watched = library;
    neuron = library->create<Neuron>(*library->descriptors()[0], Config());
  }
  BOOST_TEST(!watched.expired());
  BOOST_TEST(rate_of(*neuron, 2) == 2);
  neuron.reset();
  BOOST_TEST(watched.expired());
}

BOOST_AUTO_TEST_CASE(one_file_can_be_opened_twice_and_closed_once) {
  auto first = PluginLibrary::open(fixture("good"));
  const auto second = PluginLibrary::open(fixture("good"));
  const auto neuron = second->create<Neuron>(*second->descriptors()[0], Config());
  first.reset();
  BOOST_TEST(rate_of(*neuron, 3) == 3);
}

}  // namespace hebbforge
