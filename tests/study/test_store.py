"""Stored stages: reused when nothing changed, computed again otherwise, never read half-written."""

from __future__ import annotations

from pathlib import Path
from types import MappingProxyType

import pytest

from bocage.journal import Journal
from bocage.study.store import Store


def test_a_stage_is_computed_once_and_its_notes_are_told_again(tmp_path: Path) -> None:
    """The second time, the result and the notes come from the disk."""
    calls = []

    def compute(journal: Journal) -> int:
        calls.append(1)
        journal.add("no_communes_no_indicators")
        return 42

    key = Store.key("answer", {"x": 1})
    for expected_reuse in (False, True):
        journal = Journal()
        result = Store(tmp_path).keep("answer", key, compute, journal)
        assert result == (42, expected_reuse)
        assert [note.code for note in journal.notes] == ["no_communes_no_indicators"]
    assert len(calls) == 1


def test_the_key_depends_on_every_value_and_not_on_their_order() -> None:
    """Another value is another key; another order of names is not."""
    assert Store.key("a", {"x": 1, "y": 2}) == Store.key("a", {"y": 2, "x": 1})
    assert Store.key("a", {"x": 1}) != Store.key("a", {"x": 2})
    assert Store.key("a", {"x": 1}) != Store.key("b", {"x": 1})


def test_a_damaged_file_is_computed_again(tmp_path: Path) -> None:
    """A stage file cut short is no error: the stage is computed and stored anew."""
    store, key = Store(tmp_path), Store.key("a", {})
    store.keep("a", key, lambda journal: list(range(1000)), Journal())
    path = next(tmp_path.glob("a-*.stage"))
    path.write_bytes(path.read_bytes()[:100])

    assert store.keep("a", key, lambda journal: "again", Journal()) == ("again", False)
    assert store.keep("a", key, lambda journal: "never", Journal()) == ("again", True)


def test_a_failing_stage_leaves_nothing(tmp_path: Path) -> None:
    """An error or Ctrl-C inside a stage stores nothing."""

    def fail(journal: Journal) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Store(tmp_path).keep("a", Store.key("a", {}), fail, Journal())

    assert list(tmp_path.iterdir()) == []


def test_unused_stages_are_dropped_and_fresh_forgets_all(tmp_path: Path) -> None:
    """Disk use is bounded by one run."""
    store = Store(tmp_path)
    store.keep("old", Store.key("old", {}), lambda journal: 1, Journal())
    later = Store(tmp_path)
    later.keep("new", Store.key("new", {}), lambda journal: 2, Journal())

    later.drop_unused()

    assert [path.name.split("-")[0] for path in tmp_path.glob("*.stage")] == ["new"]
    Store(tmp_path, fresh=True)
    assert list(tmp_path.glob("*.stage")) == []


def test_read_only_mappings_can_be_stored(tmp_path: Path) -> None:
    """Frozen values hold them."""
    store, key = Store(tmp_path), Store.key("m", {})
    store.keep("m", key, lambda journal: MappingProxyType({"a": 1}), Journal())

    assert store.keep("m", key, lambda journal: None, Journal()) == ({"a": 1}, True)
