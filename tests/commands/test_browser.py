#!/usr/bin/env python3
"""The report of a run in a headless Chromium: every section is there, nothing is cut off or overlaps, no error.

    test_browser.py HEBBFORGE SOURCE_DIRECTORY SCRATCH_DIRECTORY

Exits with 77 (skipped) where Chromium is not installed. Screenshots stay in the scratch directory.
"""
import html
import json
import pathlib
import re
import shutil
import subprocess
import sys
import unittest

hebbforge, source, scratch = (pathlib.Path(a).absolute() for a in sys.argv[1:4])
small = source / "tests/framework/pipelines/small.toml"
sections = ["run", "rule", "losses", "coefficients", "activity", "weights", "effects", "networks", "failures", "repeat"]
chromium = shutil.which("chromium")
rules = 'rules={found="search",published="bell2024.mean_still"},networks=8'
# Many values, long names, many coefficients: what may be too wide.
stages = [part for stage in [
    'drop={kind="dropout",rule="bell2024.mean_still",networks=8}',
    'own={kind="dropout",networks=3}',
    'refit={kind="rank_and_refit",dropout="own",terms=[1,2,3],budget={generations=1}}',
    f'turnover={{kind="sweep",{rules},vary={{"perturbation.turnover.probability"=[0,0.001,0.01]}}}}',
    f'duration={{kind="sweep",{rules},vary={{"phase.organise.duration"=["80 ms","100 ms","0.11 s"]}}}}',
    f'map={{kind="sweep",{rules},vary={{"perturbation.turnover.probability"=[0,0.001,0.002,0.005,0.01],"phase.organise.duration"=["80 ms","90 ms","100 ms","110 ms"]}}}}',
    f'test={{kind="compare",{rules},published_statistics=true,conditions={{a_condition_of_a_long_name={{}},long={{phase={{organise={{trials=14}}}}}}}}}}',
    'lives={kind="simulate",conditions={short={},long={phase={organise={trials=14}}}}}'] for part in ("--set", "stage." + stage)]

# Added to a copy of the page: what does a reader see? The answer goes into an element of its own.
look = """<script>addEventListener('load', () => {
  // A window cannot be as narrow as a telephone; the layout follows the width of the body alone.
  document.body.style.cssText = 'width: WIDTHpx; margin: 0';
  const found = {page: [document.body.scrollWidth, WIDTH], outside: [], overlaps: [], empty: []};
  for (const svg of document.querySelectorAll('svg')) {
    const name = svg.getAttribute('aria-label').slice(0, 30), box = svg.getBoundingClientRect();
    if (svg.querySelectorAll('path, image, polygon, use').length < 5 || box.width < 200) found.empty.push(name);
    const texts = [...svg.querySelectorAll('text')].filter(t => t.textContent.trim()).map(t => [t.textContent, t.getBoundingClientRect()]);
    for (const [text, b] of texts)
      if (b.left < box.left - 1 || b.right > box.right + 1 || b.top < box.top - 2 || b.bottom > box.bottom + 2) found.outside.push(name + ': ' + text);
    texts.forEach(([s, a], i) => texts.slice(i + 1).forEach(([t, b]) => {
      const x = Math.min(a.right, b.right) - Math.max(a.left, b.left), y = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
      if (x > 1 && y > 0.4 * Math.min(a.height, b.height)) found.overlaps.push(name + ': ' + s + ' / ' + t);
    }));
  }
  const answer = document.createElement('pre');
  answer.id = 'answer';
  answer.textContent = JSON.stringify(found);
  document.body.append(answer);
})</script></body>"""


def browse(page, *arguments):
    # A profile of its own; the logged console shows what a page complains of.
    return subprocess.run([chromium, "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars",
                           f"--user-data-dir={scratch}/profile", "--enable-logging=stderr", "--v=0", *arguments, page.as_uri()],
                          capture_output=True, text=True, timeout=120)


class Browser(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.pages = []
        for name, more in (("one", []), ("two", ["--seeds", "1,2"]), ("stages", stages)):
            out = scratch / name
            done = subprocess.run([hebbforge, "run", small, "--set", "search.budget={generations=2}", "--out", out, *more], capture_output=True, text=True)
            assert done.returncode == 0, done.stderr
            cls.pages.append(out / "report.html")

    def test_every_section_is_there_and_nothing_is_cut_off_or_overlaps(self):
        for page in self.pages:
            copy = page.with_name("looked_at.html")
            for width in (1280, 390):
                copy.write_text(page.read_text().replace("</body>", look.replace("WIDTH", str(width))))
                shown = browse(copy, f"--window-size={width},2000", "--dump-dom")
                self.assertNotIn("CONSOLE", shown.stderr)
                found = re.findall(r'<section id="(.*?)"', shown.stdout)
                self.assertEqual([s for s in found if not s.startswith("stage_")], sections)
                self.assertEqual(sum(s.startswith("stage_") for s in found), len(stages) // 2 if "stages" in page.parts else 0)
                found = json.loads(html.unescape(re.search(r'<pre id="answer">(.*?)</pre>', shown.stdout, re.S)[1]))
                scrolled, window = found.pop("page")
                self.assertLessEqual(scrolled, window, f"{page} at {width}: the page scrolls sideways")
                self.assertEqual(found, {"outside": [], "overlaps": [], "empty": []}, f"{page} at {width}")

    def test_a_page_has_pictures_in_both_themes(self):
        pictures = {}
        for theme, setting in (("dark", 0), ("light", 1)):
            for width in (1280, 390):
                picture = scratch / f"{theme}_{width}.png"
                shown = browse(self.pages[0], f"--window-size={width},7000", f"--screenshot={picture}",
                               f"--blink-settings=preferredColorScheme={setting}")
                self.assertNotIn("CONSOLE", shown.stderr)
                pictures[theme, width] = picture.read_bytes()
                self.assertGreater(len(pictures[theme, width]), 50_000)
        self.assertNotEqual(pictures["dark", 1280], pictures["light", 1280])


if not chromium:
    print("skipped: Chromium is not installed; framework/tools/install-dependencies --browser installs it")
    sys.exit(77)
shutil.rmtree(scratch, ignore_errors=True)
scratch.mkdir(parents=True)
unittest.main(argv=sys.argv[:1], verbosity=0)
