"""Fig. 6 a-f as numbers: a manipulated cell relative to itself before, from lives.csv of the stage `cell`.

    python3 examples/paper/cell_recovery.py runs/fig6_manipulations/cell/lives.csv
"""
import csv
import statistics
import sys

with open(sys.argv[1], newline="") as file:
    lives = [life for life in csv.DictReader(file) if life["end"] == "healthy"]
print(f"{'condition':12} {'trials':6}" + "".join(f"{m:>24}" for m in ("amplitude", "duration", "excitation", "inhibition")))
for condition in dict.fromkeys(life["condition"] for life in lives):
    for when in ("first", "later"):
        row = f"{condition:12} {when:6}"
        for measure in ("amplitude", "duration", "excitation", "inhibition"):
            ratios = [float(life[f"{when}.cell_{measure}"]) / float(life[f"before.cell_{measure}"])
                      for life in lives if life["condition"] == condition and float(life[f"before.cell_{measure}"]) > 0]
            low, middle, high = statistics.quantiles(ratios, n=4)
            row += f"{middle:10.2f} [{low:.2f}, {high:.2f}]"
        print(row)
