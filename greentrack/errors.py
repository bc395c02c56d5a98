"""The errors that GreenTrack raises, as one tree.

::

    GreenTrackError
    ├── ConfigError        a setting, an argument or a configuration file
    │   └── ZoneError      a place on the grid that does not exist
    ├── MeterError         a sensor that cannot be read, now or ever
    ├── StoreError         a database that cannot be used
    │   ├── BusyError      a database that another process has locked
    │   ├── RefusedError   a value that the database rejects
    │   └── SchemaError    a database of another program or of a newer GreenTrack
    ├── SourceError        a source on the network that gave no usable answer
    ├── NotFoundError      a run, tag or project that is not in the database
    └── OverBudgetError    a run that has used more than its budget

Each message says what happened, to what, and what to do next, in one line.
"""

from collections.abc import Iterable


class GreenTrackError(Exception):
    """The base of every error that GreenTrack raises."""


class ConfigError(GreenTrackError):
    """A setting, an argument or a configuration file is wrong."""


class ZoneError(ConfigError):
    """A zone does not exist or has no known intensity."""


class MeterError(GreenTrackError):
    """A sensor cannot be read, now or ever; the message names the remedy where there is one."""


class StoreError(GreenTrackError):
    """A database cannot be opened, read or written."""


class BusyError(StoreError):
    """A database is locked by another process for a while."""


class RefusedError(StoreError):
    """A database rejects a value, but not others."""


class SchemaError(StoreError):
    """A database belongs to another program or to a newer GreenTrack."""


class SourceError(GreenTrackError):
    """A source of figures gave no usable answer."""


class NotFoundError(GreenTrackError):
    """No run, tag or project in the database has that name."""


class OverBudgetError(GreenTrackError):
    """A run has used more than its budget; ``run.check_budget()`` raises it."""


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return " (did you mean X or Y?)" for a mistyped *word*, or "" if nothing is similar.

    >>> did_you_mean("zoen", ["zone", "project"])
    ' (did you mean zone?)'
    >>> did_you_mean("xyz", ["zone", "project"])
    ''
    """
    import difflib

    near = difflib.get_close_matches(word, list(known), n=3, cutoff=0.6)
    return f" (did you mean {' or '.join(near)}?)" if near else ""
