#!/usr/bin/env python3
"""Tasks as files: the example of the documentation, and files that are wrong.

    test_tasks.py HEBBFORGE SOURCE_DIRECTORY SCRATCH_DIRECTORY
"""
import os
import pathlib
import re
import shutil
import subprocess
import sys
import unittest

import h5py
import numpy as np

hebbforge, source, scratch = (pathlib.Path(a).absolute() for a in sys.argv[1:4])

small = """
input    = "task.h5"
circuit  = { dt = "1 ms" }
networks = { search = 1, select = 1, report = 1 }
[population.In]
size   = 3
neuron = "input"
[population.E]
size   = 2
neuron = "linear"
[pathway.InE]
from    = "In"
to      = "E"
weights = 0.1
[phase.learn]
stimulus = { plugin = "task", populations = ["In"] }
trials   = 6
duration = "12 ms"
[loss.labels]
plugin = "separation"
trials = "learn"
[loss.targets]
plugin = "linear_readout"
fit    = { trials = "learn[:3]" }
test   = { trials = "learn[3:]" }
"""


def run(*arguments):
    return subprocess.run([hebbforge, *map(str, arguments)], capture_output=True, text=True, cwd=scratch)


def good():
    """Datasets of six trials, ten times and three channels."""
    return {"inputs": np.arange(180.0).reshape(6, 10, 3), "labels": np.array([0, 1, 0, 1, 1, 0]),
            "targets": np.arange(6.0), "durations": np.full(6, 0.01)}


def write(datasets):
    with h5py.File(scratch / "task.h5", "w") as f:
        for name, values in datasets.items():
            f[name] = values


def without(name):
    return {key: values for key, values in good().items() if key != name}


def changed(index, value, name="inputs"):
    values = good()[name]
    values[index] = value
    return {**good(), name: values}


