"""What a study file may say: every table and key, its unit, its default and its meaning.

The descriptions here are the reference page of the study file. Values stay as they were
written: paths are relative to the study file until ``Study.resolve`` makes them absolute.
"""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from bocage.study.atlas_tables import Atlas
from bocage.study.sections import Flag as Flag
from bocage.study.sections import FlagField, Section, SheetText, Sourced, StatusKind
from bocage.study.sections import VectorLayer as VectorLayer
from bocage.subnetwork import Method

BARRIER = "barrier"

Language = Literal["fr", "en"]
RoadGround = Literal["motorway", "main_road", "regional_road", "local_road", "track"]
RailGround = Literal["railway_hs", "railway"]
WaterGround = Literal["river", "stream", "canal"]
RoadClass = Literal[RoadGround, "ignore"]
RailClass = Literal[RailGround, "ignore"]
WaterClass = Literal[WaterGround, "ignore"]
WorkKind = Literal["weir", "dam", "culvert", "sluice", "other"]
WorkState = Literal["existing", "destroyed", "unknown"]
FishPass = Literal["yes", "no", "unknown"]
CrossingKind = Literal["wildlife", "bridge", "culvert", "underpass"]
SpeciesGroup = Literal["salmon", "trout", "cyprinid", "small", "eel"]
RiverIndex = Literal["potamodromous", "diadromous"]
RiverConvention = Literal["per_crossing", "both_ways"]
WorkClass = Literal[WorkKind, "ignore"]
CrossingClass = Literal[CrossingKind, "ignore"]


def _check_projected(crs: str) -> str:
    """Accept a projected CRS in metres, and name it by its authority code where it has one."""
    from pyproj import CRS
    from pyproj.exceptions import CRSError

    try:
        known = CRS.from_user_input(crs)
    except CRSError:
        raise ValueError(f'"{crs}" is not a known coordinate system; write for example "EPSG:2154"') from None
    if not known.is_projected:
        raise ValueError(
            f'"{crs}" is in degrees, and distances need metres; '
            'use a projected system such as "EPSG:2154" in metropolitan France'
        )
    if known.to_epsg() in (3857, 3395):
        raise ValueError(
            f'"{crs}" stretches distances the more the farther from the equator; '
            'use a system made for the territory, such as "EPSG:2154" in metropolitan France'
        )
    if any(axis.unit_conversion_factor != 1.0 for axis in known.axis_info):
        raise ValueError(f'"{crs}" is not in metres; use a projected system whose unit is the metre')
    code = known.to_epsg(min_confidence=100)
    return f"EPSG:{code}" if code else crs


