"""The parts of the documents that come from the code: ``python -m tests.documents`` rewrites them, a test compares."""

import ast
import inspect
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import click

from greentrack import config
from greentrack.cli.run import run
from greentrack.costing import system_overhead
from greentrack.methods import METHODS
from greentrack.store import tables
from greentrack.tracking.arguments import TrackArguments
from tests import formulas
from tests.models import published, sensors, wall

ROOT = Path(__file__).parents[1]


def settings() -> str:
    """Return the table of settings: where each can be given, its default, and what its docstring says."""
    meanings = _field_docstrings()
    arguments = TrackArguments.__annotations__
    options = {param.name: param.opts[0] for param in run.params if isinstance(param, click.Option)}
    rows = ["| setting | argument | option | variable | default | meaning |", "|---|---|---|---|---|---|"]
    for name, value in config.Settings()._asdict().items():
        default = "" if value in (None, ()) else f"`{value}`"
        cells = (
            f"`{name}`",
            f"`{name}=`" if name in arguments else "",
            f"`{options[name]}`" if name in options else "",
            f"`GREENTRACK_{name.upper()}`",
            default,
            meanings[name].replace("``", "`"),
        )
        rows.append(f"| {' | '.join(cells)} |")
    return "\n".join(rows)


def methods() -> str:
    """Return the table of methods: whether each measures, and how far from the truth it may be."""
    rows = ["| method | what it is | | range |", "|---|---|---|---|"]
    for method in METHODS.values():
        if method.name == "fake":  # nobody's device
            continue
        spread = _range(method.below, method.above)
        if method.name == system_overhead.METHOD:
            spread = "; ".join(
                f"{kind} {_range(one.below, one.above)}" for kind, one in system_overhead.CHASSIS.items()
            )
        rows.append(f"| `{method.name}` | {method.text} | {'measured' if method.measured else 'modelled'} | {spread} |")
    return "\n".join(rows)


def database() -> str:
    """Return the description of the database's tables and their columns."""
    lines = ["| table | one row | columns |", "|---|---|---|"]
    for table in tables.TABLES:
        cells = (f"`{one.name}` ({one.note})" if one.note else f"`{one.name}`" for one in table.columns)
        lines.append(f"| `{table.name}` | {table.row} | {', '.join(cells)} |")
    return "\n".join(lines)


def _range(below: float, above: float) -> str:
    return f"−{below * 100:.0f} to +{above * 100:.0f} %"


PARTS: Mapping[str, Mapping[str, Callable[[], str]]] = {
    "README.md": {"methods": methods},
    "docs/accuracy.md": {
        "sensors": lambda: "\n".join(sensors.table()),
        "cpu-models": lambda: "\n".join(published.table()),
        "cpu-loads": lambda: "\n".join(published.by_load()),
        "desktops": lambda: "\n".join(wall.desktops()),
        "servers": lambda: "\n".join(wall.servers()),
    },
    "docs/database.md": {"tables": database},
    "docs/formulas.md": formulas.PARTS,
    "docs/settings.md": {"settings": settings},
}
"""By file and by the name between its markers: what makes the part."""


def renewed(file: str) -> str:
    """Return the text of *file* with all its parts made anew. Raises LookupError where markers are missing."""
    text = (ROOT / file).read_text(encoding="utf-8")
    for name, make in PARTS[file].items():
        begin, end = f"<!-- {name}: made by make docs -->", f"<!-- end of {name} -->"
        if begin not in text or end not in text:
            raise LookupError(f"{file} has no {begin} … {end}")
        head, _, rest = text.partition(begin)
        text = f"{head}{begin}\n{make()}\n{end}{rest.partition(end)[2]}"
    return text


def blocks(file: Path, language: str) -> Iterator[str]:
    """Yield the fenced blocks of *file* in *language*."""
    pattern = rf"^```{re.escape(language)}\n(.*?)^```$"
    yield from re.findall(pattern, file.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)


def _field_docstrings() -> dict[str, str]:
    """The texts that stand below the fields of Settings, which Python itself throws away."""
    (made,) = ast.parse(inspect.getsource(config.Settings)).body
    assert isinstance(made, ast.ClassDef)
    found = {}
    for field, text in zip(made.body, made.body[1:], strict=False):
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name) and isinstance(text, ast.Expr):
            found[field.target.id] = " ".join(str(ast.literal_eval(text.value)).split())
    return found


if __name__ == "__main__":
    for document in PARTS:
        (ROOT / document).write_text(renewed(document), encoding="utf-8")
