#!/usr/bin/env python3
"""What ends a run before its time: full disks, directories that cannot be written or are gone, cut checkpoints, signals.
Each gets a sentence, nothing that was written is lost, and --resume then gives the bytes of an undisturbed run.

    test_durability.py HEBBFORGE SOURCE_DIRECTORY SCRATCH_DIRECTORY [POINTS]

POINTS: how many sizes of disks and lengths of checkpoints are tried; a table of what happened is printed.
"""
import ctypes
import os
import pathlib
import random
import resource
import shutil
import signal
import subprocess
import sys
import time
import unittest

hebbforge, source, scratch = (pathlib.Path(a).absolute() for a in sys.argv[1:4])
points = int(sys.argv[4]) if len(sys.argv) > 4 else 3
small = source / "tests/framework/pipelines/small.toml"
generations = 12
results = ["evaluations.csv", "rule.toml", "results.h5"]
libc = ctypes.CDLL(None, use_errno=True)


def command(out, *more):
    return [hebbforge, "run", small, "--out", out, "--jobs", "1", "--set", f"search.budget={{generations={generations}}}", *more]


def run(out, *more, **how):
    return subprocess.run(command(out, *more), capture_output=True, text=True, **how)


def start(out, *more, preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_DFL), **how):
    """A search without an end; not under nohup, whatever the test is."""
    how["preexec_fn"] = preexec_fn
    return subprocess.Popen(command(out, "--set", "search.budget={generations=100000}", *more), stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE, text=True, **how)


def last_line(text):
    return text.strip().splitlines()[-1] if text.strip() else ""


def wait_for(path):
    until = time.monotonic() + 60
    while not path.exists():
        assert time.monotonic() < until, f"{path} does not come"
        time.sleep(0.01)


def without_privilege():
    """Also for root, permissions count from here on: the capabilities to pass over them are gone after exec."""
    for capability in (1, 2):  # CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH
        libc.prctl(24, capability, 0, 0, 0)  # PR_CAPBSET_DROP; fails for users, who have none


def largest_file(size):
    return lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


