#!/usr/bin/env python3
"""The report and the status of a run, as a user would ask for them.

    test_report.py HEBBFORGE SOURCE_DIRECTORY SCRATCH_DIRECTORY
"""
import fcntl
import os
import pathlib
import pty
import re
import shutil
import signal
import struct
import subprocess
import sys
import termios
import time
import unittest
import xml.etree.ElementTree

hebbforge, source, scratch = (pathlib.Path(a).absolute() for a in sys.argv[1:4])
small = source / "tests/framework/pipelines/small.toml"
sections = ["run", "rule", "losses", "coefficients", "activity", "weights", "effects", "networks", "failures", "repeat"]
short = ["--set", "search.budget={generations=2}"]
refits = ['refit={kind="rank_and_refit",dropout="drop",terms=[1,2],budget={generations=1}}',
          'forward={kind="forward_selection",terms=2,budget={generations=1}}']


def stages(rule):
    """One stage of each kind that needs no search."""
    rules = f'rules={{found="{rule}",none="no_plasticity"}},networks=2'
    return [f'drop={{kind="dropout",rule="{rule}",networks=2}}',
            f'turnover={{kind="sweep",{rules},vary={{"perturbation.turnover.probability"=[0,0.01]}}}}',
            f'map={{kind="sweep",{rules},vary={{"perturbation.turnover.probability"=[0,0.01],"phase.organise.duration"=["80 ms","110 ms"]}}}}',
            f'test={{kind="compare",{rules},published_statistics=true,conditions={{short={{}},long={{phase={{organise={{trials=14}}}}}}}}}}',
            f'lives={{kind="simulate",rule="{rule}"}}']


def setting(stages):
    return [part for stage in stages for part in ("--set", "stage." + stage)]


def run(*arguments, **options):
    return subprocess.run([hebbforge, *map(str, arguments)], capture_output=True, text=True, cwd=scratch, **options)


def made(name, *arguments):
    """A run directory under this name."""
    out = scratch / name
    result = run("run", small, *short, "--out", out, *arguments)
    assert result.returncode == 0, result.stdout + result.stderr
    return out


