"""Names that the rooms of connectivity and fragmentation offer."""

from __future__ import annotations

import subprocess
import sys

import pytest

import bocage.connectivity
import bocage.fragmentation


@pytest.mark.parametrize("room", [bocage.connectivity, bocage.fragmentation])
def test_every_name_is_found(room: object) -> None:
    """What ``__all__`` lists is there, sorted by name, and so does ``dir`` say."""
    names = room.__all__  # type: ignore[attr-defined]
    assert len(set(names)) == len(names)
    assert all(getattr(room, name) is not None for name in names)
    assert set(names) <= set(dir(room))
    with pytest.raises(AttributeError, match="measure_nothing"):
        room.measure_nothing  # type: ignore[attr-defined]  # noqa: B018


def test_importing_a_room_loads_nothing_heavy() -> None:
    """The rooms are there at once: arrays, tables and compiled code come with the names asked for."""
    probe = (
        "import sys, bocage.connectivity, bocage.fragmentation; "
        "print([name for name in ('numpy', 'pandas', 'shapely', 'numba', 'scipy') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