def _name_ground(value: Any) -> Any:
    """Take land cover codes written without quotes."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _list_numbers(value: Any) -> Any:
    """Take one number where a list of them is expected."""
    return [value] if isinstance(value, int | float) and not isinstance(value, bool) else value


def _read_resistance(value: Any) -> Any:
    if isinstance(value, str):
        if value.strip().lower() == BARRIER:
            return float("inf")
        raise ValueError(f'must be a number above 0 or "{BARRIER}", got "{value}"')
    return value


def _check_resistance(value: float) -> float:
    if not value > 0:
        raise ValueError(f"must be above 0, got {value:g}; ground that costs nothing more than distance is 1")
    return value


Resistance = Annotated[
    float, Field(allow_inf_nan=True), BeforeValidator(_read_resistance), AfterValidator(_check_resistance)
]
GroundName = Annotated[str, BeforeValidator(_name_ground)]
Metres = Annotated[float, Field(gt=0)]
Share = Annotated[float, Field(ge=0, le=1)]
ShareAboveZero = Annotated[float, Field(gt=0, le=1)]
Hectares = Annotated[float, Field(ge=0)]
Distances = Annotated[tuple[Metres, ...], BeforeValidator(_list_numbers), Field(min_length=1)]


def _check_obstacle_type(value: str) -> str:
    """Accept the codes of the standard, and labels for what it has no code for."""
    from bocage.schema import load_profile

    fields = {field.name: field for field in load_profile().tables["obstacle_p"].fields}
    domain = fields["TYPE_OBST"].domain
    codes = {one.code: one.label_fr for one in domain.values} if domain else {}
    if value.isdigit() and value not in codes:
        known = ", ".join(f"{code} ({label})" for code, label in codes.items())
        raise ValueError(f'"{value}" is not a type of obstacle of the standard; give one of {known}')
    return value


ObstacleType = Annotated[str, AfterValidator(_check_obstacle_type)]


class Area(Section):
    """Where the network is wanted: one of `layer`, `insee`, `bbox` or `path`."""

    layer: str | None = Field(
        None,
        description='"communes": the union of that layer. With `path`: the layer to read in that file.',
    )
    insee: tuple[str, ...] | None = Field(
        None, min_length=1, description="INSEE codes of communes of the `communes` layer."
    )
    bbox: tuple[float, float, float, float] | None = Field(
        None, description="West, south, east, north, in the CRS of the study [m]."
    )
    path: Path | None = Field(None, description="A file of polygons, whose union is the study area.")
    where: str | None = Field(
        None, description="With `path`: keep the features that this SQL condition meets."
    )

    @model_validator(mode="after")
    def _check_one(self) -> Area:
        given = [name for name in ("insee", "bbox", "path") if getattr(self, name) is not None]
        if len(given) > 1:
            raise ValueError(f"gives {' and '.join(given)}; give only one of them")
        if self.path is None and self.where is not None:
            raise ValueError("gives `where` without `path`; add the path of the file it applies to")
        if not given and self.layer is None:
            raise ValueError('is empty; give one of layer = "communes", insee, bbox or path')
        if not given and self.layer != "communes":
            raise ValueError(
                f'names the layer "{self.layer}", but only "communes" can be named alone; '
                "for another file write { path = ..., layer = ... }"
            )
        if given and given != ["path"] and self.layer is not None:
            raise ValueError(f"gives layer and {given[0]}; give only one of them")
        if self.bbox is not None and not (self.bbox[0] < self.bbox[2] and self.bbox[1] < self.bbox[3]):
            raise ValueError("has a bbox that is not in the order west, south, east, north")
        return self


class Status(Section):
    """Legal status of the network, printed on every sheet."""

    kind: StatusKind = Field(
        "etude",
        description=(
            "`en_vigueur` (in force), `annule` (annulled by a court), `porter_a_connaissance` "
            "(made known by the State), `projet` (draft) or `etude` (study without legal force)."
        ),
    )
    date: datetime.date | None = Field(None, description="Date of the act; the study's date when left out.")
    reference: str = Field("", description="The act, decision or study that gives the status.")


class General(Section):
    """The study itself."""

    name: str = Field(min_length=1, description="Title, printed on the sheets and the report.")
    territory: str = Field(
        "ETUDE",
        pattern=r"^[A-Za-z0-9_]{1,24}$",
        description="Suffix of the standard's table names, as `N_SRCE_CORRIDOR_S_<territory>`.",
    )
    prefix: str = Field(
        "FR00",
        pattern=r"^[A-Z0-9]{2,8}$",
        description="Beginning of the identifiers: country and region, as `FR32` in `FR32RS1707`.",
    )
    date: datetime.date = Field(
        description="Date of the study, as 2026-05-04; every output is dated with it."
    )
    language: Language = Field("fr", description="Language of the outputs: `fr` or `en`.")
    crs: Annotated[str, AfterValidator(_check_projected)] = Field(
        "EPSG:2154", description="Coordinate system of the outputs: projected, in metres."
    )
    cell_size: Metres = Field(10.0, description="Side of a cell of the computing grid [m].")
    area: Area = Field(default_factory=lambda: Area(layer="communes"), description="The study area.")
    buffer: Annotated[float, Field(ge=0)] | None = Field(
        None,
        description=(
            "Width of ground computed around the study area, then cut off [m]; "
            "1.5 × the largest dispersal distance when left out."
        ),
    )
    output: Path = Field(Path("out"), description="Folder of the outputs, made when it does not exist.")
    status: Status = Field(default_factory=Status, description="Legal status.")


class Issuer(Section):
    """Who publishes: the block at the foot of each sheet. Every key may be left out."""

    region: str = Field("", description="Region.")
    department: str = Field("", description="Departement.")
    directorate: str = Field("", description="Directorate, as « Direction départementale des territoires ».")
    service: str = Field("", description="Service.")
    unit: str = Field("", description="Unit.")
    contact: str = Field("", description="E-mail or address printed for questions.")
    logo: Path | None = Field(None, description="PNG, JPEG or SVG printed in the title block.")
    logos: tuple[Path, ...] = Field(
        (), max_length=3, description="Logos of partners, up to three, printed on the cover of the atlas."
    )


class SheetWords(SheetText):
    """Words of the printed sheet; each key left out keeps its usual text."""

    number: Annotated[int, Field(ge=1)] | None = Field(
        None, description="Number of this sheet in the commune's series, as 1 in « CARTE : 1/4 »."
    )
    total: Annotated[int, Field(ge=1)] | None = Field(None, description="Number of sheets in the series.")

    @model_validator(mode="after")
    def _check_number(self) -> SheetWords:
        if (self.number or 1) > (self.total or self.number or 1):
            raise ValueError(f"is number {self.number} of {self.total}; give a total that is not smaller")
        return self


class LandCoverLayer(Sourced):
    """Land cover, raster or polygons; repeat the table to lay a finer layer over a wider one."""

    name: str = Field("", description="Name in messages; the file's name when left out.")
    nomenclature: str = Field(
        description="`clc`, `oso`, `ocsge`, `worldcover`, or the name of a `[nomenclatures.<name>]` table."
    )
    field: str | None = Field(None, description="Column that holds the class code, for polygons.")
    band: int = Field(1, ge=1, description="Band to read, for a raster.")
    where: str | None = Field(None, description="For polygons: keep those that this SQL condition meets.")

    @property
    def label(self) -> str:
        """Name for messages."""
        return self.name or self.layer or self.path.name


class CommunesLayer(VectorLayer):
    """Communes: they bound the study area, and each has its sheet and its indicators."""

    code: str = Field("insee", description="Column of the INSEE code (never the postcode).")
    name: str = Field("nom", description="Column of the name.")
    epci: str | None = Field(
        None, description="Column of the name of the intercommunalité, for the atlas, where there is one."
    )


class LineLayer(VectorLayer):
    """Lines with a class and a width, burnt into the land cover."""

    field: str | None = Field(None, description="Column whose values `classes` translates.")
    name: str | None = Field(None, description="Column of the name.")
    width_field: str | None = Field(
        None, description="Column of the width [m]; where it is empty the width of the class is used."
    )


class RoadsLayer(LineLayer):
    """Roads."""

    ground: RoadGround | None = Field(None, description="Class of every road, where there is no `field`.")
    classes: dict[str, RoadClass] = Field(
        default_factory=dict,
        description="Value of `field` = ground class; `ignore` leaves those roads out.",
    )
    widths: dict[RoadGround, Metres] = Field(
        default_factory=dict, description="Ground class = width between the outer edges of the road [m]."
    )


class RailwaysLayer(LineLayer):
    """Railways."""

    ground: RailGround = Field("railway", description="Class of every line, where there is no `field`.")
    classes: dict[str, RailClass] = Field(
        default_factory=dict, description="Value of `field` = `railway_hs`, `railway` or `ignore`."
    )
    widths: dict[RailGround, Metres] = Field(
        default_factory=dict, description="Ground class = width of the platform [m]."
    )


class WatercoursesLayer(LineLayer):
    """Rivers, streams and canals."""

    ground: WaterGround = Field(
        "stream", description="Class of every watercourse, where there is no `field`."
    )
    classes: dict[str, WaterClass] = Field(
        default_factory=dict, description="Value of `field` = `river`, `stream`, `canal` or `ignore`."
    )
    widths: dict[WaterGround, Metres] = Field(
        default_factory=dict, description="Ground class = width of the bed [m]."
    )
    canal: FlagField | None = Field(
        None,
        description="Column that tells canals, before `field` does; or "
        '{ field = "NATURE", values = ["Canal"] }.',
    )
    list1: FlagField | None = Field(
        None, description="Column of list 1 of article L.214-17; for lines of their own, see `[rivers]`."
    )
    list2: FlagField | None = Field(
        None, description="Column of list 2 of article L.214-17; for lines of their own, see `[rivers]`."
    )
    reservoir: FlagField | None = Field(
        None,
        description="Column that tells the reservoirs of biodiversity; an empty value means « not said ».",
    )
    intermittent: FlagField | None = Field(None, description="Column that tells intermittent watercourses.")


class HedgesLayer(VectorLayer):
    """Hedges, as lines or polygons."""

    width: Metres | None = Field(None, description="Width of a hedge drawn as a line [m].")
    width_field: str | None = Field(None, description="Column of the width [m].")


class RiverWorksLayer(VectorLayer):
    """Weirs, dams and other works on rivers, as points (in France the ROE)."""

    code: str | None = Field(None, description="Column of the code.")
    name: str | None = Field(None, description="Column of the name.")
    kind: str | None = Field(None, description="Column of the type of work.")
    kinds: dict[str, WorkClass] = Field(
        default_factory=dict,
        description="Value of `kind` = `weir`, `dam`, `culvert`, `sluice`, `other` or `ignore`; "
        "values left out are recognised by their words.",
    )
    state: str | None = Field(None, description="Column of the state.")
    states: dict[str, WorkState] = Field(
        default_factory=dict,
        description="Value of `state` = `existing`, `destroyed` or `unknown`; "
        "values left out are recognised by their words.",
    )
    fish_pass: str | None = Field(None, description="Column of the fish pass; an empty value means unknown.")
    fish_passes: dict[str, FishPass] = Field(
        default_factory=dict,
        description="Value of `fish_pass` = `yes`, `no` or `unknown`; "
        "values left out are recognised by their words.",
    )
    height: str | None = Field(
        None, description="Column of the height of fall [m]; usual names are recognised."
    )
    up: str | None = Field(
        None,
        description="Column of the passability upwards, 0 to 1 or class of ICE; it goes before the rules.",
    )
    down: str | None = Field(None, description="The same downwards.")
    priority: FlagField | None = Field(
        None, description="Column of the works that have to be opened: every plan opens them."
    )
    protected: FlagField | None = Field(
        None, description="Column of the works whose removal may not be imposed: no plan removes them."
    )
    theme: str | None = Field(
        None,
        description="Draw the works on the sheets of the atlas too, with the symbol of this theme, as "
        "`flow_work`; then those removed or with a fish pass are drawn as `flow_work_passable`.",
    )


class CrossingsLayer(VectorLayer):
    """Structures that let animals through a road or a railway."""

    name: str | None = Field(None, description="Column of the name.")
    kind: str | None = Field(None, description="Column of the type.")
    kinds: dict[str, CrossingClass] = Field(
        default_factory=dict,
        description="Value of `kind` = `wildlife`, `bridge`, `culvert`, `underpass` or `ignore`.",
    )
    default_kind: CrossingKind = Field("wildlife", description="Type of every crossing, where no `kind`.")
    width: Metres | None = Field(None, description="Width of a crossing drawn as a point or line [m].")
    width_field: str | None = Field(None, description="Column of the width [m].")


class Layers(Section):
    """The layers other than land cover. Each may be left out: what it would show is then « not given »."""

    communes: CommunesLayer | None = Field(None, description="Communes.")
    roads: RoadsLayer | None = Field(None, description="Roads.")
    railways: RailwaysLayer | None = Field(None, description="Railways.")
    watercourses: WatercoursesLayer | None = Field(None, description="Watercourses.")
    hedges: HedgesLayer | None = Field(None, description="Hedges.")
    river_works: RiverWorksLayer | None = Field(None, description="Works on rivers.")
    crossings: CrossingsLayer | None = Field(None, description="Wildlife crossings.")


class ZoningLayer(VectorLayer):
    """A zoning of biodiversity (ZNIEFF, Natura 2000, an earlier scheme) that makes reservoirs."""

    key: str | None = Field(
        None, pattern=r"^[a-z0-9_]+$", description="Short name; made from the label when left out."
    )
    label: str = Field(min_length=1, description="Name for people, as « ZNIEFF de type 1 ».")
    name_field: str | None = Field(None, description="Column of the name of each zone.")
    rule: Literal["mandatory", "case_by_case"] = Field(
        "mandatory",
        description="`mandatory`: every zone is a reservoir; `case_by_case`: only those with habitat enough.",
    )
    subnetworks: tuple[str, ...] = Field(
        (),
        description="Keys of the sub-networks concerned; when empty, each site goes to those whose "
        "habitat covers a quarter of it.",
    )
    theme: str | None = Field(
        None,
        description="Draw the zones on the sheets of the atlas too, with the symbol of this theme, as "
        "`znieff1`.",
    )


class ResistanceTable(Section):
    """A published table of resistance (friction, rugosité), as CSV."""

    path: Path = Field(description="File, relative to the study file.")
    delimiter: str | None = Field(
        None, min_length=1, max_length=1, description="Character between columns; guessed when left out."
    )
    key: str = Field(description="Column that names the ground.")
    value: str = Field(description="Column of the resistance.")
    prefix: str = Field("", description="Letters to remove in front of the names, as `landuse_`.")
    aliases: dict[str, GroundName] = Field(
        default_factory=dict, description="Name in the table = ground class or code."
    )
    barrier_from: float | None = Field(None, gt=0, description="Values from this one up are barriers.")
    zero_as: float | None = Field(
        None, gt=0, description="Resistance to take where the table says 0, which cannot be."
    )


class SubnetworkEntry(Section):
    """A sub-network, species or guild: a preset, what replaces its values, or all of it."""

    preset: str | None = Field(
        None, description="Preset to begin with: `boise`, `ouvert`, `humide`, `littoral`."
    )
    key: str | None = Field(
        None, pattern=r"^[a-z0-9_]+$", description="Short name, in small letters; the preset's when left out."
    )
    name: str | None = Field(None, min_length=1, description="Name for people; the key when left out.")
    medium: str | None = Field(
        None,
        description="Main medium in the standard: boisé, ouvert, humide, littoral, cours d'eau, multitrame.",
    )
    habitat: tuple[GroundName, ...] | None = Field(
        None, min_length=1, description="Ground classes or land cover codes that are habitat."
    )
    min_patch_ha: Hectares | None = Field(
        None, description="Smaller habitat is ground to cross, no patch [ha]."
    )
    reservoir_min_ha: Hectares | None = Field(
        None, description="Area from which a patch is a reservoir [ha]."
    )
    reservoir_min_core_ha: Hectares | None = Field(None, description="Core area a reservoir must have [ha].")
    reservoir_min_compactness: Share | None = Field(
        None, description="Compactness 4πA/P² a reservoir must have, 0 to 1."
    )
    edge_depth_m: Annotated[float, Field(ge=0)] | None = Field(
        None, description="Core is what lies deeper than this inside the habitat [m]."
    )
    dispersal_m: Distances | None = Field(
        None, description="Dispersal distance, or several; the largest bounds the corridors [m]."
    )
    reference_resistance: Annotated[float, Field(gt=0)] | None = Field(
        None, description="Resistance of the ground where the dispersal distance was observed."
    )
    method: Method | None = Field(
        None, description="How corridors are drawn: `least_cost` or `dilation_erosion`."
    )
    through_patches: bool | None = Field(None, description="Whether a link may cross a third reservoir.")
    tolerance: Annotated[float, Field(ge=0)] | None = Field(
        None,
        description="Width of corridors: the detour they allow, as a share of the dispersal cost.",
    )
    dilation_m: Metres | None = Field(None, description="Distance of the dilation-erosion method [m].")
    max_dispersal_cost: Annotated[float, Field(gt=0)] | None = Field(
        None,
        description="Dispersal cost outright, in place of distance × reference resistance [resistance × m].",
    )
    resistance: dict[str, Resistance] = Field(
        default_factory=dict,
        description='Ground class or code = cost of crossing one metre, above 0, or "barrier". '
        "Replaces the preset's value for that ground only.",
    )
    resistance_table: ResistanceTable | None = Field(
        None, description="A CSV of resistance; comes after the preset and before `resistance`."
    )


class Rules(Section):
    """Numbers that decide objectives and obstacles; each object records those that applied to it."""

    degraded_share: ShareAboveZero = Field(
        0.3,
        description="A corridor with this share of artificial or hostile ground is to restore, "
        "above 0 and up to 1.",
    )
    restore_types: tuple[ObstacleType, ...] = Field(
        ("01", "03"),
        description="Types of obstacle of the standard that make the corridor they cut one to restore, "
        "when nothing is known to cross them; motorways (01) and high-speed railways (03) by default.",
    )
    reservoir_habitat_share: ShareAboveZero | None = Field(
        None, description="A reservoir with a smaller share of habitat is to restore, above 0 and up to 1."
    )
    reservoir_core_share: ShareAboveZero | None = Field(
        None,
        description="A reservoir with a smaller share of core habitat is to restore, above 0 and up to 1.",
    )
    cluster_m: Annotated[float, Field(ge=0)] = Field(
        150.0, description="Obstacle points of one cause nearer than this are one [m]."
    )


class Rivers(Section):
    """What rivers are measured for: passage from reach to reach, and the works to open first.

    The command line of `bocage rivers` goes before it.
    """

    group: SpeciesGroup = Field(
        "trout",
        description="Species whose passage is rated: `salmon`, `trout`, `cyprinid`, `small` or `eel`.",
    )
    index: RiverIndex = Field(
        "potamodromous",
        description="What the plan raises: passage within the river (`potamodromous`) or from the sea "
        "(`diadromous`).",
    )
    weight: str = Field(
        "length",
        min_length=1,
        description="What is connected: `length`, or a column of the watercourses, as habitat area.",
    )
    cost: str | None = Field(
        None,
        min_length=1,
        description="Column of the works with the cost of removing each, or opening it wholly; 1 when left "
        "out.",
    )
    pass_cost: str | None = Field(
        None,
        min_length=1,
        description="Column of the works with the cost of a fish pass; empty where there can be none.",
    )
    pass_up: str | None = Field(
        None,
        min_length=1,
        description="Column of the passability upwards with a pass, 0 to 1; by the rules when left out.",
    )
    pass_down: str | None = Field(None, min_length=1, description="The same downwards.")
    works_weight: str | None = Field(
        None,
        min_length=1,
        description="Column of the works with what is connected above each, up to the next works.",
    )
    convention: RiverConvention = Field(
        "per_crossing",
        description="What a work costs to cross: its passability that way (`per_crossing`), or the product "
        "of both whichever is taken (`both_ways`).",
    )
    decay: str | None = Field(
        None,
        min_length=1,
        description="Movement fades with distance: `exponential:5000@0.05` if one in twenty goes 5 km.",
    )
    within_m: Annotated[float, Field(ge=0)] | None = Field(
        None, description="Farthest that movement goes along the river [m]; not with `decay`."
    )
    inhabited: str | None = Field(
        None, min_length=1, description="Column of the watercourses with the share inhabited, for the PCI."
    )
    catchment: str | None = Field(
        None,
        min_length=1,
        description="Column of the watercourses with the area of their own catchment, for the CAFI.",
    )
    budget: Annotated[float, Field(ge=0)] | None = Field(
        None,
        description="What can be spent, in the unit of the costs; a tenth of what all would cost when left "
        "out.",
    )
    snap_m: Annotated[float, Field(ge=0)] = Field(
        5.0, description="Ends of lines this near are one place [m]."
    )
    works_snap_m: Metres = Field(
        100.0, description="Farthest river from a work [m]; beyond half of it the place is doubtful."
    )
    list1: VectorLayer | None = Field(
        None,
        description="Layer of the lines of list 1 of article L.214-17, where no column of the watercourses "
        "says it: { path, layer }. A watercourse is on it where at least half of it lies within 25 m.",
    )
    list2: VectorLayer | None = Field(None, description="The same of list 2.")


class Decisions(Section):
    """Human decisions that override the rules, each logged on the object with its author."""

    path: Path = Field(description="CSV of decisions, relative to the study file.")
    delimiter: str | None = Field(
        None, min_length=1, max_length=1, description="Character between columns; guessed when left out."
    )


class StudyFile(Section):
    """The whole study file, as written."""

    study: General = Field(description="The study itself.")
    issuer: Issuer = Field(default_factory=Issuer, description="Who publishes.")
    sheet: SheetWords = Field(default_factory=SheetWords, description="Words of the printed sheet.")
    landcover: tuple[LandCoverLayer, ...] = Field(
        (), description="Land cover; later ones cover earlier ones."
    )
    nomenclatures: dict[str, dict[str, str]] = Field(
        default_factory=dict, description="Your own nomenclatures: code = ground class."
    )
    layers: Layers = Field(default_factory=Layers, description="Other layers.")
    zonings: tuple[ZoningLayer, ...] = Field((), description="Zonings.")
    subnetworks: tuple[SubnetworkEntry, ...] = Field((), description="Sub-networks, species or guilds.")
    rules: Rules = Field(default_factory=Rules, description="Rules.")
    rivers: Rivers = Field(default_factory=Rivers, description="Rivers and their works.")
    decisions: Decisions | None = Field(None, description="Human decisions.")
    atlas: Atlas | None = Field(None, description="The atlas.")
