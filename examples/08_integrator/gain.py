#!/usr/bin/env python3
"""Prints the gain of the recurrent network, the leading eigenvalue of its weights, before and after a life. 1 is an integrator.

    gain.py LIFE.h5

LIFE.h5 is what `hebbforge simulate PIPELINE --rule RULE --networks N --out LIFE.h5` writes.
"""
import sys

import h5py
import numpy as np


def gain(weights):
    return np.abs(np.linalg.eigvals(weights)).max()


with h5py.File(sys.argv[1]) as file:
    lives = [file] if "w_final" in file else [file[name] for name in sorted(file) if name.startswith("network_")]
    gains = np.array([[gain(life["w0"][:]), gain(life["w_final"][:])] for life in lives])
for before, after in gains:
    print(f"{before:.3f} -> {after:.3f}")
print(f"median {np.median(gains[:, 1]):.3f}, quartiles {np.quantile(gains[:, 1], 0.25):.3f} to {np.quantile(gains[:, 1], 0.75):.3f}")
