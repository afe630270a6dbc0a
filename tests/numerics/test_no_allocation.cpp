// Nothing is allocated in the time loop.
#include <atomic>
#include <boost/test/unit_test.hpp>
#include <cstdlib>
#include <hebbforge/engine/life.hpp>
#include <hebbforge/host/registry.hpp>
#include <new>

namespace {
std::atomic<long> allocations{0};

void* counted(std::size_t size, std::size_t alignment) {
  ++allocations;
  // aligned_alloc wants a multiple of the alignment.
  void* memory = std::aligned_alloc(alignment, (size + alignment - 1) / alignment * alignment);
  if (!memory) throw std::bad_alloc();
  return memory;
}
}  // namespace

// In place of the library's, for the framework and the plugins too.
void* operator new(std::size_t size) { return counted(size, alignof(std::max_align_t)); }
void* operator new[](std::size_t size) { return counted(size, alignof(std::max_align_t)); }
void* operator new(std::size_t size, std::align_val_t a) {
  return counted(size, static_cast<std::size_t>(a));
}
void* operator new[](std::size_t size, std::align_val_t a) {
  return counted(size, static_cast<std::size_t>(a));
}
void operator delete(void* p) noexcept { std::free(p); }
void operator delete[](void* p) noexcept { std::free(p); }
void operator delete(void* p, std::size_t) noexcept { std::free(p); }
void operator delete[](void* p, std::size_t) noexcept { std::free(p); }
void operator delete(void* p, std::align_val_t) noexcept { std::free(p); }
void operator delete[](void* p, std::align_val_t) noexcept { std::free(p); }
void operator delete(void* p, std::size_t, std::align_val_t) noexcept { std::free(p); }
void operator delete[](void* p, std::size_t, std::align_val_t) noexcept { std::free(p); }

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
