"""Propose a study file for a folder of layers, with what was guessed said in its comments."""

from __future__ import annotations

import datetime
import json
import tomllib
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import shapely

from bocage import wording
from bocage.errors import BocageError, InputError, OutputError
from bocage.grid import Bounds
from bocage.io.crs import transform_bounds
from bocage.io.files import replace_on_success
from bocage.io.vectors import read_vector
from bocage.journal import Journal
from bocage.study.describe import list_raster_values
from bocage.study.file import Language
from bocage.study.layers import NO, YES
from bocage.study.model import make_key
from bocage.study.reading import STUDY_FILE, build_study
from bocage.study.recognising import (
    MOST_CLASSES,
    ROLES,
    CoverGuess,
    Found,
    choose_class_column,
    choose_cover,
    choose_crs,
    explore_folder,
    find_column,
    load_guesses,
    rank_layers,
    read_values,
    recognise_cover,
    recognise_zoning,
)
from bocage.study.subnetworks import load_presets

if TYPE_CHECKING:
    from geopandas import GeoDataFrame

_CELLS = {"clc": 25.0, "oso": 10.0, "worldcover": 10.0, "ocsge": 10.0}
_MOST_CELLS = 40_000_000
_MOST_POLYGONS = 50_000
_PRESETS = ("boise", "ouvert", "humide", "littoral")
_COAST = ("salt_marsh", "saltworks", "intertidal", "lagoon", "estuary", "sea")


def write_study_file(
    folder: str | Path, *, language: Language = "fr", force: bool = False, date: datetime.date | None = None
) -> Path:
    """Write the proposed study file of a folder.

    Parameters
    ----------
    folder : str or Path
    language : {"fr", "en"}
        Of the study and of the comments.
    force : bool
        Replace the study file that is there.
    date : datetime.date, optional
        Date of the study; today's when left out.

    Returns
    -------
    Path
        The file written: ``study.toml`` in the folder.

    Raises
    ------
    OutputError
        If there is one already and ``force`` is not set, or the folder is read-only.
    InputError
        If the folder does not exist or holds no layer.
    """
    path = Path(folder) / STUDY_FILE
    if path.exists() and not force:
        raise OutputError(
            f"'{path.as_posix()}' exists and is left as it is; "
            "move it away, or replace it with: bocage init --force"
        )
    text = propose_study(folder, language=language, date=date)
    with replace_on_success(path) as part:
        part.write_text(text, encoding="utf-8", newline="\n")
    return path


def propose_study(folder: str | Path, *, language: Language = "fr", date: datetime.date | None = None) -> str:
    """Write the text of a study file for the layers of a folder.

    Layers are recognised by their names, columns and values; what was guessed is followed by
    a question mark, and what was not used is listed at the end. The text can be run as it is.

    Raises
    ------
    InputError
        If the folder does not exist or holds no layer.
    """
    folder = Path(folder).absolute()
    if not folder.is_dir():
        raise InputError(f"there is no folder '{folder.as_posix()}'; give the folder that holds your layers")
    found = explore_folder(folder)
    if not any(one.layer or one.raster for one in found):
        raise InputError(
            f"the folder '{folder.as_posix()}' holds no layer that can be read (GeoPackage, Shapefile, "
            "GeoJSON, GeoTIFF ...); put your layers there and run the command again"
        )
    proposal = Proposal(folder, found, language, date or datetime.date.today())
    text = proposal.write()
    build_study(tomllib.loads(text), folder / STUDY_FILE)
    return text


