"""Requests to sources on the network: only when the user asks, within a time limit, and every answer is checked."""

import http.client
import json
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, NoReturn, Protocol

from greentrack.errors import SourceError
from greentrack.formatting.escape import printable
from greentrack.store.intensity_cache import CachedHour

MAX_BYTES = 8 * 2**20
MAX_G_PER_KWH = 2000.0
"""The largest figure that is believed: the dirtiest kind of power station is at about 1,000 g/kWh."""


class OnlineSource(Protocol):
    """A source of hourly figures on the network. *step_s* is how long a figure holds, *boundary* what it counts."""

    text: str
    boundary: str
    step_s: float

    def zone(self, zone: str) -> str:
        """Return the source's own name of *zone*. Raises SourceError where it has no figures for it."""

    def past(self, zone: str, start: float, end: float, now: float) -> Iterator[list[CachedHour]]:
        """Yield the hours between two Unix times, in pieces. Raises SourceError, ConfigError."""

    def forecast(self, zone: str, now: float) -> list[CachedHour]:
        """Return the forecast from *now* on. Raises SourceError, ConfigError."""


def get_json(
    url: str, *, source: str, until: float, headers: Mapping[str, str] | None = None, refused: str = ""
) -> Any:
    """Return the JSON at *url*. *until* is when to give up, by ``time.monotonic()``; *refused* what to do about a 401.

    Raises SourceError, which names the *source* and never the headers.
    """
    request = urllib.request.Request(url, headers={"Accept": "application/json", **(headers or {})})  # noqa: S310  # ours
    outcome: list[Any] = []

    def fetch() -> None:
        try:
            outcome.append(_fetched(request, max(0.05, until - time.monotonic())))
        except (OSError, http.client.HTTPException, ValueError, RecursionError) as error:
            outcome.append(error)

    if until <= time.monotonic():  # an earlier request of the same report took all of the time
        raise SourceError(f"{source} did not answer in time")
    # a thread, because a socket's own limit holds for each byte anew, and not at all for finding the address
    asking = threading.Thread(target=fetch, name="greentrack-source", daemon=True)
    asking.start()
    asking.join(max(0.0, until - time.monotonic()))
    if not outcome:
        raise SourceError(f"{source} did not answer in time")
    if isinstance(outcome[0], Exception):
        _raise(source, outcome[0], refused)
    return outcome[0]


def rows(answer: Any, key: str, source: str) -> list[Mapping[str, Any]]:
    """Return the list of objects that *answer* has under *key*. Raises SourceError."""
    found = answer.get(key) if isinstance(answer, dict) else None
    if not isinstance(found, list) or not all(isinstance(row, dict) for row in found):
        raise unusable(source, f"there is no list of objects called {key!r}")
    return found


def moment(value: Any, source: str, step_s: float) -> float:
    """Return the Unix time of an ISO 8601 text with its offset, a whole multiple of *step_s*. Raises SourceError."""
    try:
        at = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        raise unusable(source, f"{_short(value)} is no time") from None
    if at.tzinfo is None:
        raise unusable(source, f"{_short(value)} has no offset")
    if at.timestamp() % step_s:
        raise unusable(source, f"{_short(value)} is not the beginning of one of its steps of {step_s:g} s")
    return at.timestamp()


def grams(value: Any, source: str) -> float | None:
    """Return *value* as g/kWh, or None where the source says that it has none. Raises SourceError."""
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= MAX_G_PER_KWH:
        raise unusable(source, f"{_short(value)} is no carbon intensity in g/kWh")
    return float(value)


def unusable(source: str, what: str) -> SourceError:
    """Return the error for an answer that cannot be used."""
    return SourceError(f"{source} sent something that cannot be used: {what}")


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """Follows no redirect: the token would be sent to another host."""

    def redirect_request(self, *_: Any, **__: Any) -> None:
        """Return nothing, which makes a redirect an error."""


def _fetched(request: urllib.request.Request, timeout_s: float) -> Any:
    with urllib.request.build_opener(_NoRedirect).open(request, timeout=timeout_s) as answer:
        body = answer.read(MAX_BYTES + 1)
    if len(body) > MAX_BYTES:
        raise ValueError(f"more than {MAX_BYTES // 2**20} MiB")
    return json.loads(body, parse_constant=_no_number)


def _no_number(word: str) -> NoReturn:
    raise ValueError(f"{word} is no number")


def _raise(source: str, error: Exception, refused: str) -> NoReturn:
    if isinstance(error, urllib.error.HTTPError):
        error.close()
        raise SourceError(f"{source} {_status(error, refused)}") from error
    if isinstance(error, TimeoutError) or isinstance(getattr(error, "reason", None), TimeoutError):
        raise SourceError(f"{source} did not answer in time") from error
    if isinstance(error, OSError | http.client.HTTPException):
        reason = getattr(error, "reason", None) or error
        raise SourceError(
            f"{source} cannot be reached ({_short(getattr(reason, 'strerror', None) or reason)})"
        ) from error
    raise unusable(source, f"no JSON ({_short(error)})") from error


def _status(error: urllib.error.HTTPError, refused: str) -> str:
    if error.code == http.HTTPStatus.TOO_MANY_REQUESTS:
        wait = error.headers.get("Retry-After", "")
        return f"asks for fewer requests (HTTP 429); try again {f'in {wait} s' if wait.isdecimal() else 'later'}"
    if error.code in (http.HTTPStatus.UNAUTHORIZED, http.HTTPStatus.FORBIDDEN):
        return f"refused the request (HTTP {error.code}){refused}"
    if 300 <= error.code < 400:
        return f"sends elsewhere (HTTP {error.code}), which is not followed"
    return f"answered with HTTP {error.code}"


def _short(value: Any) -> str:
    text = value if isinstance(value, str) else str(value) if isinstance(value, Exception) else repr(value)
    text = printable(text)
    return text if len(text) <= 60 else f"{text[:59]}…"
