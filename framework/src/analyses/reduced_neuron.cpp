#include "analyses/reduced_neuron.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <ostream>

namespace hebbforge {
namespace {

// Of e^{-t/tau} and its square between two times; `to` may be infinite.
struct Decay {
  double once, twice;
};
Decay decay_between(double from, double to, double tau) noexcept {
  return {tau * (std::exp(-from / tau) - std::exp(-to / tau)),
          0.5 * tau * (std::exp(-2 * from / tau) - std::exp(-2 * to / tau))};
}

// K = s (1 - e^{-t/tau}) while the input lasts, then f e^{-t/tau}.
struct Kernel {
  double rising, falling;
  explicit Kernel(const ReducedNeuron& n) noexcept
      : rising(n.amplitude * n.tau), falling(rising * std::expm1(n.duration / n.tau)) {}
};

// The rules' Jacobian.
struct Jacobian {
  double ww, wb, bw, bb;
  Jacobian(const ReducedResponse& r, const MomentHomeostasis& h) noexcept
      : ww(-h.w_rate * (h.w_first * r.first_by_w + h.w_second * r.second_by_w)),
        wb(-h.w_rate * (h.w_first * r.first_by_b + h.w_second * r.second_by_b)),
        bw(h.b_rate * (h.b_first * r.first_by_w + h.b_second * r.second_by_w)),
        bb(h.b_rate * (h.b_first * r.first_by_b + h.b_second * r.second_by_b)) {}
};

// Which moments the rules mix, as one number; 0: both hold the same.
double mixing(const MomentHomeostasis& h) noexcept { return h.w_first * h.b_second - h.w_second * h.b_first; }

}  // namespace

ReducedResponse respond(const ReducedNeuron& n, const ReducedWeights& weights) noexcept {
  const auto [w, b] = weights;
  const Kernel k(n);
  ReducedResponse r;
  r.peak = w * k.rising * -std::expm1(-n.duration / n.tau) - b;
  if (!(r.peak > 0)) return {};
  r.begin = -n.tau * std::log1p(-b / (w * k.rising));
  r.end = n.tau * std::log(w * k.falling / b);
  // In both parts K = c + d e^{-t/tau}.
  const Decay up = decay_between(r.begin, n.duration, n.tau), down = decay_between(n.duration, r.end, n.tau);
  const double rise = n.duration - r.begin;
  r.kernel = k.rising * (rise - up.once) + k.falling * down.once;
  r.kernel_squared =
      k.rising * k.rising * (rise - 2 * up.once + up.twice) + k.falling * k.falling * down.twice;
  const double duration = r.duration();
  r.first = w * r.kernel - b * duration;
  r.second = w * w * r.kernel_squared - 2 * w * b * r.kernel + b * b * duration;
  r.first_by_w = r.kernel;
  r.first_by_b = -duration;
  r.second_by_w = 2 * (w * r.kernel_squared - b * r.kernel);
  r.second_by_b = -2 * r.first;
  return r;
}

ReducedWeights next_weights(const ReducedNeuron& n, const MomentHomeostasis& h, const ReducedWeights& weights,
                            double floor) noexcept {
  const ReducedResponse r = respond(n, weights);
  const double dw = h.w_rate * (h.w_target - h.w_first * r.first - h.w_second * r.second);
  const double db = h.b_rate * (h.b_first * r.first + h.b_second * r.second - h.b_target);
  return {std::max(floor, weights.w + dw), std::max(floor, weights.b + db)};
}

std::optional<ReducedWeights> fixed_point(const ReducedNeuron& n, const MomentHomeostasis& h) noexcept {
  // The moments at rest solve two linear equations.
  const double determinant = mixing(h);
  if (determinant == 0) return std::nullopt;
  const double first = (h.w_target * h.b_second - h.w_second * h.b_target) / determinant;
  const double second = (h.w_first * h.b_target - h.w_target * h.b_first) / determinant;
  if (!(first > 0 && second > 0)) return std::nullopt;
  // r = w [K - b/w]^+: the ratio of moments gives b/w, then M_1 gives w. Bisection between a silent neuron,
  // where the ratio is infinite, and one without inhibition.
  const double ratio = second / (first * first);
  const auto ratio_at = [&](double threshold) {
    const ReducedResponse r = respond(n, {1, threshold});
    return r.second / (r.first * r.first);
  };
  double low = 0, high = Kernel(n).rising * -std::expm1(-n.duration / n.tau);
  if (!(ratio_at(1e-12 * high) < ratio)) return std::nullopt;
  while (true) {
    const double middle = 0.5 * (low + high);
    if (middle <= low || middle >= high) break;
    (ratio_at(middle) < ratio ? low : high) = middle;
  }
  if (low == 0) return std::nullopt;
  const double w = first / respond(n, {1, low}).first;
  return ReducedWeights{w, w * low};
}

Stability stability_at(const ReducedNeuron& n, const MomentHomeostasis& h,
                       const ReducedWeights& weights) noexcept {
  const ReducedResponse r = respond(n, weights);
  const Jacobian j(r, h);
  // As a product: a difference of the entries would not be exactly 0 where both rules hold the same moment.
  const double determinant = h.w_rate * h.b_rate * mixing(h) * r.determinant();
  if (determinant == 0) return Stability::degenerate;
  if (determinant < 0) return Stability::saddle;
  return j.ww + j.bb < 0 ? Stability::stable : Stability::unstable;
}

std::vector<ReducedWeights> trajectory(const ReducedNeuron& n, const MomentHomeostasis& h,
                                       const ReducedWeights& start, std::int64_t trials) {
  std::vector<ReducedWeights> all{start};
  for (std::int64_t t = 0; t < trials; ++t) all.push_back(next_weights(n, h, all.back()));
  return all;
}

void write_trajectory(std::ostream& out, const ReducedNeuron& n, const std::vector<ReducedWeights>& weights) {
  out << "trial,w,b,first_moment,second_moment,peak,duration\n";
  for (std::size_t t = 0; t < weights.size(); ++t) {
    const ReducedResponse r = respond(n, weights[t]);
    char line[200];
    std::snprintf(line, sizeof line, "%zu,%.12g,%.12g,%.12g,%.12g,%.12g,%.12g\n", t, weights[t].w,
                  weights[t].b, r.first, r.second, r.peak, r.duration());
    out << line;
  }
}

}  // namespace hebbforge
