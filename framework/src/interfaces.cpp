// Key functions of the interfaces: their type information exists once, in this library.
#include <hebbforge/error.hpp>
#include <hebbforge/interfaces/constraint.hpp>
#include <hebbforge/interfaces/executor.hpp>
#include <hebbforge/interfaces/loss.hpp>
#include <hebbforge/interfaces/neuron.hpp>
#include <hebbforge/interfaces/optimizer.hpp>
#include <hebbforge/interfaces/perturbation.hpp>
#include <hebbforge/interfaces/rule_basis.hpp>
#include <hebbforge/interfaces/stimulus.hpp>

namespace hebbforge {

Constraint::~Constraint() = default;
void Constraint::before_trial(std::int64_t, std::string_view, const LifeView&) {}
Executor::~Executor() = default;
bool Executor::serve(JobMaker&) { return false; }
Job::~Job() = default;
std::string Job::description() const { return {}; }
bool Job::stopped() const noexcept { return false; }
JobMaker::~JobMaker() = default;
LifeContext::~LifeContext() = default;
LifePart::~LifePart() = default;
LifeView::~LifeView() = default;
Loss::~Loss() = default;
Measures::~Measures() = default;
Neuron::~Neuron() = default;
Optimizer::~Optimizer() = default;
Perturbation::~Perturbation() = default;
RuleBasis::~RuleBasis() = default;
Stimulus::~Stimulus() = default;
void Stimulus::begin_phase(std::int64_t, std::int64_t) {}
ConstMatrixView Stimulus::signal(std::string_view name, std::int64_t) {
  throw Error("the stimulus has no signal '" + std::string(name) + "': it has none at all");
}

}  // namespace hebbforge
