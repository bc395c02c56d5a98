"""What every test may use: a database of its own, and no settings of the developer's machine."""

import os
import signal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.records import record, use

__all__ = ["record", "use"]

settings.register_profile(  # a slow moment of the machine is no fault of the code
    "steady", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("steady")

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # in the background of a script
    signal.signal(signal.SIGINT, signal.default_int_handler)
for _number in (getattr(signal, name) for name in ("SIGHUP", "SIGQUIT") if hasattr(signal, name)):
    if signal.getsignal(_number) is signal.SIG_IGN:  # and under nohup
        signal.signal(_number, signal.SIG_DFL)


@pytest.fixture(autouse=True)
def _clean_settings(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """No configuration file, variable or database of this user reaches a test, nor a test's the user."""
    for name in list(os.environ):
        if name.startswith("GREENTRACK_"):
            monkeypatch.delenv(name)
    home = tmp_path_factory.mktemp("home")
    for name in ("HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME"):
        monkeypatch.setenv(name, str(home))


@pytest.fixture
def db(tmp_path: Path) -> Path:
    """A place for a database."""
    return tmp_path / "greentrack.db"
