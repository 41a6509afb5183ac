"""Whole commands: CPU seconds, wall time and peak memory of `bocage demo` and of a real study.

    python benchmarks/whole_run.py [STUDY.toml]

The demo is timed twice: with an empty cache of compiled kernels, as just after an installation,
and again. A study of your own is timed once its kernels are compiled. Nothing is compared with a
peer here: no other program goes from layers to sheet; see ``cost_distance.py`` for the kernels.
"""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path


def measure(words: list[str], environment: dict[str, str]) -> tuple[float, float, float]:
    """Run a command in its own process; give CPU [s], wall time [s] and peak resident memory [MB]."""
    script = (
        "import resource, subprocess, sys; "
        "done = subprocess.run([sys.executable, '-m', 'bocage.cli', *sys.argv[1:]]); "
        "use = resource.getrusage(resource.RUSAGE_CHILDREN); "
        "print(use.ru_utime + use.ru_stime, use.ru_maxrss / 1024, done.returncode)"
    )
    began = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", script, *words], env=environment, capture_output=True, text=True, check=True
    )
    wall = time.perf_counter() - began
    cpu, memory, code = done.stdout.strip().splitlines()[-1].split()
    if code != "0":
        sys.exit(f"bocage {' '.join(words)} failed:\n{done.stderr}")
    return float(cpu), wall, float(memory)


def main() -> None:
    folder = Path(tempfile.mkdtemp(prefix="bocage-bench-"))
    environment = os.environ | {"NUMBA_CACHE_DIR": str(folder / "kernels")}
    try:
        print(f"{'command':58} {'CPU s':>7} {'wall s':>7} {'peak MB':>8}")
        rows = [
            ("demo, kernels to compile", ["demo", str(folder / "one"), "--quiet"]),
            ("demo, kernels compiled", ["demo", str(folder / "two"), "--quiet"]),
        ]
        rows += [
            (f"run {study}", ["run", study, "--output", str(folder / "real"), "--fresh", "--quiet"])
            for study in sys.argv[1:]
        ]
        for title, words in rows:
            cpu, wall, memory = measure(words, environment)
            print(f"{title[-58:]:58} {cpu:7.1f} {wall:7.1f} {memory:8.0f}", flush=True)
    finally:
        shutil.rmtree(folder)
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else float("nan")
    print(f"load average {load:.1f}, {os.cpu_count()} cores; page size {resource.getpagesize()}")


if __name__ == "__main__":
    main()
