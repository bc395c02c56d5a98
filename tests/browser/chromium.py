"""A headless Chromium that opens pages, presses keys, takes pictures and tells all it complained of.

It is driven by the DevTools protocol over a pair of pipes, which needs no library: file descriptors 3 and 4 of the
browser, JSON ended by a zero byte.
"""

import base64
import fcntl
import json
import os
import select
import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Self

NAMES = ("chromium", "chromium-browser", "google-chrome")
LIMIT_S = 300.0

FLAGS = (
    "--headless",
    "--no-sandbox",  # tests run as root in containers
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-sync",
    "--disable-quic",
    "--no-first-run",
    "--hide-scrollbars",  # in a picture there is none, and the page would be laid out anew for it
    "--force-color-profile=srgb",
    "--remote-debugging-pipe",
)


def find() -> str | None:
    """Return where Chromium is; None where it is not installed."""
    return next((place for name in NAMES if (place := shutil.which(name))), None)


class Chromium:
    """A running browser. Close it, or use it in a ``with``."""

    def __init__(self, program: str, profile: Path) -> None:
        theirs_in, self._out = os.pipe()
        self._in, theirs_out = os.pipe()
        command = [program, *FLAGS, f"--user-data-dir={profile}", "about:blank"]

        def connect() -> None:  # the two may be 3 and 4 already, the wrong way round
            high = [fcntl.fcntl(end, fcntl.F_DUPFD, 10) for end in (theirs_in, theirs_out)]
            os.dup2(high[0], 3)
            os.dup2(high[1], 4)

        quiet = subprocess.DEVNULL
        self._process = subprocess.Popen(
            command,
            stdin=quiet,
            stdout=quiet,
            stderr=quiet,
            close_fds=False,  # Python's own are closed anyway; 3 and 4 are to stay
            preexec_fn=connect,  # noqa: PLW1509  # no thread is running yet that could hold a lock
        )
        os.close(theirs_in)
        os.close(theirs_out)
        self._number, self._buffer = 0, b""
        self.events: list[dict[str, Any]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the browser."""
        try:
            self.ask("Browser.close")
            self._process.wait(LIMIT_S)
        except (OSError, RuntimeError, TimeoutError, subprocess.TimeoutExpired):
            self._process.kill()
            self._process.wait()
        finally:
            os.close(self._in)
            os.close(self._out)

    def ask(self, method: str, session: str | None = None, **params: Any) -> dict[str, Any]:
        """Call *method* and return its answer. Raises RuntimeError where the browser refuses, TimeoutError."""
        self._number += 1
        message = {"id": self._number, "method": method, "params": params} | ({"sessionId": session} if session else {})
        os.write(self._out, json.dumps(message).encode() + b"\0")
        answer = self.until(lambda said: said.get("id") == message["id"])
        if "error" in answer:
            raise RuntimeError(f"{method}: {answer['error']}")
        result: dict[str, Any] = answer["result"]
        return result

    def until(self, wanted: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """Return the next message that is *wanted*; others are kept as events. Raises TimeoutError."""
        deadline = time.monotonic() + LIMIT_S
        while True:
            while b"\0" not in self._buffer:
                if not select.select([self._in], [], [], max(0.0, deadline - time.monotonic()))[0]:
                    raise TimeoutError(f"Chromium did not answer for {LIMIT_S:g} s")
                if not (data := os.read(self._in, 1 << 20)):
                    raise OSError("Chromium has ended")
                self._buffer += data
            line, _, self._buffer = self._buffer.partition(b"\0")
            message: dict[str, Any] = json.loads(line)
            if "method" in message:
                self.events.append(message)
            if wanted(message):
                return message

    def open(self, file: Path, *, width: int = 1200, height: int = 900, dark: bool = False) -> "Tab":
        """Open *file* in a tab of that size, and wait until its charts are drawn."""
        tab = Tab(self, width, height)
        tab.scheme(dark)
        tab.go(file)
        return tab


class Tab:
    """A page that is shown."""

    PAPER_WIDTH = 680
    """The pixels between the margins of a sheet of A4."""

    def __init__(self, browser: Chromium, width: int, height: int) -> None:
        self._browser = browser
        self._target = browser.ask("Target.createTarget", url="about:blank")["targetId"]
        self._session = browser.ask("Target.attachToTarget", targetId=self._target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.ask(f"{domain}.enable")
        self.size(width, height)
        self.front()
        self.ask("Emulation.setFocusEmulationEnabled", enabled=True)

    def ask(self, method: str, **params: Any) -> dict[str, Any]:
        """Call a method of this page."""
        return self._browser.ask(method, self._session, **params)

    def close(self) -> None:
        """Close the tab."""
        self._browser.ask("Target.closeTarget", targetId=self._target)

    def size(self, width: int, height: int) -> None:
        """Show the page at that size; below 500 pixels as on a phone."""
        self.ask(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 500
        )

    def scheme(self, dark: bool) -> None:
        """Let the user prefer dark or light."""
        feature = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.ask("Emulation.setEmulatedMedia", media="", features=[feature])

    def paper(self) -> None:
        """Show the page as it is laid out on paper by somebody who prefers dark."""
        feature = {"name": "prefers-color-scheme", "value": "dark"}
        self.ask("Emulation.setEmulatedMedia", media="print", features=[feature])
        self.size(self.PAPER_WIDTH, 960)

    def front(self) -> None:
        """Bring the page before the others: one behind paints nothing and gets no keys."""
        self.ask("Page.bringToFront")

    def go(self, file: Path) -> None:
        """Open *file* and wait until its charts are drawn."""

        def loaded(said: dict[str, Any]) -> bool:
            return said.get("method") == "Page.loadEventFired" and said.get("sessionId") == self._session

        before = len(self._browser.events)
        self.ask("Page.navigate", url=file.as_uri())
        if not any(map(loaded, self._browser.events[before:])):
            self._browser.until(loaded)
        self.settled()

    def settled(self) -> None:
        """Wait until the browser has painted twice, for what is new to be noticed, and the charts are drawn."""
        self.run(
            """new Promise((done) => {
                const look = () => document.documentElement.classList.contains("drawn")
                    ? done(true)
                    : requestAnimationFrame(look);
                requestAnimationFrame(() => requestAnimationFrame(look));
            })"""
        )

    def run(self, script: str) -> Any:
        """Return what *script* comes to. Raises RuntimeError where it throws."""
        answer = self.ask("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        if "exceptionDetails" in answer:
            raise RuntimeError(f"{script}: {answer['exceptionDetails']}")
        return answer["result"].get("value")

    def press(self, key: str, code: int, text: str = "") -> None:
        """Press a key as a person would."""
        usual = {"key": key, "code": key, "windowsVirtualKeyCode": code}
        self.ask("Input.dispatchKeyEvent", type="keyDown", text=text, **usual)
        self.ask("Input.dispatchKeyEvent", type="keyUp", **usual)

    def picture(self, *, whole: bool = True, height: int | None = None) -> bytes:
        """Return a PNG of the page: the *whole* of it, or its first so many pixels."""
        size = self.run("({width: innerWidth, height: document.documentElement.scrollHeight})")
        clip = {"x": 0, "y": 0, "width": size["width"], "height": min(size["height"], height or 16_000), "scale": 1}
        more = {"clip": clip, "captureBeyondViewport": True} if whole or height else {}
        return base64.b64decode(self.ask("Page.captureScreenshot", format="png", **more)["data"])

    def complaints(self) -> list[str]:
        """Return everything that the console holds: errors, warnings, exceptions, refusals."""
        made = []
        for event in self._of_this():
            params = event["params"]
            if event["method"] == "Runtime.exceptionThrown":
                made.append(str(params["exceptionDetails"]))
            elif event["method"] == "Log.entryAdded" and params["entry"]["level"] in ("error", "warning"):
                made.append(params["entry"]["text"])
            elif event["method"] == "Runtime.consoleAPICalled" and params["type"] in ("error", "warning", "assert"):
                made.append(str(params["args"]))
        return made

    def requests(self) -> list[str]:
        """Return the addresses of everything that was asked for, but for what is in the page itself."""
        sent = [event for event in self._of_this() if event["method"] == "Network.requestWillBeSent"]
        addresses = [event["params"]["request"]["url"] for event in sent]
        return [address for address in addresses if not address.startswith(("data:", "blob:"))]

    def _of_this(self) -> list[dict[str, Any]]:
        return [event for event in self._browser.events if event.get("sessionId") == self._session]
