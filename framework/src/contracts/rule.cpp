// The promises of a plasticity rule.
#include <hebbforge/interfaces/rule_basis.hpp>
#include <numeric>
#include <set>
#include <thread>

#include "contracts/battery.hpp"

namespace hebbforge::contracts {
namespace {

using Eigen::Index;

Index count(const RuleBasis& rule, Side side) {
  Index n = 0;
  for (const Signal& signal : rule.signals()) n += signal.side == side ? 1 : 0;
  return n;
}

// Everything that a rule sees in one step, at random.
struct Scene {
  Scene(const RuleBasis& rule, Index n_post, Index n_pre, Random random)
      : pre(uniform_matrix(n_pre, 1, 0, 3, random)),
        post(uniform_matrix(n_post, 1, 0, 3, random)),
        global(uniform_matrix(count(rule, Side::global), 1, -1, 1, random)),
        pre_signals(uniform_matrix(n_pre, count(rule, Side::pre), 0, 3, random)),
        post_signals(uniform_matrix(n_post, count(rule, Side::post), 0, 3, random)),
        weights(uniform_matrix(n_post, n_pre, -2, 2, random)),
        mask(n_post, n_pre) {
    mask = mask.NullaryExpr(n_post, n_pre, [&] { return random.uniform() < 0.7 ? 1.0 : 0.0; });
    for (Index k = 0; k < count(rule, Side::synapse); ++k)
      synapse.push_back(uniform_matrix(n_post, n_pre, 0, 3, random));
  }
  Scene permuted(const std::vector<Index>& posts, const std::vector<Index>& pres) const {
    Scene other = *this;
    other.pre = pre(pres);
    other.post = post(posts);
    other.pre_signals = pre_signals(pres, Eigen::all);
    other.post_signals = post_signals(posts, Eigen::all);
    other.weights = weights(posts, pres);
    other.mask = mask(posts, pres);
    for (Eigen::MatrixXd& signal : other.synapse) signal = Eigen::MatrixXd(signal(posts, pres));
    return other;
  }
  Eigen::VectorXd pre, post, global;
  Eigen::MatrixXd pre_signals, post_signals, weights, mask;
  std::vector<Eigen::MatrixXd> synapse;
};

struct Change {
  Eigen::MatrixXd delta;
  Eigen::VectorXd effect;
  bool inside = true;  // nothing written between the columns
};

// One call, its memory prepared beforehand.
class Call {
 public:
  Call(const RuleBasis& rule, const Scene& scene)
      : rule_(rule),
        scene_(scene),
        pre_signals_(scene.pre_signals),
        post_signals_(scene.post_signals),
        weights_(scene.weights),
        mask_(scene.mask),
        delta_(scene.weights.rows(), scene.weights.cols()),
        effect_(Eigen::VectorXd::Zero(static_cast<Index>(std::max<std::size_t>(rule.terms().size(), 1)))) {
    for (const Eigen::MatrixXd& signal : scene.synapse) synapse_.emplace_back(signal);
    for (const Padded& signal : synapse_) synapse_views_.push_back(signal.view());
  }
  void run(const Eigen::VectorXd& values, bool reference = false) {
    const SynapseView view{1e-4,
                           view_of(scene_.pre),
                           view_of(scene_.post),
                           std::as_const(pre_signals_).view(),
                           std::as_const(post_signals_).view(),
                           synapse_views_,
                           view_of(scene_.global),
                           std::as_const(weights_).view(),
                           std::as_const(mask_).view()};
    if (reference)
      rule_.RuleBasis::accumulate(view_of(values), view, delta_.view(), view_of(effect_));
    else
      rule_.accumulate(view_of(values), view, delta_.view(), view_of(effect_));
  }
  void start_from(const Eigen::MatrixXd& delta, double effect) {
    delta_.view() = delta;
    effect_.setConstant(effect);
  }
  Change change() const { return {delta_.values(), effect_, delta_.padding_untouched()}; }

