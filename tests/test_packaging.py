"""What is built from this tree is whole, has nothing beside it, and works where it is put."""

import importlib.metadata
import os
import shutil
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest

from greentrack import __version__, registry
from greentrack.cli.app import COMMANDS

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
MAPPED = ("integrations", "reports")
REGISTRIES = {
    "meter": {name: vendor.discover for name, vendor in registry.METERS.items()},
    "source of grid intensity": registry.INTENSITIES,
    "format": registry.FORMATS,
    "format of exported rows": {name: form.write for name, form in registry.EXPORTS.items()},
    "command": COMMANDS,
}


def tree() -> set[str]:
    """Every file of the package as it is installed, by its path in site-packages."""
    folders = {"greentrack": ROOT / "greentrack"} | {f"greentrack/{name}": ROOT / name for name in MAPPED}
    return {
        f"{place}/{file.relative_to(folder).as_posix()}"
        for place, folder in folders.items()
        for file in folder.rglob("*")
        if file.is_file() and "__pycache__" not in file.parts
    }


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wheel of this tree, built in a copy: building leaves folders behind."""
    copy = tmp_path_factory.mktemp("tree")
    for name in ("greentrack", *MAPPED):
        shutil.copytree(ROOT / name, copy / name, symlinks=True, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, copy / name)
    made = copy / "made"
    isolation = ["--no-build-isolation"] if _can_build() else []  # without it pip fetches what pyproject.toml asks for
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "wheel", "--no-deps", "--wheel-dir", str(made)]
    done = subprocess.run([*pip, *isolation, str(copy)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    (file,) = made.glob("*.whl")
    return file


def _can_build() -> bool:
    try:
        return int(importlib.metadata.version("setuptools").partition(".")[0]) >= 77
    except importlib.metadata.PackageNotFoundError:
        return False


def test_the_list_of_packages_is_that_of_the_tree() -> None:
    """A folder that is missing in pyproject.toml would be missing in every wheel."""
    packages = {path.rpartition("/")[0].replace("/", ".") for path in tree() if path.endswith("/__init__.py")}
    assert set(PROJECT["tool"]["setuptools"]["packages"]) == packages
    assert PROJECT["tool"]["setuptools"]["package-dir"] == {f"greentrack.{name}": name for name in MAPPED}


@pytest.mark.parametrize("name", MAPPED)
def test_the_mapped_folders_are_seen_through_relative_links(name: str) -> None:
    """Editors and type checkers find greentrack.reports where it is imported from, in any checkout."""
    assert os.readlink(ROOT / "greentrack" / name) == f"../{name}"


def test_the_version_is_the_same_everywhere() -> None:
    """In pyproject.toml, in the package, and in what is installed."""
    assert PROJECT["project"]["version"] == __version__ == importlib.metadata.version("greentrack")


@pytest.mark.parametrize(("what", "table"), REGISTRIES.items(), ids=REGISTRIES)
def test_every_name_in_a_registry_can_be_loaded(what: str, table: Mapping[str, str]) -> None:
    """A mistyped module would be found by the first user of it only."""
    for name in table:
        assert callable(registry.load(table, name, what))


def test_a_wheel_has_every_file_of_the_package_and_no_other(wheel: Path) -> None:
    """Code, tables, py.typed; neither integrations/ nor reports/ nor tests/ at the top."""
    with zipfile.ZipFile(wheel) as archive:
        names = {name for name in archive.namelist() if not name.endswith("/")}
    about = f"greentrack-{__version__}.dist-info/"
    assert {name for name in names if not name.startswith(about)} == tree()
    assert {"greentrack/py.typed", "greentrack/costing/summary.py", "greentrack/data/grid_intensity.csv"} <= names
    assert {f"{about}licenses/LICENSE", f"{about}licenses/greentrack/data/LICENSES.md"} <= names


def test_an_installed_wheel_records_and_sums_up_by_itself(wheel: Path, tmp_path: Path, db: Path) -> None:
    """Unpacked elsewhere, without this checkout and without other packages, its own recorder keeps a run."""
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "site")
    script = f"""
import sys
sys.path.insert(0, {str(tmp_path / "site")!r})
from greentrack import summarize, track
import greentrack.costing.summary
with track("wheel", meters=["fake:gpu=300"], db={str(db)!r}, zone="FR", quiet=True) as run: pass
print(greentrack.costing.summary.__file__, summarize(run.id, db={str(db)!r}).intensity.zone)
"""
    done = subprocess.run([sys.executable, "-I", "-S", "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == [str(tmp_path / "site/greentrack/costing/summary.py"), "FR"]
