// Nothing is allocated in the time loop.
#include <atomic>
#include <boost/test/unit_test.hpp>
#include <cstddef>
#include <hebbforge/engine/life.hpp>
#include <hebbforge/host/registry.hpp>

namespace {
std::atomic<long> allocations{0};
}

// In place of the C library's, for the framework, Eigen, the plugins and operator new.
extern "C" {
void* __libc_malloc(std::size_t size);
void* __libc_calloc(std::size_t count, std::size_t size);
void* __libc_realloc(void* memory, std::size_t size);
void* __libc_memalign(std::size_t alignment, std::size_t size);

void* malloc(std::size_t size) {
  ++allocations;
  return __libc_malloc(size);
}
void* calloc(std::size_t count, std::size_t size) {
  ++allocations;
  return __libc_calloc(count, size);
}
void* realloc(void* memory, std::size_t size) {
  ++allocations;
  return __libc_realloc(memory, size);
}
void* aligned_alloc(std::size_t alignment, std::size_t size) {
  ++allocations;
  return __libc_memalign(alignment, size);
}
int posix_memalign(void** memory, std::size_t alignment, std::size_t size) {
  ++allocations;
  *memory = __libc_memalign(alignment, size);
  return *memory ? 0 : 12;  // ENOMEM
}
}

using namespace hebbforge;

namespace {

// Of a life with trials of that many time points; all input falls into the first 200.
long allocations_of_a_life(Pipeline& pipeline, std::int64_t steps, bool reference) {
  pipeline.phases[0].steps = steps;
  LifeOptions options;
  options.reference_kernel = reference;
  const long before = allocations;
  const LifeResult result = run_life(pipeline, options);
  const long count = allocations - before;
  BOOST_TEST_REQUIRE((result.end == LifeEnd::healthy));
  return count;
}

void check_that_longer_trials_allocate_no_more(bool reference) {
  Registry registry;
  registry.search_default_steps({});
  PipelineOptions options;
  options.rule = "bell2024.mean_still";
  options.overrides = {"phase.organise.trials=60", "phase.organise.stimulus.end=\"20 ms\""};
  Pipeline pipeline =
      load_pipeline(registry, HEBBFORGE_SOURCE "/examples/02_find_a_rule/pipeline.toml", options);
  pipeline.phases[0].trials = 3;
  pipeline.losses.clear();  // they record, and decode
  const long shorter = allocations_of_a_life(pipeline, 201, reference);
  BOOST_TEST(shorter > 0);
  BOOST_TEST(allocations_of_a_life(pipeline, 401, reference) == shorter);
}

}  // namespace

BOOST_AUTO_TEST_CASE(steps_of_a_fused_rule_allocate_nothing) {
  check_that_longer_trials_allocate_no_more(false);
}

BOOST_AUTO_TEST_CASE(steps_of_a_rule_that_accumulates_allocate_nothing) {
  check_that_longer_trials_allocate_no_more(true);
}
