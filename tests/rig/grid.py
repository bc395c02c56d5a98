"""A server on this machine that speaks the shapes of the UK Carbon Intensity API and of Electricity Maps."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from greentrack.carbon import electricity_maps, uk

Figure = Callable[[datetime], Any]
TOKEN = "secret-of-the-test"  # noqa: S105  # no one's


def by_clock(at: datetime) -> Any:
    """100 g/kWh at midnight UTC, and 10 more with every hour of the day."""
    return 100 + 10 * at.hour


class Server:
    """What is asked is in *asked*; *figure* says what the grid has, *actual* from when on the past is not known yet.

    *mood* is how it behaves: well, or it hangs, sends an HTTP status, a body of its own, or a redirect.
    """

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.tokens: list[str | None] = []
        self.figure: Figure = by_clock
        self.known_until = datetime.max.replace(tzinfo=UTC)
        self.status = 200
        self.body: bytes | None = None
        self.headers: dict[str, str] = {}
        self.hanging = self.dribbling = False
        self.released = threading.Event()
        self.zone: str | None = None
        self.estimated = False
        handler = type("Handler", (_Handler,), {"server_of_test": self})
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.url = f"http://127.0.0.1:{self._http.server_port}"
        self._thread = threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.01})
        self._thread.start()
        self.is_up = True

    def stop(self) -> None:
        """From now on nothing answers at its address."""
        if self.is_up:
            self.is_up = False
            self.released.set()
            self._http.shutdown()
            self._http.server_close()
            self._thread.join()

    def answer(self, path: str) -> Any:
        """The JSON for *path*, in the shape of the API that has it."""
        parts = urlsplit(path)
        if parts.path.startswith("/intensity/"):
            return {"data": list(self._half_hours(parts.path.split("/")[2:]))}
        query = {key: values[0] for key, values in parse_qs(parts.query).items()}
        name = parts.path.strip("/")
        zone = self.zone or query["zone"]
        now = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
        if name == "past-range":
            first, last = (datetime.fromisoformat(query[key]) for key in ("start", "end"))
            first = first.replace(minute=0, second=0)
        elif name == "history":
            first, last = now - timedelta(hours=23), now + timedelta(hours=1)
        else:
            first, last = now, now + timedelta(hours=24)
        rows = [self._hour(zone, at) for at in _steps(first, last, timedelta(hours=1))]
        return {"zone": zone, {"past-range": "data"}.get(name, name): rows}

    def _half_hours(self, words: list[str]) -> Iterator[Any]:
        first = datetime.fromisoformat(words[0])
        first -= timedelta(minutes=first.minute % 30, seconds=first.second)
        last = first + timedelta(hours=48) if words[1] == "fw48h" else datetime.fromisoformat(words[1])
        for at in _steps(first - timedelta(minutes=30), last, timedelta(minutes=30)):  # the API begins one early
            figures = {"forecast": self.figure(at), "actual": None, "index": "moderate"}
            if at < self.known_until and words[1] != "fw48h":
                figures["actual"] = self.figure(at)
            yield {"from": f"{at:%Y-%m-%dT%H:%MZ}", "to": "not looked at", "intensity": figures}

    def _hour(self, zone: str, at: datetime) -> Any:
        return {
            "zone": zone,
            "carbonIntensity": self.figure(at),
            "datetime": f"{at:%Y-%m-%dT%H:%M:%S}.000Z",
            "emissionFactorType": "lifecycle",
            "isEstimated": self.estimated,
        }


class _Handler(BaseHTTPRequestHandler):
    server_of_test: Server

    def do_GET(self) -> None:
        server = self.server_of_test
        server.asked.append(self.path)
        server.tokens.append(self.headers.get("auth-token"))
        if server.hanging:
            server.released.wait(30)
            return
        body = server.body
        if body is None:
            body = json.dumps(server.answer(self.path)).encode() if server.status == 200 else b'{"error":"no"}'
        self.send_response(server.status)
        for name, value in server.headers.items():
            self.send_header(name, value)
        self.end_headers()
        if server.dribbling:  # each byte in time, and all of them never
            while not server.released.wait(0.02):
                self.wfile.write(b" ")
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


def _steps(first: datetime, last: datetime, step: timedelta) -> Iterator[datetime]:
    while first < last:
        yield first
        first += step


@contextmanager
def serving(patch: pytest.MonkeyPatch) -> Iterator[Server]:
    """A server at which both sources look; no proxy stands between, and a token is set."""
    made = Server()
    patch.setenv("no_proxy", "127.0.0.1")
    patch.setenv(electricity_maps.TOKEN, TOKEN)
    patch.setattr(uk, "URL", made.url)
    patch.setattr(electricity_maps, "URL", made.url)
    try:
        yield made
    finally:
        made.stop()
