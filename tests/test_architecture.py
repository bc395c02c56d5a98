"""What modules may import, wherever in a file the import stands; the layers are import-linter's (pyproject.toml)."""

from functools import cache
from pathlib import Path

import grimp
import pytest

FRAMEWORKS = {"accelerate", "jax", "keras", "lightning", "pytorch_lightning", "tensorflow", "torch", "transformers"}


@cache
def package_graph() -> grimp.ImportGraph:
    """Return all imports of the package: at the top, inside functions and under TYPE_CHECKING."""
    graph = grimp.build_graph("greentrack", include_external_packages=True, cache_dir=None)
    for module in graph.find_modules_directly_imported_by("greentrack"):
        graph.remove_import(importer="greentrack", imported=module)  # its public names are loaded when asked for
    return graph


def reachable(graph: grimp.ImportGraph, module: str) -> set[str]:
    """Return what *module* imports, directly or not."""
    found: set[str] = set()
    todo = [module]
    while todo:
        new = graph.find_modules_directly_imported_by(todo.pop()) - found
        found |= new
        todo += new
    return found


def circles(graph: grimp.ImportGraph) -> set[tuple[str, ...]]:
    """Return the groups of modules that import each other, directly or not."""
    below = {module: reachable(graph, module) for module in graph.modules}
    return {
        tuple(sorted(other for other in below[module] if module in below[other]))
        for module in graph.modules
        if module in below[module]
    }


def circle_complaints(graph: grimp.ImportGraph) -> list[str]:
    """Return a text for each circle, with the lines that make it one."""
    return [
        "\n".join(["these modules import each other:", *(f"  {line}" for line in import_lines(graph, circle))])
        for circle in sorted(circles(graph))
    ]


def import_lines(graph: grimp.ImportGraph, circle: tuple[str, ...]) -> list[str]:
    """Return the lines by which the modules of *circle* import each other: "a:3: import b"."""
    return [
        f"{module}:{detail['line_number']}: {detail['line_contents']}"
        for module in circle
        for other in circle
        for detail in graph.get_import_details(importer=module, imported=other)
    ]


def test_every_folder_is_looked_at() -> None:
    """The two folders that are reached through links, too."""
    seen = package_graph().modules
    assert {"greentrack.store.schema", "greentrack.reports.text", "greentrack.integrations.training.session"} <= seen


def test_no_modules_import_each_other() -> None:
    """Not even inside a function or for types only: move what both need into a third module below them."""
    complaints = circle_complaints(package_graph())
    assert not complaints, "\n".join(["", *complaints])


def test_reports_know_no_sensor() -> None:
    """Neither a report nor what it imports loads a meter: a report works without any sensor."""
    chains = package_graph().find_shortest_chains("greentrack.reports", "greentrack.meters", as_packages=True)
    assert [" imports ".join(chain) for chain in sorted(chains)] == []


def test_what_all_frameworks_share_knows_no_framework() -> None:
    """``integrations.training`` imports no framework, and nothing of an integration for one of them."""
    graph, shared = package_graph(), "greentrack.integrations.training"
    banned = (graph.find_children("greentrack.integrations") - {shared}) | (graph.modules & FRAMEWORKS)
    chains = [chain for name in banned for chain in graph.find_shortest_chains(shared, name, as_packages=True)]
    assert [" imports ".join(chain) for chain in sorted(chains)] == []


@pytest.fixture
def made_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> grimp.ImportGraph:
    """A package in which a, b and c import each other: at the top, inside a function, and for types only."""
    files = {
        "__init__": "",
        "a": "import made_up.b\n",
        "b": "def late():\n    from . import c\n",
        "c": "from typing import TYPE_CHECKING\n\nif TYPE_CHECKING:\n    from made_up.a import A\n",
        "d": "from made_up import a, e\n",
        "e": "",
    }
    (tmp_path / "made_up").mkdir()
    for name, text in files.items():
        (tmp_path / "made_up" / f"{name}.py").write_text(text, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    return grimp.build_graph("made_up", cache_dir=None)


def test_a_circle_is_found_with_its_lines(made_up: grimp.ImportGraph) -> None:
    """d and e, of which one imports the other, are none of it."""
    (complaint,) = circle_complaints(made_up)
    assert complaint.splitlines() == [
        "these modules import each other:",
        "  made_up.a:1: import made_up.b",
        "  made_up.b:2: from . import c",
        "  made_up.c:4: from made_up.a import A",
    ]
