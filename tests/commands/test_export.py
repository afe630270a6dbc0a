#!/usr/bin/env python3
"""Circuits and rules written for Brian 2 compute what the engine computes.

    test_export.py HEBBFORGE SOURCE_DIRECTORY SCRATCH_DIRECTORY FIXTURES_DIRECTORY

Exits with 77 (skipped) where Brian 2 is not installed (Debian: python3-brian).
"""
import importlib.util
import pathlib
import re
import shutil
import subprocess
import sys
import unittest

hebbforge, source, scratch, fixtures = (pathlib.Path(a).absolute() for a in sys.argv[1:5])
small = source / "tests/framework/pipelines/small.toml"
shutil.rmtree(scratch, ignore_errors=True)
scratch.mkdir(parents=True)

# Short trials in which cells fire from the first millisecond on, so that weights move.
circuit = """
circuit = { preset = "bell2024.hvc" }
[phase.organise]
stimulus = { plugin = "kick_and_poisson", frozen_rate = "300 Hz", end = "29 ms" }
trials   = TRIALS
duration = "30 ms"
[loss.rate]
plugin = "mean_rate"
"""


def run(*arguments):
    return subprocess.run([*map(str, arguments)], capture_output=True, text=True, cwd=scratch)


class Export(unittest.TestCase):
    def says(self, result, status, *texts):
        self.assertEqual(result.returncode, status, result.stdout + result.stderr)
        for text in texts:
            self.assertIn(text, result.stdout + result.stderr)

    def exported(self, pipeline, *arguments):
        """The script of a pipeline, and the life that it is compared with."""
        script, life = scratch / f"{self.id()}.py", scratch / f"{self.id()}.h5"
        self.says(run(hebbforge, "export", pipeline, *arguments, "--out", script), 0, "written: ")
        self.says(run(hebbforge, "simulate", pipeline, *arguments, "--out", life), 0, "healthy")
        return script, life

    def agrees(self, result):
        """To rounding, while weights moved by much more."""
        self.says(result, 0)
        numbers = [float(n) for n in re.findall(r": ([0-9.e+-]+)", result.stdout)]
        rate, weight, change = numbers[:3]
        self.assertLess(rate, 1e-10)
        self.assertLess(weight, 1e-10)
        self.assertGreater(change, 1e-3, result.stdout)

    def test_the_published_rule_in_the_last_trial_of_a_life_under_turnover(self):
        script, life = self.exported(small, "--rule", "bell2024.mean_still")
        result = run("/usr/bin/python3", script, life, "--repeat", 1)
        self.agrees(result)
        self.says(result, 0, "seconds per trial of 1099 steps")
        # What agrees by construction proves nothing: a little less learning has to be seen.
        text = script.read_text()
        self.assertIn("w = w + 5e-04*m", text)
        script.write_text(text.replace("w = w + 5e-04*m", "w = w + 4.9999e-04*m"))
        self.says(run("/usr/bin/python3", script, life), 1)

    def test_all_pathways_learn_and_inhibitory_weights_keep_their_sign(self):
        pipeline = scratch / "all.toml"
        terms = ["x~ y", "x y~", "w y~ y", "x", "w"]
        values = {"EE": [0.05, -0.02, -0.03, -0.4, 0.01], "EI": [0.03, -0.01, -0.02, -0.6, 0],
                  "IE": [0.03, -0.02, 0.01, 0.5, -0.05]}
        text = circuit.replace("TRIALS", "1")
        for pathway, numbers in values.items():
            given = ", ".join(f'"c.{t.replace(" ", "*")}" = {n}' for t, n in zip(terms, numbers))
            text += f'[pathway.{pathway}]\nrule = {{ plugin = "polynomial", terms = {terms}, values = {{ {given} }} }}\n'
        pipeline.write_text(text)
        script, life = self.exported(pipeline)
        self.agrees(run("/usr/bin/python3", script, life))
        import h5py
        with h5py.File(life) as f:
            self.assertTrue((abs(abs(f["w_final"][:]) - 1e-6) < 1e-12).any(), "no weight came to the floor")

    def test_every_side_source_and_factor_of_a_term(self):
        import h5py
        import numpy as np
        with h5py.File(scratch / "task.h5", "w") as f:
            f["task"] = np.random.default_rng(1).normal(size=(2, 7))
        pipeline = scratch / "every.toml"
        pipeline.write_text('input = "task.h5"\n' + circuit.replace("TRIALS", "4") + f"""
[pathway.EE]
rule = {{ plugin = "every_signal", library = "{fixtures}/every_signal.so", values = {{
  hebb = 0.004, decay = -0.003, gated = 0.002, slow = 0.001, tau_x = "3 ms", tau_yy = "8 ms", tau_task = "1 ms" }} }}
""".replace("\n  hebb", " hebb"))
        script, life = self.exported(pipeline)
        self.says(run("/usr/bin/python3", script, life), 2, "--input")
        self.agrees(run("/usr/bin/python3", script, life, "--input", scratch / "task.h5"))

    def test_one_life_of_several_is_chosen_and_a_life_of_another_circuit_is_refused(self):
        script, life = self.exported(small, "--rule", "bell2024.mean_still")
        self.says(run(hebbforge, "simulate", small, "--rule", "bell2024.mean_still", "--networks", 2, "--out", life), 0)
        self.says(run("/usr/bin/python3", script, life), 1, "choose with --group: ", "network_001")
        self.agrees(run("/usr/bin/python3", script, life, "--group", "network_001"))
        self.says(run(hebbforge, "simulate", small, "--rule", "bell2024.mean_still", "--set", "population.E.size=12",
                      "--out", life), 0)
        self.says(run("/usr/bin/python3", script, life), 1, "20 cells; this circuit has 33")


if __name__ == "__main__":
    if importlib.util.find_spec("brian2") is None:
        print("Brian 2 is not installed (Debian: python3-brian): skipped")
        sys.exit(77)
    unittest.main(argv=sys.argv[:1])
