#!/usr/bin/env python3
"""Writes an experiment as a file: inputs, and the weights that a known rule made of them, noisy and with gaps.

    make_data.py [FILE] [--inputs pulses|held] [--seed N]

Three tanh cells with five inputs learn in 80 trials of 60 ms by dw/dt = x post - 0.5 w post^2 - 0.1 w, where x is the
presynaptic rate filtered with 20 ms. With `pulses` each input is on for 10 ms at a time of its own, with `held` it is
constant throughout the trial. After each trial all weights are measured with an error of 5 % of their standard
deviation, and 30 % of the measurements are lost.
"""
import argparse
import pathlib

import h5py
import numpy as np

trials, steps, n_in, n_out = 80, 60, 5, 3
dt, tau_out, tau_x = 1e-3, 10e-3, 20e-3
learning_rate, hebb, bound, forget = 0.01, 1.0, 0.5, 0.1


def inputs_of(kind, random):
    """Shape (trials, steps, n_in)."""
    sizes = random.uniform(-1, 1, (trials, 1, n_in))
    if kind == "held":
        return np.repeat(sizes, steps, axis=1)
    onset = random.integers(0, steps - 15, (trials, 1, n_in))
    time = np.arange(steps)[None, :, None]
    return 3 * sizes * ((time >= onset) & (time < onset + 10))


def live(inputs, w):
    """Weights after each trial, shape (trials, n_out, n_in): the rule in the order in which the engine goes."""
    weights = []
    for trial in inputs:
        pre, x, state, post = np.zeros(n_in), np.zeros(n_in), np.zeros(n_out), np.zeros(n_out)
        for t in range(steps - 1):
            drive, x = w @ pre, x + (pre - x) * dt / tau_x
            pre, post = trial[t], np.tanh(state)
            state = state + (drive - state) * dt / tau_out
            y = post[:, None]
            w = w + learning_rate * (hebb * y * x - bound * w * y**2 - forget * w)
        weights.append(w)
    return np.array(weights)


parser = argparse.ArgumentParser()
parser.add_argument("file", nargs="?", default=pathlib.Path(__file__).with_name("data.h5"))
parser.add_argument("--inputs", choices=["pulses", "held"], default="pulses")
parser.add_argument("--seed", type=int, default=1, help="of the errors and gaps; inputs and weights are always the same")
options = parser.parse_args()

random = np.random.default_rng(1)
inputs, w0 = inputs_of(options.inputs, random), random.uniform(-0.5, 0.5, (n_out, n_in))
weights = live(inputs, w0)
random = np.random.default_rng(options.seed)
measured = weights + 0.05 * weights.std() * random.standard_normal(weights.shape)
measured[random.random(weights.shape) < 0.3] = np.nan

start = np.zeros((n_in + n_out, n_in + n_out))  # all cells, In first: W(post, pre)
start[n_in:, :n_in] = w0
with h5py.File(options.file, "w") as file:
    file["inputs"], file["weights"], file["w0"] = inputs, measured, start
known = ~np.isnan(measured)
errors, spread = ((measured - weights)[known] ** 2).sum(), ((measured - measured[known].mean())[known] ** 2).sum()
print(f"loss of the rule that made the data: {errors / spread:.6f}")