class Report(unittest.TestCase):
    def says(self, result, status, *texts):
        self.assertEqual(result.returncode, status, result.stdout + result.stderr)
        for text in texts:
            self.assertIn(text, result.stdout + result.stderr)

    def check_page(self, page, figures, sections=sections):
        self.assertEqual(re.findall(r'<section id="(.*?)"', page), sections)
        drawn = re.findall(r"<svg .*?</svg>", page, re.S)
        self.assertEqual(len(drawn), figures)
        ids = []
        for svg in drawn:
            ids += [e.get("id") for e in xml.etree.ElementTree.fromstring(svg).iter() if e.get("id")]
        self.assertEqual(len(ids), len(set(ids)), "an id occurs twice on the page")
        # Nothing from outside, no script.
        self.assertEqual([u for u in re.findall(r'(?:src|href)\s*=\s*["\'](.*?)["\']', page) if u[0] != "#" and not u.startswith("data:")], [])
        self.assertNotIn("<script", page)
        self.assertNotIn("url(", page.replace("url(#", ""))

    def test_every_run_writes_a_page_with_every_section(self):
        out = made("run")
        page = (out / "report.html").read_text()
        plots = sorted(f.stem for f in (out / "plots").glob("*.svg"))
        self.check_page(page, len(plots))
        self.assertEqual({"loss", "coefficients", "time_constants", "activity", "firing_order", "weights", "weights_by_lag", "effects", "networks"} - set(plots), set())
        for plot in (out / "plots").glob("*.svg"):
            xml.etree.ElementTree.parse(plot)
        self.assertLess(len(page), 5e6)
        # gnuplot leaves out what it finds no place for.
        labels = {"loss": ["evaluation", "loss per network"], "coefficients": ["evaluation", "coefficient"],
                  "time_constants": ["evaluation", "time constant / ms"], "activity": ["time in the trial / ms", "E cell", "rate (dimensionless)"],
                  "firing_order": ["trial", "E cell", "mean firing time / ms"],
                  "weights_by_lag": ["before", "after", "weight (dimensionless)"],
                  "weights": ["presynaptic cell", "postsynaptic cell", "weight (dimensionless)"],
                  "effects": ["effect: sum of |c φ| over steps and synapses"], "networks": ["loss per network", "picked rule"]}
        for plot, texts in labels.items():
            drawn = {e.text for e in xml.etree.ElementTree.parse(out / f"plots/{plot}.svg").iter("{http://www.w3.org/2000/svg}text")}
            self.assertEqual(set(texts) - drawn, set(), plot)

    def test_every_stage_has_its_section_with_figures(self):
        out = made("stages", *setting(stages("search") + refits), "--set", "networks.report=2")
        page = (out / "report.html").read_text()
        names = ["drop", "turnover", "map", "test", "lives", "refit", "forward"]
        drawn = sorted(f.stem for f in (out / "plots").glob("stage_*.svg"))
        self.check_page(page, len(list((out / "plots").glob("*.svg"))), sections[:-1] + ["stage_" + n for n in names] + sections[-1:])
        self.assertEqual(drawn, sorted([f"stage_{n}_losses" for n in names if n != "lives"] +
                                       ["stage_drop_ranking", "stage_lives_activity_1", "stage_lives_lags_1", "stage_lives_weights_1"]))
        labels = {"drop_losses": ["full rule", "loss per network"], "drop_ranking": ["rise of the median loss"],
                  "turnover_losses": ["found", "none", "turnover.probability"],
                  "map_losses": ["found", "none", "80 ms", "110 ms", "organise.duration", "turnover.probability"],
                  "test_losses": ["found, short", "none, long"], "lives_weights_1": ["before", "after"],
                  "refit_losses": ["report loss, median", "number of terms, and which are added"],
                  "forward_losses": ["report loss, median"], "lives_activity_1": ["trial 12", "E cell"]}
        for plot, texts in labels.items():
            texts_drawn = {e.text for e in xml.etree.ElementTree.parse(out / f"plots/stage_{plot}.svg").iter("{http://www.w3.org/2000/svg}text")}
            self.assertEqual(set(texts) - texts_drawn, set(), plot)
        # A search within a stage is a run that has a page, too.
        self.says(run("report", out / "refit/terms_2"), 0, "written: ")
        # Two runs with stages side by side.
        self.says(run("report", out, out, "--out", scratch / "twice.html"), 0)
        self.assertEqual(re.findall(r'<section id="(stage_.*?)"', (scratch / "twice.html").read_text()), ["stage_" + n for n in names])

    def test_a_run_without_a_search_has_a_page_of_its_stages(self):
        bare = scratch / "bare.toml"
        text = small.read_text()
        bare.write_text(text[:text.index("[search]")])
        out = scratch / "no_search"
        self.says(run("run", bare, *setting(stages("bell2024.mean_still")), "--out", out), 0, "report.html")
        page = (out / "report.html").read_text()
        names = ["stage_" + n for n in ("drop", "turnover", "map", "test", "lives")]
        self.check_page(page, len(list((out / "plots").glob("*.svg"))), ["run", *names, "repeat"])
        self.assertIn("<td>finished</td>", page)

    def test_several_seeds_also_have_a_page_together(self):
        out = made("seeds", "--seeds", "1,2")
        page = (out / "report.html").read_text()
        self.check_page(page, len(list((out / "report_plots").glob("*.svg"))))
        self.assertIn("2 runs side by side", page)
        for seed in ("seed_1", "seed_2"):
            self.assertTrue((out / seed / "report.html").exists())
            self.assertIn(f"{seed}: picked rule", page)
        self.says(run("report", out / "seed_1", out / "seed_2"), 2, "a report of several runs needs --out")
        joint = scratch / "joint.html"
        self.says(run("report", out / "seed_1", out / "seed_2", "--out", joint, "--png"), 0, "written: ", "joint.html")
        for png in (scratch / "joint_plots").glob("*.svg"):
            self.assertEqual(png.with_suffix(".png").read_bytes()[:8], b"\x89PNG\r\n\x1a\n")

    def test_without_gnuplot_a_run_succeeds_and_its_page_says_what_to_install(self):
        empty = scratch / "empty"
        empty.mkdir()
        out = scratch / "bare"
        result = run("run", small, *short, "--out", out, env=os.environ | {"PATH": str(empty)})
        self.says(result, 0, "picked rule", "install the Debian package gnuplot-nox")
        self.check_page((out / "report.html").read_text(), 0)
        self.assertFalse((out / "plots").exists())
        self.says(run("report", out), 0, "figures in")
        self.assertNotIn("gnuplot-nox", (out / "report.html").read_text())

    def test_where_a_plugin_is_gone_the_page_shows_what_the_files_hold(self):
        out = made("gone")
        pipeline = out / "pipeline.toml"
        pipeline.write_text(pipeline.read_text().replace("hebbforge.threshold_linear", "hebbforge.gone"))
        shutil.rmtree(out / "plots")  # of the page that the run itself has written
        self.says(run("report", out), 0)
        page = (out / "report.html").read_text()
        self.check_page(page, len(list((out / "plots").glob("*.svg"))))
        self.assertIn("cannot be run again here", page)
        self.assertIn("no neuron named &#39;hebbforge.gone&#39;", page)

    def test_what_a_run_is_called_is_never_markup(self):
        odd = scratch / "<b>\"'&$(touch x)"
        odd.mkdir()
        pipeline = odd / "odd.toml"
        pipeline.write_text("# <script>alert(1)</script> `touch y`\n" + small.read_text())
        out = odd / "<i>'"
        self.says(run("run", pipeline, *short, "--out", out), 0)
        page = (out / "report.html").read_text()
        self.check_page(page, len(list((out / "plots").glob("*.svg"))))
        self.assertIn("&lt;script&gt;alert(1)&lt;/script&gt;", page)
        self.assertNotIn("<b>", page)
        self.assertFalse((scratch / "x").exists() or (scratch / "y").exists())

    def test_a_directory_of_no_run_is_wrong_input(self):
        self.says(run("report", scratch), 2, "is no run directory")
        self.says(run("status", scratch), 2, "is no run directory")

    def test_a_page_that_cannot_be_written_is_no_failure_of_the_run(self):
        out = scratch / "full"
        out.mkdir()
        (out / "report.html").mkdir()
        self.says(run("run", small, *short, "--out", out, "--resume"), 0, "picked rule", "no report was written")
        self.says(run("report", out), 1, "no ordinary file")

    def test_status_and_watch_follow_a_run_until_it_ends(self):
        out = scratch / "followed"
        process = subprocess.Popen([hebbforge, "run", small, "--out", out, "--set", "search.budget={evaluations=4000, generations=4000}"],
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            while not (out / "checkpoint.h5").exists():
                time.sleep(0.05)
            self.says(run("status", out), 0, f"running, process {process.pid}", " of 4000 evaluations", "(sum of 3 networks)",
                      "picked, select median", "last checkpoint     ", "s ago")
            watcher = subprocess.Popen([hebbforge, "report", out, "--watch"], stdout=subprocess.PIPE, text=True)
            self.assertIn("written", watcher.stdout.readline())
            page = (out / "report.html").read_text()
            self.assertIn('<meta http-equiv="refresh"', page)
            self.assertIn("results so far", page)
            process.send_signal(signal.SIGINT)
            self.assertEqual(process.wait(), 130)
            watcher.communicate(timeout=30)
            self.assertEqual(watcher.returncode, 0)
            self.assertNotIn("http-equiv", (out / "report.html").read_text())
            self.says(run("status", out), 0, "not running, not finished", "--resume")
            self.assertFalse((out / "running").exists())
        finally:
            process.kill()
        self.says(run("run", small, "--out", out, "--resume", "--set", "search.budget={generations=1}"), 0)
        self.says(run("status", out), 0, "finished", "generation ")

    def test_a_run_that_was_killed_is_not_running(self):
        out = scratch / "killed"
        process = subprocess.Popen([hebbforge, "run", small, "--out", out, "--set", "search.budget={evaluations=4000, generations=4000}"],
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        while not (out / "running").exists() or not (out / "pipeline.toml").exists():
            time.sleep(0.02)
        process.kill()
        process.wait()
        self.says(run("status", out), 0, "not running", "no checkpoint yet" if not (out / "checkpoint.h5").exists() else "generation")

    def test_the_progress_line_stays_within_a_terminal_that_is_resized(self):
        main, terminal = pty.openpty()
        resize = lambda columns: fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        resize(200)
        process = subprocess.Popen([hebbforge, "run", small, "--out", scratch / "narrow", "--set", "search.budget={generations=8}"],
                                   stdout=subprocess.DEVNULL, stderr=terminal)
        text, narrow_from = b"", None
        while process.poll() is None or self.readable(main):
            if self.readable(main):
                text += os.read(main, 65536)
            if narrow_from is None and b"generation 2" in text:
                resize(30)
                narrow_from = len(text)
            time.sleep(0.005)
        lines = lambda part: [re.sub(r"\x1b\[K|\r|\n", "", line) for line in re.findall(r"\r\x1b\[Kgeneration[^\r\n]*", part.decode())]
        self.assertTrue(any(len(line) > 60 for line in lines(text[:narrow_from])))
        after = lines(text[narrow_from:])[1:]  # one may have been on its way
        self.assertGreater(len(after), 2)
        self.assertLessEqual(max(map(len, after)), 29)

    @staticmethod
    def readable(handle):
        import select
        return bool(select.select([handle], [], [], 0)[0])

    def test_into_a_pipe_or_a_file_go_whole_lines(self):
        result = run("run", small, *short, "--out", scratch / "piped")
        self.assertNotRegex(result.stdout + result.stderr, "[\r\x1b]")
        self.assertIn("info: generation 2: ", result.stderr)
        self.assertRegex((scratch / "piped/log.txt").read_text(), r"(?m)^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d info: generation 2: ")

    def test_the_python_example_of_the_documents_runs(self):
        try:
            import h5py  # noqa: F401
        except ImportError:
            self.skipTest("python3-h5py is not installed")
        text = (source / "framework/docs/results.md").read_text()
        code = re.search(r"```python\n(.*?)```", text, re.S)[1]
        self.assertLessEqual(len(code.strip().splitlines()), 10)
        out = made("python")
        try:
            import matplotlib  # noqa: F401
        except ImportError:
            print("matplotlib is not installed: what is read is checked, nothing is drawn")
            code = code.replace(", matplotlib.pyplot as plt", "").split("figure, axes")[0]
        result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=out,
                                env=os.environ | {"MPLBACKEND": "Agg", "MPLCONFIGDIR": str(scratch)})
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertRegex(result.stdout, r"report: median loss \d+\.\d+ over 4 networks, 0 failed")


shutil.rmtree(scratch, ignore_errors=True)
scratch.mkdir(parents=True)
unittest.main(argv=sys.argv[:1], verbosity=0)
