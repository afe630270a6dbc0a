#!/usr/bin/env python3
"""Every stock rule on the task of every example: one table.

    table.py HEBBFORGE [--out DIR] [--networks N] [--tasks NAME ...]

Stock rules know nothing of the scale of a task: each is tried with learning rates from 1/1000 to 1000 times the
example's, on the networks `select`. The one with the smallest median loss is scored on the networks `report`: those are
the numbers of the table. Both are stages `compare`, in run directories under DIR.
"""
import argparse
import csv
import json
import pathlib
import subprocess
import sys
import tomllib

examples = pathlib.Path(__file__).resolve().parent.parent
factors = [1e-3, 1e-2, 1e-1, 1, 10, 100, 1000]

# Task: example, script that writes its input, pathway that learns, rule of the known answer.
tasks = {
    "sequence": ("01_first_run", None, "EE", "bell2024.mean_still"),
    "component": ("05_rediscover_oja", "make_inputs.py", "InOut", {"c110": 1, "c021": -1}),
    "data": ("06_fit_a_rule_to_data", "make_data.py", "InOut", {"c_trace": 1, "c_bound": -0.5, "c_forget": -0.1, "tau_x": "20 ms"}),
    "familiarity": ("07_familiarity", "make_task.py", "InE", {"gated_pre": 0.1}),
    "integrator": ("08_integrator", None, "EE", {"decay": 0.725, "scale": -1.24}),
}
stock = {
    "oja": {"preset": "oja1982.oja"},
    "bcm": {"plugin": "bcm", "values": {"c.bcm": 0.01}},
    "scaling": {"preset": "vanrossum2000.scaling"},
    "inhibitory": {"preset": "vogels2011.inhibitory"},
    "wstdp": {"preset": "fiete2010.wstdp"},
    "temporal_oja": {"plugin": "temporal_oja", "values": {"c.x~*y": 0.01, "c.x*y~": -0.005, "c.w*y~*y": -0.01}},
}


def toml(value):
    """A value as TOML, tables in one line."""
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{json.dumps(key)} = {toml(v)}" for key, v in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(map(toml, value)) + "]"
    return json.dumps(value)


def scored(task, out, variants, networks, network_set):
    """Runs one pipeline with a stage `compare`; rows of its summary by name of the rule.
    variants: {name: (a rule, or None, factor of the learning rate)}"""
    example, _, pathway, known = tasks[task]
    pipeline = tomllib.loads((examples / example / "pipeline.toml").read_text())
    for table in ("search", "stage"):
        pipeline.pop(table, None)
    if "input" in pipeline:
        pipeline["input"] = f"../{task}.h5"
    learning = pipeline["pathway"][pathway]
    rate, rules = learning.get("learning_rate", 5e-4), {"none": "no_plasticity"}
    learning.setdefault("trace_scale", learning.get("rate_scale", 0.01))
    candidates = pipeline.pop("rule", {})
    learning["rule"] = stock["oja"]
    for name, (rule, factor) in variants.items():
        rules[name] = {"from": "pipeline", "set": {"pathway": {pathway: {"rule": rule, "learning_rate": rate * factor}}}}
    if isinstance(known, str):
        rules["known"] = known
    else:
        (own, equation), = candidates.items()
        rules["known"] = {"from": "pipeline", "set": {"rule": {own: {**equation, **known}}, "pathway": {pathway: {"rule": own}}}}
    pipeline["stage"] = {"rules": {"kind": "compare", "network_set": network_set, "networks": networks, "rules": rules}}
    out.mkdir(parents=True)
    (out / "table.toml").write_text("".join(f"{key} = {toml(value)}\n" for key, value in pipeline.items()))
    subprocess.run([options.hebbforge, "run", out / "table.toml", "--out", out / "run"], check=True, stdout=subprocess.DEVNULL)
    with open(out / "run/rules/summary.csv") as file:
        return {row["rule"]: row for row in csv.DictReader(file)}


def table_of(task):
    """Rows of one task's table: name, learning rate, summary."""
    out, generator = options.out / task, tasks[task][1]
    if generator:
        subprocess.run([sys.executable, examples / tasks[task][0] / generator, out / f"{task}.h5"], check=True, stdout=subprocess.DEVNULL)
    tried = {f"{name} {k}": (rule, factor) for name, rule in stock.items() for k, factor in enumerate(factors)}
    seen = scored(task, out / "select", tried, options.networks, "select")
    best = {name: min(range(len(factors)), key=lambda k: float(seen[f"{name} {k}"]["median"])) for name in stock}
    rows = scored(task, out / "report", {name: (stock[name], factors[k]) for name, k in best.items()}, options.networks, "report")
    for name, row in rows.items():
        factor = f"x {factors[best[name]]:g}" if name in best else ""
        yield name, factor, row


parser = argparse.ArgumentParser()
parser.add_argument("hebbforge")
parser.add_argument("--out", type=pathlib.Path, default="runs/rules_on_tasks")
parser.add_argument("--networks", type=int, default=20)
parser.add_argument("--tasks", nargs="+", choices=tasks, default=list(tasks))
options = parser.parse_args()
for task in options.tasks:
    (options.out / task).mkdir(parents=True)
    print(f"\n{task} ({tasks[task][0]})\n{'':14}{'rate':>8}{'loss: median [95 % interval]':>36}{'failed':>8}")
    for name, factor, row in table_of(task):
        interval = f"{float(row['median']):.1f} [{float(row['low']):.1f}, {float(row['high']):.1f}]"
        print(f"{name:14}{factor:>8}{interval:>36}{float(row['failed_share']):>8.0%}", flush=True)
