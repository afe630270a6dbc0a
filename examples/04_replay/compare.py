#!/usr/bin/env python3
"""Compares every array and attribute that two HDF5 files share: max|a-b| <= tolerance * max|b|.

    python3 compare.py mine.h5 theirs.h5 1e-9
"""
import sys
import h5py
import numpy as np

mine, theirs, tolerance = h5py.File(sys.argv[1]), h5py.File(sys.argv[2]), float(sys.argv[3])
pairs = [(name, mine[name][()], theirs[name][()]) for name in mine if name in theirs and mine[name].dtype.kind in "fiu"]
pairs += [("@" + name, mine.attrs[name], theirs.attrs[name]) for name in mine.attrs if name in theirs.attrs]
worst = 0.0
for name, a, b in pairs:
    a, b = np.asarray(a, float), np.asarray(b, float)
    if a.shape != b.shape:
        sys.exit(f"{name}: shape {a.shape} against {b.shape}")
    error = np.abs(a - b).max() / max(np.abs(b).max(), 1e-300)
    worst = max(worst, error)
    print(f"{name:18} {str(a.shape):14} {error:.1e}")
print(f"worst {worst:.1e}: {'good' if worst <= tolerance else 'NOT'} within {tolerance:g}")
sys.exit(0 if worst <= tolerance else 1)
