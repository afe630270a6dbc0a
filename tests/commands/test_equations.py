#!/usr/bin/env python3
"""Rules as equations: where a message points, what check prints, that results do not depend on how a rule is written.

    test_equations.py HEBBFORGE SOURCE_DIRECTORY SCRATCH_DIRECTORY
"""
import pathlib
import re
import shutil
import subprocess
import sys
import tomllib
import unittest

hebbforge, source, scratch = (pathlib.Path(a).absolute() for a in sys.argv[1:4])
small = source / "tests/framework/pipelines/small.toml"

pipeline = """
circuit = { preset = "bell2024.hvc" }
networks = { search = 2, select = 1, report = 1 }
[rule.mine]
"dw/dt" = %s
x     = "filter(pre, tau_x)"
tau_x = "20 ms"
hebb  = 0.01
[pathway.EE]
rule = "mine"
[phase.organise]
stimulus = "kick_and_poisson"
trials   = 4
duration = "110 ms"
[loss.rate]
plugin = "mean_rate"
[search]
optimizer = { plugin = "cma_es", population = 4 }
budget    = { generations = 2 }
[search.free]
"EE.hebb" = { step = 0.01 }
"EE.tau_x" = true
"""


def run(*arguments):
    return subprocess.run([hebbforge, *map(str, arguments)], capture_output=True, text=True, cwd=scratch)


class Equations(unittest.TestCase):
    def written(self, equation):
        file = scratch / "p.toml"
        file.write_text(pipeline % equation)
        return file

    def test_a_message_points_into_the_text(self):
        told = run("check", self.written('"hebb*x*(post - thta)"'))
        self.assertEqual(told.returncode, 2)
        place = 'p.toml:5:27: \'thta\' is not defined.'
        self.assertIn(place, told.stderr)
        self.assertIn("\n  hebb*x*(post - thta)\n                 ^~~~", told.stderr)
        # The place is that of the file, as an editor counts.
        self.assertTrue((scratch / "p.toml").read_text().splitlines()[4][26:].startswith("thta"))

    def test_a_message_points_into_a_text_of_many_lines(self):
        told = run("check", self.written('"""\nhebb*x*post\n  - hebb*w*pst"""'))
        self.assertIn("p.toml:7:12: 'pst' is not defined. Did you mean 'post'?", told.stderr)
        self.assertIn("\n    - hebb*w*pst\n             ^~~", told.stderr)

    def test_what_stands_in_other_keys_is_checked_too(self):
        file = self.written('"hebb*x*post"')
        told = run("check", file, "--set", "rule.mine.x=filter(pre, tau_y)")
        self.assertIn("'tau_y' is not defined. Did you mean 'tau_x'?", told.stderr)
        told = run("check", file, "--set", "rule.mine.gate=1")
        self.assertIn("'gate' is defined, but nothing of the equation uses it", told.stderr)
        told = run("check", file, "--set", "rule.mine.gate=[1]")
        self.assertIn("'gate' is a list; expected a number or a text", told.stderr)
        told = run("check", file, "--set", 'rule.other={"dw/dt"="pre"}')
        self.assertIn("no pathway uses [rule.other]", told.stderr)
        told = run("check", file, "--set", "pathway.EE.rule=mime")
        self.assertIn("no rule named 'mime'", told.stderr)

    def test_check_prints_the_terms_and_what_is_not_separable(self):
        told = run("check", self.written('"hebb*x*post - w*post^2"'))
        self.assertIn("EE: hebbforge.equation, 2 terms; separable: fused, rank 1 without w, 1 with w", told.stdout)
        self.assertRegex(told.stdout, r"x\*post +\+0.01 +\(hebb\)\n")
        self.assertIn("x: trace of the rate, tau_x = 20 ms; one number per presynaptic cell, 25 to update in a step", told.stdout)
        told = run("check", self.written('"hebb*x*post - w*exp(post)"'))
        self.assertIn("not separable: it has a function or a quotient", told.stdout)

    def test_a_search_a_rule_file_and_a_resolved_pipeline_know_equations(self):
        file = self.written('"hebb*x*post - w*post*abs(pre - post)"')
        done = run("run", file, "--out", "found")
        self.assertEqual(done.returncode, 0, done.stderr)
        rule = tomllib.loads((scratch / "found/rule.toml").read_text())["pathway"]["EE"]
        self.assertEqual(rule["dw/dt"], "hebb*x*post - w*post*abs(pre - post)")
        self.assertEqual(rule["x"], "filter(pre, tau_x)")
        self.assertEqual(list(rule["values"]), ["c.w*post*abs(pre-post)", "tau_x", "hebb"])
        again = run("run", scratch / "found/pipeline.toml", "--out", "again", "--jobs", 1)
        self.assertEqual(again.returncode, 0, again.stderr)
        for name in ["evaluations.csv", "rule.toml", "results.h5"]:
            self.assertEqual((scratch / "found" / name).read_bytes(), (scratch / "again" / name).read_bytes(), name)
        scored = run("simulate", file, "--rule", "found/rule.toml", "--out", "life.h5")
        self.assertEqual(scored.returncode, 0, scored.stderr)

    def test_the_published_basis_as_an_equation_gives_the_same_bytes(self):
        head = small.read_text().split("[search.free]")[0].replace('plugin = "temporal_oja"', 'preset = "%s"')
        coefficients, times = "{ step = 0.003 }", '{ step = "3 ms" }'
        free = {"theirs": {"c.*": coefficients, "tau.*": times},
                "mine": {"c*": coefficients, "d*": coefficients, "t*": times, "s*": times}}
        for name, preset in {"theirs": "bell2024.basis20", "mine": "bell2024.equation20"}.items():
            moved = "".join(f'"EE.{key}" = {how}\n' for key, how in free[name].items())
            (scratch / f"{name}.toml").write_text(head % preset + "[search.free]\n" + moved)
        for name in ["theirs", "mine"]:
            done = run("run", f"{name}.toml", "--out", name)
            self.assertEqual(done.returncode, 0, done.stderr)
        rows = [(scratch / name / "evaluations.csv").read_text().splitlines()[1:] for name in ["theirs", "mine"]]
        self.assertGreater(len(rows[0]), 5)
        self.assertEqual(rows[0], rows[1])

    def test_the_documents_equation_is_what_it_says(self):
        text = (source / "framework/docs/equations.md").read_text()
        toml, printed = re.search(r"```toml\n(.*?)```", text, re.S)[1], re.search(r"```text\n(.*?)```", text, re.S)[1]
        head = pipeline.split("[rule.mine]")[0]
        tail = "[phase" + pipeline.split("[phase")[1].split("[search.free]")[0]
        (scratch / "documented.toml").write_text(head + tail + toml)
        told = run("check", "documented.toml")
        self.assertEqual(told.returncode, 0, told.stderr)
        self.assertIn(printed, told.stdout)


if __name__ == "__main__":
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir(parents=True)
    unittest.main(argv=sys.argv[:1])
