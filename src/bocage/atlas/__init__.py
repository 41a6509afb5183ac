"""Atlas: the printed sheet of a commune, as a tagged and georeferenced PDF."""

from bocage.atlas.printing import print_commune_sheet
from bocage.atlas.sheet import Sheet, compose_sheet, write_sheet

__all__ = ["Sheet", "compose_sheet", "print_commune_sheet", "write_sheet"]