class Tasks(unittest.TestCase):
    def drives(self, *, overrides=()):
        """What the input cells get in the last trial, shape (times, cells)."""
        life = scratch / "life.h5"
        result = run("simulate", "small.toml", "--out", life, *(w for o in overrides for w in ("--set", o)))
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
        with h5py.File(life) as f:
            return f["drive"][:, :3]

    def setUp(self):
        (scratch / "small.toml").write_text(small)

    def test_the_example_of_the_documentation_runs(self):
        text = (source / "framework/docs/tasks.md").read_text()
        python, = re.findall(r"```python\n(.*?)```", text, re.S)
        toml, = re.findall(r"```toml\n(.*?)```", text, re.S)
        names = {}
        os.chdir(scratch)
        exec(python, names)
        (scratch / "match.toml").write_text(toml)
        life = scratch / "match_life.h5"
        result = run("simulate", "match.toml", "--out", life, "--networks", 3)
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
        self.assertEqual(result.stdout.count("healthy"), 4)
        with h5py.File(life) as f:
            drive, attributes = f["network_000/drive"][:], f["network_000"].attrs
            # The weights learn in the first phase and stay fixed in the second.
            self.assertGreater(np.abs(f["network_000/w_final"][:] - f["network_000/w0"][:]).max(), 0)
            self.assertTrue(0.5 <= attributes["auc"] <= 1)
            self.assertLess(attributes["r2"], 1 + 1e-12)
        # The last trial: a sample of 1 ms is ten steps; from 90 ms on there is nothing.
        expected = np.zeros((1100, 2))
        expected[:900] = np.repeat(names["inputs"][59], 10, axis=0)[:900]
        np.testing.assert_array_equal(drive[:, :2], expected)
        fixed = run("simulate", "match.toml", "--set", "phase.learn.plasticity=false", "--out", life)
        self.assertEqual(fixed.returncode, 0, fixed.stderr)
        with h5py.File(life) as f:
            np.testing.assert_array_equal(f["w_final"][:], f["w0"][:])

    def test_files_of_h5py_arrive_as_numpy_sees_them(self):
        expected = np.zeros((12, 3))
        for make in (np.ascontiguousarray, np.asfortranarray, lambda a: a.astype(np.float32), lambda a: a.astype(np.int16),
                     lambda a: a.astype(">f8"), lambda a: a > 160):
            inputs = make(good()["inputs"])
            write({**good(), "inputs": inputs})
            expected[:10] = inputs[5]
            np.testing.assert_array_equal(self.drives(), expected)
        with h5py.File(scratch / "task.h5", "w") as f:
            for name, values in good().items():
                f.create_dataset(name, data=values, chunks=True, compression="gzip")
        expected[:10] = good()["inputs"][5]
        np.testing.assert_array_equal(self.drives(), expected)

    def test_labels_may_be_truth_values(self):
        write({**good(), "labels": good()["labels"] == 1})
        result = run("simulate", "small.toml")
        self.assertEqual(result.returncode, 0, result.stderr)
        write(good())
        self.assertEqual(run("simulate", "small.toml").stdout, result.stdout)

    def test_wrong_files_get_one_clear_sentence(self):
        inputs = "'task.h5': 'inputs' "
        learn = "small.toml: phase 'learn': "
        labels, targets = "small.toml: loss 'labels': phase 'learn': ", "small.toml: loss 'targets': phase 'learn': "
        wrong = {
            "no inputs": (without("inputs"), learn + "'task.h5' has no numeric dataset 'inputs'. Its datasets: durations, labels, targets"),
            "wrong rank": ({**good(), "inputs": np.zeros((6, 10))},
                           learn + inputs + "has the shape (6, 10); expected (trials, times, channels)"),
            "four dimensions": ({**good(), "inputs": np.zeros((6, 10, 3, 1))},
                                learn + inputs + "holds 4 dimensions; expected numbers in at most three dimensions"),
            "no trials": ({**good(), "inputs": np.zeros((0, 10, 3))},
                          learn + inputs + "is empty: its shape is (0, 10, 3); expected (trials, times, channels)"),
            "too few trials": ({"inputs": np.zeros((4, 10, 3))},
                               learn + inputs + "has 4 trials; expected at least 6, for 6 trials (or wrap = true, which begins again)"),
            "too many times": ({**good(), "inputs": np.zeros((6, 20, 3))},
                               learn + inputs + "has 20 times, 0.02 s; expected no more than fit into a trial of 0.012 s"),
            "too few channels": ({**good(), "inputs": np.zeros((6, 10, 2))},
                                 learn + inputs + "has 2 channels; expected 3, one for each cell of 'In' (or channels = \"blocks\")"),
            "NaN in inputs": (changed((4, 7, 1), np.nan), learn + "'task.h5': 'inputs[4, 7, 1]' is nan; expected finite numbers"),
            "negative duration": (changed(2, -0.1, "durations"),
                                  learn + "'task.h5': 'durations[2]' is -0.1; expected 0 s to 0.01 s, the time of 'inputs'"),
            "durations of another length": ({**good(), "durations": np.ones(5)},
                                            learn + "'task.h5': 'durations' has the shape (5,); expected 6 trials, as 'inputs' (6, 10, 3) has"),
            "labels of another length": ({**good(), "labels": np.arange(7) % 2},
                                         labels + "'task.h5': 'labels' has the shape (7,); expected 6 trials, as 'inputs' (6, 10, 3) has"),
            "no labels": (without("labels"), labels + "'task.h5' has no numeric dataset 'labels'. Its datasets: durations, inputs, targets"),
            "targets of a wrong shape": ({**good(), "targets": np.zeros((6, 13))},
                                         targets + "'task.h5': 'targets' has the shape (6, 13); expected 1 to 12 times, as many as fit "
                                         "into a trial; of one vector per trial: (trials, 1, k)"),
            "a single target": ({**good(), "targets": 1.0},
                                targets + "'task.h5': 'targets' has the shape (); expected (trials), (trials, times) or (trials, times, k)"),
            "text": ({**good(), "inputs": "many words"},
                     learn + inputs + "holds text; expected numbers in at most three dimensions"),
            "complex numbers": ({**good(), "inputs": np.zeros((6, 10, 3), complex)},
                                learn + inputs + "holds values that are no numbers; expected numbers in at most three dimensions"),
            "a group": ({**without("inputs"), "inputs/first": np.zeros(3)},
                        learn + inputs + "holds a group; expected numbers in at most three dimensions"),
        }
        for what, (datasets, sentence) in wrong.items():
            with self.subTest(what):
                write(datasets)
                result = run("check", "small.toml")
                said = (result.stdout + result.stderr).replace(str(scratch) + "/", "")
                self.assertEqual((result.returncode, said.strip()), (2, sentence))

    def test_what_is_no_hdf5_file_is_told(self):
        (scratch / "task.h5").write_text("no numbers\n")
        result = run("check", "small.toml")
        said = (result.stdout + result.stderr).replace(str(scratch) + "/", "")
        self.assertEqual((result.returncode, said.strip()), (2, "small.toml:2:12: cannot read 'task.h5' as an HDF5 file"))

    def test_a_signal_that_nothing_has_is_told(self):
        write(good())
        for override, sentence in {
            "loss.labels.label=label": "'task.h5' has no numeric dataset 'label'. Did you mean 'labels'?",
            "phase.learn.stimulus.interval=0.0015": "'interval' is 0.0015 s; expected a whole number of time steps of 0.001 s",
            'phase.learn.stimulus={plugin="kick_and_poisson",kicked="E"}':
                "loss 'labels': phase 'learn': the stimulus has no signal 'labels': it has none at all",
            'phase.learn.stimulus.channels="blocks"': "",
            "phase.learn.stimulus.populations=[\"In\",\"In\"]": "'populations' names 'In' twice",
        }.items():
            result = run("check", "small.toml", "--set", override)
            said = (result.stdout + result.stderr).replace(str(scratch) + "/", "")
            self.assertEqual(result.returncode, 2 if sentence else 0, said)
            self.assertIn(sentence, said)


shutil.rmtree(scratch, ignore_errors=True)
scratch.mkdir(parents=True)
unittest.main(argv=sys.argv[:1], verbosity=0)
