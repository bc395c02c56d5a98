"""Settings: where each comes from, and what a wrong one is told."""

from pathlib import Path
from typing import Any

import pytest

from greentrack.config import Settings, load
from greentrack.errors import ConfigError


def settings(folder: Path, env: dict[str, str] | None = None, user: Path | None = None, **given: Any) -> Settings:
    return load(given, env=env or {}, folder=folder, user_file=user or folder / "none.toml")


def test_without_anything_the_defaults_hold(tmp_path: Path) -> None:
    """A second between readings, every vendor, a process beside the training."""
    assert settings(tmp_path) == Settings()


def test_the_nearest_word_wins(tmp_path: Path) -> None:
    """Argument before environment before project file before user file before default."""
    user = tmp_path / "user.toml"
    user.write_text('project = "user"\nzone = "DE"\ninterval = 2\nquiet = true\n')
    (tmp_path / "greentrack.toml").write_text('project = "file"\nzone = "FR"\ninterval = 3\n')
    inner = tmp_path / "a/b"
    inner.mkdir(parents=True)
    found = settings(inner, {"GREENTRACK_PROJECT": "env", "GREENTRACK_ZONE": "SE"}, user, project="argument")
    assert (found.project, found.zone, found.interval, found.quiet) == ("argument", "SE", 3.0, True)


def test_pyproject_is_read_where_it_speaks_of_us(tmp_path: Path) -> None:
    """[tool.greentrack] counts; a pyproject.toml without it does not hide one further up."""
    (tmp_path / "pyproject.toml").write_text('[tool.greentrack]\nproject = "outer"\n')
    inner = tmp_path / "package"
    inner.mkdir()
    (inner / "pyproject.toml").write_text('[project]\nname = "x"\n')
    assert settings(inner).project == "outer"


def test_a_database_named_in_a_file_lies_beside_the_file(tmp_path: Path) -> None:
    """The same project has one database, from whichever folder it is run."""
    (tmp_path / "greentrack.toml").write_text('db = "energy.db"\n')
    inner = tmp_path / "src"
    inner.mkdir()
    assert settings(inner).db == str(tmp_path / "energy.db")


def test_a_file_of_prices_lies_beside_the_file_that_names_it_and_a_price_is_no_file(tmp_path: Path) -> None:
    """prices.csv is found from any folder; 0.30 EUR stays as it is; a PUE may be a number."""
    (tmp_path / "greentrack.toml").write_text('tariff = "prices.csv"\npue = 1.2\n')
    inner = tmp_path / "src"
    inner.mkdir()
    assert settings(inner).tariff == str(tmp_path / "prices.csv")
    assert settings(inner).pue == "1.2"
    (tmp_path / "greentrack.toml").write_text('tariff = "0.30 EUR"\n')
    assert settings(inner).tariff == "0.30 EUR"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('zoen = "FR"', ["greentrack.toml", "unknown setting 'zoen'", "did you mean zone"]),
        ('interval = "fast"', ["greentrack.toml", "interval = 'fast'", "not a number"]),
        ("interval = 0", ["greentrack.toml", "interval = 0", "0.1"]),
        ("interval = true", ["greentrack.toml", "interval"]),
        ("pue = true", ["greentrack.toml", "pue", "not a text"]),
        ("tariff = 0.3", ["greentrack.toml", "tariff = 0.3", "not a text"]),
        ('water = "much"', ["greentrack.toml", "water", "true or false"]),
        ("quiet = 3", ["greentrack.toml", "quiet = 3", "true or false"]),
        ('gpus = "first"', ["greentrack.toml", "gpus", "UUIDs"]),
        ("gpus = [-1]", ["greentrack.toml", "gpus"]),
        ("meters = [1]", ["greentrack.toml", "meters"]),
        ("project = 7", ["greentrack.toml", "project = 7"]),
        ('project = ""', ["greentrack.toml", "project", "empty"]),
        ("project = [", ["greentrack.toml", "cannot be read"]),
        ('db = "a\\u0000b"', ["greentrack.toml", "db = ", "null character"]),
        (f"gpus = {'[' * 5000}", ["greentrack.toml", "nested too deeply"]),
    ],
)
def test_what_is_wrong_in_a_file_is_told_with_the_file(tmp_path: Path, text: str, says: list[str]) -> None:
    """One line names the file, the key, the value and what would be right."""
    (tmp_path / "greentrack.toml").write_text(text + "\n")
    with pytest.raises(ConfigError) as caught:
        settings(tmp_path)
    assert "\n" not in str(caught.value).strip() or "cannot be read" in str(caught.value)
    for word in says:
        assert word in str(caught.value)


def test_a_mistyped_variable_is_an_error_and_a_strangers_is_not(tmp_path: Path) -> None:
    """GREENTRACK_ZOEN would silently cost another country's carbon; GREENTRACK_FLEET_MAP is somebody else's."""
    with pytest.raises(ConfigError, match=r"GREENTRACK_ZOEN.*did you mean zone"):
        settings(tmp_path, {"GREENTRACK_ZOEN": "FR"})
    assert settings(tmp_path, {"GREENTRACK_FLEET_MAP": "x", "GREENTRACK_RUN_ID": "7"}) == Settings()


def test_an_empty_variable_is_not_set(tmp_path: Path) -> None:
    """GREENTRACK_ZONE= in a job script means nothing was chosen."""
    assert settings(tmp_path, {"GREENTRACK_ZONE": ""}).zone is None


@pytest.mark.parametrize(
    ("value", "means"),
    [
        ("all", "all"),
        ("0,2", (0, 2)),
        ("GPU-8f2, 12", ("GPU-8f2", 12)),
        ([1, "GPU-8f2"], (1, "GPU-8f2")),
        (3, (3,)),
    ],
)
def test_gpus_are_chosen_by_index_or_uuid(tmp_path: Path, value: Any, means: Any) -> None:
    """As text from a variable, as a list from Python."""
    assert settings(tmp_path, gpus=value).gpus == means


def test_several_meters_in_a_variable_are_parted_by_semicolons(tmp_path: Path) -> None:
    """A meter's own specification has commas in it."""
    assert settings(tmp_path, {"GREENTRACK_METERS": "fake:gpu=300,cpu=100; rapl"}).meters == (
        "fake:gpu=300,cpu=100",
        "rapl",
    )
