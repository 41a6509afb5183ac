"""Drawing many sheets: resumed, shared out, and never stopped by one."""

from __future__ import annotations

import errno
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from bocage.atlas.batch import BatchResult, Job, count_workers, run_batch, running
from bocage.errors import DataError, OutputError, ResourceError
from bocage.io.files import replace_on_success

ROOT = Path(__file__).resolve().parents[2]
posix = pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")


def load(context: str) -> Path:
    """Give the folder of the sheets, counting the processes that ask."""
    folder = Path(context)
    with (folder / "loads.txt").open("a") as file:
        file.write(f"{os.getpid()}\n")
    if (folder / "cannot load").exists():
        raise DataError("the prepared file is empty; run again")
    if (folder / "dies loading").exists():
        os._exit(7)
    return folder


def draw(folder: Path, job: Job) -> dict[str, Any]:
    """Write a file of a few bytes; the payload says what goes wrong."""
    with (folder / "draws.txt").open("a") as file:
        file.write(f"{job.key}\n")
    match job.payload:
        case float() as seconds:
            time.sleep(seconds)
        case "mistake":
            raise KeyError("insee")
        case "bad data":
            raise DataError("commune 60000: its outline is empty;\n mend the layer")
        case "disk full":
            raise OutputError("'a.pdf' cannot be written: the disk is full; free some space.")
        case "open elsewhere":
            with replace_on_success(folder / f"{job.key}.pdf") as part:
                part.write_text("new")
                raise PermissionError(errno.EACCES, "Access is denied", str(part), None, "a.pdf")
        case "name too long":
            with replace_on_success(folder / f"{'é' * 200}.pdf") as part:
                part.write_text("new")
        case "read-only folder":
            with replace_on_success(folder / f"{job.key}.pdf") as part:
                raise PermissionError(errno.EACCES, "Permission denied", str(part))
        case "raw disk full":
            raise OSError(errno.ENOSPC, "No space left on device", "a.pdf")
        case "memory":
            raise MemoryError
        case "exit":
            os._exit(3)
        case "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        case "kill once":
            if not (folder / "killed").exists():
                (folder / "killed").touch()
                os.kill(os.getpid(), signal.SIGKILL)
        case "threads":
            return {"threads": os.environ.get("OMP_NUM_THREADS")}
        case "not json":
            return {"path": folder}
    text = f"sheet of {job.title}\n"
    (folder / f"{job.key}.pdf").write_text(text, encoding="utf-8")
    return {"file": str(job.key), "sha": sha256(text.encode()).hexdigest(), "at": (1, 2)}


def run(
    folder: Path, jobs: list[Job], *, workers: int | None = 2, fingerprint: str = "f", **more: Any
) -> BatchResult:
    """Draw jobs in a folder."""

    def verify(result: Mapping[str, Any]) -> bool:
        data = (folder / f"{result['file']}.pdf").read_bytes()
        return sha256(data).hexdigest() == result["sha"]

    folder.mkdir(exist_ok=True)
    return run_batch(
        jobs,
        prepare=load,
        context=str(folder),
        draw=draw,
        ledger=folder / "done.jsonl",
        fingerprint=fingerprint,
        verify=verify,
        workers=workers,
        **more,
    )


def make_jobs(count: int, special: Mapping[int, object] | None = None) -> list[Job]:
    """Make jobs that work, save the special ones."""
    return [Job(f"{i:03d}", f"L’Œuvre {i}", (special or {}).get(i)) for i in range(count)]


def drawn(folder: Path) -> list[str]:
    """Read which jobs were drawn, in order, and forget it."""
    path = folder / "draws.txt"
    keys = path.read_text().split() if path.exists() else []
    path.unlink(missing_ok=True)
    return keys


def files(folder: Path) -> dict[str, bytes]:
    """Read what the batch wrote."""
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir()) if path.suffix != ".txt"}


def children() -> set[int]:
    """Give the processes of batches that this one has started."""
    import psutil

    found = set()
    for child in psutil.Process().children(recursive=True):
        try:
            if "spawn_main" in " ".join(child.cmdline()):
                found.add(child.pid)
        except psutil.Error:
            continue
    return found


