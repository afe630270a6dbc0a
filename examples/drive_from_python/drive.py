#!/usr/bin/env python3
"""An optimizer of one's own around `hebbforge evaluate`: a (5, 10) evolution strategy.

    python3 drive.py path/to/hebbforge [generations]
"""
import pathlib
import subprocess
import sys
import tempfile

import h5py
import numpy as np

hebbforge = sys.argv[1]
generations = int(sys.argv[2]) if len(sys.argv) > 2 else 6
pipeline = pathlib.Path(__file__).parent / "pipeline.toml"
names = ["EE.c.x~*y", "EE.c.x*y~", "EE.c.w*y~*y"]  # the others keep their start
folder = pathlib.Path(tempfile.mkdtemp())


def losses_of(candidates):
    """Objective of each row of `candidates`, shape (candidates, names): the sum over the search networks."""
    np.savetxt(folder / "c.csv", candidates, delimiter=",", header=",".join(names), comments="")
    command = [hebbforge, "evaluate", pipeline, "--candidates", folder / "c.csv", "--out", folder / "e.h5"]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    with h5py.File(folder / "e.h5") as scores:
        return scores["loss"][:]


random = np.random.default_rng(1)
mean, step = np.zeros(len(names)), 0.003
for generation in range(generations):
    candidates = mean + step * random.standard_normal((10, len(names)))
    losses = losses_of(candidates)
    best = np.argsort(losses)[:5]
    mean = candidates[best].mean(axis=0)
    print(f"generation {generation}: best loss {losses.min():.1f}")
print("last mean:", ", ".join(f"{n} = {v:.4f}" for n, v in zip(names, mean)))
