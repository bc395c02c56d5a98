"""Starts a run: collects the facts known by then and starts a recorder with them."""

import os
import sys
import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from greentrack.clock import clock
from greentrack.registry import METERS
from greentrack.tracking import environment, input_limits
from greentrack.tracking.run import Run

if TYPE_CHECKING:
    from greentrack.config import Settings
    from greentrack.recorder.transport.messages import Hello, RunFacts
    from greentrack.tracking.budget import Limit


def start(
    name: str,
    settings: "Settings",
    *,
    tags: Sequence[str] = (),
    params: Mapping[str, Any] | None = None,
    pid: int | None = None,
    command: Sequence[str] | None = None,
    wait_s: float | None = None,
    more: "RunFacts | None" = None,
) -> Run:
    """Start recording process *pid* (by default this one) with *settings*.

    *more* are facts (fields of ``model.RunInfo``) that replace those of the environment.

    It waits for the first readings: at most 80 ms, or *wait_s* seconds, and then the run begins after them.
    """
    limits: Sequence[Limit] = ()
    if settings.budget:
        from greentrack.tracking.budget import limits_of

        limits = limits_of(settings)
    kept_params, cut = input_limits.params_within(params or {}, redact=settings.redact)
    argv = list(sys.orig_argv if command is None else command)
    if settings.redact:
        from greentrack.secrets import redact_command

        argv = redact_command(argv)
    argv = input_limits.command_within(argv)
    now, wall = clock(), time.time()
    folder = _folder()
    run: RunFacts = {
        "id": environment.new_id(),
        "name": name,
        "project": settings.project,
        "tags": list(dict.fromkeys(tags)),
        "params": kept_params,
        "started_at": wall,
        "pid": os.getpid() if pid is None else pid,
        "command": argv,
        "folder": folder,
        "python": sys.version.split()[0],
        "packages": environment.packages(),
        "interval": settings.interval,
        "zone": settings.zone,
        "rest": settings.rest,
        **environment.environment(os.environ),
        **(more or {}),
    }
    hello: Hello = {
        "run": run,
        "recorder": settings.recorder,
        "clock": now,
        "wall": wall - now,
        "folder": folder,
        "db": None if settings.db is None else os.path.abspath(settings.db),
        "meters": list(settings.meters),
        "gpus": settings.gpus,
        "torch_uuids": environment.torch_uuids() if pid is None else None,
        "sys": os.path.abspath(settings.sys),
        "wait_s": wait_s,
        "env": {key: os.environ[key] for vendor in METERS.values() for key in vendor.variables if key in os.environ},
    }
    other_rank = run["rank"] not in (None, 0)
    quiet = settings.quiet or other_rank
    started = Run(run.copy(), quiet=quiet, settings=settings)
    if cut:
        started._warn_once(input_limits.PARAMS, input_limits.TOO_LARGE % input_limits.PARAMS)
    try:
        started.connect(hello, limits)
        if wait_s is not None:
            started.begin()
    except BaseException:  # Ctrl-C: the caller does not get the run and cannot end it
        started.stop("interrupted")
        raise
    return started


def _folder() -> str:
    try:
        return os.getcwd()
    except OSError:  # the folder was removed
        return "/"
