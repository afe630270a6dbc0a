#!/usr/bin/env python3
"""Fig. 6 g-j: one neuron whose excitation w and inhibition b are set by the first two moments of its response.

    fig6_reduced_neuron.py OUT      writes OUT.h5 and OUT.svg, prints the table of fixed points

Input of amplitude a during [0, T] passes through a synapse, K(t) = int_0^t e^{-(t-t')/tau} a dt', and the neuron answers with
r(t) = [w K(t) - b]^+. Its moments are M1 = int r dt and M2 = int r^2 dt. After each trial

    w <- w + w_rate (w0 - M_i),    b <- b + b_rate (M_k - b0),

neither below FLOOR. Which moment sets which weight decides what becomes of the neuron:

    w by M2, b by M1    the fixed point is stable
    w by M1, b by M2    it is a saddle
    both by M2          a line of fixed points

That holds for every input: with D the time in which r > 0, the determinant of the moments' derivatives is
dM2/dw dM1/db - dM1/dw dM2/db = -2 w D^2 Var(K), the variance over that time. OUT.h5 holds what is drawn (h5py).

Model: Bell, Duffy & Fairhall, NeurIPS 37 (2024), Fig. 6 g-j.
"""
import dataclasses
import pathlib
import sys

import h5py
import numpy as np

FLOOR = 1e-8
SECOND, FIRST = 0.01, 0.01  # what M2 and M1 are held at; published: 0.001 to 0.01, 0.01 to 0.012
SPEED = 0.05  # of a resting weight, per trial, when its moment is off by its own size
TRIALS = 5000


@dataclasses.dataclass(frozen=True)
class Neuron:
    """Input of `amplitude` for `duration` s through a synapse with time constant `tau`, s; arrays: several of them."""
    amplitude: float = 20
    duration: float = 0.010
    tau: float = 0.004

    @property
    def largest(self):
        """Largest value of K: silent where w K <= b throughout."""
        return -self.amplitude * self.tau * np.expm1(-self.duration / self.tau)


def kernel_integrals(neuron, threshold):
    """D, int K dt and int K^2 dt over the time in which K > threshold, for an array of thresholds in (0, largest)."""
    T, tau = neuron.duration, neuron.tau
    rising = neuron.amplitude * tau                # K = rising (1 - e^{-t/tau}) in the input,
    falling = rising * np.expm1(T / tau)           # falling e^{-t/tau} after it
    begin, end = -tau * np.log1p(-threshold / rising), tau * np.log(falling / threshold)

    def decay(start, stop, power):                 # int e^{-power t/tau} dt
        return tau / power * (np.exp(-power * start / tau) - np.exp(-power * stop / tau))

    once = rising * (T - begin - decay(begin, T, 1)) + falling * decay(T, end, 1)
    twice = rising**2 * (T - begin - 2 * decay(begin, T, 1) + decay(begin, T, 2)) + falling**2 * decay(T, end, 2)
    return end - begin, once, twice


def moments(neuron, w, b):
    """M1, M2 and their derivatives [[dM1/dw, dM1/db], [dM2/dw, dM2/db]]; all 0 where the neuron is silent. Arrays of one shape."""
    w, b = np.broadcast_arrays(np.asarray(w, float), np.asarray(b, float))
    active = b < w * neuron.largest
    D, K, K2 = kernel_integrals(neuron, np.where(active, b / w, 0.5 * neuron.largest))
    first, second = w * K - b * D, w**2 * K2 - 2 * w * b * K + b**2 * D
    derivatives = np.array([[K, -D], [2 * (w * K2 - b * K), -2 * first]])
    return first * active, second * active, derivatives * active


@dataclasses.dataclass(frozen=True)
class Rules:
    """Which moment (1 or 2) sets w and b, and how fast."""
    w_by: int
    b_by: int
    w_rate: float
    b_rate: float

    def errors(self, first, second):
        """What w and b answer to."""
        error = {1: first - FIRST, 2: second - SECOND}
        return -error[self.w_by], error[self.b_by]

    def jacobian(self, derivatives):
        """Of the change per trial."""
        return np.array([-self.w_rate * derivatives[self.w_by - 1], self.b_rate * derivatives[self.b_by - 1]])