@dataclass
class Proposal:
    """A study file in the making."""

    folder: Path
    found: list[Found]
    language: Language
    date: datetime.date
    used: dict[tuple[Path, str], str] = field(default_factory=dict)
    unused: dict[tuple[Path, str], str] = field(default_factory=dict)
    lines: list[str] = field(default_factory=list)

    def write(self) -> str:
        """Write the text of the file."""
        self.crs = choose_crs(self.found)
        communes = self._choose("communes")
        covers = self._find_covers()
        main = choose_cover(covers)
        table = None if communes is None else self._read_communes(communes)
        area, note, bounds = self._choose_area(table, main)
        cell = self._choose_cell(main, bounds)
        chosen = {role: self._choose(role, bounds) for role in ROLES if role != "communes"}
        zonings = self._find_zonings(bounds)
        subnetworks = self._choose_subnetworks(main, zonings)

        self._comment("init_head")
        self._write_study(area, note, cell)
        self._write_covers(covers, main)
        if communes is not None:
            self._write_communes(communes)
        for role, one in chosen.items():
            if one is not None:
                self._write_layer(role, one)
        for one, (label, rule, concerned) in zonings:
            self._write_zoning(one, label, rule, tuple(key for key in concerned if key in subnetworks))
        if subnetworks:
            self._write_subnetworks(subnetworks)
        self._write_tables()
        self._write_rest({"communes": communes, **chosen})
        return "\n".join(self.lines) + "\n"

    # --- choosing ---

    def _choose(self, role: str, bounds: Bounds | None = None) -> Found | None:
        """Choose the layer of a role: of those that meet the area, the likeliest."""
        for one in rank_layers(self.found, role):
            key = identify_layer(one)
            if key in self.used:
                continue
            if bounds is not None and not self._meets(one, bounds):
                self.unused[key] = self._say("init_unused_outside")
                continue
            kept = next((path for path, taken in self.used.items() if taken == role), None)
            if kept is None:
                self.used[key] = role
                chosen = one
            else:
                self.unused[key] = self._say("init_unused_same", layer=chosen.name)
        return chosen if role in self.used.values() else None

    def _find_covers(self) -> list[CoverGuess]:
        covers: list[CoverGuess] = []
        for one in self.found:
            if identify_layer(one) in self.used or one.problem:
                continue
            try:
                cover = recognise_cover(one, self.crs)
            except BocageError as error:
                self.unused[identify_layer(one)] = str(error)
                continue
            if cover is not None:
                covers.append(cover)
                self.used[identify_layer(one)] = "landcover"
        return covers

    def _read_communes(self, one: Found) -> GeoDataFrame:
        code = self._columns("communes", one)["code"]
        table = read_vector(
            one.path, name="communes", crs=self.crs, journal=Journal(), layer=_layer_name(one), columns=[code]
        )
        return table.rename(columns={code: "insee"})

    def _choose_area(
        self, communes: GeoDataFrame | None, cover: CoverGuess | None
    ) -> tuple[str, str, Bounds]:
        """Choose the study area: the communes that the land cover holds whole, if it is known."""
        if communes is None:
            extents = [self._extent(cover.found)] if cover else [self._extent(one) for one in self.found]
            known = [extent for extent in extents if extent is not None]
            bounds = shapely.union_all([shapely.box(*extent) for extent in known]).bounds
            west, south, east, north = (round(bound) for bound in bounds)
            text = f"{{ bbox = [{west}, {south}, {east}, {north}] }}"
            return text, self._say("init_area_bbox"), (west, south, east, north)
        everywhere = tuple(float(bound) for bound in communes.total_bounds)
        whole = '{ layer = "communes" }'
        if cover is None:
            return whole, self._say("init_area_communes"), everywhere  # type: ignore[return-value]
        ground = self._outline(cover)
        inside = communes[shapely.covers(ground, communes.geometry.array)]
        if inside.empty:
            return whole, self._say("init_area_partial"), everywhere  # type: ignore[return-value]
        if len(inside) == len(communes):
            return whole, self._say("init_area_communes"), everywhere  # type: ignore[return-value]
        codes = sorted(set(inside["insee"].astype(str)))
        note = self._say("init_area_covered", count=len(codes), total=communes["insee"].nunique())
        rows = [codes[start : start + 10] for start in range(0, len(codes), 10)]
        listed = "".join(f"\n  {', '.join(write_text(code) for code in row)}," for row in rows)
        return (
            f"{{ insee = [{listed}\n] }}",
            note,
            tuple(float(bound) for bound in inside.total_bounds),  # type: ignore[return-value]
        )

    def _outline(self, cover: CoverGuess) -> shapely.Geometry:
        """Give the ground that a land cover holds, a little widened, or its extent when that is costly."""
        one = cover.found
        if one.layer is not None and one.layer.count <= _MOST_POLYGONS:
            table = read_vector(
                one.path, name=one.name, crs=self.crs, journal=Journal(), layer=_layer_name(one), columns=[]
            )
            # Outlines of two publishers never agree to the metre.
            return shapely.buffer(shapely.union_all(table.geometry.array), 25.0)
        extent = self._extent(one)
        return shapely.box(*extent) if extent else shapely.Polygon()

    def _choose_cell(self, cover: CoverGuess | None, bounds: Bounds) -> float:
        cell = 25.0 if cover is None else _CELLS[cover.nomenclature]
        if cover is not None and cover.found.raster is not None and cover.found.raster.crs == self.crs:
            cell = max(cell if cover.nomenclature != "clc" else 1.0, float(cover.found.raster.cell[0]))
        west, south, east, north = bounds
        while (east - west) * (north - south) / cell**2 > _MOST_CELLS:
            cell *= 2
        return cell

    def _find_zonings(self, bounds: Bounds) -> list[tuple[Found, tuple[str, str, tuple[str, ...]]]]:
        zonings: list[tuple[Found, tuple[str, str, tuple[str, ...]]]] = []
        for one in self.found:
            key = identify_layer(one)
            guess = None if key in self.used or one.problem else recognise_zoning(one)
            if guess is None:
                continue
            if not self._meets(one, bounds):
                self.unused[key] = self._say("init_unused_outside")
                continue
            self.used[key] = "zonings"
            zonings.append((one, guess))
        return zonings

    def _choose_subnetworks(
        self, cover: CoverGuess | None, zonings: list[tuple[Found, tuple[str, str, tuple[str, ...]]]]
    ) -> list[str]:
        """Choose the presets whose habitat the land cover holds, or that a zoning concerns."""
        if cover is None:
            return []
        from bocage.landcover.nomenclature import load_nomenclature

        nomenclature = load_nomenclature(cover.nomenclature)
        present: set[str] = set()
        for code in cover.codes:
            known = nomenclature.resolve(code)
            if known is not None:
                present |= {nomenclature.classes[known].ground, code}
        concerned = {key for _, (_, _, keys) in zonings for key in keys}
        presets = load_presets()
        # Sand banks of a river are beaches to a nomenclature: only the sea makes a coast.
        inland = present.isdisjoint(_COAST)
        return [
            key
            for key in _PRESETS
            if key in presets
            and (
                key in concerned
                or not (present.isdisjoint(presets[key]["habitat"]) or (key == "littoral" and inland))
            )
        ]

    # --- writing ---

    def _write_study(self, area: str, note: str, cell: float) -> None:
        name = self.folder.name.replace("_", " ").strip() or "Étude"
        territory = make_key(self.folder.name).upper()[:24]
        self._add(
            "",
            "[study]",
            f"name = {write_text(name[:1].upper() + name[1:])}  # {self._say('init_name')}",
            f'territory = "{territory}"  # {self._say("init_territory")}',
            f'prefix = "FR00"  # {self._say("init_prefix")}',
            f"date = {self.date.isoformat()}",
            f'language = "{self.language}"',
            f'crs = "{self.crs}"',
            f"cell_size = {cell:g}  # {self._say('init_cell')}",
            f"area = {area}  # {note}",
            'output = "out"',
            "",
            "[study.status]",
            f'kind = "etude"  # {self._say("init_status")}',
            "",
            *self._comments("init_issuer"),
            "[issuer]",
            *(f'{key} = ""' for key in ("region", "department", "directorate", "service", "unit", "contact")),
        )

    def _write_covers(self, covers: list[CoverGuess], main: CoverGuess | None) -> None:
        self._add("")
        if main is None:
            self._comment("init_landcover_none")
            return
        self._comment("init_landcover")
        written: set[str] = set()
        # The finest last, so that it covers the wider ones.
        for cover in sorted(covers, key=lambda one: (one is main, one.found.key)):
            spare = cover is not main and cover.nomenclature == main.nomenclature
            mark = "# " if spare or cover.nomenclature in written else ""
            written.add("" if mark else cover.nomenclature)
            if mark:
                self._comment("init_landcover_other")
            block = ["[[landcover]]", *self._place(cover.found)]
            block.append(f'nomenclature = "{cover.nomenclature}"')
            if cover.field is not None:
                block.append(f"field = {write_text(cover.field)}")
            self._add(*(mark + line for line in block), f"{mark}{self._source()}", "")
        self.lines.pop()

    def _write_communes(self, one: Found) -> None:
        columns = self._columns("communes", one)
        self._add("", "[layers.communes]", *self._place(one))
        self._add(*(f"{key} = {write_text(column)}" for key, column in columns.items()), self._source())

    def _write_layer(self, role: str, one: Found) -> None:
        self._add("", f"[layers.{role}]", *self._place(one))
        columns = self._columns(role, one)
        inventory = ("kind", "state", "fish_pass") if role == "river_works" else ()
        for key in ("code", "name", *inventory):
            if key in columns and role != "hedges":
                self._add(f"{key} = {write_text(columns[key])}")
        if "width_field" in columns and self._holds_widths(one, columns["width_field"]):
            self._add(f"width_field = {write_text(columns['width_field'])}")
        if role == "watercourses":
            self._write_flags(one, columns)
        if role == "river_works":
            self._add(self._source())
            self._write_values(one, [columns[key] for key in inventory if key in columns])
        elif "values" in load_guesses()[role]:
            self._write_classes(role, one)
        else:
            self._add(self._source())

    def _write_classes(self, role: str, one: Found) -> None:
        """Write the column of classes and what each value may be, or the values of the likely columns."""
        choice = choose_class_column(one, role, self.crs)
        fallback = {"roads": "local_road", "railways": "railway", "watercourses": "stream"}
        if choice is None:
            if role in ("roads", "watercourses"):
                self._add(f'ground = "{fallback[role]}"  # {self._say("init_one_class")}')
            self._add(self._source())
            fields = [] if one.layer is None else one.layer.fields
            found = (find_column(fields, [name]) for name in load_guesses()[role]["field"])
            self._write_values(one, [column for column in found if column is not None])
            return
        column, classes = choice
        key, table = ("kind", "kinds") if role == "crossings" else ("field", "classes")
        self._add(f"{key} = {write_text(column)}", self._source(), f"[layers.{role}.{table}]")
        for value, ground in classes.items():
            note = "" if ground else f"  # {self._say('init_class_guess')}"
            self._add(f'{write_text(value)} = "{ground or fallback.get(role, "underpass")}"{note}')

    def _write_values(self, one: Found, columns: list[str]) -> None:
        """List the values of columns in comments, for who will translate them."""
        for column in columns:
            values = [value for value in read_values(one, column, self.crs) if value]
            if len(values) <= MOST_CLASSES:
                self._add(f"# {column}: {', '.join(' '.join(value.split()) for value in values)}")

    def _holds_widths(self, one: Found, column: str) -> bool:
        values = [value for value in read_values(one, column, self.crs) if value]
        return bool(values) and all(_is_width(value) for value in values)

    def _write_flags(self, one: Found, columns: dict[str, str]) -> None:
        for key in ("list1", "list2", "reservoir"):
            if key in columns:
                values = [value for value in read_values(one, columns[key], self.crs) if value]
                if _are_flags(values):
                    self._add(f"{key} = {write_text(columns[key])}")
        if "intermittent" in columns:
            values = [value for value in read_values(one, columns["intermittent"], self.crs) if value]
            if _are_flags(values):
                self._add(f"intermittent = {write_text(columns['intermittent'])}")
                columns.pop("state", None)
        state = list(read_values(one, columns["state"], self.crs)) if "state" in columns else []
        dry = [value for value in state if "intermit" in value.casefold() or "temporaire" in value.casefold()]
        if dry:
            self._add(f"intermittent = {write_flag(columns['state'], dry)}")
        unreal = [value for value in state if "fictif" in value.casefold()]
        if unreal:
            # A line drawn through a lake to join two reaches is no stream.
            condition = "\"{}\" <> '{}'".format(columns["state"], unreal[0].replace("'", "''"))
            self._add(f"where = {write_text(condition)}")
        nature = list(read_values(one, columns["nature"], self.crs)) if "nature" in columns else []
        canals = [value for value in nature if value.casefold().startswith(("canal", "artificiel"))]
        if canals:
            self._add(f"canal = {write_flag(columns['nature'], canals)}")

    def _write_zoning(self, one: Found, label: str, rule: str, concerned: tuple[str, ...]) -> None:
        columns = self._columns("zonings", one)
        labels = Counter(line for line in self.lines if line.startswith("label = "))
        own = label
        if label == "Réservoirs":
            presets = load_presets()
            names = [presets[key]["name"][self.language] for key in concerned if key in presets]
            own = f"{label} ({', '.join(names) or one.name})"
        if f"label = {write_text(own)}" in labels:
            own = f"{own} ({one.name})"
        self._add("", "[[zonings]]", f"label = {write_text(own)}", *self._place(one))
        if "name_field" in columns:
            self._add(f"name_field = {write_text(columns['name_field'])}")
        self._add(f'rule = "{rule}"  # {self._say("init_zoning")}')
        if concerned:
            self._add(f"subnetworks = [{', '.join(write_text(key) for key in concerned)}]")
        self._add(self._source())

    def _write_subnetworks(self, keys: list[str]) -> None:
        self._add("")
        self._comment("init_subnetworks")
        for number, key in enumerate(keys):
            self._add("[[subnetworks]]", f'preset = "{key}"')
            if number == 0:
                preset = load_presets()[key]
                self._comment("init_subnetworks_example")
                self._add(f"# reservoir_min_ha = {preset['reservoir_min_ha']:g}")
                self._add(f"# dispersal_m = {preset['dispersal_m']}")
                self._add("# [subnetworks.resistance]", "# hedge = 2", '# motorway = "barrier"')
            self._add("")
        self.lines.pop()

    def _write_tables(self) -> None:
        for path in sorted(self.folder.glob("*.csv")):
            if any(word in make_key(path.stem) for word in ("friction", "resistance", "rugosite")):
                header = path.read_bytes().partition(b"\n")[0].decode("utf-8-sig", errors="replace").strip()
                self._add("")
                self._comment("init_table")
                self._add(
                    f"# {header}", "# [subnetworks.resistance_table]", f"# path = {write_text(path.name)}"
                )
                self._add('# key = "..."', '# value = "..."')

    def _write_rest(self, chosen: dict[str, Found | None]) -> None:
        lacking = [self._say(f"layer_{role}") for role, one in chosen.items() if one is None]
        if lacking:
            self._add("")
            self._comment("init_lacking", themes=", ".join(lacking))
        rest = [one for one in self.found if identify_layer(one) not in self.used]
        if rest:
            self._add("")
            self._comment("init_unused")
        for one in rest:
            why = one.problem or self.unused.get(identify_layer(one)) or self._say("init_unused_unknown")
            place = one.path.relative_to(self.folder).as_posix()
            layer = f", {one.layer.name}" if one.layer is not None and not one.alone else ""
            fields = f" [{', '.join(one.layer.fields[:12])}]" if one.layer is not None else ""
            if one.raster is not None:
                values = list_raster_values(one.path)
                fields = "" if values is None else f" [{', '.join(map(str, values[:40]))}]"
            self._add(" ".join(f"# - {place}{layer}: {why}{fields}".split()))

    def _columns(self, role: str, one: Found) -> dict[str, str]:
        """Find the columns of a role, by the names they usually have."""
        assert one.layer is not None
        columns: dict[str, str] = {}
        for key, names in load_guesses()[role].items():
            if key in ("kinds", "words", "avoid", "field", "values", "subnetworks", "kinds_of_zones"):
                continue
            column = find_column(one.layer.fields, names)
            if column is not None:
                columns[key] = column
        return columns

    def _place(self, one: Found) -> list[str]:
        place = [f"path = {write_text(one.path.relative_to(self.folder).as_posix())}"]
        if one.layer is not None and not one.alone:
            place.append(f"layer = {write_text(one.layer.name)}")
        return place

    def _source(self) -> str:
        return f'source = ""  # {self._say("init_source")}'

    def _extent(self, one: Found) -> Bounds | None:
        from pyproj import CRS

        if one.bounds is None or one.crs is None:
            return None
        if one.crs == self.crs:
            return one.bounds
        return transform_bounds(one.bounds, CRS.from_user_input(one.crs), CRS.from_user_input(self.crs))

    def _meets(self, one: Found, bounds: Bounds) -> bool:
        extent = self._extent(one)
        return extent is None or bool(shapely.intersects(shapely.box(*extent), shapely.box(*bounds)))

    def _say(self, key: str, **values: wording.Value) -> str:
        return wording.say(f"study.{key}", self.language, **values)

    def _comments(self, key: str, **values: wording.Value) -> list[str]:
        return [f"# {line}" for line in self._say(key, **values).strip().split("\n")]

    def _comment(self, key: str, **values: wording.Value) -> None:
        self._add(*self._comments(key, **values))

    def _add(self, *lines: str) -> None:
        self.lines += lines


def identify_layer(one: Found) -> tuple[Path, str]:
    """Tell a layer from all others of the folder."""
    return (one.path, "" if one.layer is None else one.layer.name)


def _layer_name(one: Found) -> str | None:
    return None if one.layer is None else one.layer.name


def _are_flags(values: list[str]) -> bool:
    return all(value.casefold() in YES | NO for value in values)


def _is_width(value: str) -> bool:
    try:
        return 0 <= float(value.replace(",", ".")) < 1000
    except ValueError:
        return False


def write_flag(column: str, values: list[str]) -> str:
    """Write a yes or no read from a column."""
    return (
        f"{{ field = {write_text(column)}, values = [{', '.join(write_text(value) for value in values)}] }}"
    )


def write_text(text: str) -> str:
    """Write a text as TOML does; its basic strings escape as JSON's."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
