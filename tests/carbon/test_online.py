"""Sources on the network: what they are asked, what is believed, and what becomes of answers that are none."""

import time
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from greentrack.carbon.electricity_maps import TOKEN as TOKEN_VARIABLE
from greentrack.carbon.electricity_maps import ElectricityMaps
from greentrack.carbon.online import OnlineSource
from greentrack.carbon.uk import UK
from greentrack.errors import ConfigError, SourceError
from greentrack.store.intensity_cache import CachedHour
from tests.rig.grid import TOKEN, Server

HOUR = 3600.0
DAY = datetime(2026, 5, 1, tzinfo=UTC).timestamp()
NOW = time.time() // HOUR * HOUR + 60

both = pytest.mark.parametrize("source", [UK, ElectricityMaps])
Kind = Callable[..., OnlineSource]


def all_of(online: OnlineSource, start: float, end: float, zone: str = "GB") -> list[CachedHour]:
    return [hour for piece in online.past(zone, start, end, NOW) for hour in piece]


def test_great_britains_half_hours(server: Server) -> None:
    """At three o'clock UTC 130 g/kWh, twice; the request names both ends."""
    found = all_of(UK(), DAY + 3 * HOUR, DAY + 4 * HOUR)
    assert server.asked == ["/intensity/2026-05-01T03:00Z/2026-05-01T04:00Z"]
    assert [hour for hour in found if hour.start >= DAY + 3 * HOUR] == [
        CachedHour(DAY + 3 * HOUR, DAY + 3.5 * HOUR, 130.0, fetched_at=NOW),
        CachedHour(DAY + 3.5 * HOUR, DAY + 4 * HOUR, 130.0, fetched_at=NOW),
    ]


def test_what_is_only_forecast_yet_is_marked(server: Server) -> None:
    """Where the actual figure is missing the forecast stands in, and says what it is."""
    server.known_until = datetime(2026, 5, 1, 3, 30, tzinfo=UTC)
    found = all_of(UK(), DAY + 3 * HOUR, DAY + 4 * HOUR)
    assert [hour.forecast for hour in found if hour.start >= DAY + 3 * HOUR] == [False, True]


def test_great_britains_forecast(server: Server) -> None:
    """48 hours from now on, every one a forecast."""
    found = [hour for hour in UK().forecast("GB", NOW) if hour.start >= NOW - 1800]
    assert server.asked[0].endswith("/fw48h")
    assert len(found) >= 95
    assert all(hour.forecast for hour in found)


def test_only_great_britain_is_known_to_its_operator() -> None:
    """Another place is refused without asking."""
    assert UK().zone("GB") == "GB"
    with pytest.raises(SourceError, match="knows only GB"):
        UK().zone("FR")


def test_a_month_is_asked_for_in_pieces(server: Server) -> None:
    """The one API answers for 14 days at most, the other for 10."""
    all_of(UK(), DAY, DAY + 30 * 24 * HOUR)
    assert len(server.asked) == 3
    all_of(ElectricityMaps(), DAY, DAY + 30 * 24 * HOUR)
    assert len(server.asked) == 6


def test_electricity_maps_hours(server: Server) -> None:
    """Life-cycle figures of the zone itself, never of wherever the caller seems to be; the token is a header only."""
    found = all_of(ElectricityMaps(), DAY + 3 * HOUR, DAY + 5 * HOUR, "FR")
    assert [(hour.start, hour.end, hour.g_per_kwh) for hour in found] == [
        (DAY + 3 * HOUR, DAY + 4 * HOUR, 130.0),
        (DAY + 4 * HOUR, DAY + 5 * HOUR, 140.0),
    ]
    (asked,) = server.asked
    assert asked.startswith(
        "/past-range?zone=FR&emissionFactorType=lifecycle&disableCallerLookup=true&start=2026-05-01"
    )
    assert server.tokens == [TOKEN]
    assert TOKEN not in asked


def test_the_last_day_needs_no_plan(server: Server) -> None:
    """Any token may ask for it; only what is older is asked for by range."""
    all_of(ElectricityMaps(), NOW - 2 * HOUR, NOW)
    assert [path.partition("?")[0] for path in server.asked] == ["/history"]
    all_of(ElectricityMaps(), NOW - 48 * HOUR, NOW)
    assert [path.partition("?")[0] for path in server.asked[1:]] == ["/history", "/past-range"]


def test_estimates_are_marked(server: Server) -> None:
    """As the source marks them."""
    server.estimated = True
    assert all(hour.estimated for hour in all_of(ElectricityMaps(), DAY, DAY + HOUR))


