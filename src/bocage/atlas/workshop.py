"""What a process of the atlas does: open what was prepared, draw a booklet or a sheet of the grid."""

from __future__ import annotations

import json
import pickle
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cache
from hashlib import sha256
from importlib.resources import as_file, files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bocage import __version__
from bocage.atlas.batch import Job
from bocage.atlas.options import AtlasOptions
from bocage.atlas.series import SheetSpec
from bocage.io.files import hash_file, replace_on_success
from bocage.wording import fold_name

if TYPE_CHECKING:
    from bocage.atlas.content import Content
    from bocage.atlas.grid_plan import GridPlan
    from bocage.atlas.summary import CommuneFigures

_LONGEST = 80
"""Letters of a name that the name of a file takes; disks hold 255 bytes."""


@dataclass(frozen=True)
class Workshop:
    """What a process holds to draw any job: pickled once by the parent, read once a process.

    Attributes
    ----------
    content : Content
    specs : tuple of SheetSpec
    figures : mapping of INSEE code to CommuneFigures
        What the legends and the backs say.
    grid : GridPlan or None
    options : AtlasOptions
    folder : Path
        Of the atlas.
    title : str
        Of the volumes.
    """

    content: Content
    specs: tuple[SheetSpec, ...]
    figures: Mapping[str, CommuneFigures]
    grid: GridPlan | None
    options: AtlasOptions
    folder: Path
    title: str


def save_workshop(workshop: Workshop, path: Path) -> None:
    """Write what the processes open."""
    with replace_on_success(path) as part, part.open("wb") as file:
        pickle.dump(workshop, file, protocol=pickle.HIGHEST_PROTOCOL)


def open_workshop(path: str) -> Workshop:
    """Read what the parent prepared: once a process."""
    with Path(path).open("rb") as file:
        workshop: Workshop = pickle.load(file)
    return workshop


def draw_job(workshop: Workshop, job: Job) -> dict[str, Any]:
    """Draw the booklet of a commune or a sheet of the grid.

    Returns
    -------
    dict
        What later runs and the volumes need to know of it: ``file`` (below the folder of the atlas),
        ``bytes``, ``sha256``, ``pages``, ``titles`` and ``scales`` of its pages; ``others``, the hashes of
        the files beside it; ``dpi`` of its pictures.
    """
    if "insee" in job.payload:
        return _draw_booklet(workshop, job.payload["insee"])
    return _draw_cell(workshop, job.payload["cell"])


def _draw_booklet(workshop: Workshop, insee: str) -> dict[str, Any]:
    from bocage.atlas.booklet import compose_booklet

    options = workshop.options
    booklet = compose_booklet(
        workshop.content,
        insee,
        workshop.specs,
        workshop.figures,
        sheet_format=options.sheet_format,
        orientation=options.orientation,
        language=options.language,
        summary=options.summary,
    )
    stem = name_file(insee, booklet.commune.name)
    result = keep_file(workshop.folder, f"communes/{stem}.pdf", booklet.to_pdf())
    others = {}
    if options.png:
        for name, picture in zip(booklet.names, booklet.to_pngs(options.dpi), strict=True):
            kept = keep_file(workshop.folder, f"png/{stem}_{name}.png", picture)
            others[kept["file"]] = kept["sha256"]
    return {
        **result,
        "name": booklet.commune.name,
        "pages": len(booklet.pages),
        "titles": [page.title for page in booklet.pages],
        "scales": [round(sheet.frame.scale) for sheet in booklet.sheets],
        "others": others,
        "dpi": options.dpi if options.png else None,
    }


def _draw_cell(workshop: Workshop, name: str) -> dict[str, Any]:
    from bocage.atlas.document import draw_pages, set_document
    from bocage.atlas.grid_sheet import compose_grid_sheet

    assert workshop.grid is not None
    options = workshop.options
    pages = {
        # The copy that volumes bind leads to the sheets beside it; alone it would lead nowhere.
        places: compose_grid_sheet(
            workshop.content,
            workshop.grid,
            name,
            workshop.specs[0],
            language=options.language,
            places=places,
        )
        for places in (None, ())
    }
    (linked, info), (alone, _) = pages[None], pages[()]
    kept = [keep_file(workshop.folder, f"grid/{name}.pdf", set_document([alone], info))]
    if options.png:
        (picture,) = draw_pages([alone], info, dpi=options.dpi)
        kept.append(keep_file(workshop.folder, f"png/grid_{name}.png", picture))
    result = keep_file(workshop.folder, f".bocage/grid/{name}.pdf", set_document([linked], info))
    return {
        **result,
        "pages": 1,
        "titles": [linked.title],
        "others": {one["file"]: one["sha256"] for one in kept},
        "dpi": options.dpi if options.png else None,
    }