def test_same_bytes_for_any_number_of_workers(tmp_path: Path) -> None:
    """Files, ledger and result are those of one process, though the first job ends last."""
    jobs = make_jobs(12, {0: 0.5})

    one = run(tmp_path / "one", jobs, workers=1)
    two = run(tmp_path / "two", jobs, workers=2)

    assert one == two
    assert list(two.done) == [job.key for job in jobs]
    assert two.done["003"]["at"] == [1, 2], "as JSON gives it back, drawn or reused"
    assert files(tmp_path / "one") == files(tmp_path / "two")
    assert len(set((tmp_path / "two" / "loads.txt").read_text().split())) == 2
    assert not children()


def test_failures_are_listed(tmp_path: Path) -> None:
    """A mistake or bad data cost one job each; the list says which, and they are tried again next time."""
    jobs = make_jobs(6, {4: "bad data", 1: "mistake", 3: "not json"})

    result = run(tmp_path, jobs)

    assert list(result.done) == ["000", "002", "005"]
    assert [(failed.key, failed.title) for failed in result.failed] == [
        ("001", "L’Œuvre 1"),
        ("003", "L’Œuvre 3"),
        ("004", "L’Œuvre 4"),
    ]
    mistake, not_json, bad_data = result.failed
    assert mistake.reason == "bocage met a fault of its own (KeyError: 'insee')"
    assert "in draw" in mistake.trace
    assert "TypeError" in not_json.reason
    assert bad_data.reason == "commune 60000: its outline is empty; mend the layer"
    assert not bad_data.trace
    assert run(tmp_path, jobs, workers=1).failed == result.failed

    drawn(tmp_path)
    mended = run(tmp_path, make_jobs(6), workers=1)
    assert mended.reused == 3
    assert not mended.failed
    assert drawn(tmp_path) == ["001", "003", "004"]


@posix
def test_killed_processes_cost_only_their_job(tmp_path: Path) -> None:
    """A job that kills its process is tried once more alone; others are drawn once each."""
    jobs = make_jobs(10, {1: "exit", 2: "kill", 6: "kill once", 7: "memory"})

    result = run(tmp_path, jobs)

    assert list(result.done) == ["000", "003", "004", "005", "006", "008", "009"]
    assert [failed.key for failed in result.failed] == ["001", "002", "007"]
    assert result.failed[0].reason == "the drawing process was killed with exit code 3, twice; report it"
    assert result.failed[1].reason.startswith("the drawing process was killed by the system, as it does when")
    assert result.failed[2].reason.startswith("the memory was full, even with this job alone;")
    keys = drawn(tmp_path)
    assert {key: keys.count(key) for key in keys if keys.count(key) > 1} == dict.fromkeys(
        ["001", "002", "006", "007"], 2
    )
    assert keys[-4:] == ["001", "002", "006", "007"], "alone, after the others, in order"
    assert not children()


@pytest.mark.parametrize("workers", [1, 2])
def test_disk_full_stops_the_batch(tmp_path: Path, workers: int) -> None:
    """An error that every job would meet is raised at once, and what was done stays done."""
    for trouble in ("disk full", "raw disk full"):
        folder = tmp_path / trouble
        jobs = make_jobs(40, dict.fromkeys(range(40), 0.01) | {8: trouble})
        with pytest.raises(OutputError, match="the disk is full"):
            run(folder, jobs, workers=workers)
        assert not children()
        assert len(drawn(folder)) < 40

        again = run(folder, make_jobs(40), workers=1)
        assert 7 <= again.reused < 40
        assert len(again.done) == 40


def test_file_open_in_another_program(tmp_path: Path) -> None:
    """A file that alone cannot be replaced or named costs its job; a folder that takes none stops all."""
    result = run(tmp_path, make_jobs(4, {1: "open elsewhere", 2: "name too long"}), workers=1)

    assert list(result.done) == ["000", "003"]
    assert "open in another program" in result.failed[0].reason
    assert "the name is too long" in result.failed[1].reason
    with pytest.raises(OutputError, match="read-only"):
        run(tmp_path, make_jobs(6, {5: "read-only folder"}), workers=1)


