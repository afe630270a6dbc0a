#!/usr/bin/env python3
"""The examples whose answer is known: their files are made, their pipelines run, and the known rule solves the task.

    test_examples.py HEBBFORGE SOURCE_DIRECTORY SCRATCH_DIRECTORY
"""
import pathlib
import re
import shutil
import subprocess
import sys
import unittest

import h5py
import numpy as np

hebbforge, source, scratch = (pathlib.Path(a).absolute() for a in sys.argv[1:4])
generators = {"05_rediscover_oja": "make_inputs.py", "06_fit_a_rule_to_data": "make_data.py",
              "07_familiarity": "make_task.py", "08_integrator": None}


def made(example, *arguments):
    """A copy of an example's folder with its files, and what the script that makes them said."""
    folder = scratch / example
    if not folder.exists():
        shutil.copytree(source / "examples" / example, folder, ignore=shutil.ignore_patterns("*.h5"))
    said = ""
    if generators[example]:
        said = subprocess.run([sys.executable, folder / generators[example], *arguments], check=True, capture_output=True,
                              text=True).stdout
    return folder, said


def evaluated(example, values, *overrides):
    """Losses and measures of one rule: {name: one value for each network}."""
    folder, out = scratch / example, scratch / "scores.h5"
    (folder / "known.csv").write_text(",".join(values) + "\n" + ",".join(map(str, values.values())) + "\n")
    subprocess.run([hebbforge, "evaluate", folder / "pipeline.toml", "--candidates", folder / "known.csv", "--out", out,
                    *(word for o in overrides for word in ("--set", o))], check=True, capture_output=True)
    with h5py.File(out) as file:
        names = [n.decode() for n in [*file["loss_names"], *file["measure_names"]]]
        return dict(zip(names, np.concatenate([file["lives/losses"][0], file["lives/measures"][0]], axis=1).T))


class Examples(unittest.TestCase):
    def test_each_runs(self):
        for example in generators:
            folder, _ = made(example)
            result = subprocess.run([hebbforge, "run", folder / "pipeline.toml", "--smoke", "--out", scratch / "runs" / example],
                                    capture_output=True, text=True)
            self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
            self.assertIn("report.html", result.stdout)

    def test_oja_turns_weights_into_the_principal_component_of_each_cloud(self):
        made("05_rediscover_oja")
        oja = evaluated("05_rediscover_oja", {"InOut.c110": 1, "InOut.c021": -1})
        self.assertGreater(np.abs(oja["cosine"]).min(), 0.99)
        self.assertGreater(oja["explained_variance"].min(), 0.98)
        # The bound of another term finds the direction, but not the length.
        other = evaluated("05_rediscover_oja", {"InOut.c110": 1, "InOut.c001": -1})
        self.assertLess(other["explained_variance"].max(), 0.9)

    def test_the_engine_makes_the_weights_that_numpy_makes(self):
        teacher = {"InOut.c_trace": 1, "InOut.c_bound": -0.5, "InOut.c_forget": -0.1, "InOut.tau_x": 0.02}
        for inputs in ("pulses", "held"):
            _, said = made("06_fit_a_rule_to_data", "--inputs", inputs)
            expected = float(re.search(r"made the data: ([0-9.]+)", said)[1])
            unexplained = 1 - evaluated("06_fit_a_rule_to_data", teacher)["explained_variance"]
            # Only the errors of the measurements are left: five percent squared, in 6 digits.
            self.assertAlmostEqual(unexplained[0], expected, delta=1e-6)
            self.assertAlmostEqual(expected, 0.0025, delta=5e-4)

    def test_counting_inputs_while_the_gate_is_open_is_recognition_memory(self):
        _, said = made("07_familiarity")
        new, passing = map(float, re.search(r"session 0: .*: ([0-9.]+) against new patterns, ([0-9.]+) against", said).groups())
        counting = evaluated("07_familiarity", {"InE.gated_pre": 1})
        # The weights that the networks start with add to the sum; at this rate they hardly matter.
        np.testing.assert_allclose(counting["new.auc"], new, atol=0.02)
        np.testing.assert_allclose(counting["passing.auc"], passing, atol=0.02)
        self.assertLess(evaluated("07_familiarity", {"InE.always_pre": 1})["passing.auc"].max(), 0.7)

    def test_a_gain_of_one_integrates(self):
        made("08_integrator")
        all_synapses = "perturbation.lesion.probability=0"
        losses = {gain: evaluated("08_integrator", {"EE.constant": 0}, all_synapses, f"pathway.EE.weights={gain / 19}")["integral"]
                  for gain in (0.9, 1.0, 1.1)}
        self.assertLess(np.median(losses[1.0]) * 3, min(np.median(losses[0.9]), np.median(losses[1.1])))
        self.assertLess(np.median(losses[1.0]), 5)

    def test_a_rule_is_simulated_though_a_stage_names_the_search(self):
        folder, _ = made("08_integrator")
        life = scratch / "life.h5"
        result = subprocess.run([hebbforge, "simulate", folder / "pipeline.toml", "--rule", "no_plasticity", "--networks", "2",
                                 "--out", life], capture_output=True, text=True)
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
        gain = subprocess.run([sys.executable, folder / "gain.py", life], capture_output=True, text=True)
        self.assertRegex(gain.stdout, r"\nmedian 0\.\d{3}, quartiles")

    def test_the_table_of_stock_rules_has_a_row_for_each(self):
        table = subprocess.run([sys.executable, source / "examples/rules_on_tasks/table.py", hebbforge, "--out", scratch / "table",
                                "--networks", "2", "--tasks", "component"], capture_output=True, text=True)
        self.assertEqual(table.returncode, 0, table.stderr)
        rows = re.findall(r"^(\w+) +(?:x \S+)? +([\d.]+|inf) \[", table.stdout, re.M)
        self.assertEqual([name for name, _ in rows],
                         ["none", "oja", "bcm", "scaling", "inhibitory", "wstdp", "temporal_oja", "known"], table.stdout)
        loss = {name: float(value) for name, value in rows}
        self.assertEqual(min(loss, key=loss.get) in ("oja", "known"), True, table.stdout)


shutil.rmtree(scratch, ignore_errors=True)
scratch.mkdir(parents=True)
unittest.main(argv=sys.argv[:1], verbosity=0)
