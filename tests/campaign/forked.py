"""Victims that are forked where Lightning is imported already: importing it costs each of them eight seconds more."""

import os
from typing import Any

from tests.campaign.scene import Scene
from tests.integrations.tiny_trainings import Forked


class ForkedVictim:
    """A training with Lightning in a session of its own, handled as a Popen is."""

    def __init__(self, scene: Scene, *arguments: Any, env: dict[str, str] | None = None) -> None:
        scene.started += 1
        values = {**scene.env, **(env or {})}
        scene.log(scene.started).touch()
        self._process = Forked(_victim, *arguments, log=scene.log(scene.started), env=values)
        self.pid = self._process.pid
        scene.forked.append(self.pid)

    def poll(self) -> int | None:
        """Its exit code, None while it runs."""
        return self._process.code()

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end; return its exit code. Raises AssertionError where it takes longer than *timeout*."""
        return self._process.end(60.0 if timeout is None else timeout)


def _victim(*arguments: Any) -> None:
    os.setsid()
    from tests.campaign.victim_lightning import main

    main(*arguments)
