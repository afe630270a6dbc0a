// Which plugins are found, under which names, and what is said about the others.
#include <unistd.h>
#include <boost/test/unit_test.hpp>
#include <cstdlib>
#include <filesystem>
#include <hebbforge/error.hpp>
#include <hebbforge/host/registry.hpp>
#include <hebbforge/interfaces/neuron.hpp>
#include <string>
#include <vector>

namespace hebbforge {
namespace {
namespace fs = std::filesystem;

fs::path fixture(const std::string& name) { return HEBBFORGE_BUILD "/tests/fixtures/" + name + ".so"; }

// Directories a, b, … that go away at the end of a test.
class Places {
 public:
  Places() : root_(fs::temp_directory_path() / ("hebbforge_test_registry_" + std::to_string(getpid()))) {
    fs::create_directories(root_);
  }
  ~Places() { fs::remove_all(root_); }
  fs::path operator[](const std::string& place) const { return root_ / place; }
  // Copies, for a link would be the same library.
  fs::path put(const std::string& place, const std::string& name) const {
    fs::create_directories(root_ / place);
    fs::copy_file(fixture(name), root_ / place / (name + ".so"));
    return root_ / place / (name + ".so");
  }

 private:
  fs::path root_;
};

void search(Registry& registry, std::vector<Registry::SearchStep> steps) { registry.search(steps); }

std::string message_of_finding(const Registry& registry, abi::Kind kind, std::string_view name) {
  try {
    registry.find(kind, name);
  } catch (const ConfigError& error) {
    return error.what();
  }
  return "";
}

fs::path file_of(const RegisteredPlugin& plugin) { return plugin.library->file(); }

}  // namespace

BOOST_AUTO_TEST_CASE(kinds_and_their_names_belong_together) {
  for (std::size_t k = 0; k < abi::kind_count; ++k) {
    const auto kind = static_cast<abi::Kind>(k);
    BOOST_TEST((kind_named(name_of(kind)) == kind));
  }
  BOOST_TEST(!kind_named("rules").has_value());
}

BOOST_AUTO_TEST_CASE(a_plugin_is_found_by_its_full_name_and_by_its_last_part) {
  const Places places;
  const fs::path file = places.put("a", "good");
  Registry registry;
  search(registry, {{"--plugin-path", {places["a"]}}});
  BOOST_TEST(file_of(registry.find(abi::Kind::neuron, "fixtures.good")) == file);
  BOOST_TEST(file_of(registry.find(abi::Kind::neuron, "good")) == file);
  BOOST_TEST(registry.find(abi::Kind::neuron, "good").digest == digest_of_file(file));
  BOOST_CHECK_THROW(registry.find(abi::Kind::rule, "good"), ConfigError);  // another kind
}

BOOST_AUTO_TEST_CASE(a_last_part_that_several_share_is_not_enough) {
  const Places places;
  places.put("a", "good");
  places.put("a", "good_of_another_source");
  Registry registry;
  search(registry, {{"--plugin-path", {places["a"]}}});
  BOOST_TEST(message_of_finding(registry, abi::Kind::neuron, "good") ==
             "several neuron plugins are named 'good'; write one of: elsewhere.good, fixtures.good");
  BOOST_TEST(registry.find(abi::Kind::neuron, "elsewhere.good").name() == "elsewhere.good");
  BOOST_TEST(registry.conflicts().empty());
}

BOOST_AUTO_TEST_CASE(an_unknown_name_gets_a_suggestion_the_list_and_where_was_searched) {
  const Places places;
  places.put("a", "good");
  places.put("a", "throws_exception");
  Registry registry;
  search(registry, {{"$HEBBFORGE_PLUGIN_PATH", {}, false}, {"the installation", {places["a"]}}});
  const std::string searched =
      "\n  searched: $HEBBFORGE_PLUGIN_PATH (not set), the installation " + places["a"].string();
  BOOST_TEST(message_of_finding(registry, abi::Kind::neuron, "goud") ==
             "no neuron named 'goud'. Did you mean 'good'? Available: good, throws_exception" + searched);
  BOOST_TEST(message_of_finding(registry, abi::Kind::neuron, "fixture.good") ==
             "no neuron named 'fixture.good'. Did you mean 'fixtures.good'? Available: fixtures.good, "
             "fixtures.throws_exception" +
                 searched);
  BOOST_TEST(message_of_finding(registry, abi::Kind::optimizer, "cma_es") ==
             "no optimizer named 'cma_es'. Available: none" + searched);
  BOOST_TEST(message_of_finding(Registry(), abi::Kind::rule, "x") ==
             "no rule named 'x'. Available: none\n  searched: nowhere");
}

BOOST_AUTO_TEST_CASE(a_directory_that_does_not_exist_is_skipped) {
  const Places places;
  places.put("b", "good");
  Registry registry;
  search(registry, {{"--plugin-path", {places["a"], places["b"]}}});
  BOOST_TEST(registry.all().size() == 1u);
  BOOST_TEST(registry.refused().empty());
}

BOOST_AUTO_TEST_CASE(what_is_no_plugin_is_kept_with_the_reason_and_the_search_goes_on) {
  const Places places;
  const fs::path text = places.put("a", "text_file"), digest = places.put("a", "other_digest");
  places.put("a", "good");
  fs::create_directory(places["a"] / "directory.so");
  fs::create_directories(places["a"] / "deeper");
  fs::copy_file(fixture("good_again"), places["a"] / "deeper" / "good_again.so");
  Registry registry;
  search(registry, {{"--plugin-path", {places["a"]}}});
  BOOST_TEST(registry.all().size() == 1u);  // nothing from deeper directories
  BOOST_TEST_REQUIRE(registry.refused().size() == 3u);
  BOOST_TEST(registry.refused()[1].file == digest);
  BOOST_TEST(registry.refused()[1].reason.find("built against other interface headers") != std::string::npos);
  BOOST_TEST(registry.refused()[2].file == text);
}

BOOST_AUTO_TEST_CASE(what_is_found_first_hides_later_ones_of_its_name) {
  const Places places;
  const fs::path first = places.put("a", "good"), second = places.put("b", "good");
  Registry registry;
  search(registry, {{"--plugin-path", {places["a"]}}, {"the installation", {places["b"]}}});
  BOOST_TEST(file_of(registry.find(abi::Kind::neuron, "good")) == first);
  const auto all = registry.all();
  BOOST_TEST_REQUIRE(all.size() == 2u);
  BOOST_TEST(!all[0]->hidden());
  BOOST_TEST(all[1]->hidden());
  BOOST_TEST(file_of(*all[1]) == second);
  BOOST_TEST(all[1]->hidden_by == all[0]);
  BOOST_TEST(registry.conflicts().empty());
}

BOOST_AUTO_TEST_CASE(two_of_one_name_in_one_step_are_an_error_for_who_asks_for_them) {
  const Places places;
  const fs::path first = places.put("a", "good"), second = places.put("a", "good_again");
  places.put("a", "throws_exception");
  places.put("b", "good");
  Registry registry;
  search(registry, {{"--plugin-path", {places["a"]}}, {"the installation", {places["b"]}}});
  const std::string reason = "several neuron plugins in one place are named 'fixtures.good':\n  " +
                             first.string() + "\n  " + second.string() +
                             "\n  keep one of the files, or name it with 'library'";
  BOOST_TEST(message_of_finding(registry, abi::Kind::neuron, "fixtures.good") == reason);
  BOOST_TEST(message_of_finding(registry, abi::Kind::neuron, "good") == reason);
  const auto conflicts = registry.conflicts();
  BOOST_TEST_REQUIRE(conflicts.size() == 1u);
  BOOST_TEST(conflicts[0].reason == reason);
  BOOST_TEST(conflicts[0].plugins.size() == 2u);
  // The others are there, and the one of the later step is hidden.
  BOOST_TEST(registry.all().size() == 4u);
  BOOST_TEST(registry.find(abi::Kind::neuron, "throws_exception").name() == "fixtures.throws_exception");
  BOOST_TEST(registry.all()[2]->hidden());
}

BOOST_AUTO_TEST_CASE(a_directory_that_is_given_twice_is_no_conflict) {
  const Places places;
  places.put("a", "good");
  fs::create_directory_symlink(places["a"], places["b"]);
  Registry registry;
  search(registry, {{"--plugin-path", {places["a"], places["a"], places["b"]}}});
  BOOST_TEST(registry.all().size() == 1u);
  BOOST_TEST(registry.conflicts().empty());
}

BOOST_AUTO_TEST_CASE(a_file_that_is_named_has_priority_and_settles_a_conflict) {
  const Places places;
  places.put("a", "good");
  places.put("a", "good_again");
  const fs::path named = places.put("b", "good");
  Registry registry;
  search(registry, {{"--plugin-path", {places["a"]}}});
  const RegisteredPlugin& added = registry.add_file(named);
  BOOST_TEST(&registry.find(abi::Kind::neuron, "good") == &added);
  BOOST_TEST(file_of(added) == named);
  BOOST_TEST(registry.conflicts().empty());
  for (const RegisteredPlugin* plugin : registry.all())
    BOOST_TEST(plugin->hidden_by == (plugin == &added ? nullptr : &added));
}

BOOST_AUTO_TEST_CASE(a_file_that_is_named_twice_is_loaded_once) {
  const Places places;
  const fs::path file = places.put("a", "good"), other = places.put("b", "good");
  Registry registry;
  const RegisteredPlugin& first = registry.add_file(file);
  BOOST_TEST(&registry.add_file(file) == &first);
  BOOST_TEST(&registry.add_file(places["a"] / ".." / "a" / "good.so") == &first);
  // Of two files with one name the first keeps it; who named the other gets the other.
  BOOST_TEST(file_of(registry.add_file(other)) == other);
  BOOST_TEST(&registry.find(abi::Kind::neuron, "good") == &first);
  BOOST_TEST(registry.all().size() == 2u);
}

BOOST_AUTO_TEST_CASE(a_bad_file_that_is_named_is_an_error) {
  Registry registry;
  BOOST_CHECK_THROW(registry.add_file(fixture("other_digest")), PluginError);
  BOOST_CHECK_THROW(registry.add_file("nowhere.so"), PluginError);
  BOOST_TEST(registry.all().empty());
}

BOOST_AUTO_TEST_CASE(an_instance_outlives_the_registry) {
  std::shared_ptr<Neuron> neuron;
  {
    Registry registry;
    neuron = registry.add_file(fixture("good")).create<Neuron>(Config());
  }
  double input = 4, state = 0, rate = 0;
  neuron->step({1e-4, {&input, 1}, {&state, 1, 1, Eigen::OuterStride<>(1)}, {&rate, 1}});
  BOOST_TEST(rate == 4);
}

BOOST_AUTO_TEST_CASE(the_default_steps_are_the_plugin_path_the_environment_and_the_installation) {
  const Places places;
  const fs::path first = places.put("a", "good"), second = places.put("b", "good"),
                 third = places.put("c", "throws_exception");
  const std::string value = ":" + places["b"].string() + "::" + places["c"].string() + ":";
  setenv("HEBBFORGE_PLUGIN_PATH", value.c_str(), 1);
  Registry registry;
  registry.search_default_steps(std::vector{places["a"]});
  unsetenv("HEBBFORGE_PLUGIN_PATH");
  BOOST_TEST_REQUIRE(registry.steps().size() == 3u);
  BOOST_TEST(registry.steps()[1].origin == "$HEBBFORGE_PLUGIN_PATH");
  BOOST_TEST(registry.steps()[1].given);
  BOOST_TEST(registry.steps()[1].directories == (std::vector{places["b"], places["c"]}),
             boost::test_tools::per_element());
  BOOST_TEST(file_of(registry.find(abi::Kind::neuron, "good")) == first);
  BOOST_TEST(file_of(registry.find(abi::Kind::neuron, "throws_exception")) == third);
  // This program's installation is the build tree.
  BOOST_TEST(file_of(registry.find(abi::Kind::optimizer, "cma_es")) ==
             installation_prefix() / "lib" / "hebbforge" / "plugins" / "cma_es.so");
}

BOOST_AUTO_TEST_CASE(an_environment_variable_that_is_not_set_is_said_to_be) {
  unsetenv("HEBBFORGE_PLUGIN_PATH");
  Registry registry;
  registry.search_default_steps({});
  BOOST_TEST_REQUIRE(registry.steps().size() == 2u);
  BOOST_TEST(!registry.steps()[0].given);
  BOOST_TEST(message_of_finding(registry, abi::Kind::optimizer, "cmaes").find("Did you mean 'cma_es'?") !=
             std::string::npos);
}

BOOST_AUTO_TEST_CASE(all_are_sorted_by_kind_and_then_by_name) {
  Registry registry;
  registry.search_default_steps({});
  const auto all = registry.all();
  BOOST_TEST(all.size() >= 12u);
  for (std::size_t k = 1; k < all.size(); ++k) {
    BOOST_TEST(
        (std::pair(all[k - 1]->kind(), all[k - 1]->name()) < std::pair(all[k]->kind(), all[k]->name())));
  }
}

}  // namespace hebbforge
