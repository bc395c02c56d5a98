"""The JSON of a summary: the keys that were promised, strict, and with what is not known as null."""

import json
import math
from collections.abc import Callable

import pytest

from greentrack.costing.api import summary_of
from greentrack.model import DeviceUse, Metric, Phase, Record, Span
from greentrack.reports.json import render, to_dict

MakeUse = Callable[..., DeviceUse]
MakeRecord = Callable[..., Record]

KEYS = {
    "run": {
        "id",
        "name",
        "project",
        "status",
        "started_at",
        "ended_at",
        "seconds",
        "host",
        "command",
        "tags",
        "params",
    },
    "devices": {"id", "kind", "name", "method", "measured", "joules", "low", "high", "coverage"},
    "energy": {"kwh", "by_kind", "measured_share"},
    "carbon": {"g", "zone", "g_per_kwh", "source", "year"},
    "facility": {"pue", "kwh"},
    "money": {"amount", "currency", "basis", "source", "year", "note"},
    "equivalents": {"text", "n", "low", "high", "constant", "source", "year"},
    "spans": {"name", "attrs", "seconds", "joules", "by_kind"},
    "phases": {"name", "calls", "seconds", "joules"},
    "assumptions": {"name", "value", "source", "year"},
    "tracker": {"cpu_seconds", "readings", "late", "failures"},
}


@pytest.fixture
def full(use: MakeUse, record: MakeRecord) -> Record:
    return record(
        use(),
        spans=(Span(id=1, name="epoch", started_at=0.0, ended_at=1.0, attrs={"index": 1}),),
        phases=(Phase(name="step", calls=1, seconds=1.0),),
        metrics=(Metric(name="loss", at=5.0, value=math.nan), Metric(name="loss", at=6.0, value=0.25, joules=9.0)),
        work={"samples": 36.0},
        params={"lr": 1e-3, "bad": math.inf, "path": object},
        ended_at=1_790_003_600.0,
    )


def test_every_promised_key_is_there(full: Record) -> None:
    """The list of keys is a contract; more may follow, none may go."""
    made = json.loads(render(summary_of(full)))
    assert set(KEYS) | {"work", "metrics"} <= set(made)
    for name, keys in KEYS.items():
        value = made[name][0] if isinstance(made[name], list) else made[name]
        assert keys <= set(value), name
    assert made["energy"]["kwh"] == {"value": 0.36, "low": 0.36, "high": 0.36}
    assert made["energy"]["by_kind"] == {"gpu": 0.36}
    assert set(made["carbon"]["g"]) == {"value", "low", "high"}
    assert made["work"]["samples"] == {"total": 36.0, "joules_per": 36_000.0}


def test_no_nan_and_no_infinity(full: Record) -> None:
    """Strict JSON knows neither; both become null, and foreign objects their text."""

    def refuse(word: str) -> None:
        raise AssertionError(word)

    made = json.loads(render(summary_of(full)), parse_constant=refuse)
    assert made["run"]["params"]["bad"] is None
    assert made["metrics"]["loss"]["first"] is None
    assert made["metrics"]["loss"]["last"] == made["metrics"]["loss"]["least"] == 0.25
    assert made["metrics"]["loss"]["values"][1] == {"at": "1970-01-01T00:00:06.000+00:00", "value": 0.25, "joules": 9.0}


def test_times_are_iso_8601_with_offset(full: Record, use: MakeUse, record: MakeRecord) -> None:
    """An open run has no end."""
    run = to_dict(summary_of(full))["run"]
    assert (run["started_at"], run["ended_at"]) == ("2026-09-21T14:13:20.000+00:00", "2026-09-21T15:13:20.000+00:00")
    assert to_dict(summary_of(record(use())))["run"]["ended_at"] is None


def test_what_was_not_measured_is_null(use: MakeUse, record: MakeRecord) -> None:
    """Neither kWh nor grams nor a device's joules are zero where nobody read them."""
    made = to_dict(summary_of(record(use(seconds=0.0))))
    assert made["energy"] == {
        "kwh": None,
        "by_kind": {},
        "measured_share": None,
        "unread": ["gpu:0"],
        "gpus_above_idle_kwh": None,
    }
    assert made["carbon"]["g"] is None
    assert made["devices"][0]["joules"] is None
