"""Asking every vendor, and one that fails."""

import sys
import types

import pytest

from greentrack.errors import ConfigError
from greentrack.meters.base import Context, Discovery
from greentrack.meters.discovery import AUTO, discover
from greentrack.meters.fake import FakeMeter
from greentrack.registry import METERS, Vendor


def vendor(monkeypatch: pytest.MonkeyPatch, discover: object) -> dict[str, Vendor]:
    module = types.ModuleType("a_vendor")
    module.discover = discover  # type: ignore[attr-defined]  # a module of ours
    monkeypatch.setitem(sys.modules, "a_vendor", module)
    return {"broken": Vendor(discover="a_vendor:discover"), "fake": METERS["fake"]}


def test_a_vendor_that_fails_takes_nobody_along(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its failure is a reason among the missing; the next one still answers."""

    def crash(context: Context) -> Discovery:
        raise AttributeError("the library has changed")

    found = discover(Context(), ["broken", "fake:gpu=100"], vendor(monkeypatch, crash))
    assert [meter.device.kind for meter in found.meters] == ["gpu"]
    assert "the library has changed" in found.missing[0].reason


def test_a_vendor_sees_its_specification_and_what_was_found_before(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that a model knows that it is not needed."""
    seen: list[Context] = []

    def look(context: Context) -> Discovery:
        seen.append(context)
        return Discovery()

    discover(Context(), ["fake:cpu=5", "broken:some spec"], vendor(monkeypatch, look))
    assert seen[0].spec == "some spec"
    assert seen[0].has("cpu")
    assert not seen[0].has("gpu")
    assert isinstance(seen[0].found[0], FakeMeter)


def test_an_unknown_vendor_is_an_error_with_a_suggestion() -> None:
    """nvidai is nvidia."""
    with pytest.raises(ConfigError, match="did you mean nvidia"):
        discover(Context(), ["nvidai"])


def test_every_vendor_that_is_asked_by_itself_is_registered() -> None:
    """The fake one is only there for who asks for it."""
    assert set(AUTO) == set(METERS) - {"fake"}