def fixed_point(neuron):
    """(w, b) at which both moments are held. M2 / M1^2 depends on b/w alone and rises with it: bisection."""
    def longer(threshold):
        first, second, _ = moments(neuron, 1, threshold)
        return second / first**2 < SECOND / FIRST**2

    low, high = 1e-12 * neuron.largest, neuron.largest
    if not longer(low):
        raise ValueError(f"no response to {neuron} is as long and as weak as these moments ask for")
    while low < (middle := (low + high) / 2) < high:
        low, high = (middle, high) if longer(middle) else (low, middle)
    w = FIRST / moments(neuron, 1, low)[0]
    return np.array([w, w * low])


def rules_for(rest):
    """The three pairs of rules, with rates relative to the weights at rest."""
    w, b = SPEED * rest
    return {"w by M2, b by M1": Rules(2, 1, w / SECOND, b / FIRST), "w by M1, b by M2": Rules(1, 2, w / FIRST, b / SECOND),
            "both by M2": Rules(2, 2, w / SECOND, b / SECOND)}


def trajectories(neuron, rules, starts, trials=TRIALS):
    """Weights before each trial and after the last: (trials + 1, starts, 2)."""
    weights = np.array(starts, float)
    path = [weights]
    for _ in range(trials):
        to_w, to_b = rules.errors(*moments(neuron, *weights.T)[:2])
        weights = np.maximum(FLOOR, weights + np.stack([rules.w_rate * to_w, rules.b_rate * to_b], axis=-1))
        path.append(weights)
    return np.array(path)


def kind_of(jacobian):
    """Of a fixed point of the flow, by its Jacobian's eigenvalues."""
    values = np.linalg.eigvals(jacobian)
    if np.abs(values).min() < 1e-12 * np.abs(values).max():
        return "line of fixed points"
    return "stable" if (values.real < 0).all() else "saddle" if (values.real < 0).any() else "unstable"


def draw(path, neuron, rest, paths, responses):
    import matplotlib
    matplotlib.use("svg")
    import matplotlib.pyplot as plt
    matplotlib.rcParams |= {"font.size": 9, "svg.hashsalt": "fig6", "axes.spines.top": False, "axes.spines.right": False}
    figure, axes = plt.subplots(2, 2, figsize=(8.6, 7.4), constrained_layout=True)
    w, b = np.meshgrid(np.linspace(1e-3, 2.2, 220) * rest[0], np.linspace(1e-3, 2.6, 220) * rest[1])
    first, second, derivatives = moments(neuron, w, b)
    for axis, (name, rules) in zip(axes.flat, rules_for(rest).items()):
        axis.contour(w, b, first, [FIRST], colors="#d55e00", linestyles="dashed", linewidths=1.4)
        axis.contour(w, b, second, [SECOND], colors="#0072b2", linestyles="dotted", linewidths=2)
        for line in paths[name].transpose(1, 2, 0):
            axis.plot(*line, color="#8c8c8c", lw=0.7, zorder=1)
            axis.plot(*line[:, 0], "o", color="#8c8c8c", mfc="white", ms=3.5)
            axis.plot(*line[:, -1], "o", color="black", ms=3, zorder=3)
        kind = kind_of(rules.jacobian(moments(neuron, *rest)[2]))
        if kind != "line of fixed points":
            axis.plot(*rest, "*", ms=15, color="#009e73" if kind == "stable" else "white", mec="black", mew=0.8, zorder=4)
        axis.set(title=f"{name}: {kind}", xlim=(0, 2.2 * rest[0]), ylim=(0, 2.6 * rest[1]),
                 xlabel="excitatory weight w (1/s per unit of input)", ylabel="inhibition b (units of rate)")
    axes[0, 0].plot([], [], "--", color="#d55e00", label="M1 held")
    axes[0, 0].plot([], [], ":", color="#0072b2", lw=2, label="M2 held")
    axes[0, 0].plot([], [], "o", color="#8c8c8c", mfc="white", ms=3.5, label="start")
    axes[0, 0].plot([], [], "o", color="black", ms=3, label="end")
    axes[0, 0].legend(loc="upper left", frameon=True, framealpha=0.9, edgecolor="none", ncols=2, bbox_to_anchor=(0, 1.02))
    axis = axes[1, 1]
    for (name, (duration, amplitude)), colour, marker in zip(responses.items(), ["#8c8c8c", "#0072b2", "#d55e00"], "osD"):
        axis.plot(1e3 * duration, amplitude, marker, color=colour, mfc="none" if name == "before" else colour, ms=5, label=name)
    axis.set(title="other inputs: responses before and after", xlabel="duration M1 / peak (ms)", ylabel="peak (units of rate)", xlim=(0, None), ylim=(0, None))
    axis.legend(frameon=False)
    figure.savefig(path, metadata={"Date": None})


