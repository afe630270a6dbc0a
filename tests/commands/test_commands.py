#!/usr/bin/env python3
"""Runs the program as a user would: what it prints, its exit status, its files.

    test_commands.py HEBBFORGE SOURCE_DIRECTORY SCRATCH_DIRECTORY FIXTURES_DIRECTORY
"""
import pathlib
import shutil
import signal
import subprocess
import sys
import time
import unittest

hebbforge, source, scratch, fixtures = (pathlib.Path(a).absolute() for a in sys.argv[1:5])
small = source / "tests/framework/pipelines/small.toml"


def run(*arguments):
    return subprocess.run([hebbforge, *map(str, arguments)], capture_output=True, text=True, cwd=scratch)


class Commands(unittest.TestCase):
    def says(self, result, status, *texts):
        self.assertEqual(result.returncode, status, result.stdout + result.stderr)
        for text in texts:
            self.assertIn(text, result.stdout + result.stderr)

    def test_help_has_examples_for_every_command(self):
        commands = ["run", "simulate", "evaluate", "merge", "check", "list", "describe", "inspect", "regress", "diff", "table"]
        self.says(run("--help"), 0, *commands, "Exit status: 0 done, 1 failed, 2 wrong input, 130 interrupted (a run after a checkpoint)")
        for command in commands:
            self.says(run(command, "--help"), 0, "Example", f"hebbforge {command}")

    def test_wrong_words_on_the_command_line_are_wrong_input(self):
        self.says(run(), 2)
        self.says(run("fly"), 2)
        self.says(run("run"), 2, "pipeline")
        self.says(run("list", "optimiser"), 2, "Did you mean 'optimizer'?")
        self.says(run("describe", "cma"), 2, "no plugin named 'cma'", "Did you mean 'cma_es'?")
        self.says(run("check", small, "--seed", "-1"), 2, "--seed -1: expected a whole number")
        self.says(run("check", small, "--set", "nothing"), 2, "--set nothing: expected key=value")
        self.says(run("check", scratch / "missing.toml"), 2, "cannot read")

    def test_list_and_describe_show_what_is_there(self):
        self.says(run("list"), 0, "hebbforge.cma_es", "bell2024.temporal_oja", "bell2024.hvc")
        self.says(run("list", "optimizer"), 0, "hebbforge.random_search")
        self.assertNotIn("temporal_oja", run("list", "optimizer").stdout)
        self.says(run("describe", "temporal_oja"), 0, "c.x~*y", "tau.w*y~*y", "default 5 ms; 0.5 ms to 40 ms")

    def test_bench_optimizers_compares_what_is_found(self):
        bench = ["bench", "optimizers"]
        self.says(run(*bench, "--help"), 0, "Examples:", "hebbforge bench optimizers --quick")
        table = scratch / "bench.csv"
        quick = ["--functions", "sphere", "--dimensions", 10, "--seeds", 3, "--budget", 500, "--csv", table]
        self.says(run(*bench, *quick), 0, "sphere, n = 10", "nelder_mead", "random_search", "0/3", "(libcmaes aCMA)",
                  "geometric mean")
        one = run(*bench, "cma_es:active=false,restarts=none", *quick, "--jobs", 1)
        self.says(one, 0, "cma_es:active=false,restarts=none", "3/3")
        rows = table.read_text().splitlines()
        self.assertEqual(len(rows), 2)
        self.assertIn("libcmaes CMA,1700,", rows[1])
        self.assertEqual(rows[1].split(",")[:2], ["sphere", "10"])
        again = run(*bench, "cma_es:active=false,restarts=none", *quick, "--jobs", 2)
        median = lambda text: text.split("restarts=none")[1].split()[0]
        self.assertEqual(median(one.stdout), median(again.stdout))
        self.says(run(*bench, "cma"), 2, "Did you mean 'cma_es'?")
        self.says(run(*bench, "cma_es:activ=false"), 2, "Did you mean 'active'?")
        self.says(run(*bench, "--functions", "tabelt"), 2, "Did you mean 'tablet'?")

    def test_list_goes_on_with_bad_plugins_in_the_directory(self):
        result = run("list", "--plugin-path", fixtures)
        self.says(result, 0, "hebbforge.cma_es", "not used: cannot use", "wrong_magic.so")

    def test_inspect_names_every_check(self):
        good = hebbforge.parent.parent / "lib/hebbforge/plugins/cma_es.so"
        self.says(run("inspect", good), 0, "interface digest", "pass", "hebbforge.cma_es")
        self.says(run("inspect", fixtures / "wrong_magic.so"), 1, "FAIL", "remedy")
        self.says(run("inspect", scratch / "none.so"), 1, "FAIL", "there is no such file")

    def test_check_finds_mistakes_and_resolves(self):
        self.says(run("check", small), 0, "good. 2 populations, 3 pathways of which 1 learn")
        self.says(run("check", small, "--resolved"), 0, "[search.free]", 'plugin = "hebbforge.cma_es"')
        self.says(run("check", small, "--estimate"), 0, "core-hours", "wall time about")
        wrong = run("check", source / "tests/framework/pipelines/ten_mistakes.toml")
        self.says(wrong, 2, "ten_mistakes.toml:2:12: 'seed' is")

    def test_every_example_is_good(self):
        for pipeline in sorted((source / "examples").glob("0*/*.toml")):
            self.says(run("check", pipeline), 0, "good.")

    def test_a_run_is_not_overwritten(self):
        out = scratch / "run"
        self.says(run("run", small, "--out", out, "--smoke"), 0, "picked rule", "no_plasticity", str(out / "rule.toml"))
        self.says(run("run", small, "--out", out), 2, "exists; choose another with --out, or go on with --resume")

    def test_several_seeds_make_one_table(self):
        out = scratch / "seeds"
        self.says(run("run", "--seeds", "1,2", "--smoke", small, "--out", out), 0, "EE.tau.w*y~*y", "of 2", str(out / "seeds.csv"))
        self.assertTrue((out / "seed_1/rule.toml").exists() and (out / "seed_2/rule.toml").exists())
        self.says(run("run", small, "--seeds", "3,3", "--out", scratch / "twice"), 2, "--seeds: 3 stands twice")

    def test_a_suite_is_green_until_a_constant_of_the_rule_changes(self):
        folder = scratch / "suite"
        folder.mkdir(exist_ok=True)
        suite = folder / "suite.toml"
        case = f"""[case.life]
pipeline = "{small}"
set = ['pathway.EE.rule.values={{"c.x~*y"=VALUE}}']
check = {{ loss = {{ relative = 1e-9 }}, failed = "exact" }}
"""
        suite.write_text(case.replace("VALUE", "0.01"))
        self.says(run("regress", suite), 1, "no baseline; run with --update")
        self.says(run("regress", suite, "--update"), 0, "life.loss: new", "written:")
        junit = folder / "junit.xml"
        self.says(run("regress", suite, "--junit", junit), 0, "2 quantities of 1 cases are as they were")
        self.assertIn('failures="0"', junit.read_text())
        suite.write_text(case.replace("VALUE", "0.0101"))
        self.says(run("regress", suite), 1, "first drift: case 'life', quantity 'loss': drifted by")
        self.says(run("regress", suite, "--update"), 0, "life.loss: ", " -> ", "1 quantities changed")
        self.says(run("regress", suite), 0, "as they were")
        baseline = folder / "suite.baseline.toml"
        baseline.write_text(baseline.read_text().replace('bell2024.temporal_oja" = "', 'bell2024.temporal_oja" = "0'))
        self.says(run("regress", suite), 0, "note: the baseline was made with other builds of bell2024.temporal_oja")
        baseline.write_text("[case.life]\nloss = 3\n")
        self.says(run("regress", suite), 2, "suite.baseline.toml:2:8: 3 in a baseline; expected a list")

    def test_runs_are_compared_and_tabled(self):
        a, b = scratch / "a", scratch / "b"
        self.says(run("run", small, "--smoke", "--out", a), 0)
        self.says(run("run", small, "--smoke", "--out", b, "--set", "loss.rate.weight=50", "--seed", "8"), 0)
        self.says(run("diff", a, a), 0, "the runs agree in pipeline, plugins and results")
        self.says(run("diff", a, b), 1, "loss.rate.weight", "100.0  ->  50.0", "seed ", "7  ->  8", "results", "report_median")
        csv = scratch / "runs.csv"
        self.says(run("table", a, b, "--csv", csv), 0, "loss.rate.weight", "report_r2", str(b))
        header, *rows = csv.read_text().splitlines()
        self.assertEqual([row.split(",")[header.split(",").index("seed")] for row in rows], ["7", "8"])
        self.says(run("table", scratch), 2, "is no run directory: it has no pipeline.toml")

    def test_a_rule_file_is_simulated(self):
        out = scratch / "rule_run"
        run("run", small, "--out", out, "--smoke")
        self.says(run("simulate", small, "--rule", out / "rule.toml", "--out", scratch / "life.h5", "--networks", "2"), 0,
                  "of 2 healthy lives; 0 failed", "life.h5")
        self.says(run("simulate", small, "--rule", "no_plasticity"), 0, "healthy")
        self.says(run("simulate", small, "--rule", "no_such_rule"), 2, "no preset named 'no_such_rule'")

    def test_an_interrupt_saves_and_exits_with_130(self):
        out = scratch / "interrupted"
        process = subprocess.Popen([hebbforge, "run", small, "--out", out, "--set", "search.budget={generations=10000}"],
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        while not (out / "checkpoint.h5").exists():
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        output = "".join(process.communicate())
        self.assertEqual(process.returncode, 130, output)
        self.assertIn("--resume", output)
        self.says(run("run", small, "--out", out, "--resume", "--set", "search.budget={generations=2}"), 0, "going on after")

    def test_a_file_that_cannot_be_written_is_told(self):
        self.says(run("simulate", small, "--out", "/no/such/directory/life.h5"), 1, "cannot make '/no/such/directory/life.h5'")
        self.says(run("run", small, "--out", "/proc/run"), 1, "cannot make the run directory")


shutil.rmtree(scratch, ignore_errors=True)
scratch.mkdir(parents=True)
unittest.main(argv=sys.argv[:1], verbosity=0)
