"""How many cases are tried: some ten thousand by default, ``FUZZ=20`` times as many by hand, each time others then."""

import os
import shutil
import socket
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.fuzz import past

TIMES = int(os.environ.get("FUZZ", "1"))

EMISSIONS = """timestamp,project_name,run_id,duration,emissions,cpu_energy,gpu_energy,ram_energy,energy_consumed
2024-05-01T13:00:00,vision,9adda612-4ce8-49d0-9a55-e3b071a7b885,3600,0.02,0.05,0.4,0.01,0.46
"""
HOURS = "# zone: FR\ndatetime,g_per_kwh\n2026-09-21T00:00Z,31\n2026-09-21T01:00Z,28\n"
TARIFF = "hour,EUR\n" + "".join(f"{hour},0.2\n" for hour in range(24))

settings.register_profile(
    "fuzz",
    deadline=None,  # some cases are slow where the machine is busy, and none is slow for its input
    derandomize=TIMES == 1,  # what runs on every change finds the same today and tomorrow
    database=None,
    suppress_health_check=list(HealthCheck),
)


def cases(number: int) -> settings:
    """Try so many cases, times ``FUZZ``."""
    return settings(settings.get_profile("fuzz"), max_examples=number * TIMES)


@pytest.fixture(autouse=True)
def _no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Refuse every connection: a source that is asked for is as one that cannot be reached."""

    def refuse(*_: object, **__: object) -> None:
        raise OSError("the tests have no network")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)


@pytest.fixture(scope="session")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database of three runs, for copies to be made of."""
    path = tmp_path_factory.mktemp("whole") / "whole.db"
    past.make(path)
    return path


@pytest.fixture
def place(whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder with a database that is the default one, and files that commands may be given."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GREENTRACK_DB", str(tmp_path / "g.db"))
    monkeypatch.setenv("COLUMNS", "80")
    shutil.copy(whole, tmp_path / "g.db")
    for name, text in (("emissions.csv", EMISSIONS), ("hours.csv", HOURS), ("tariff.csv", TARIFF)):
        (tmp_path / name).write_text(text)
    return tmp_path
