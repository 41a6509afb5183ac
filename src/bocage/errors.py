"""The exceptions bocage raises, in one tree.

Every message is one sentence that says what was found, where, what was expected
and how to mend it; the command line prints it without a traceback and exits with code 2.

::

    BocageError
    ├── StudyError         the study file says something that cannot be (also ValueError)
    ├── InputError         a file, layer or column is missing or unusable (also ValueError)
    │   ├── CRSError       a coordinate system is missing, geographic or different
    │   └── CodeError      class codes that no nomenclature knows
    ├── DataError          the values cannot give a result: empty habitat, resistance <= 0 (also ValueError)
    ├── ResourceError      not enough memory or disk (also OSError)
    └── OutputError        an output cannot be written: locked, read-only, disk full (also OSError)
"""

from __future__ import annotations


class BocageError(Exception):
    """Root of all errors that a user can mend."""


class StudyError(BocageError, ValueError):
    """The study file is missing, malformed or contradicts itself."""


class InputError(BocageError, ValueError):
    """An input file, layer or column is missing or cannot be used."""


class CRSError(InputError):
    """A coordinate reference system is missing, geographic, or not the one expected."""


class CodeError(InputError):
    """Class codes are present that the nomenclature does not define."""


class DataError(BocageError, ValueError):
    """The values, though readable, cannot give a result."""


class ResourceError(BocageError, OSError):
    """The machine lacks the memory or disk that the study needs."""


class OutputError(BocageError, OSError):
    """An output cannot be written."""
