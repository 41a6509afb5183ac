"""The objects that each commune holds, listed by name with how much of each: plain values that travel."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from bocage.connectivity.communes_ground import NEGLIGIBLE, Geometries, geometries, pair_areas
from bocage.connectivity.communes_objects import Pairs, SharedCorridors, find_neighbours, pair_lengths
from bocage.connectivity.indicators import slug
from bocage.network import Table
from bocage.units import M2_PER_HA, M_PER_KM
from bocage.wording import entry, fold_name

if TYPE_CHECKING:
    from geopandas import GeoDataFrame

LayerKind = Literal["polygon", "line", "point"]


@dataclass(frozen=True, slots=True)
class Layer:
    """A theme beside the network: a table whose column ``name`` may hold None, and what it is made of."""

    table: GeoDataFrame
    kind: LayerKind


@dataclass(frozen=True, slots=True)
class Held:
    """An object, or objects of one name, and how much of it a commune holds.

    Attributes
    ----------
    id, name : str
        Empty when not known.
    measure : float
        Area [ha], of corridors outside reservoirs; length [km] of lines.
    objective : {"", "preserve", "restore"}
    medium : str
    roles : tuple of {"reservoir", "corridor"}
        Of a watercourse.
    count : int
        Objects it stands for.
    shared_with : tuple of str
        Some of the communes that share a corridor, those beside this commune first.
    beside_count, shared_count : int
        How many share it beside the commune, and in all.
    """

    id: str
    name: str
    measure: float
    objective: str = ""
    medium: str = ""
    roles: tuple[str, ...] = ()
    count: int = 1
    shared_with: tuple[str, ...] = ()
    beside_count: int = 0
    shared_count: int = 0


@dataclass(frozen=True, slots=True)
class ObstaclesHeld:
    """Obstacles of one type in a commune; None where the data were not given."""

    label: str
    count: int | None
    km: float | None
    ha: float | None


class NetworkHeld:
    """The objects of the network that each zone holds."""

    def __init__(
        self,
        tables: Mapping[Table, GeoDataFrame],
        corridors: SharedCorridors,
        outlines: Geometries,
        names: Sequence[str],
    ) -> None:
        reservoirs, rivers = tables["reservoir_s"], tables["cours_eau_l"]
        shape, zone, areas = pair_areas(geometries(reservoirs), outlines)
        self.reservoirs = _hold(reservoirs, (shape, zone, areas / M2_PER_HA))
        line, zone, lengths = pair_lengths(geometries(rivers), outlines)
        self.watercourses = _hold(rivers, (line, zone, lengths / M_PER_KM))
        self.corridors = _hold_corridors(corridors, outlines, names)

    def of(self, zone: int) -> tuple[tuple[Held, ...], tuple[Held, ...], tuple[Held, ...]]:
        """Give reservoirs, corridors and watercourses of a zone."""
        return (
            self.reservoirs.get(zone, ()),
            self.corridors.get(zone, ()),
            self.watercourses.get(zone, ()),
        )


def _hold(table: GeoDataFrame, pairs: Pairs) -> dict[int, tuple[Held, ...]]:
    """List what each zone holds of a table, objects alike but for their ground as one."""
    count = len(table)

    def column(name: str) -> list[str]:
        return [_text(value) for value in table[name]] if name in table else [""] * count

    ids, names = column("id"), column("name")
    goals, media = column("objective"), column("medium")
    roles = [
        tuple(role for role in ("reservoir", "corridor") if f"is_{role}" in table and flags[role])
        for flags in _flags(table)
    ]
    # Stretches of one river have each their identifier; the name makes them one.
    merge = "is_reservoir" in table
    sums: dict[tuple[int, Any], list[float]] = {}
    for row, zone, measure in zip(*(part.tolist() for part in pairs), strict=True):
        label = "" if merge and names[row] else ids[row]
        key = (zone, (label, names[row], goals[row], media[row], roles[row]))
        total = sums.setdefault(key, [0.0, 0])
        total[0] += measure
        total[1] += 1
    found: dict[int, list[Held]] = {}
    for (zone, (code, name, goal, medium, role)), (measure, number) in sums.items():
        found.setdefault(zone, []).append(Held(code, name, measure, goal, medium, role, int(number)))
    return {zone: _sort_held(held) for zone, held in found.items()}


def _flags(table: GeoDataFrame) -> Iterable[dict[str, bool]]:
    if "is_reservoir" not in table:
        return [{} for _ in range(len(table))]
    return [
        {"reservoir": bool(one), "corridor": bool(other)}
        for one, other in zip(table["is_reservoir"], table["is_corridor"], strict=True)
    ]


def _hold_corridors(
    corridors: SharedCorridors, outlines: Geometries, names: Sequence[str], most: int = 12
) -> dict[int, tuple[Held, ...]]:
    """List the corridors of each zone with whom they are shared."""
    beside = find_neighbours(outlines) if len(corridors.corridor) else []
    order = sorted(range(len(names)), key=lambda place: (fold_name(names[place]), place))
    rank = {place: position for position, place in enumerate(order)}
    crossed = {
        corridor: sorted(zones, key=rank.__getitem__) for corridor, zones in corridors.crossed().items()
    }
    table = corridors.table
    found: dict[int, list[Held]] = {}
    text = {name: [_text(value) for value in table[name]] for name in ("id", "name", "objective", "medium")}
    for corridor, zone, size in zip(
        corridors.corridor.tolist(), corridors.zone.tolist(), corridors.sizes.tolist(), strict=True
    ):
        others = crossed[corridor]
        near = [place for place in others if place in beside[zone]]
        far = [
            place for place in others[: most + len(near) + 1] if place not in beside[zone] and place != zone
        ]
        found.setdefault(zone, []).append(
            Held(
                text["id"][corridor],
                text["name"][corridor],
                size,
                text["objective"][corridor],
                text["medium"][corridor],
                shared_with=tuple(names[place] for place in [*near, *far][:most]),
                beside_count=len(near),
                shared_count=len(others) - 1,
            )
        )
    return {zone: _sort_held(held) for zone, held in found.items()}


def hold_zones(layer: Layer, outlines: Geometries) -> dict[int, tuple[Held, ...]]:
    """List the zones or lines of a theme that each zone holds."""
    shapes = geometries(layer.table)
    if layer.kind == "polygon":
        shape, zone, sizes = pair_areas(shapes, outlines)
        sizes = sizes / M2_PER_HA
    else:
        shape, zone, sizes = pair_lengths(shapes, outlines)
        sizes = sizes / M_PER_KM
    names = layer.table[["name"]] if "name" in layer.table else layer.table[[]]
    return _hold(names, (shape, zone, sizes))


def hold_obstacles(row: Mapping[str, Any], labels: Mapping[str, str]) -> tuple[ObstaclesHeld, ...]:
    """Read the obstacles of a commune by type from its row."""
    told: list[ObstaclesHeld] = []
    for kind, label in labels.items():
        points = row.get(f"obstacle_point_{kind}_count", 0)
        km = row.get(f"obstacle_line_{kind}_km", 0.0)
        ha = row.get(f"obstacle_surface_{kind}_ha", 0.0)
        if points or (km or 0) > NEGLIGIBLE / M_PER_KM or (ha or 0) > NEGLIGIBLE / M2_PER_HA:
            told.append(ObstaclesHeld(label, points, km, ha))
    return tuple(told)


def label_types(tables: Mapping[Table, GeoDataFrame], language: str) -> dict[str, str]:
    """Give the words for each type of obstacle: those of the data, else those of its code."""
    coded = {
        found["code"]: found[language]
        for name in _TYPES
        if "code" in (found := entry(f"obstacles.type_{name}"))
    }
    labels: dict[str, str] = {}
    for name in ("obstacle_p", "obstacle_l", "obstacle_s"):
        table = tables[name]  # type: ignore[index]
        for kind, label in zip(table["type"], table["type_label"], strict=True):
            kind = _text(kind)
            told = _text(label) or coded.get(kind) or kind
            if not labels.get(slug(kind)):
                labels[slug(kind)] = told
    return {kind: labels[kind] for kind in sorted(labels)}


_TYPES = ("motorway", "main_road", "railway_hs", "railway", "urban", "flow")
"""Types whose codes are known."""


def _sort_held(held: list[Held]) -> tuple[Held, ...]:
    return tuple(sorted(held, key=lambda one: (-one.measure, fold_name(one.name), one.name, one.id)))


def _text(value: Any) -> str:
    """Read a word of a table, which may hold None or not-a-number."""
    return value.strip() if isinstance(value, str) else "" if value is None or value != value else str(value)