def test_unwritable_ledger_is_told_before_drawing(tmp_path: Path) -> None:
    """A folder where the ledger should be is one sentence, and nothing is drawn."""
    (tmp_path / "done.jsonl").mkdir()

    with pytest.raises(OutputError, match=r"done\.jsonl"):
        run(tmp_path, make_jobs(3))

    assert not drawn(tmp_path)


def test_processes_that_cannot_load(tmp_path: Path) -> None:
    """What loading raises is raised here; a process that dies loading is no endless loop."""
    (tmp_path / "cannot load").touch()
    with pytest.raises(DataError, match="the prepared file is empty"):
        run(tmp_path, make_jobs(3))

    (tmp_path / "cannot load").rename(tmp_path / "dies loading")
    with pytest.raises(ResourceError, match=r"exit code 7\); the memory may be full"):
        run(tmp_path, make_jobs(3))
    assert not children()


def test_machine_that_kills_all_is_told(tmp_path: Path) -> None:
    """Nine jobs lost with none drawn between them are the machine's fault: the batch stops."""
    with pytest.raises(ResourceError, match="9 jobs were lost one after the other"):
        run(tmp_path, make_jobs(30, dict.fromkeys(range(30), "memory")), recycle=1)


def test_processes_are_replaced(tmp_path: Path) -> None:
    """A process draws no more jobs than it may, on one core as on two."""
    run(tmp_path, make_jobs(7), workers=2, recycle=2)

    loads = (tmp_path / "loads.txt").read_text().split()
    assert len(loads) == len(set(loads)) >= 4
    assert str(os.getpid()) not in loads


def test_one_thread_a_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Numeric libraries of the processes get one thread; this process keeps its own."""
    monkeypatch.setenv("OMP_NUM_THREADS", "5")
    monkeypatch.delenv("RAYON_NUM_THREADS", raising=False)

    result = run(tmp_path, make_jobs(1, {0: "threads"}))

    assert result.done["000"] == {"threads": "1"}
    assert os.environ["OMP_NUM_THREADS"] == "5"
    assert "RAYON_NUM_THREADS" not in os.environ


def test_processes_fit_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process for each core, as long as each can have 1 GB; one at least."""
    import psutil

    monkeypatch.setattr(running, "count_cores", lambda: 8)
    for free_gb, workers in ((64.0, 8), (3.5, 3), (0.2, 1)):
        monkeypatch.setattr(psutil, "virtual_memory", lambda: SimpleNamespace(available=free_gb * 1e9))  # noqa: B023
        assert count_workers() == workers


def test_reuse(tmp_path: Path) -> None:
    """Nothing is drawn twice but what was changed, lost or made of something else."""
    jobs = make_jobs(5)
    first = run(tmp_path, jobs, workers=1)
    ledger = (tmp_path / "done.jsonl").read_bytes()
    assert drawn(tmp_path) == ["000", "001", "002", "003", "004"]

    (tmp_path / "001.pdf").write_text("spoilt")
    (tmp_path / "003.pdf").unlink()
    second = run(tmp_path, jobs, workers=1)
    assert (second.done, second.reused, drawn(tmp_path)) == (first.done, 3, ["001", "003"])
    assert (tmp_path / "done.jsonl").read_bytes() == ledger

    changed = [*jobs[:2], Job("002", jobs[2].title, depends="other outline"), *jobs[3:]]
    run(tmp_path, changed, workers=1)
    assert drawn(tmp_path) == ["002"]

    # A look at one sheet does not forget the others.
    assert run(tmp_path, changed[4:], workers=1).reused == 1
    assert run(tmp_path, changed, workers=1).reused == 5
    assert not drawn(tmp_path)

    assert run(tmp_path, jobs, workers=1, fingerprint="other style").reused == 0
    assert len(drawn(tmp_path)) == 5
    assert '"f"' not in (tmp_path / "done.jsonl").read_text(encoding="utf-8")