def respond_to_others(neuron, rest, amplitudes=(15, 20, 25, 30, 40), durations=(5e-3, 7e-3, 10e-3, 12e-3, 14e-3)):
    """Duration (M1 / peak, s) and peak of responses to other inputs: at once, after w alone, after both weights have adapted."""
    inputs = [Neuron(a, T, neuron.tau) for a in amplitudes for T in durations]
    others = Neuron(*np.array([dataclasses.astuple(n) for n in inputs]).T)
    both = rules_for(np.array([fixed_point(n) for n in inputs]).T)["w by M2, b by M1"]
    alone = dataclasses.replace(both, b_rate=0)
    starts = np.tile(rest, (len(inputs), 1))
    responses = {}
    for name, weights in (("before", starts), ("after w alone", trajectories(others, alone, starts)[-1]),
                          ("after w and b", trajectories(others, both, starts)[-1])):
        w, b = weights.T
        peak = w * others.largest - b
        answered = peak > 0
        responses[name] = np.array([moments(others, w, b)[0][answered] / peak[answered], peak[answered]])
    return responses


def main(out):
    neuron = Neuron()
    rest = fixed_point(neuron)
    starts = [(w * rest[0], b * rest[1]) for w in (0.5, 0.9, 1.4, 1.9) for b in (0.2, 0.8, 1.4, 1.9)]
    first, second, derivatives = moments(neuron, *rest)
    print(f"fixed point: w = {rest[0]:.4f}, b = {rest[1]:.4f}; there M1 = {first:.6f}, M2 = {second:.6f}")
    print(f"{'':20}{'determinant':>12}{'trace':>11}  {'eigenvalues per trial':44}")
    paths = {}
    with h5py.File(out.with_suffix(".h5"), "w") as file:
        file["starts"], file["fixed_point"] = starts, rest
        for name, rules in rules_for(rest).items():
            jacobian = rules.jacobian(derivatives)
            values, vectors = np.linalg.eig(jacobian)
            paths[name] = trajectories(neuron, rules, starts)
            group = file.create_group(name)
            group.create_dataset("trajectories", data=paths[name], compression="gzip")
            group["jacobian"], group["eigenvalues"], group["eigenvectors"] = jacobian, values, vectors
            group.attrs["kind"] = kind_of(jacobian)
            at_rest = np.abs(paths[name][-1] / rest - 1).max(axis=1) < 1e-6
            print(f"{name:20}{np.linalg.det(jacobian):12.3g}{np.trace(jacobian):11.3g}  {', '.join(f'{v:.5f}' for v in values):44}"
                  f"{kind_of(jacobian)}; {at_rest.sum()} of {len(starts)} starts end there")
        responses = respond_to_others(neuron, rest)
        for name, values in responses.items():
            file[f"responses/{name}"] = values
    spread = {name: np.ptp(values, axis=1) / values.mean(axis=1) for name, values in responses.items()}
    for name, (duration, amplitude) in spread.items():
        print(f"responses to 25 inputs, {name}: peak differs by {amplitude:.0%} of its mean, duration by {duration:.0%}")
    draw(out.with_suffix(".svg"), neuron, rest, paths, responses)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(pathlib.Path(sys.argv[1]))
