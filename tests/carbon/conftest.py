"""A grid whose carbon is known by the hour, told by a server on this machine."""

from collections.abc import Iterator

import pytest

from tests.rig.grid import Server, serving


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """The server, at which both sources look."""
    with serving(monkeypatch) as made:
        yield made
