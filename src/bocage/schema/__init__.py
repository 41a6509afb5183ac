"""Le standard national comme données: its tables, fields, codes and styles, and their checks."""

from bocage.schema.profile import Profile, load_profile
from bocage.schema.standard import from_standard, to_standard, validate_table

__all__ = ["Profile", "from_standard", "load_profile", "to_standard", "validate_table"]