def test_another_zones_figures_are_not_taken(server: Server) -> None:
    """An answer for Germany to a question about France is an error."""
    server.zone = "DE"
    with pytest.raises(SourceError, match="figures for 'DE' instead of FR"):
        all_of(ElectricityMaps(), DAY, DAY + HOUR, "FR")


def test_without_a_token_nothing_is_asked(server: Server) -> None:
    """The variable is named; so it is for one that cannot be a token, which is not shown."""
    with pytest.raises(SourceError, match=f"set {TOKEN_VARIABLE}"):
        all_of(ElectricityMaps(env={}), DAY, DAY + HOUR)
    for wrong in ("two words", "line\nend", "schlüssel"):
        with pytest.raises(ConfigError, match=TOKEN_VARIABLE) as caught:
            all_of(ElectricityMaps(env={TOKEN_VARIABLE: wrong}), DAY, DAY + HOUR)
        assert wrong not in str(caught.value)
    assert server.asked == []


@both
@pytest.mark.parametrize("mood", ["hanging", "dribbling"])
def test_a_source_that_does_not_come_to_an_end_is_left(server: Server, source: Kind, mood: str) -> None:
    """Neither silence nor a byte now and then holds a report for longer than its limit."""
    setattr(server, mood, True)
    began = time.monotonic()
    with pytest.raises(SourceError, match="did not answer in time"):
        all_of(source(limit_s=0.3), DAY, DAY + 30 * 24 * HOUR)
    assert time.monotonic() - began < 2
    assert len(server.asked) == 1


@both
@pytest.mark.parametrize(
    ("status", "headers", "what"),
    [
        (500, {}, "answered with HTTP 500"),
        (404, {}, "answered with HTTP 404"),
        (429, {"Retry-After": "30"}, r"fewer requests \(HTTP 429\); try again in 30 s"),
        (429, {"Retry-After": "Wed, 21 Oct"}, r"fewer requests \(HTTP 429\); try again later"),
        (401, {}, r"refused the request \(HTTP 401\)"),
        (302, {"Location": "http://127.0.0.1:1/"}, "sends elsewhere .HTTP 302., which is not followed"),
    ],
)
def test_refusals_are_told_in_one_line(
    server: Server, source: Kind, status: int, headers: dict[str, str], what: str
) -> None:
    """What was answered and, where the answer says it, when to ask again; the token is in no message."""
    server.status, server.headers = status, headers
    with pytest.raises(SourceError, match=what) as caught:
        all_of(source(), DAY, DAY + HOUR)
    assert "\n" not in str(caught.value)
    assert TOKEN not in str(caught.value)
    assert len(server.asked) == 1


@both
@pytest.mark.parametrize(
    "body",
    [
        b"<html><body>Sign in to the hotel's network</body></html>",
        b'{"data": [{"from"',
        b'{"data": [], "history": [], "x": NaN}',
        b"[" * 100_000,
        b"\xff\xfe\x00",
        b"",
        b"[]",
        b"null",
        b'{"error": "no"}',
        b'{"data": 7}',
        b'{"data": [7]}',
    ],
)
def test_an_answer_of_another_shape_is_refused(server: Server, source: Kind, body: bytes) -> None:
    """A page of HTML, JSON that breaks off or is none, something else altogether."""
    server.body = body
    with pytest.raises(SourceError, match="something that cannot be used") as caught:
        all_of(source(), DAY, DAY + HOUR)
    assert "\n" not in str(caught.value)


@both
@pytest.mark.parametrize("figure", [-1, 2001, "266", True, [1], 1e999])
def test_figures_that_cannot_be_are_refused(server: Server, source: Kind, figure: object) -> None:
    """Negative, enormous, a text, a truth."""
    server.figure = lambda at: figure
    with pytest.raises(SourceError, match="something that cannot be used"):
        all_of(source(), DAY, DAY + HOUR)


@pytest.mark.parametrize("time", [None, 7, "yesterday", "2026-05-01T00:00", "2026-05-01T00:07Z"])
def test_times_that_are_none_are_refused(server: Server, time: object) -> None:
    """A number, a word, a time without an offset, a time between two steps."""
    import json

    server.body = json.dumps({"data": [{"from": time, "intensity": {"actual": 5}}]}).encode()
    with pytest.raises(SourceError, match="something that cannot be used"):
        all_of(UK(), DAY, DAY + HOUR)


@both
def test_a_missing_figure_is_a_gap(server: Server, source: Kind) -> None:
    """Absent is not zero."""
    server.figure = lambda at: None
    assert all_of(source(), DAY, DAY + HOUR) == []


@both
def test_a_source_that_is_not_there_is_told(server: Server, source: Kind) -> None:
    """As on a plane."""
    server.stop()
    with pytest.raises(SourceError, match=r"cannot be reached \(Connection refused\)"):
        all_of(source(), DAY, DAY + HOUR)
