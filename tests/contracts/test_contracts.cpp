// Every plugin that is found keeps the promises of its kind; plugins that break them are found out.
#include <algorithm>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <cstdlib>
#include <hebbforge/host/contracts.hpp>
#include <hebbforge/host/schema.hpp>
#include <hebbforge/interfaces/neuron.hpp>
#include <hebbforge/register.hpp>
#include <map>
#include <ostream>
#include <set>
#include <string>
#include <vector>

// Counts allocations, those of Eigen and operator new included, where no sanitizer owns malloc.
#if defined(__GLIBC__)
constexpr bool counts_allocations = hebbforge::abi::this_fingerprint.sanitizers == 0;
#else
constexpr bool counts_allocations = false;
#endif
namespace {
thread_local std::uint64_t allocation_count = 0;
std::uint64_t allocations() noexcept { return allocation_count; }
}  // namespace
#if defined(__GLIBC__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
extern "C" void* __libc_malloc(std::size_t size);
extern "C" void* malloc(std::size_t size) {
  ++allocation_count;
  return __libc_malloc(size);
}
#endif

namespace hebbforge {
namespace {

const ContractOptions options{counts_allocations ? &allocations : nullptr};

Registry& registry() {
  static Registry all;
  if (all.steps().empty()) all.search_default_steps({});
  return all;
}

struct Named {
  const RegisteredPlugin* plugin;
};
std::ostream& operator<<(std::ostream& out, const Named& named) { return out << named.plugin->name(); }

std::vector<Named> everything_found() {
  std::vector<Named> found;
  for (const RegisteredPlugin* plugin : registry().all()) found.push_back({plugin});
  return found;
}

const RegisteredPlugin& fixture(const std::string& name) {
  return registry().add_file(HEBBFORGE_BUILD "/tests/fixtures/" + name + ".so");
}

std::set<std::string> kept_by(const RegisteredPlugin& plugin) {
  std::set<std::string> names;
  for (const ContractResult& result : check_contracts(plugin, options)) {
    BOOST_TEST(result.passed == result.detail.empty());
    if (result.passed) names.insert(result.name);
  }
  return names;
}

}  // namespace

BOOST_DATA_TEST_CASE(a_plugin_keeps_the_promises_of_its_kind, everything_found(), named) {
  const auto results = check_contracts(*named.plugin, options);
  BOOST_TEST(results.size() > 3u);
  for (const ContractResult& result : results) {
    BOOST_TEST(result.passed, named.plugin->name() << " breaks '" << result.name << "': " << result.detail);
  }
}

BOOST_AUTO_TEST_CASE(there_are_plugins_of_the_kinds_that_every_run_needs) {
  std::map<abi::Kind, int> count;
  for (const RegisteredPlugin* plugin : registry().all()) ++count[plugin->kind()];
  BOOST_TEST(count[abi::Kind::rule] >= 2);
  BOOST_TEST(count[abi::Kind::optimizer] >= 2);
  BOOST_TEST(count[abi::Kind::perturbation] >= 2);
  BOOST_TEST(count[abi::Kind::loss] >= 3);
  BOOST_TEST(count[abi::Kind::stimulus] >= 2);
  BOOST_TEST(count[abi::Kind::neuron] >= 1);
  BOOST_TEST(count[abi::Kind::executor] >= 1);
}

BOOST_DATA_TEST_CASE(a_plugin_that_keeps_no_promise_fails_every_check,
                     (std::vector<std::string>{"broken_rule", "broken_optimizer", "broken_perturbation",
                                               "broken_constraint", "broken_loss", "broken_stimulus",
                                               "broken_neuron", "broken_executor"}),
                     name) {
  std::set<std::string> kept = kept_by(fixture(name));
  // Without these nothing else can be checked.
  for (const char* needed :
       {"it can be made", "indices of terms and signals are in range", "states() is not negative"})
    kept.erase(needed);
  BOOST_TEST(kept == std::set<std::string>(), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_rule_with_an_index_out_of_range_is_not_called) {
  const auto results = check_contracts(fixture("broken_indices"), options);
  BOOST_TEST_REQUIRE(!results.empty());
  BOOST_TEST(results.back().name == "indices of terms and signals are in range");
  BOOST_TEST(!results.back().passed);
}

BOOST_AUTO_TEST_CASE(a_plugin_that_cannot_be_made_fails_that_check_and_gets_no_other) {
  const auto results = check_contracts(fixture("throws_exception"), options);
  BOOST_TEST_REQUIRE(!results.empty());
  BOOST_TEST(results.back().name == "it can be made");
  BOOST_TEST(results.back().detail ==
             "threw: plugin 'fixtures.throws_exception' could not be made: the moon is full");
}

BOOST_AUTO_TEST_CASE(a_parameter_that_is_declared_and_not_used_is_named) {
  std::vector<std::string> broken;
  for (const ContractResult& result : check_contracts(fixture("declares_unused"), options)) {
    if (!result.passed) broken.push_back(result.name + ": " + result.detail);
  }
  const std::vector<std::string> expected{
      "asks for the parameters that it declares: parameter 'depth' is declared, but its constructor never "
      "asks for it",
      "every parameter is used: parameter 'tau.y~' is in no term, nor the time constant of a signal in one"};
  BOOST_TEST(broken == expected, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_parameter_that_only_some_choice_asks_for_has_to_be_declared) {
  const auto results = check_contracts(fixture("asks_by_choice"), options);
  const auto found = std::ranges::find(results, false, &ContractResult::passed);
  BOOST_TEST_REQUIRE((found != results.end()));
  BOOST_TEST(found->detail == "it asks for the parameter 'depht', which it does not declare");
}

BOOST_AUTO_TEST_CASE(defaults_come_from_the_schema_and_required_parameters_are_left_out) {
  const char *word = "a", *words[] = {"b", "c"};
  const double numbers[] = {1, 2};
  using T = abi::ParameterType;
  const abi::Parameter schema[] = {
      {.name = "real", .default_value = 0.5},
      {.name = "integer", .type = T::integer, .default_value = 3},
      {.name = "boolean", .type = T::boolean, .default_value = 1},
      {.name = "text", .type = T::text, .default_texts = {&word, 1}},
      {.name = "path", .type = T::path},
      {.name = "reals", .type = T::real_list, .default_numbers = {numbers, 2}},
      {.name = "integers", .type = T::integer_list, .default_numbers = {numbers, 2}},
      {.name = "texts", .type = T::text_list, .default_texts = {words, 2}},
      {.name = "required", .required = true, .minimum = 2, .maximum = 4}};
  abi::Descriptor descriptor{};
  descriptor.parameters = {schema, std::size(schema)};
  const Config config = default_config(descriptor);
  BOOST_TEST(config.real("real") == 0.5);
  BOOST_TEST(config.integer("integer") == 3);
  BOOST_TEST(config.boolean("boolean"));
  BOOST_TEST(config.text("text") == "a");
  BOOST_TEST(config.text("path") == "");
  BOOST_TEST((config.values().at("reals") == Config::Value(std::vector<double>{1, 2})));
  BOOST_TEST((config.values().at("integers") == Config::Value(std::vector<std::int64_t>{1, 2})));
  BOOST_TEST((config.values().at("texts") == Config::Value(std::vector<std::string>{"b", "c"})));
  BOOST_TEST(!config.values().contains("required"));
  BOOST_TEST(contract_config(descriptor).real("required") == 2);
}

}  // namespace hebbforge
