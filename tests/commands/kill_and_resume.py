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


started = time.monotonic()
subprocess.run(command("whole"), check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
duration = time.monotonic() - started
random.seed(1)
done = finished = 0
while done < kills:
    process = subprocess.Popen(command("killed", "--resume"), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        process.wait(random.uniform(0, 4 * duration / kills + 0.3))
        finished += 1  # done before the kill: start over, so that every kill meets a search at work
        shutil.rmtree(scratch / "killed")
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        done += 1
subprocess.run(command("killed", "--resume"), check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
different = [f for f in ("evaluations.csv", "rule.toml", "results.h5")
             if (scratch / "whole" / f).read_bytes() != (scratch / "killed" / f).read_bytes()]
print(f"{kills} kills over a search of {duration:.1f} s, started over {finished} times;",
      "differ: " + ", ".join(different) if different else "all files are the same")
sys.exit(1 if different else 0)
