#!/usr/bin/env python3
"""Kills a search with SIGKILL at random moments and resumes it until it is done: the same bytes as undisturbed.

    kill_and_resume.py HEBBFORGE PIPELINE SCRATCH_DIRECTORY KILLS [OPTIONS OF run...]

Options come after the test's own budget: --set 'search.optimizer="nelder_mead"'.
"""
import pathlib
import random
import shutil
import subprocess
import sys
import time

hebbforge, pipeline, scratch, kills = sys.argv[1], sys.argv[2], pathlib.Path(sys.argv[3]), int(sys.argv[4])
options = sys.argv[5:]
shutil.rmtree(scratch, ignore_errors=True)
scratch.mkdir(parents=True)


def command(name, *more):
    return [hebbforge, "run", pipeline, "--out", str(scratch / name), "--set", "search.budget={generations=30}", *options, *more]


def saved(name):
    checkpoint = scratch / name / "checkpoint.h5"
    return checkpoint.stat().st_mtime_ns if checkpoint.exists() else 0


started = time.monotonic()
whole = subprocess.Popen(command("whole"), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
while whole.poll() is None and not saved("whole"):
    time.sleep(0.01)
first = time.monotonic() - started  # until there is something to lose
if whole.wait() != 0:
    sys.exit("the undisturbed search failed")
duration = time.monotonic() - started
random.seed(1)
done = finished = advanced = 0
while done < kills:
    before = saved("killed")
    process = subprocess.Popen(command("killed", "--resume"), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        process.wait(random.uniform(0, 2 * first + 4 * duration / kills))
        finished += 1  # done before the kill: start over, so that every kill meets a search at work
        shutil.rmtree(scratch / "killed")
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        done += 1
        advanced += saved("killed") != before
subprocess.run(command("killed", "--resume"), check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
different = [f for f in ("evaluations.csv", "rule.toml", "results.h5")
             if (scratch / "whole" / f).read_bytes() != (scratch / "killed" / f).read_bytes()]
print(f"{kills} kills over a search of {duration:.1f} s, {advanced} of them after a new checkpoint, started over {finished} times;",
      "differ: " + ", ".join(different) if different else "all files are the same")
sys.exit(1 if different else 0)