def test_spoilt_ledger(tmp_path: Path) -> None:
    """A line cut short by a kill, or lines that are no entries, are passed over."""
    jobs = make_jobs(3)
    run(tmp_path, jobs, workers=1)
    path = tmp_path / "done.jsonl"
    whole = path.read_bytes()
    drawn(tmp_path)

    path.write_bytes(b'[1]\n"x"\nnull\n{}\n\xff\xfe\n' + whole[:-20])
    again = run(tmp_path, jobs, workers=1)

    assert (again.reused, drawn(tmp_path)) == (2, ["002"])
    assert path.read_bytes() == whole
    assert [json.loads(line)["key"] for line in whole.splitlines()] == ["000", "001", "002"]


def test_keys_are_unique(tmp_path: Path) -> None:
    """Two jobs of one key would write one file."""
    with pytest.raises(ValueError, match="same key"):
        run(tmp_path, make_jobs(2) + make_jobs(1))


def test_no_jobs(tmp_path: Path) -> None:
    """A batch of nothing starts no process."""
    assert run(tmp_path, []) == BatchResult({}, (), 0)
    assert not (tmp_path / "loads.txt").exists()


def start_slow_batch(folder: Path) -> subprocess.Popen[str]:
    """Start in another process a batch of 16 jobs of 0.15 s, and wait until some are done."""
    folder.mkdir()
    code = (
        "from pathlib import Path\n"
        "from tests.atlas.test_batch import make_jobs, run\n"
        f"run(Path({str(folder)!r}), make_jobs(16, dict.fromkeys(range(16), 0.15)))\n"
    )
    batch = subprocess.Popen(
        [sys.executable, "-c", code],
        cwd=ROOT,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    ledger = folder / "done.jsonl"
    end = time.monotonic() + 30
    while time.monotonic() < end and batch.poll() is None:
        if ledger.exists() and ledger.read_bytes().count(b"\n") >= 4:
            return batch
        time.sleep(0.01)
    raise AssertionError(f"the batch did not begin: {batch.communicate(timeout=5)}")


def wait_for_end(folder: Path, seconds: float) -> list[int]:
    """Wait until the processes that drew in a folder are gone, and give those that are not."""
    import psutil

    pids = [int(pid) for pid in (folder / "loads.txt").read_text().split()]
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        left = [pid for pid in pids if psutil.pid_exists(pid) and psutil.Process(pid).status() != "zombie"]
        if not left:
            break
        time.sleep(0.02)
    return left


@posix
@pytest.mark.parametrize("sign", ["SIGKILL", "SIGTERM"])
def test_resume_after_a_kill(tmp_path: Path, sign: str) -> None:
    """A batch killed midway leaves no process, and the next one ends with the bytes of one never stopped."""
    jobs = make_jobs(16, dict.fromkeys(range(16), 0.01))
    whole = run(tmp_path / "whole", jobs, workers=1)

    batch = start_slow_batch(tmp_path / "killed")
    batch.send_signal(getattr(signal, sign))
    batch.wait(10)
    assert wait_for_end(tmp_path / "killed", 3) == []
    assert batch.stderr is not None
    assert "Traceback" not in batch.stderr.read()
    result = run(tmp_path / "killed", jobs)

    assert 4 <= result.reused < 16
    assert result.done == whole.done
    assert files(tmp_path / "killed") == files(tmp_path / "whole")


@posix
def test_interruption(tmp_path: Path) -> None:
    """Ctrl-C, which all processes of the terminal get, ends them all without a word from the workers."""
    batch = start_slow_batch(tmp_path / "batch")
    os.killpg(batch.pid, signal.SIGINT)
    _, told = batch.communicate(timeout=10)

    assert told.count("Traceback") == 1, "that of the batch itself, which the command line turns to a word"
    assert "spawn_main" not in told
    assert told.rstrip().endswith("KeyboardInterrupt")
    assert wait_for_end(tmp_path / "batch", 0.5) == []
    assert 4 <= run(tmp_path / "batch", make_jobs(16)).reused < 16


@posix
def test_interruption_while_processes_start(tmp_path: Path) -> None:
    """Ctrl-C in the first moments is met by the batch alone, and leaves no process."""
    timer = threading.Timer(0.15, lambda: os.kill(os.getpid(), signal.SIGINT))
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path, make_jobs(4, dict.fromkeys(range(4), 5.0)))
    assert not children()