 private:
  const RuleBasis& rule_;
  const Scene& scene_;
  Padded pre_signals_, post_signals_, weights_, mask_, delta_;
  std::vector<Padded> synapse_;
  std::vector<ConstMatrixView> synapse_views_;
  Eigen::VectorXd effect_;
};

Change change_of(const RuleBasis& rule, const Scene& scene, const Eigen::VectorXd& values) {
  Call call(rule, scene);
  call.run(values);
  return call.change();
}

Eigen::VectorXd random_values(const RuleBasis& rule, Random random) {
  Eigen::VectorXd values(static_cast<Index>(rule.parameters().size()));
  for (Index k = 0; k < values.size(); ++k) {
    const abi::Parameter& p = rule.parameters()[static_cast<std::size_t>(k)];
    const double low = std::max(p.minimum, p.default_value - 10),
                 high = std::min(p.maximum, p.default_value + 10);
    values[k] = low + (high - low) * random.uniform();
  }
  return values;
}

// Of a rule without terms: what its names say.
std::set<Index> coefficients_of(const RuleBasis& rule) {
  std::set<Index> found;
  for (const Term& term : rule.terms()) found.insert(term.coefficient);
  const auto parameters = rule.parameters();
  for (std::size_t k = 0; k < parameters.size() && rule.terms().empty(); ++k) {
    if (std::string_view(parameters[k].name).starts_with("c.")) found.insert(static_cast<Index>(k));
  }
  return found;
}

bool within(int index, Index size) { return index >= -1 && index < size; }
bool needs_signal(Factor factor) {
  return factor == Factor::signal || factor == Factor::signal_squared ||
         factor == Factor::signal_times_activity;
}

std::string mistake_in_indices(const RuleBasis& rule) {
  const auto parameters = static_cast<Index>(rule.parameters().size());
  for (const Signal& signal : rule.signals()) {
    if (!within(signal.tau, parameters))
      return "signal '" + std::string(signal.name) + "' has no parameter " + std::to_string(signal.tau);
  }
  for (const Term& term : rule.terms()) {
    const bool right = within(term.coefficient, parameters) && term.coefficient >= 0 &&
                       term.weight_power >= 0 && within(term.post_signal, count(rule, Side::post)) &&
                       within(term.pre_signal, count(rule, Side::pre)) &&
                       within(term.synapse_signal, count(rule, Side::synapse)) &&
                       within(term.global_signal, count(rule, Side::global)) &&
                       needs_signal(term.post) == (term.post_signal >= 0) &&
                       needs_signal(term.pre) == (term.pre_signal >= 0);
    if (!right) return "an index of term '" + std::string(term.name) + "' is out of range or missing";
  }
  return {};
}

std::string mistake_in_parameters(const RuleBasis& rule) {
  std::set<std::string_view> names;
  for (const abi::Parameter& p : rule.parameters()) {
    const std::string who = std::string("parameter '") + p.name + "' ";
    if (!names.insert(p.name).second) return who + "is declared twice";
    if (!(p.minimum <= p.default_value && p.default_value <= p.maximum))
      return who + "has no default in its range";
    if (!(p.step >= 0)) return who + "has a negative step";
  }
  for (const Signal& signal : rule.signals()) {
    if (signal.tau >= 0 && !(rule.parameters()[static_cast<std::size_t>(signal.tau)].minimum > 0))
      return "the time constant of signal '" + std::string(signal.name) + "' may be 0";
  }
  return {};
}

// Parameters that a separable rule's terms, and the signals in them, refer to.
std::set<Index> referred_to(const RuleBasis& rule) {
  std::set<Index> found;
  for (const Term& term : rule.terms()) {
    found.insert(term.coefficient);
    for (const auto& [side, wanted] :
         {std::pair{Side::pre, term.pre_signal}, std::pair{Side::post, term.post_signal},
          std::pair{Side::synapse, term.synapse_signal}, std::pair{Side::global, term.global_signal}}) {
      int index = 0;
      for (const Signal& signal : rule.signals()) {
        if (signal.side == side && index++ == wanted) found.insert(signal.tau);
      }
    }
  }
  return found;
}

// What else a rule computes has to be seen from outside: does any of a few changes show?
bool shows(const RuleBasis& rule, Index parameter) {
  for (const Signal& signal : rule.signals()) {
    if (signal.tau == parameter) return true;
  }
  for (std::uint64_t seed = 0; seed < 16; ++seed) {
    const Scene scene(rule, 4, 6, Random(seed, "contract use"));
    Eigen::VectorXd values = random_values(rule, Random(seed, "contract use values"));
    const Change before = change_of(rule, scene, values);
    values[parameter] = random_values(rule, Random(seed, "contract use others"))[parameter];
    const Change after = change_of(rule, scene, values);
    if (before.delta != after.delta || before.effect != after.effect) return true;
  }
  return false;
}

std::string unused_parameter(const RuleBasis& rule) {
  const std::set<Index> found = rule.separable() ? referred_to(rule) : std::set<Index>{};
  for (Index k = 0; k < static_cast<Index>(rule.parameters().size()); ++k) {
    if (found.contains(k) || (!rule.separable() && shows(rule, k))) continue;
    return std::string("parameter '") + rule.parameters()[static_cast<std::size_t>(k)].name +
           (rule.separable() ? "' is in no term, nor the time constant of a signal in one"
                             : "' changes nothing that the rule computes");
  }
  return {};
}

std::vector<Index> rotated(Index n) {
  std::vector<Index> order(static_cast<std::size_t>(n));
  for (Index k = 0; k < n; ++k) order[static_cast<std::size_t>(k)] = (n - k + n / 2) % n;
  return order;
}

}  // namespace

std::vector<ContractResult> check_rule(const RegisteredPlugin& plugin, const ContractOptions& options) {
  const auto rule_pointer = plugin.create<RuleBasis>(contract_config(*plugin.descriptor));
  const RuleBasis& rule = *rule_pointer;
  Battery battery(options);
  const bool indices =
      battery.check("indices of terms and signals are in range", [&] { return mistake_in_indices(rule); });
  if (!indices) return battery.take();  // calling it would read out of bounds
  battery.check("parameters have minimum <= default <= maximum", [&] { return mistake_in_parameters(rule); });

  battery.check("every parameter is used", [&] { return unused_parameter(rule); });

  const Random random(1, "contract");
  const Scene scene(rule, 4, 6, random);
  const Eigen::VectorXd values = random_values(rule, Random(2, "contract"));
  const std::set<Index> coefficients = coefficients_of(rule);

  battery.check("finite for finite input, whatever the size", [&]() -> std::string {
    for (const auto& [n_post, n_pre] : {std::pair<Index, Index>{1, 1}, {3, 5}, {64, 1}, {4, 6}}) {
      const Change change = change_of(rule, Scene(rule, n_post, n_pre, random), values);
      if (!change.delta.allFinite() || !change.effect.allFinite())
        return std::to_string(n_post) + " by " + std::to_string(n_pre) + " synapses: a value is not finite";
      if (!change.inside) return "it wrote between the columns of delta";
    }
    return {};
  });
  battery.check("zero coefficients give zero delta", [&]() -> std::string {
    Eigen::VectorXd zero = values;
    for (const Index k : coefficients) zero[k] = 0;
    const Change change = change_of(rule, scene, zero);
    return coefficients.empty() || (change.delta.isZero(0) && change.effect.isZero(0)) ? "" : "they do not";
  });
  battery.check("adds to delta and effect, does not set them", [&]() -> std::string {
    Random start_random(3, "contract");
    const Eigen::MatrixXd start = uniform_matrix(4, 6, -5, 5, start_random);
    const Change alone = change_of(rule, scene, values);
    Call call(rule, scene);
    call.start_from(start, 7);
    call.run(values);
    const bool adds = close(call.change().delta, start + alone.delta) &&
                      close(call.change().effect, alone.effect.array() + 7);
    return adds ? "" : "what was there before is gone";
  });
  battery.check("linear in the coefficients where separable", [&]() -> std::string {
    if (!rule.separable()) return {};
    Eigen::VectorXd a = values, b = values, sum = values;
    const Eigen::VectorXd others = random_values(rule, Random(4, "contract"));
    for (const Index k : coefficients) {
      b[k] = -2 * others[k];
      sum[k] = a[k] + b[k];
    }
    const Eigen::MatrixXd apart = change_of(rule, scene, a).delta + change_of(rule, scene, b).delta;
    return close(change_of(rule, scene, sum).delta, apart) ? "" : "delta(a + b) is not delta(a) + delta(b)";
  });
  battery.check("does what its terms say where separable", [&]() -> std::string {
    if (!rule.separable()) return {};
    Call call(rule, scene);
    call.run(values, true);
    const Change change = change_of(rule, scene, values);
    const bool same = close(call.change().delta, change.delta) && close(call.change().effect, change.effect);
    return same ? "" : "accumulate() differs from the sum over terms()";
  });
  battery.check("permuting neurons permutes delta", [&]() -> std::string {
    const auto posts = rotated(4), pres = rotated(6);
    const Change before = change_of(rule, scene, values);
    const Change after = change_of(rule, scene.permuted(posts, pres), values);
    const bool same = close(after.delta, before.delta(posts, pres)) && close(after.effect, before.effect);
    return same ? "" : "it treats neurons differently";
  });
  battery.check("effect is never negative and counts plastic synapses only", [&]() -> std::string {
    if (change_of(rule, scene, values).effect.minCoeff() < 0) return "an effect is negative";
    Scene masked = scene;
    masked.mask.setZero();
    return change_of(rule, masked, values).effect.isZero(0) ? "" : "masked synapses have an effect";
  });
  battery.check("the same call gives the same bytes, also in several threads", [&]() -> std::string {
    constexpr std::size_t threads = 4;
    const Change alone = change_of(rule, scene, values);
    std::vector<Call> calls(threads, Call(rule, scene));
    std::vector<int> same(threads, 1);
    {
      std::vector<std::jthread> workers;
      for (std::size_t t = 0; t < threads; ++t) {
        workers.emplace_back([&, t] {
          for (int n = 0; n < 200; ++n) {
            calls[t].start_from(Eigen::MatrixXd::Zero(4, 6), 0);
            calls[t].run(values);
            const Change change = calls[t].change();
            if (change.delta != alone.delta || change.effect != alone.effect) same[t] = 0;
          }
        });
      }
    }
    return std::accumulate(same.begin(), same.end(), 0) == threads ? "" : "calls disturb each other";
  });
  if (options.allocations) {
    battery.check("does not allocate", [&]() -> std::string {
      Call call(rule, scene);
      const std::uint64_t before = options.allocations();
      call.run(values);
      const std::uint64_t made = options.allocations() - before;
      return made == 0 ? "" : std::to_string(made) + " allocations in one call";
    });
  }
  return battery.take();
}

}  // namespace hebbforge::contracts
