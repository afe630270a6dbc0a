#!/usr/bin/env python3
"""Writes inputs.h5: eight clouds of positive inputs to six cells, and the principal component of each.

The direction is that of the greatest mean square (about 0, not about the mean), of length 1: where Oja's rule brings the
weights of a linear cell.
"""
import pathlib

import h5py
import numpy as np

clouds, trials, cells = 8, 200, 6
random = np.random.default_rng(5)
inputs, targets = [], []
for cloud in range(clouds):
    along = random.uniform(0.1, 1.0, cells)
    x = random.uniform(0.2, 1.2, (trials, 1)) * along + random.uniform(0.0, 0.3, (trials, cells))
    inputs.append(x * random.uniform(0.7, 1.4) / np.sqrt((x**2).sum(axis=1).mean()))
    component = np.linalg.eigh(x.T @ x)[1][:, -1]
    targets.append(component * np.sign(component.sum()))

with h5py.File(pathlib.Path(__file__).with_name("inputs.h5"), "w") as file:
    file["inputs"] = np.concatenate(inputs)[:, None, :]  # [trial, time, channel]: constant within a trial
    file["targets"] = np.array(targets)                  # [cloud, cell]: the weights after each cloud
    file["last_target"] = targets[-1]
