#!/usr/bin/env python3
"""Writes 40 clouds of inputs to four cells, and the principal component of each.

    make_inputs.py [FILE]

A cloud is 200 samples of a normal distribution about 0, along one random direction 1/0.3 times wider than along all
others. A search sees the first 20 clouds; the other 20 are for the rule that it finds.
"""
import pathlib
import sys

import h5py
import numpy as np

clouds, samples, cells, narrow = 40, 200, 4, 0.3
random = np.random.default_rng(5)
inputs, components = [], []
for cloud in range(clouds):
    axes = np.linalg.qr(random.standard_normal((cells, cells)))[0]
    widths = random.uniform(0.7, 1.4) * np.array([1.0] + [narrow] * (cells - 1))
    x = random.standard_normal((samples, cells)) * widths @ axes.T
    inputs.append(x)
    components.append(np.linalg.eigh(x.T @ x)[1][:, -1])

half = clouds // 2
with h5py.File(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).with_name("inputs.h5"), "w") as file:
    file["inputs"] = np.concatenate(inputs)[:, None, :]  # [trial, time, channel]: constant within a trial
    file["components"] = np.array(components[:half])     # [cloud, cell]: where the weights are to be after each cloud
    file["last_component"] = components[half - 1]
    file["new_components"] = np.array(components[half:])
    file["last_new_component"] = components[-1]
