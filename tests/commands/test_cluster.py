#!/usr/bin/env python3
"""Lives in processes of their own, lives in MPI ranks, scripts for Slurm: the program run as a user would.

    test_cluster.py HEBBFORGE SOURCE_DIRECTORY SCRATCH_DIRECTORY FIXTURES_DIRECTORY [TestClass]
"""
import csv
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import time
import unittest

import h5py

hebbforge, source, scratch, fixtures = (pathlib.Path(a).absolute() for a in sys.argv[1:5])
small = source / "tests/framework/pipelines/small.toml"
isolated = ["--set", 'evaluation.isolation="process"']
one_generation = ["--set", "search.budget={generations=1}"]
files = ("evaluations.csv", "rule.toml", "results.h5")


def run(*arguments, **options):
    return subprocess.run([hebbforge, *map(str, arguments)], capture_output=True, text=True, cwd=scratch, **options)


def same(a, b, names=files):
    return [n for n in names if (scratch / a / n).read_bytes() != (scratch / b / n).read_bytes()]


def children_of(pid):
    for task in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            if int((task / "stat").read_text().rsplit(")", 1)[1].split()[1]) == pid:
                yield int(task.name)
        except (OSError, IndexError):
            pass


def ended(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z"
    except OSError:
        return True


def wait_until(true, seconds=20):
    until = time.monotonic() + seconds
    while not true():
        if time.monotonic() > until:
            raise AssertionError("it did not come true")
        time.sleep(0.02)


class Case(unittest.TestCase):
    def says(self, result, status, *texts):
        self.assertEqual(result.returncode, status, result.stdout + result.stderr)
        for text in texts:
            self.assertIn(text, result.stdout + result.stderr)


class Isolation(Case):
    """Of four candidates of a generation those break whose dose is above 0."""
    tables = {"breaks_before_trial": "perturbation.bad", "breaks_in_step": "constraint.bad", "breaks_in_score": "loss.bad",
              "breaks_in_input": "phase.bad"}

    def breaking(self, fixture, way, *more):
        table = f'{{library="{fixtures / fixture}.so",way="{way}"}}'
        if fixture == "breaks_in_step":
            table = table[:-1] + ',pathway="EE"}'
        if fixture == "breaks_in_input":
            table = f'{{stimulus={table},trials=1,duration="110 ms"}}'
        return [small, "--set", f"{self.tables[fixture]}={table}",
                "--set", 'search.free."bad.dose"={start=0,step=0.5}', "--set", "search.references=[]", *one_generation, *more]

    def outcome(self, fixture, way, *more):
        name = f"{fixture}_{way}"
        result = run("run", *self.breaking(fixture, way, *isolated, *more), "--out", name)
        self.says(result, 0)
        with h5py.File(scratch / name / "results.h5") as f:
            ends, loss, start = f["search/end"][:], f["search/loss"][:], f["search/parameters"][:, -1]
        high = start > 0
        self.assertTrue(0 < high.sum() < 4)
        self.assertTrue((ends[~high] == 0).all(), ends)
        self.assertGreater(loss[high].min(), loss[~high].max())
        self.assertEqual(len(set(ends[high].ravel())), 1, ends)
        return ends[high].ravel()[0], result.stderr, name

    def test_healthy_lives_give_the_same_bytes_as_in_threads(self):
        self.says(run("run", small, "--out", "threads"), 0)
        for jobs in 1, 3:
            self.says(run("run", small, *isolated, "--jobs", jobs, "--out", f"processes_{jobs}"), 0)
            self.assertEqual(same("threads", f"processes_{jobs}"), [])

    def test_a_plugin_that_breaks_costs_its_candidate_and_no_more(self):
        limits = ["--set", 'evaluation.memory_limit="300 MB"']
        soon = ["--set", 'evaluation.time_limit="1 s"']
        expected = {"segfault": (8, "a plugin crashed: Segmentation fault (signal 11), in plugin 'fixtures.{}'"),
                    "exit": (9, "a plugin ended the process: exit status 0, in plugin 'fixtures.{}'"),
                    "loop": (10, "beyond the time limit: still running after 1 s, in plugin 'fixtures.{}'"),
                    "memory": (11, "beyond the memory limit: {} 'bad': out of memory"),
                    "throw": (6, "a plugin failed: {} 'bad': the dose is too high"),
                    "shape": (6, "a plugin failed: {} 'bad': ")}
        once = {"breaks_before_trial": expected, "breaks_in_step": {k: expected[k] for k in ("segfault", "exit", "loop")},
                "breaks_in_score": {k: expected[k] for k in ("segfault", "throw", "memory", "shape")}}
        once["breaks_in_step"] |= {"abort": (8, "a plugin crashed: Aborted (signal 6)"),
                                   "_exit": (9, "a plugin ended the process: exit status 3"),
                                   "deep": (8, "a plugin crashed: Segmentation fault (signal 11)")}
        once["breaks_in_input"] = {"shape": (6, "the stimulus of phase 'bad' gave a drive of another shape than (cells, steps)")}
        for fixture, ways in once.items():
            for way, (end, text) in ways.items():
                with self.subTest(fixture=fixture, way=way):
                    found, log, _ = self.outcome(fixture, way, *limits, *(soon if way == "loop" else []))
                    self.assertEqual(found, end, log)
                    named = self.tables[fixture].split(".")[0] if end in (6, 11) else fixture
                    self.assertEqual(log.count(text.format(named)), 1, log)
                    self.assertRegex(log, r"candidate \d+, network \d+: ")
        for fixture, end in {"breaks_before_trial": 1, "breaks_in_step": 1, "breaks_in_score": 4}.items():
            found, log, _ = self.outcome(fixture, "nan", *limits)
            self.assertEqual(found, end)
            self.assertEqual(log.count("a loss is not finite: loss 'bad'"), int(end == 4), log)

    def test_reports_name_what_broke(self):
        name = self.outcome("breaks_in_score", "abort")[2]
        page = (scratch / name / "report.html").read_text()
        self.assertIn("a plugin crashed", page)
        self.assertNotIn("beyond the memory limit", page)

    def test_when_too_many_lives_break_the_run_ends_after_a_checkpoint(self):
        broken = self.breaking("breaks_before_trial", "segfault", *isolated, "--set", "evaluation.tolerated_failures=0.2")
        self.says(run("run", *broken, "--out", "many"), 1, "plugins broke ", " of 12 lives, more than the share that "
                  "evaluation.tolerated_failures = 0.2 allows", "Segmentation fault", "go on with --resume")
        self.assertTrue((scratch / "many/checkpoint.h5").exists())
        self.says(run("run", *broken, "--out", "many", "--resume", "--set", "evaluation.tolerated_failures=0.8"), 0)
        self.says(run("run", *broken, "--out", "never", "--set", "evaluation.tolerated_failures=0.8"), 0)
        self.assertEqual(same("many", "never"), [])

    def test_without_isolation_a_plugin_that_throws_ends_the_run(self):
        broken = self.breaking("breaks_in_score", "throw", "--out", "plain")
        self.says(run("run", *broken), 1, "a life cannot go on: loss 'bad': the dose is too high")
        # What broke without isolation goes on with it.
        self.says(run("run", *broken, *isolated, "--resume"), 0)

    def test_recorded_lives_and_stages_survive_too(self):
        always = ["--set", f'loss.bad={{library="{fixtures}/breaks_in_score.so",way="segfault",dose=1}}', *isolated]
        self.says(run("simulate", small, *always, "--networks", 2, "--out", "lives.h5"), 0, "a plugin crashed after 0 trials")
        compare = ["--set", 'stage.both={kind="compare",rule="pipeline",networks=2,conditions={good={loss.bad.dose=0},bad={loss.bad.dose=1}}}',
                   "--set", 'stage.kept={kind="simulate",rule="pipeline",networks=2}', *one_generation]
        self.says(run("run", small, *always, *compare, "--set", "loss.bad.dose=0", "--out", "stages"), 0)
        with open(scratch / "stages/both/lives.csv") as f:
            ends = [row["end"] for row in csv.DictReader(f)]
        self.assertEqual(ends, ["healthy"] * 2 + ["a plugin crashed"] * 2)

    def test_wrong_keys_are_wrong_input(self):
        self.says(run("check", small, "--set", 'evaluation.isolation="proces"'), 2, "proces", "Did you mean 'process'?")
        self.says(run("check", small, "--set", 'evaluation.memory_limit="4 Gs"'), 2, 'expected a number of bytes, or a text such as "4 GB"')
        self.says(run("check", small, "--set", "evaluation.tolerated_failures=2"), 2)

    def test_no_process_outlives_the_run(self):
        for end in signal.SIGINT, signal.SIGKILL:
            process = subprocess.Popen([hebbforge, "run", *map(str, self.breaking("breaks_before_trial", "loop", *isolated)),
                                        "--out", f"ended_by_{end.name}"], cwd=scratch, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            lives = []

            def some_hang():
                nurseries = list(children_of(process.pid))
                lives[:] = nurseries + [life for n in nurseries for life in children_of(n)]
                return len(lives) >= 2

            wait_until(some_hang)
            time.sleep(0.3)
            some_hang()
            process.send_signal(end)
            self.assertEqual(process.wait(5), 130 if end == signal.SIGINT else -end)
            wait_until(lambda: all(ended(p) for p in lives))


@unittest.skipUnless(shutil.which("mpirun") and (hebbforge.parent.parent / "lib/hebbforge/plugins/mpi.so").exists(),
                     "there is no MPI: install openmpi-bin and libopenmpi-dev")
class Mpi(Case):
    environment = os.environ | {"OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1",
                                "OMPI_MCA_rmaps_base_oversubscribe": "1", "OMPI_MCA_hwloc_base_binding_policy": "none"}

    def command(self, ranks, *arguments):
        return ["mpirun", "-n", str(ranks), hebbforge, *map(str, arguments)]

    def mpirun(self, ranks, *arguments):
        return subprocess.run(self.command(ranks, *arguments), capture_output=True, text=True, cwd=scratch, env=self.environment, timeout=120)

    @classmethod
    def setUpClass(cls):
        stages = ['stage.d={kind="dropout",rule="pipeline",networks=2}',
                  'stage.f={kind="forward_selection",terms=1,budget={generations=1}}',
                  'stage.s={kind="sweep",rule="no_plasticity",vary={"perturbation.turnover.probability"=[0,0.1]},networks=2}']
        cls.all = [small, "--set", "search.budget={generations=2}", *(w for s in stages for w in ("--set", s))]
        run("run", *cls.all, "--out", "alone")
        cls.everything = [str(p.relative_to(scratch / "alone")) for p in sorted((scratch / "alone").rglob("*"))
                          if p.suffix in (".csv", ".h5") and p.name != "checkpoint.h5" or p.name == "rule.toml"]

    def test_ranks_give_the_same_bytes_as_one_process_stages_included(self):
        self.assertGreater(len(self.everything), 10)
        for ranks in 2, 3:
            self.says(self.mpirun(ranks, "run", *self.all, "--out", f"ranks_{ranks}"), 0)
            self.assertEqual(same("alone", f"ranks_{ranks}", self.everything), [])

    def test_a_life_may_break_on_any_rank(self):
        broken = Isolation.breaking(Isolation(), "breaks_in_step", "segfault", *isolated)
        self.says(run("run", *broken, "--out", "breaks_here"), 0)
        self.says(self.mpirun(3, "run", *broken, "--out", "breaks_there"), 0, "a plugin crashed: Segmentation fault")
        self.assertEqual(same("breaks_here", "breaks_there"), [])

    def test_a_rank_that_dies_ends_the_run_which_goes_on_to_the_same_bytes(self):
        long = [small, "--set", "search.budget={generations=40}", "--out"]
        process = subprocess.Popen(self.command(3, "run", *long, "killed"), cwd=scratch, env=self.environment,
                                   stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        wait_until(lambda: (scratch / "killed/checkpoint.h5").exists())
        ranks = sorted(children_of(process.pid))
        os.kill(ranks[-1], signal.SIGKILL)
        text, _ = process.communicate(timeout=20)
        self.assertNotEqual(process.returncode, 0)
        self.assertIn("does not answer: it was killed, or its machine is gone; go on from the last checkpoint with --resume", text)
        wait_until(lambda: all(ended(r) for r in ranks))
        self.says(self.mpirun(2, "run", *long, "killed", "--resume"), 0, "going on after")
        self.says(run("run", *long, "whole"), 0)
        self.assertEqual(same("whole", "killed"), [])

    def test_a_signal_ends_all_ranks_after_a_checkpoint(self):
        long = [small, "--set", "search.budget={generations=100000}", "--out", "signalled"]
        process = subprocess.Popen(self.command(3, "run", *long), cwd=scratch, env=self.environment,
                                   stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        wait_until(lambda: (scratch / "signalled/checkpoint.h5").exists())
        ranks = list(children_of(process.pid))
        process.send_signal(signal.SIGTERM)
        text, _ = process.communicate(timeout=20)
        self.assertIn("go on with the same command and --resume", text)
        wait_until(lambda: all(ended(r) for r in ranks))

    def test_ranks_that_differ_are_refused(self):
        two = ["mpirun", "-n", "1", hebbforge, "run", small, "--out", "differ", ":", "-n", "1", hebbforge, "run", small, "--out",
               "differ", "--seed", "8"]
        result = subprocess.run(two, capture_output=True, text=True, cwd=scratch, env=self.environment, timeout=60)
        self.says(result, 2, "rank 1 was started with another pipeline, other plugins or on another kind of machine than rank 0",
                  "rank 0: seed = 7", "rank 1: seed = 8")
        self.assertFalse((scratch / "differ").exists())

    def test_a_mistake_is_told_once(self):
        result = self.mpirun(3, "run", small, "--set", "networks.zzz=1", "--out", "mistake")
        self.assertNotEqual(result.returncode, 0)
        self.assertEqual(result.stderr.count("has no key 'zzz'"), 1, result.stderr)

    def test_evaluate_runs_in_ranks(self):
        (scratch / "grid.csv").write_text("EE.c.x~*y\n0\n0.001\n0.002\n")
        self.says(run("evaluate", small, "--candidates", "grid.csv", "--out", "here.h5"), 0)
        self.says(self.mpirun(2, "evaluate", small, "--candidates", "grid.csv", "--out", "there.h5"), 0)
        self.assertEqual(same(".", ".", []), [])
        self.assertEqual((scratch / "here.h5").read_bytes(), (scratch / "there.h5").read_bytes())


class WithoutMpi(Case):
    def test_a_pipeline_that_asks_for_it_is_told_what_to_install(self):
        plugins = scratch / "no_mpi/lib/hebbforge/plugins"
        plugins.parent.mkdir(parents=True)
        tree = hebbforge.parent.parent
        shutil.copytree(tree / "lib/hebbforge/plugins", plugins, ignore=lambda _, names: [n for n in names if n == "mpi.so"])
        (scratch / "no_mpi/bin").mkdir()
        shutil.copy(hebbforge, scratch / "no_mpi/bin/hebbforge")
        shutil.copytree(tree / "share", scratch / "no_mpi/share")
        result = subprocess.run([scratch / "no_mpi/bin/hebbforge", "check", small, "--set", 'executor="mpi"'],
                                capture_output=True, text=True)
        self.says(result, 2, "no executor named 'mpi'. It is built where CMake finds MPI: install libopenmpi-dev and openmpi-bin")


class Slurm(Case):
    """The scripts of examples/cluster, without Slurm: its variables set by hand."""
    folder = source / "examples/cluster"

    def sh(self, script, *arguments, **variables):
        environment = Mpi.environment | {"HEBBFORGE": str(hebbforge)} | variables
        return subprocess.run(["bash", self.folder / script, *map(str, arguments)], capture_output=True, text=True, cwd=scratch,
                              env=environment, timeout=120)

    def test_every_script_is_read_by_bash(self):
        scripts = sorted(self.folder.glob("*.sh"))
        self.assertEqual(len(scripts), 4)
        for script in scripts:
            subprocess.run(["bash", "-n", script], check=True)
            self.assertIn("#SBATCH", script.read_text())

    def test_each_task_of_an_array_searches_from_its_seed(self):
        for task in "8000", "8001":
            self.says(self.sh("seeds.sh", small, "arrays", *one_generation, SLURM_ARRAY_TASK_ID=task), 0)
        self.says(run("run", small, "--seed", 8001, *one_generation, "--out", "own_8001"), 0)
        self.assertEqual(same("own_8001", "arrays/seed_8001"), [])

    def test_shards_are_joined_to_what_one_call_writes(self):
        (scratch / "shards.csv").write_text("EE.c.x~*y\n" + "".join(f"{k / 1000}\n" for k in range(5)))
        for task in "1", "2":
            self.says(self.sh("shards.sh", small, "shards.csv", "parts", SLURM_ARRAY_TASK_ID=task, SLURM_ARRAY_TASK_COUNT="2"), 0)
        self.says(self.sh("merge.sh", "parts", "joined.h5"), 0, "5 candidates")
        self.says(run("evaluate", small, "--candidates", "shards.csv", "--out", "one_call.h5"), 0)
        self.assertEqual((scratch / "joined.h5").read_bytes(), (scratch / "one_call.h5").read_bytes())
        # Another list of the same length.
        (scratch / "other.csv").write_text("EE.c.x~*y\n" + "".join(f"{k / 2000}\n" for k in range(5)))
        self.says(run("evaluate", small, "--candidates", "other.csv", "--shard", "2/2", "--out", "other_2.h5"), 0)
        self.says(run("evaluate", small, "--candidates", "shards.csv", "--shard", "1/2", "--out", "first.h5"), 0)
        self.says(run("merge", "first.h5", "other_2.h5", "--out", "mixed.h5"), 2, "comes from another list of candidates")

    def test_a_task_that_is_told_of_its_time_limit_goes_on_when_it_is_started_again(self):
        long = ["--set", "search.budget={generations=30}"]
        environment = Mpi.environment | {"HEBBFORGE": str(hebbforge), "SLURM_ARRAY_TASK_ID": "8002"}
        command = ["bash", self.folder / "seeds.sh", small, "limits", *long]
        process = subprocess.Popen(command, cwd=scratch, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_until(lambda: (scratch / "limits/seed_8002/checkpoint.h5").exists())
        process.send_signal(signal.SIGUSR1)
        self.assertNotEqual(process.wait(20), 0)
        self.assertFalse((scratch / "limits/seed_8002/results.h5").exists())
        self.says(self.sh("seeds.sh", small, "limits", *long, SLURM_ARRAY_TASK_ID="8002"), 0)
        self.says(run("run", small, *long, "--seed", 8002, "--out", "limits_whole"), 0)
        self.assertEqual(same("limits_whole", "limits/seed_8002"), [])


if __name__ == "__main__":
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir(parents=True)
    unittest.main(argv=sys.argv[:1] + sys.argv[5:])
