#!/usr/bin/env python3
"""The reduced neuron of the paper: moments, fixed point, eigenvalues and trajectories against what is known in closed form.

    test_paper.py SOURCE_DIRECTORY SCRATCH_DIRECTORY
"""
import importlib.util
import pathlib
import shutil
import subprocess
import sys
import unittest

import h5py
import numpy as np

source, scratch = (pathlib.Path(a).absolute() for a in sys.argv[1:3])
script = source / "examples/paper/fig6_reduced_neuron.py"
sys.dont_write_bytecode = True
model = sys.modules["model"] = importlib.util.module_from_spec(spec := importlib.util.spec_from_file_location("model", script))
spec.loader.exec_module(model)

neurons = [model.Neuron(), model.Neuron(2, 0.02, 0.004), model.Neuron(10, 0.006, 0.004)]
stable, saddle, line = "w by M2, b by M1", "w by M1, b by M2", "both by M2"
REST = model.fixed_point(model.Neuron())


def integrated(neuron, w, b, steps=400001):
    """M1, M2, D and the variance of K while the neuron answers, by sums over a fine grid; b above 0.001 of the largest w K."""
    t = np.linspace(0, neuron.duration + 8 * neuron.tau, steps)
    rising = -neuron.amplitude * neuron.tau * np.expm1(-np.minimum(t, neuron.duration) / neuron.tau)
    kernel = rising * np.exp(-np.maximum(t - neuron.duration, 0) / neuron.tau)
    rate, dt = np.maximum(0, w * kernel - b), t[1]
    active = kernel[rate > 0]
    return rate.sum() * dt, (rate**2).sum() * dt, len(active) * dt, active.var()


class ReducedNeuron(unittest.TestCase):
    def test_moments_in_closed_form_are_the_integrals(self):
        # By Simpson's rule.
        np.testing.assert_allclose(model.moments(model.Neuron(20, 0.01, 0.004), 300, 20)[:2],
                                   [0.0035981626481978, 0.0051249476819336], rtol=1e-12)
        for neuron in neurons:
            for threshold in (0.05, 0.5, 0.9):
                w, b = 50, 50 * threshold * neuron.largest
                np.testing.assert_allclose(model.moments(neuron, w, b)[:2], integrated(neuron, w, b)[:2], rtol=1e-6)
        self.assertEqual(model.moments(model.Neuron(), 300, 23)[0], 0)  # below threshold

    def test_both_moments_are_held_at_the_fixed_point(self):
        w, b = REST
        np.testing.assert_allclose(integrated(model.Neuron(), w, b)[:2], [model.FIRST, model.SECOND], rtol=1e-5)
        # Stronger input: the same response, with a weight that is smaller by as much.
        np.testing.assert_allclose(model.fixed_point(model.Neuron(80)), [w / 4, b], rtol=1e-9)
        with self.assertRaisesRegex(ValueError, "no response"):
            model.fixed_point(model.Neuron(20, 0.002, 0.001))

    def test_eigenvalues_are_those_of_the_closed_form(self):
        w, b = REST
        first, _, D, variance = integrated(model.Neuron(), w, b)
        identity = 2 * w * D**2 * variance
        for name, sign in ((stable, 1), (saddle, -1), (line, 0)):
            rules = model.rules_for(REST)[name]
            jacobian = rules.jacobian(model.moments(model.Neuron(), *REST)[2])
            # The change in a trial, differentiated numerically.
            for k in range(2):
                h = 1e-4 * REST * (np.arange(2) == k)
                ends = model.trajectories(model.Neuron(), rules, [REST + h, REST - h], trials=1)[-1]
                np.testing.assert_allclose(jacobian[:, k], ((ends[0] - ends[1]) / (2 * h[k])) - (np.arange(2) == k), rtol=1e-5,
                                           atol=1e-9)
            determinant, trace = sign * rules.w_rate * rules.b_rate * identity, np.trace(jacobian)
            expected = (trace + np.array([-1, 1]) * np.sqrt(trace**2 - 4 * determinant)) / 2
            np.testing.assert_allclose(np.sort(np.linalg.eigvals(jacobian)), expected, rtol=1e-4, atol=1e-12)
            self.assertEqual(model.kind_of(jacobian), {1: "stable", -1: "saddle", 0: "line of fixed points"}[sign])

    def test_the_determinant_has_one_sign_for_every_input(self):
        for neuron in neurons:
            for threshold in (0.1, 0.5, 0.9):
                w, b = 50, 50 * threshold * neuron.largest
                _, _, D, variance = integrated(neuron, w, b)
                (w1, b1), (w2, b2) = model.moments(neuron, w, b)[2]
                np.testing.assert_allclose(w2 * b1 - w1 * b2, -2 * w * D**2 * variance, rtol=1e-4)

    def test_trajectories_end_where_their_rules_say(self):
        starts = [REST * [w, b] for w in (0.5, 1.9) for b in (0.2, 1.9)]
        rules = model.rules_for(REST)
        ends = {name: model.trajectories(model.Neuron(), rules[name], starts)[-1] for name in (stable, line)}
        np.testing.assert_allclose(ends[stable], np.tile(REST, (4, 1)), rtol=1e-8)
        _, second, _ = model.moments(model.Neuron(), *ends[line].T)
        np.testing.assert_allclose(second, model.SECOND, rtol=1e-8)
        self.assertGreater(np.ptp(ends[line][:, 0]), 0.3 * REST[0])  # not all at one place of the line

    def test_a_saddle_is_left_as_fast_as_its_eigenvalue_says(self):
        rules = model.rules_for(REST)[saddle]
        values, vectors = np.linalg.eig(rules.jacobian(model.moments(model.Neuron(), *REST)[2]))
        growth, direction = values.max(), vectors[:, values.argmax()]
        path = model.trajectories(model.Neuron(), rules, [REST + 1e-5 * direction], trials=500)[:, 0]
        distance = np.linalg.norm(path - REST, axis=1)
        np.testing.assert_allclose(distance[500] / distance[0], (1 + growth)**500, rtol=1e-2)

    def test_the_script_prints_the_table_and_writes_what_it_draws(self):
        try:
            import matplotlib  # noqa: F401
        except ImportError:
            self.skipTest("python3-matplotlib is not installed")
        result = subprocess.run([sys.executable, script, scratch / "reduced"], capture_output=True, text=True)
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertRegex(result.stdout, r"w by M2, b by M1 .* stable; 16 of 16 starts end there")
        self.assertRegex(result.stdout, r"w by M1, b by M2 .* saddle; 0 of 16 starts end there")
        self.assertIn("w by M2, b by M1: stable", (scratch / "reduced.svg").read_text())
        with h5py.File(scratch / "reduced.h5") as file:
            np.testing.assert_allclose(file["fixed_point"], REST)
            np.testing.assert_allclose(file[stable]["trajectories"][-1], np.tile(REST, (16, 1)), rtol=1e-6)
            spread = {name: np.ptp(file[f"responses/{name}"][0]) for name in ("before", "after w alone", "after w and b")}
            self.assertLess(spread["after w and b"], 0.5 * spread["after w alone"])


shutil.rmtree(scratch, ignore_errors=True)
scratch.mkdir(parents=True)
unittest.main(argv=sys.argv[:1], verbosity=0)