def keep_file(folder: Path, name: str, data: bytes) -> dict[str, Any]:
    """Write a file of the atlas, and give its name, size and hash."""
    with replace_on_success(folder / name) as part:
        part.write_bytes(data)
    return {"file": name, "bytes": len(data), "sha256": sha256(data).hexdigest()}


def name_file(insee: str, name: str) -> str:
    """Name the file of a commune, whatever the letters of its code and name.

    >>> name_file("34079", "Clermont-l’Hérault")
    '34079_clermont-l-herault'
    >>> name_file("A/1", "Val / d'Été"), name_file("34079", "« — »")
    ('A-1-a5b3_val-d-ete', '34079')
    """
    code = re.sub(r"[^0-9A-Za-z]+", "-", insee).strip("-")
    if code != insee:
        # Codes that differ in such letters alone keep files of their own.
        code = f"{code}-{sha256(insee.encode()).hexdigest()[:4]}".lstrip("-")
    letters = fold_file_name(name)
    return f"{code}_{letters}" if letters else code


def fold_file_name(name: str) -> str:
    """Give the letters and digits of a name that any disk takes.

    >>> fold_file_name("CC du Pays d’Œuvre")
    'cc-du-pays-d-oeuvre'
    """
    return re.sub(r"[^a-z0-9]+", "-", fold_name(name)).strip("-")[:_LONGEST].strip("-")


@dataclass(frozen=True)
class Verifier:
    """Tells whether the files of a finished job are still there, whole.

    Attributes
    ----------
    folder : Path
    dpi : float, optional
        Of the pictures that are wanted; None for none.
    """

    folder: Path
    dpi: float | None = None

    def __call__(self, result: Mapping[str, Any]) -> bool:
        """Compare the files with what was recorded of them."""
        if self.dpi is not None and result.get("dpi") != self.dpi:
            return False
        wanted = {str(result["file"]): result["sha256"], **result.get("others", {})}
        return all(
            (self.folder / name).is_file() and hash_file(self.folder / name) == told
            for name, told in wanted.items()
        )


@cache
def _hash_drawing() -> str:
    """Sum up the code, templates, symbols and words that make a page: a version being worked on changes."""
    digest = sha256()
    for room in ("atlas", "cartography", "wording"):
        folder = files("bocage").joinpath(room)
        with as_file(folder) as place:
            for path in sorted(Path(place).rglob("*")):
                if path.suffix in (".py", ".typ", ".toml", ".ttf"):
                    digest.update(path.relative_to(place).as_posix().encode() + path.read_bytes())
    return digest.hexdigest()


def take_fingerprint(workshop: Workshop) -> str:
    """Sum up all that the sheets depend on: content, series, how they are set, version of bocage.

    What only volumes and pictures depend on is not in it, so that a look at one sheet costs no other.
    """
    import shapely

    content, options = workshop.content, workshop.options
    digest = sha256()

    def add(*values: Any) -> None:
        digest.update(json.dumps(values, default=str, sort_keys=True, ensure_ascii=False).encode())

    add(
        __version__,
        _hash_drawing(),
        options.sheet_format,
        options.orientation,
        options.language,
        options.summary,
    )
    issuer = dict(content.about.get("issuer") or {})
    logos = [issuer.pop("logo", None), *(issuer.pop("logos", None) or ())]
    # Where a logo lies does not matter, what it shows does.
    add({**content.about, "issuer": issuer}, [asdict(spec) for spec in workshop.specs])
    for logo in logos:
        add(hash_file(logo) if logo and Path(logo).is_file() else logo and Path(logo).name)
    # Sets have no order of their own.
    sourced = [[one.label, one.licence, sorted(one.uses)] for one in content.sources]
    add(content.backdrop_kind, [[one.text, sorted(one.uses)] for one in content.notes], sourced)
    add([repr(symbol) for symbol in content.symbols], dict(content.network.provided), content.crs)
    tables = {
        "communes": content.communes,
        **{f"network {name}": table for name, table in content.network.tables.items()},
        **{f"theme {name}": table for name, table in content.themes.items()},
        **{f"context {name}": table for name, table in content.context.items()},
        **{f"grouping {name}": table for name, table in content.groupings.items()},
    }
    for name in sorted(tables):
        table = tables[name]
        attributes = table.drop(columns=table.geometry.name)
        add(name, list(attributes.columns), attributes.to_csv(index=False))
        for geometry in shapely.to_wkb(table.geometry.to_numpy()):
            digest.update(geometry or b"-")
    if content.area is not None:
        digest.update(shapely.to_wkb(content.area))
    for raster in ("landcover", "relief"):
        path = getattr(content.backdrop, raster, None)
        add(raster, None if path is None else hash_file(path))
    return digest.hexdigest()