class Durability(unittest.TestCase):
    def setUp(self):
        self.where = scratch / self.id().split(".")[-1]
        self.where.mkdir()

    @classmethod
    def setUpClass(cls):
        shutil.rmtree(scratch, ignore_errors=True)
        scratch.mkdir(parents=True)
        cls.whole = scratch / "whole"
        subprocess.run(command(cls.whole), check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def same_as_whole(self, out):
        for name in results:
            self.assertEqual((self.whole / name).read_bytes(), (out / name).read_bytes(), name)

    def failed(self, result, *texts):
        """Exit 1 and a sentence at the end: no crash, no half-written file under a final name."""
        self.assertEqual(result.returncode, 1, result.stdout + result.stderr)
        for text in texts:
            self.assertIn(text, last_line(result.stderr))

    def ends_then_goes_on(self, out, result, *texts):
        self.failed(result, *texts)
        self.assertEqual(list(out.glob("*.writing-*")), [], "temporary files stay behind")
        again = run(out, "--resume")
        self.assertEqual(again.returncode, 0, again.stderr)
        self.same_as_whole(out)
        return last_line(again.stderr.split("\n", 1)[0])

    def test_a_limit_on_the_size_of_files_ends_a_run_with_a_sentence(self):
        random.seed(2)
        most = max(f.stat().st_size for f in self.whole.iterdir())
        for size in sorted(random.randrange(most) for _ in range(points)):
            out = self.where / str(size)
            result = run(out, preexec_fn=largest_file(size))
            if result.returncode == 0:  # only the report, which may be missing, would have been larger
                self.assertIn("no report was written", result.stderr)
                self.same_as_whole(out)
                continue
            self.ends_then_goes_on(out, result, "larger than files may be here", "raise the limit (ulimit -f)")
            print(f"  files up to {size:7d} bytes: exit 1, {last_line(result.stderr)!r}; resumed to the same bytes")

    def test_a_full_disk_ends_a_run_with_a_sentence(self):
        if os.geteuid() != 0:
            self.skipTest("only root can mount a small disk")
        disk = self.where / "disk"
        disk.mkdir()
        random.seed(3)
        need = sum(f.stat().st_size for f in self.whole.iterdir()) // 1024
        for size in sorted(random.randrange(8, need) for _ in range(points)):
            size -= size % 4
            if subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}k", "none", disk], capture_output=True).returncode != 0:
                self.skipTest("a small disk cannot be mounted here")
            try:
                out = disk / "run"
                result = run(out)
                if result.returncode == 0:
                    self.assertIn("report", result.stderr, "all but the report has found room")
                    self.same_as_whole(out)
                    print(f"  disk of {size:5d} KiB: exit 0, {last_line(result.stderr)!r}")
                    continue
                subprocess.run(["mount", "-o", "remount,size=1g", disk], check=True)
                self.ends_then_goes_on(out, result, "no space left for", "free space")
                print(f"  disk of {size:5d} KiB: exit 1, {last_line(result.stderr)!r}; resumed to the same bytes")
            finally:
                subprocess.run(["umount", disk], check=True)

    def test_a_directory_that_cannot_be_written_is_told(self):
        closed = self.where / "closed"
        closed.mkdir()
        closed.chmod(0o555)
        self.failed(run(closed / "run", preexec_fn=without_privilege), "cannot make the run directory", "Permission denied")
        out = self.where / "closes"
        process = start(out, preexec_fn=without_privilege)
        wait_for(out / "checkpoint.h5")
        out.chmod(0o555)
        process.wait(60)
        out.chmod(0o755)
        text = last_line(process.communicate()[1])
        self.assertEqual(process.returncode, 1, text)
        self.assertIn("no permission", text)
        self.assertIn("is whole: make the directory and the file writable and go on with --resume", text)
        self.assertEqual(run(out, "--resume").returncode, 0)

    def test_a_directory_that_is_gone_is_told(self):
        out = self.where / "gone"
        process = start(out)
        wait_for(out / "checkpoint.h5")
        out.rename(self.where / "elsewhere")
        text = last_line(process.communicate(timeout=60)[1])
        self.assertEqual(process.returncode, 1, text)
        self.assertIn("its directory is not there: make the directory", text)
        self.assertEqual(run(self.where / "elsewhere", "--resume").returncode, 0)

    def test_a_cut_or_foreign_checkpoint_is_refused_and_nothing_is_touched(self):
        whole = (self.whole / "checkpoint.h5").read_bytes()
        random.seed(4)
        cuts = {f"cut at {length} of {len(whole)}": whole[:length]
                for length in sorted({0, 1, len(whole) - 1, *(random.randrange(len(whole)) for _ in range(max(0, points - 3)))})}
        flipped = bytearray(whole)
        flipped[len(whole) // 2] ^= 4
        foreign = {"one bit flipped": bytes(flipped), "a text": b"no checkpoint\n", "a results.h5": (self.whole / "results.h5").read_bytes()}
        out = self.where / "run"
        for name, content in (cuts | foreign).items():
            shutil.rmtree(out, ignore_errors=True)
            shutil.copytree(self.whole, out)
            (out / "checkpoint.h5").write_bytes(content)
            result = run(out, "--resume")
            self.failed(result, "checkpoint.h5' is not ", "start anew in another directory")
            print(f"  checkpoint {name}: exit 1, {last_line(result.stderr).replace(str(out), 'RUN')!r}")
            self.same_as_whole(out)
            self.assertEqual((out / "checkpoint.h5").read_bytes(), content)
        shutil.copy(self.whole / "checkpoint.h5", out)
        self.assertEqual(run(out, "--resume").returncode, 0)

    def test_signals_end_a_run_after_a_checkpoint(self):
        for name, code in ((signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)):
            out = self.where / name.name
            process = start(out)
            wait_for(out / "checkpoint.h5")
            process.send_signal(name)
            stdout, stderr = process.communicate(timeout=60)
            self.assertEqual(process.returncode, code, stderr)
            self.assertIn("ending after the running trials", stderr)
            self.assertIn("--resume", stdout)
            self.assertEqual(run(out, "--resume", "--set", "search.budget={generations=2}").returncode, 0)
            self.assertFalse((out / "running").exists())

    def test_a_second_signal_ends_a_run_at_once(self):
        out = self.where / "twice"
        process = start(out)
        wait_for(out / "checkpoint.h5")
        os.kill(process.pid, signal.SIGSTOP)  # both are there before it can end by itself
        process.send_signal(signal.SIGTERM)
        process.send_signal(signal.SIGINT)
        process.send_signal(signal.SIGCONT)
        process.communicate(timeout=10)
        self.assertIn(process.returncode, (-signal.SIGTERM, -signal.SIGINT))

    def test_nohup_is_heeded(self):
        out = self.where / "nohup"
        process = start(out, preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN))
        wait_for(out / "checkpoint.h5")
        process.send_signal(signal.SIGHUP)
        time.sleep(0.3)
        self.assertIsNone(process.poll())
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=60)
        self.assertEqual(process.returncode, 143)

    def test_a_run_whose_reader_is_gone_goes_on(self):
        out = self.where / "unread"
        with subprocess.Popen(command(out), stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
            process.stdout.close()
            process.stderr.close()
            self.assertEqual(process.wait(120), 0)
        self.same_as_whole(out)

    def test_of_runs_that_start_together_in_one_directory_one_goes_on(self):
        out = self.where / "together"
        shutil.copytree(self.whole, out)
        many = [start(out, "--resume") for _ in range(5)]
        time.sleep(0.5)
        until = time.monotonic() + 60
        while sum(p.poll() is None for p in many) > 1 and time.monotonic() < until:
            time.sleep(0.05)
        alive = [p for p in many if p.poll() is None]
        self.assertEqual(len(alive), 1)
        for process in many:
            if process is alive[0]:
                continue
            text = process.communicate()[1]
            self.assertEqual(process.returncode, 2, text)
            self.assertIn(f"process {alive[0].pid} is running in '{out}'", text)
        alive[0].kill()  # its mark stays, and is in nobody's way
        alive[0].communicate()
        self.assertTrue((out / "running").exists())
        self.assertEqual(run(out, "--resume").returncode, 0)
        self.assertFalse((out / "running").exists())


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *sys.argv[5:]])
