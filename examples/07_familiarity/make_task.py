#!/usr/bin/env python3
"""Writes sessions of recognition memory: patterns to be remembered, others that are not, and a test.

    make_task.py [FILE]

A pattern is 20 of 100 inputs that are on. A session has 140 trials: 20 patterns are studied, with the third factor
`gate` at 1; 60 others go by with the gate closed, the delay; then a test of 20 that are new, the 20 studied, and 20 of
the delay. `labels` is 1 for the studied. The file has four sessions, one after the other, of different patterns.
"""
import pathlib
import sys

import h5py
import numpy as np

cells, active, studied, delay, tested, sessions = 100, 20, 20, 60, 20, 4
random = np.random.default_rng(1)


def patterns(count):
    return (random.random((count, cells)).argsort(axis=1) < active).astype(float)


def area(lower, upper):
    """Probability that a number of `upper` exceeds one of `lower`."""
    return (upper[:, None] > lower).mean() + (upper[:, None] == lower).mean() / 2


inputs, gate, labels = [], [], []
for session in range(sessions):
    study, passing, new = patterns(studied), patterns(delay), patterns(tested)
    inputs += [study, passing, new, study, passing[:tested]]
    gate += [1] * studied + [0] * (delay + 3 * tested)
    labels += [0] * (studied + delay + tested) + [1] * studied + [0] * tested
    memory = study.sum(axis=0)  # of a synapse that counts how often its input was on while the gate was open
    print(f"session {session}: areas under the curve for the sum of what was studied: {area(new @ memory, study @ memory):.3f} "
          f"against new patterns, {area(passing[:tested] @ memory, study @ memory):.3f} against those of the delay")

with h5py.File(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).with_name("sessions.h5"), "w") as file:
    file["inputs"] = np.concatenate(inputs)[:, None, :]  # [trial, time, channel]: constant within a trial
    file["gate"], file["labels"] = gate, labels
