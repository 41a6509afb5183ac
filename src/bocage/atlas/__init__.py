"""Atlas: the printed sheets of communes, as tagged and georeferenced PDFs."""

from bocage.atlas.content import Content
from bocage.atlas.printing import print_commune_sheet
from bocage.atlas.series import SheetSpec, plan_series
from bocage.atlas.sheet import Sheet, compose_sheet, write_sheet

__all__ = [
    "Content",
    "Sheet",
    "SheetSpec",
    "compose_sheet",
    "plan_series",
    "print_commune_sheet",
    "write_sheet",
]
