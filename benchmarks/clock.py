"""What the benchmarks measure with: the clock of a call, and a peer run in a process of its own."""

from __future__ import annotations

import json
import math
import subprocess
import time
from pathlib import Path
from typing import Any


class Clock:
    """CPU seconds of all threads, wall seconds, and the memory that a call adds at its peak (on Linux)."""

    def __init__(self) -> None:
        self.before = self._memory("VmRSS")
        reset = Path("/proc/self/clear_refs")
        if reset.exists():
            reset.write_text("5")  # forget the peak reached so far
        self.began, self.at = time.process_time(), time.perf_counter()

    def stop(self) -> dict[str, float]:
        """Give the seconds and the bytes that were added at the peak."""
        spent, passed = time.process_time() - self.began, time.perf_counter() - self.at
        added = max(self._memory("VmHWM") - self.before, 0.0)
        return {"cpu": spent, "wall": passed, "added": added}

    @staticmethod
    def _memory(name: str) -> float:
        status = Path("/proc/self/status")
        if not status.exists():
            return math.nan
        line = next(line for line in status.read_text().splitlines() if line.startswith(name))
        return float(line.split()[1]) * 1024.0


def run_peer(command: list[str]) -> tuple[dict[str, Any] | None, str]:
    """Run a peer that prints its figures as JSON on its last line; None and why, if it did not run."""
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        lines = done.stderr.strip().splitlines()
        return None, lines[-1] if lines else "no message"
    figures: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return figures, ""
