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

from collections.abc import Collection, Iterable


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


def did_you_mean(word: str, known: Iterable[str], *, cutoff: float = 0.6) -> str:
    """Return " (did you mean X or Y?)" for a mistyped *word*, or "" if nothing is similar.

    *cutoff* is the least similarity, from 0 to 1 (see ``difflib.get_close_matches``).

    >>> did_you_mean("zoen", ["zone", "project"])
    ' (did you mean zone?)'
    >>> did_you_mean("xyz", ["zone", "project"])
    ''
    """
    import difflib

    near = difflib.get_close_matches(word, list(known), n=3, cutoff=cutoff)
    return f" (did you mean {' or '.join(near)}?)" if near else ""


def check_keywords(function: str, given: Iterable[str], known: Collection[str]) -> None:
    """Raise TypeError, as Python does for a call of *function*, if one of the *given* keywords is not *known*.

    >>> check_keywords("track", ["zoen"], ["zone", "project"])
    Traceback (most recent call last):
    TypeError: track() got an unexpected keyword argument 'zoen' (did you mean zone?)
    """
    for key in given:
        if key not in known:
            hint = did_you_mean(key, known, cutoff=0.7)  # 0.6 takes "bogus" for a mistyped "gpus"
            raise TypeError(f"{function}() got an unexpected keyword argument {key!r}{hint}")
