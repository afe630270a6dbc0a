#!/usr/bin/env python3
"""Runs the program as a user would: what it prints, its exit status, its files.

    test_commands.py HEBBFORGE SOURCE_DIRECTORY SCRATCH_DIRECTORY FIXTURES_DIRECTORY
"""
import json
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import time
import tomllib
import unittest

import jsonschema

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
        commands = ["run", "simulate", "evaluate", "merge", "check", "list", "describe", "inspect", "new", "schema", "regress",
                    "export", "diff", "table", "report", "status"]
        self.says(run("--help"), 0, *commands, "Exit status: 0 done, 1 failed, 2 wrong input, 128 + signal interrupted")
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
    def test_describe_writes_markdown_and_json(self):
        self.says(run("describe", "temporal_oja", "--markdown"), 0, "# temporal_oja\n", "## Parameters\n\nNone.\n",
                  r"$$\dot w_{ij} = c_{0}\,\tilde{x}_j y_i + c_{1}\,x_j \tilde{y}_i + c_{2}\,w_{ij} \tilde{y}_i y_i$$",
                  "| `tau.x~*y` | `5 ms` | 0.5 ms to 40 ms | Time constant of the trace. |")
        oja, = json.loads(run("describe", "temporal_oja", "--json").stdout)
        self.assertEqual((oja["name"], oja["kind"]), ("bell2024.temporal_oja", "rule"))
        self.assertEqual(oja["values"][3], {"name": "tau.x~*y", "type": "real", "unit": "s", "required": False, "default": 5e-3,
                                            "minimum": 0.5e-3, "maximum": 40e-3, "step": 3e-3,
                                            "summary": "Time constant of the trace."})
        decoder, = json.loads(run("describe", "time_decoder", "--json").stdout)
        by_name = {p["name"]: p for p in decoder["parameters"]}
        self.assertTrue(by_name["fit.trials"]["required"] and "default" not in by_name["fit.trials"])
        self.assertEqual(by_name["window"]["default"], [3e-3, 65e-3])
        self.assertNotIn("maximum", by_name["ridge"])
        self.says(run("describe", "time_decoder", "--json", "--markdown"), 2)

    def test_every_readme_of_a_plugin_agrees_with_its_schema(self):
        folders = {f.parent.name: f.parent for d in ("rules", "plugins", "optimizers")
                   for f in (source / d).rglob("plugin.cpp")}
        plugins = hebbforge.parent.parent / "lib/hebbforge/plugins"
        built = {f.stem for f in plugins.glob("*.so")}
        self.assertGreaterEqual(len(built), 22)
        self.assertEqual(built | {"nlopt"}, set(folders) | {"nlopt"})  # nlopt is built where its library is
        for name in sorted(built):
            folder = folders[name]
            kind = {"losses": "loss", "stimuli": "stimulus"}.get(folder.parent.name, folder.parent.name[:-1])
            about, = [p for p in json.loads(run("describe", name, "--json").stdout) if p["kind"] == kind]
            readme = (folder / "README.md").read_text()
            heads = [line for line in readme.splitlines() if line.startswith("#")]
            self.assertEqual(heads, [f"# {name}", "## Equation", "## Parameters", "## Reference", "## Example"], folder)
            self.assertIn(about["summary"] + f" A plugin of kind {kind}, `{about['name']}`.", readme)
            self.assertIn((about["reference"] or "Original") + ".", readme)
            copy = scratch / "README.md"
            copy.write_text(readme)
            self.assertIn("as it should be", run("describe", about["name"], "--readme", copy).stdout,
                          f"run: hebbforge describe {about['name']} --readme {folder / 'README.md'}")

    def test_describe_rewrites_the_parameters_of_a_readme_and_nothing_else(self):
        readme = scratch / "mine.md"
        readme.write_text("# mine\n\n## Parameters\n\nold\n\n## Reference\n\n## Parameters of others\n")
        self.says(run("describe", "mean_rate", "--readme", readme), 0, "parameters rewritten")
        self.assertEqual(readme.read_text(),
                         "# mine\n\n## Parameters\n\n| parameter | default | range | |\n|---|---|---|---|\n"
                         '| `population` | `""` |  | Whose rates; none: all cells. |\n'
                         '| `trials` | `["last"]` |  | Trials, or recordings of other losses. |\n'
                         "\n## Reference\n\n## Parameters of others\n")
        readme.write_text("# mine\n")
        self.says(run("describe", "mean_rate", "--readme", readme), 2, "mine.md: there is no line '## Parameters'")
        self.says(run("describe", "mean_rate", "--readme", scratch / "none.md"), 2, "cannot read")

    def test_export_writes_scripts_and_formulas_and_says_what_has_no_text(self):
        self.says(run("export", small, "--format", "latex"), 0, "% EE\n\\[\\dot w_{ij} =")
        script = run("export", small, "--rule", "bell2024.mean_still").stdout
        self.assertIn("EE: dw/dt = ", script)
        compile(script, "script", "exec")
        self.says(run("export", small, "--format", "nest"), 2, "brian2")
        self.says(run("export", small, "--set", 'phase.organise.reset=false'), 2,
                  "pathway 'EE': signal 'pre' goes on from trial to trial", "export a life of one trial")
        self.says(run("export", small, "--set", 'constraint.cap={plugin="weight_cap",pathway="EE",maximum=5}'), 2,
                  "constraint 'cap' on pathway 'EE' has no text form")

    def test_new_says_what_is_wrong_with_its_words(self):
        self.says(run("new", "rul", "mine"), 2, "no kind of plugin 'rul'", "Did you mean 'rule'?", "Kinds: rule, optimizer")
        self.says(run("new", "rule", "My-Rule"), 2, "'My-Rule' is no name for a plugin: expected lower case letters")
        self.says(run("new", "rule", "a.b.c"), 2, "no name for a plugin")
        self.says(run("new", "rule", "test"), 2, "CMake builds something else under it")
        self.says(run("new", "rule", "new_rule"), 0, "rule mylab.new_rule", "cmake --build build", "inspect", "--contracts")
        self.says(run("new", "rule", "new_rule"), 2, "new_rule exists; choose another name")
        self.says(run("new", "rule", "ada.other", "new_rule/x"), 0)
        self.assertIn('"ada.other"', (scratch / "new_rule/x/other.hpp").read_text())
        self.says(run("new", "rule", "mine", "/proc/mine"), 1, "cannot make the folder /proc/mine")
        self.assertEqual([f for f in (scratch / "new_rule").rglob("*") if f.is_file() and "@" in f.read_text()], [])

    def test_the_document_of_the_pipeline_file_has_every_key_and_no_other(self):
        # The reader answers an unknown key with all that it knows there.
        fixture = fixtures / "crashes.so"
        wrong = {"zzz=1": "Top level", "seeds.zzz=1": "[seeds]", 'input={file="none.h5",zzz=1}': "input", "circuit.zzz=1": "circuit",
                 "population.E.zzz=1": "[population.NAME]", "pathway.EE.zzz=1": "[pathway.NAME]",
                 "pathway.EE.weights.zzz=1": "weights of a pathway", "pathway.EI.weights.zzz=1": "weights of a pathway",
                 'pathway.IE.weights={distribution="constant",value=-0.1,zzz=1}': "weights of a pathway",
                 'pathway.IE.weights={distribution="input",zzz=1}': "weights of a pathway",
                 "pathway.EE.rule.zzz=1": "rule of a pathway", "phase.organise.zzz=1": "[phase.NAME]",
                 f'constraint.c={{pathway="EE",library="{fixture}",zzz=1}}': "[constraint.NAME]",
                 "perturbation.turnover.zzz=1": "[perturbation.NAME]", "loss.rate.zzz=1": "[loss.NAME]",
                 "networks.zzz=1": "networks", "evaluation.zzz=1": "[evaluation]", "search.zzz=1": "[search]", "search.budget.zzz=1": "budget of the search",
                 'search.free."EE.c.*".zzz=1': "[search.free]"}
        for kind in ["simulate", "dropout", "rank_and_refit", "forward_selection", "sweep", "compare"]:
            wrong[f'stage.a={{kind="{kind}",zzz=1}}'] = "[stage.NAME]"
        parameters = {"[perturbation.NAME]": "synaptic_turnover", "[loss.NAME]": "mean_rate"}
        known = {}
        for change, section in wrong.items():
            told = run("check", small, "--set", change)
            keys = re.search(r"has no (?:key|parameter) 'zzz'.*\n  its (?:key|parameter)s: (.*)", told.stderr)
            self.assertTrue(keys, change + told.stderr)
            known.setdefault(section, set()).update(re.sub(r" \[.*?\]", "", keys[1]).split(", "))
        for section, plugin in parameters.items():
            about, = json.loads(run("describe", plugin, "--json").stdout)
            known[section] -= {p["name"] for p in about["parameters"]}
        documented = {}
        for part in (source / "framework/docs/pipeline_file.md").read_text().split("\n## ")[1:]:
            rows = re.findall(r"^\| (`.*?) \|", part, re.M)
            documented[part.splitlines()[0].replace("`", "")] = {k for row in rows for k in re.findall(r"`(.*?)`", row)}
        self.assertEqual(documented, known)
        # The schema has the same keys.
        schema = json.loads(run("schema").stdout)
        top, of = schema["properties"], schema["definitions"]
        search = of["search"]["properties"]
        kinds = {"[constraint.NAME]": of["constraint"], "[perturbation.NAME]": of["perturbation"], "[loss.NAME]": of["loss"],
                 "rule of a pathway": of["rule"]["anyOf"][1]}
        tables = {"Top level": schema, "[seeds]": top["seeds"], "input": top["input"]["anyOf"][1], "circuit": top["circuit"],
                  "[population.NAME]": of["population"], "[pathway.NAME]": of["pathway"], "weights of a pathway": of["weights"],
                  "[phase.NAME]": of["phase"], "networks": top["networks"], "[evaluation]": top["evaluation"], "[search]": of["search"],
                  "budget of the search": of["budget"], "[search.free]": search["free"]["additionalProperties"]["anyOf"][1], "[stage.NAME]": of["stage"]} | kinds
        self.assertEqual({name: set(table["properties"]) - {"preset"} for name, table in tables.items()}, known)

    def test_the_schema_of_pipelines_takes_what_check_takes(self):
        schema = json.loads(run("schema").stdout)
        jsonschema.Draft7Validator.check_schema(schema)
        validator = jsonschema.Draft7Validator(schema)
        pipelines = [*(p for p in (source / "examples").rglob("*.toml") if "results" not in p.parts), *(source / "framework/templates").rglob("*.toml"), small]
        self.assertGreater(len(pipelines), 15)
        for pipeline in pipelines:
            text = pipeline.read_text().replace('= "@FULL@"', '= "mylab.mine"')
            self.assertEqual([e.message for e in validator.iter_errors(tomllib.loads(text))], [], pipeline)
        resolved = tomllib.loads(run("check", small, "--resolved").stdout)
        self.assertEqual([e.message for e in validator.iter_errors(resolved)], [])
        good = small.read_text()
        for before, after in {"seed     = 7": "sed = 7", "trials   = 12": 'trials = "12"', "population = 4": "populaton = 4",
                              'pathway     = "EE"': "", "samples = 100": "sample = 100", "generations = 6": "generation = 6",
                              '"temporal_oja" }': '"temporal_oja", values = { "c.x*x" = 1 } }', "probability = 0.01": "probability = 2"}.items():
            self.assertIn(before, good)
            wrong = tomllib.loads(good.replace(before, after))
            self.assertFalse(validator.is_valid(wrong), after)

    def test_list_goes_on_with_bad_plugins_in_the_directory(self):
        result = run("list", "--plugin-path", fixtures)
        self.says(result, 0, "hebbforge.cma_es", "not used: cannot use", "wrong_magic.so")

    def test_inspect_names_every_check(self):
        good = hebbforge.parent.parent / "lib/hebbforge/plugins/cma_es.so"
        self.says(run("inspect", good), 0, "interface digest", "pass", "hebbforge.cma_es")
        self.says(run("inspect", fixtures / "wrong_magic.so"), 1, "FAIL", "remedy")
        self.says(run("inspect", scratch / "none.so"), 1, "FAIL", "there is no such file")

    def test_inspect_checks_the_contracts_of_a_good_plugin(self):
        plugins = hebbforge.parent.parent / "lib/hebbforge/plugins"
        result = run("inspect", plugins / "temporal_oja.so", "--contracts")
        self.says(result, 0, "contracts of rule bell2024.temporal_oja", "pass  does not allocate")
        self.assertNotIn("FAIL", result.stdout)

    def test_inspect_survives_what_a_plugin_does_to_its_process(self):
        first_call = "  FAIL  finite weights stay finite\n        "
        self.says(run("inspect", fixtures / "broken_rule.so", "--contracts"), 1, "FAIL  summaries are sentences",
                  "FAIL  does not allocate\n        1 allocations in one call", "pass  it can be made")
        self.says(run("inspect", fixtures / "crashes.so", "--contracts"), 1,
                  first_call + "the plugin crashed: Segmentation fault (signal 11)")
        self.says(run("inspect", fixtures / "exits.so", "--contracts"), 1,
                  first_call + "the plugin ended the process with exit status 0")
        self.says(run("inspect", fixtures / "eats_memory.so", "--contracts", "--memory", "512"), 1,
                  first_call + "threw: std::bad_alloc")
        self.says(run("inspect", fixtures / "scribbles.so", "--contracts"), 1, first_call)
        self.says(run("inspect", fixtures / "apart/crashes_when_loaded.so"), 1,
                  "FAIL  loading the file\n      the plugin crashed: Illegal instruction (signal 4)")

    def test_inspect_ends_a_plugin_that_hangs(self):
        begin = time.monotonic()
        result = run("inspect", fixtures / "hangs.so", "--contracts", "--limit", "500 ms")
        self.assertLess(time.monotonic() - begin, 20)
        self.says(result, 1, "pass  it can be made", "FAIL  finite weights stay finite",
                  "the plugin hung: nothing for 0.5 s")
        self.says(run("inspect", fixtures / "hangs.so", "--limit", "soon"), 2, "--limit soon: expected a time above 0")

    def test_check_finds_mistakes_and_resolves(self):
        self.says(run("check", small), 0, "good. 2 populations, 3 pathways of which 1 learn")
        self.says(run("check", small, "--resolved"), 0, "[search.free]", 'plugin = "hebbforge.cma_es"')
        self.says(run("check", small, "--estimate"), 0, "core-hours", "wall time about")
        wrong = run("check", source / "tests/framework/pipelines/ten_mistakes.toml")
        self.says(wrong, 2, "ten_mistakes.toml:2:12: 'seed' is")

    def test_every_example_is_good(self):
        for pipeline in sorted((source / "examples").glob("0*/*.toml")) + sorted((source / "examples/paper").glob("*.toml")):
            # Files that a script of the example makes are made elsewhere: the folder stays as it is.
            made = scratch / f"{pipeline.parent.name}.h5"
            generators = list(pipeline.parent.glob("make_*.py"))
            for generator in generators:
                subprocess.run([sys.executable, generator, made], check=True, capture_output=True)
            self.says(run("check", pipeline, *([f"--set=input={made}"] if generators else [])), 0, "good.")

    def test_every_pipeline_of_the_paper_runs(self):
        short = {"fig3_few_terms": ["stage.refit.keep_below=1e9"],
                 "fig4_disruption": ["stage.disruption.rules.fiete.set.phase.organise.trials=60"]}
        pipelines = sorted((source / "examples/paper").glob("*.toml"))
        self.assertEqual(len(pipelines), 7)
        for pipeline in pipelines:
            sets = [f"--set={key}" for key in ["phase.organise.trials=60", *short.get(pipeline.stem, [])]]
            self.says(run("run", pipeline, "--smoke", "--out", scratch / pipeline.stem, *sets), 0, "report.html")
        ratios = subprocess.run([sys.executable, source / "examples/paper/cell_recovery.py",
                                 scratch / "fig6_manipulations/cell/lives.csv"], capture_output=True, text=True)
        self.says(ratios, 0, "control      first", "fresh_input  later")

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

    stages = [f"stage.{text}" for text in [
        'drop={kind="dropout",networks=3}',
        'refit={kind="rank_and_refit",dropout="drop",terms=[1,2],budget={generations=1}}',
        'turnover={kind="sweep",rules={learned="search",none="no_plasticity"},networks=3,'
        'vary={"perturbation.turnover.probability"=[0,0.01]}}',
        'test={kind="compare",rules={none="no_plasticity",learned="search"},networks=3,published_statistics=true,'
        'conditions={short={},long={phase={organise={trials=70}}}}}',
        'lives={kind="simulate",networks=2}']]

    def with_stages(self, *arguments):
        sets = [part for stage in self.stages for part in ("--set", stage)]
        return run("run", small, *sets, "--set", "search.budget={generations=2}", "--set", "networks.report=2", *arguments)

    def test_stages_follow_the_search_and_are_not_run_twice(self):
        out = scratch / "stages"
        first = self.with_stages("--out", out)
        self.says(first, 0, "stage drop", "how much the median loss rises without a coefficient", "stage refit", "terms  added",
                  "learned, probability=0.01 minus learned, probability=0", "Kruskal-Wallis H", "lives.h5: 2 healthy lives")
        files = ["drop/ranking.csv", "drop/results.h5", "refit/refit.csv", "refit/terms_2/rule.toml", "turnover/summary.csv",
                 "test/comparisons.csv", "test/lives.csv", "lives/lives.h5"]
        bytes_before = {name: (out / name).read_bytes() for name in files}
        self.assertIn("fresh_rate", tomllib.loads((out / "refit/terms_2/rule.toml").read_text())["set"]["phase"]["organise"]["stimulus"])
        lives = [line.split(",") for line in (out / "turnover/lives.csv").read_text().splitlines()]
        self.assertEqual(len(lives), 1 + 2 * 2 * 3)
        log = (out / "log.txt").read_text()
        self.says(self.with_stages("--out", out, "--resume"), 0, "stage drop", "lives.h5: is there")
        self.assertNotIn("stage drop: 1 of", (out / "log.txt").read_text()[len(log):])
        self.assertEqual({name: (out / name).read_bytes() for name in files}, bytes_before)

        # The resolved pipeline is the same pipeline.
        again = scratch / "stages_again"
        self.says(run("run", out / "pipeline.toml", "--out", again, "--jobs", "1"), 0)
        self.assertEqual({name: (again / name).read_bytes() for name in files[:-1]},
                         {name: bytes_before[name] for name in files[:-1]})

        # Without a search: rules of a run, in a life that is longer than theirs.
        alone = ["--set", f'stage.t={{kind="compare",rules={{found="{out}",none="no_plasticity"}},networks=2,'
                          'set={phase={organise={trials=65}}}}']
        text = small.read_text()
        bare = scratch / "no_search.toml"
        bare.write_text(text[:text.index("[search]")])
        self.says(run("run", bare, *alone, "--out", scratch / "alone"), 0, "stage t", "none minus found")
        self.assertFalse((scratch / "alone/checkpoint.h5").exists())

    def test_stages_that_are_killed_go_on_to_the_same_bytes(self):
        whole, parts = scratch / "whole_stages", scratch / "parts_stages"
        more = ["--set", "stage.drop.networks=60"]
        self.says(self.with_stages("--out", whole, *more), 0)
        sets = [part for stage in self.stages for part in ("--set", stage)]
        process = subprocess.Popen([hebbforge, "run", small, "--out", parts, *sets, "--set", "search.budget={generations=2}",
                                    "--set", "networks.report=2", *more], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        while not (parts / "drop/results.h5").exists():
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
        process.communicate()
        self.assertFalse((parts / "refit/refit.csv").exists())
        self.says(self.with_stages("--out", parts, "--resume", *more), 0)
        self.assertIn("stage drop: going on", (parts / "log.txt").read_text())
        for name in ["drop/results.h5", "drop/ranking.csv", "refit/refit.csv", "turnover/lives.csv", "test/results.h5"]:
            self.assertEqual((whole / name).read_bytes(), (parts / name).read_bytes(), name)

    def test_a_run_directory_takes_one_process_and_one_kind_of_run(self):
        out = scratch / "one_process"
        process = subprocess.Popen([hebbforge, "run", small, "--out", out, "--set", "search.budget={generations=100000}"],
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        while not (out / "checkpoint.h5").exists():
            time.sleep(0.02)
        self.says(run("run", small, "--out", out, "--resume"), 2, f"process {process.pid} is running in '{out}'")
        process.send_signal(signal.SIGINT)
        process.wait()
        before = (out / "pipeline.toml").read_bytes()
        bare = scratch / "bare.toml"
        text = small.read_text()
        bare.write_text(text[:text.index("[search]")])
        self.says(run("run", bare, "--out", out, "--resume", "--set", 'stage.a={kind="compare",rule="no_plasticity"}'), 2,
                  "holds a search, but this pipeline has none")
        self.assertEqual((out / "pipeline.toml").read_bytes(), before)

    def test_what_a_stage_has_made_is_not_taken_for_something_else(self):
        out = scratch / "remade"
        lives = ["--set", 'stage.l={kind="simulate",rule="no_plasticity"}', "--set", 'stage.c={kind="compare",rule="no_plasticity",networks=2}']
        bare = scratch / "bare_stages.toml"
        text = small.read_text()
        bare.write_text(text[:text.index("[search]")])
        self.says(run("run", bare, "--out", out, *lives, "--jobs", "1"), 0, "lives.h5: 1 healthy lives")
        first = (out / "l/lives.h5").read_bytes()
        self.says(run("status", out), 0, "finished", "stage l: done", "stage c: done")
        self.says(run("run", bare, "--out", out, *lives, "--resume", "--set", "stage.l.networks=3", "--set", "stage.c.networks=3"), 0,
                  "lives.h5: 3 healthy lives", "results.h5.before")
        self.assertEqual(len((out / "c/lives.csv").read_text().splitlines()), 4)
        self.assertTrue((out / "c/results.h5.before").exists())
        self.says(run("run", bare, "--out", scratch / "remade_2", *lives, "--jobs", "2"), 0)
        self.assertEqual((scratch / "remade_2/l/lives.h5").read_bytes(), first)

    def test_a_list_of_rules_is_one_family_whose_instances_have_names(self):
        rules = scratch / "family"
        for name in "ab":
            (rules / name).mkdir(parents=True, exist_ok=True)
        self.says(run("run", small, "--smoke", "--out", scratch / "for_family"), 0)
        for name in ["a/one.toml", "a/two.toml", "b/one.toml"]:
            (rules / name).write_text((scratch / "for_family/rule.toml").read_text())
        stage = lambda *names: "stage.f={kind=\"compare\",networks=2,rule=[" + ",".join(f'"{rules / n}"' for n in names) + \
            "],conditions={x={},y={}}}"
        self.says(run("check", small, "--set", stage("a/one.toml", "b/one.toml")), 2, "two rules of [stage.f] are called 'rule one'")
        out = scratch / "family_run"
        self.says(run("run", small, "--smoke", "--out", out, "--set", stage("a/one.toml", "a/two.toml")), 0,
                  "rule, y minus rule, x    0.0 [0.0, 0.0]")
        self.assertIn("rule,x,2,", (out / "f/summary.csv").read_text())

    def test_mistakes_in_stages_are_told_before_the_first_life(self):
        def told(stage, *texts):
            self.says(run("check", small, "--set", stage), 2, *texts)
        told('stage.a.kind="dropuot"', "'kind' is \"dropuot\"", "Did you mean 'dropout'?")
        told('stage.a={kind="sweep"}', "needs a table 'vary' of one or two paths")
        told('stage.a={kind="sweep",vary={"phase.organise.trails"=[1]}}', "has no key 'trails'", "Did you mean 'trials'?")
        told('stage.a={kind="compare",conditions={x={loss={time={weight=-1}}}}}', "under 'x'", "'weight'")
        told('stage.a={kind="compare",rules={x=["no_such_rule"]}}', "no preset named 'no_such_rule'")
        told('stage.running={kind="compare"}', "'running' is a name of the run directory's own")
        told('stage."a/b"={kind="compare"}', "may only have letters")
        told(f'stage.a={{kind="compare",rules={{x="{source}"}}}}', "is no run directory: it has no pipeline.toml")
        told('stage.a={kind="rank_and_refit",dropout="b",terms=[1],budget={generations=1}}',
             "there is no earlier stage of kind dropout")
        told('stage.a={kind="rank_and_refit",dropout="b",budget={generations=1}}', "needs the list 'terms'")
        self.says(run("run", small, "--set", 'stage.a={kind="compare",rule="search",rules={}}'), 2, "both 'rule' and 'rules'")

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

    def test_racing_is_refused_for_a_loss_that_may_be_negative(self):
        self.says(run("run", small, "--plugin-path", fixtures, "--out", scratch / "negative", "--set", "search.racing=true",
                      "--set", 'search.optimizer={plugin="cma_es",active=false}',
                      "--set", 'loss.below={plugin="fixtures.negative_loss"}'), 2,
                  "racing = true, but the loss 'below' may be negative", "leave racing out")

    def test_a_rule_file_is_simulated(self):
        out = scratch / "rule_run"
        run("run", small, "--out", out, "--smoke")
        self.says(run("simulate", small, "--rule", out / "rule.toml", "--out", scratch / "life.h5", "--networks", "2"), 0,
                  "of 2 healthy lives; 0 failed", "life.h5")
        self.says(run("simulate", small, "--rule", "no_plasticity"), 0, "healthy")
        self.says(run("simulate", small, "--rule", "no_such_rule"), 2, "no preset named 'no_such_rule'")

    def test_a_rule_file_holds_all_that_was_found(self):
        # The search of small.toml moves the rate of fresh input too.
        def lives(name, rule):
            stage = f'stage.again={{kind="compare",networks=3,rules={{found={rule}}}}}'
            self.says(run("run", small, "--out", scratch / name, "--set", "search.budget={generations=2}",
                          "--set", "networks.report=2", "--set", stage), 0, "stage again")
            return (scratch / name / "again/lives.csv").read_text()

        of_the_search = lives("found_whole", '"search"')
        file = scratch / "found_whole/rule.toml"
        self.assertIn("fresh_rate", tomllib.loads(file.read_text())["set"]["phase"]["organise"]["stimulus"])
        self.assertEqual(lives("found_again", f'"{file}"'), of_the_search)

    def test_a_rule_file_quotes_names(self):
        cap = 'constraint."größe"={plugin="weight_cap",pathway="EE"}'
        free = 'search.free={"EE.c.*"={step=0.003},"größe.maximum"={start=3,range=[1,5],step=0.1}}'
        self.says(run("run", small, "--out", scratch / "named", "--smoke", "--set", cap, "--set", free), 0)
        rule = scratch / "named/rule.toml"
        self.assertTrue(1 <= tomllib.loads(rule.read_text())["set"]["constraint"]["größe"]["maximum"] <= 5)
        self.says(run("simulate", small, "--rule", rule, "--set", cap), 0, "healthy")
        self.says(run("simulate", small, "--rule", rule), 2, "was found together with 'constraint.größe.maximum'",
                  "Add its table to the pipeline, or remove this line")

    def test_what_a_stage_sets_wins_over_what_was_found(self):
        out = scratch / "swept"
        path = "phase.organise.stimulus.fresh_rate"
        stage = f'kind="sweep",networks=2,vary={{"{path}"=[12,35]}}'
        self.says(run("run", small, "--out", out, "--smoke", "--set", f"stage.found={{{stage}}}"), 0, "fresh_rate=35")
        lines = (out / "found/lives.csv").read_text().splitlines()[1:]
        self.assertEqual(len(set(line.split(",", 3)[3] for line in lines)), 4, lines)
        # The same of its rule file and of its directory.
        for name, rule in [("file", out / "rule.toml"), ("directory", out)]:
            again = scratch / f"swept_{name}"
            self.says(run("run", small, "--out", again, "--smoke", "--set", f'stage.found={{{stage},rules={{search="{rule}"}}}}'), 0)
            self.assertEqual([line.split(",", 3)[2:] for line in (again / "found/lives.csv").read_text().splitlines()[1:]],
                             [line.split(",", 3)[2:] for line in lines])

    def test_dropouts_of_values_from_an_input_file_are_kept_apart(self):
        out = scratch / "input_dropout"
        replay = source / "examples" / "04_replay/ee_life.toml"
        arguments = ["run", replay, "--out", out, "--set", 'stage.drop={kind="dropout",networks=1}', "--set",
                     "phase.organise.trials=60"]
        self.says(run(*arguments), 0, "stage drop")
        ranking = (out / "drop/ranking.csv").read_text()
        self.assertGreater(len(set(line.split(",")[2] for line in ranking.splitlines()[1:])), 5, ranking)
        (out / "drop/summary.csv").unlink()
        self.says(run(*arguments, "--resume"), 0, "stage drop")
        self.assertEqual((out / "drop/ranking.csv").read_text(), ranking)

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

    def test_a_plugin_where_anybody_may_write_is_named(self):
        mine, open_to_all = scratch / "mine", scratch / "open_to_all"
        for place, mode in ((mine, 0o755), (open_to_all, 0o777)):
            place.mkdir()
            place.chmod(mode)
            shutil.copy(fixtures / "good.so", place)
        self.says(run("list", "--plugin-path", open_to_all), 0,
                  f"warning: loading the plugin '{open_to_all}/good.so': everybody may write there")
        self.assertNotIn("loading the plugin", run("list", "--plugin-path", mine).stderr)
        there = subprocess.run([hebbforge, "list", "--plugin-path", "."], capture_output=True, text=True, cwd=mine)
        self.assertIn("loading the plugin './good.so' from the working directory", there.stderr)
        # Without a word on the command line nothing of the working directory is loaded.
        self.assertNotIn(" good ", subprocess.run([hebbforge, "list"], capture_output=True, text=True, cwd=mine).stdout)

    def test_no_name_leads_out_of_the_run_directory(self):
        out = scratch / "inside" / "run"
        for name in ("../outside", "/tmp/outside", ".."):
            self.says(run("run", small, "--out", out, "--set", f'stage."{name}"={{kind="simulate",rule="no_plasticity"}}'), 2,
                      "may only have letters, digits, '_' and '-'")
        self.assertFalse((scratch / "inside").exists())

    def test_names_and_messages_do_not_steer_the_terminal(self):
        result = run("check", small, "--set", 'population."\\u001b[2J"={size=1}')
        self.assertEqual(result.returncode, 2)
        self.assertNotIn("\x1b", result.stdout + result.stderr)
        self.says(run("run", "\x1b[2J.toml"), 2, "\\x1b[2J.toml")

    def test_a_file_that_cannot_be_written_is_told(self):
        self.says(run("simulate", small, "--out", "/no/such/directory/life.h5"), 1, "cannot write '/no/such/directory/life.h5': its directory is not there: make the directory and try again")
        self.says(run("run", small, "--out", "/proc/run"), 1, "cannot make the run directory")


shutil.rmtree(scratch, ignore_errors=True)
scratch.mkdir(parents=True)
unittest.main(argv=sys.argv[:1], verbosity=0)
