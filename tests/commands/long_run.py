#!/usr/bin/env python3
"""Whether a long search stays as it began: memory, open files, the sizes of its files, the time of an evaluation.

    long_run.py HEBBFORGE PIPELINE SCRATCH_DIRECTORY EVALUATIONS [OPTIONS OF run...]

Prints a row of a table whenever a twelfth is done. Fails where the second half leaks file descriptors, or memory grows by more
than 4 MB and what is recorded of each candidate: all that results.h5 holds of it, three times (once in memory, and copies while a
checkpoint is written). Times are for the reader: other programs change them.
"""
import os
import pathlib
import shutil
import subprocess
import sys
import time

hebbforge, pipeline, scratch, evaluations = sys.argv[1], sys.argv[2], pathlib.Path(sys.argv[3]), int(sys.argv[4])
shutil.rmtree(scratch, ignore_errors=True)
scratch.parent.mkdir(parents=True, exist_ok=True)
process = subprocess.Popen([hebbforge, "run", pipeline, "--out", scratch, "--jobs", "1", "--set",
                            f"search.budget={{evaluations={evaluations}}}", *sys.argv[5:]],
                           stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def resident():
    text = pathlib.Path(f"/proc/{process.pid}/status").read_text()
    return int(text.split("VmRSS:")[1].split()[0])


def processor_time():
    fields = pathlib.Path(f"/proc/{process.pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def size(name):
    path = scratch / name
    return path.stat().st_size // 1024 if path.exists() else 0


print(f"{'evaluations':>11} {'RSS kB':>8} {'files':>5} {'us/evaluation':>13} {'csv kB':>8} {'checkpoint':>10} {'logs kB':>8}", flush=True)
rows, lines, position = [], 0, 0
allowance = 4e6
while process.poll() is None:
    time.sleep(0.05)
    csv = scratch / "evaluations.csv"
    if not csv.exists():
        continue
    with csv.open("rb") as file:
        file.seek(position)
        new = file.read()
    position += len(new)
    lines += new.count(b"\n")
    if lines - 1 < (len(rows) + 1) * evaluations / 12:
        continue
    try:
        row = (lines - 1, resident(), len(os.listdir(f"/proc/{process.pid}/fd")), processor_time())
    except (FileNotFoundError, IndexError):
        break
    before = rows[-1] if rows else (0, 0, 0, 0)
    rows.append(row)
    each = (row[3] - before[3]) / (row[0] - before[0]) * 1e6
    print(f"{row[0]:11} {row[1]:8} {row[2]:5} {each:13.0f} {size('evaluations.csv'):8} {size('checkpoint.h5'):10} "
          f"{size('log.txt') + size('log.1.txt') + size('log.2.txt'):8}", flush=True)
if process.wait() != 0 or len(rows) < 9:
    sys.exit(f"the search ended with {process.returncode} after {len(rows)} rows")
# The first row holds the start-up.
first, middle, last = rows[1], rows[len(rows) // 2], rows[-1]
slower = (last[3] - middle[3]) / (last[0] - middle[0]) / ((middle[3] - first[3]) / (middle[0] - first[0]))
grown = (last[1] - first[1]) * 1024 / (last[0] - first[0])
recorded = (scratch / "results.h5").stat().st_size / evaluations
print(f"an evaluation of the second half takes {slower:.2f} times as long as one of the first; memory grows by {grown:.0f} bytes "
      f"an evaluation, of which {recorded:.0f} bytes are recorded")
# A checkpoint that is being written is one more.
leaks = min(r[2] for r in rows[-4:]) > min(r[2] for r in rows[:4])
if leaks or grown > 3 * recorded + allowance / (last[0] - first[0]):
    sys.exit("a long search does not stay as it began")
