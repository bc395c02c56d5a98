"""Trainings, recorders and both are killed at random moments; each attempt is checked for all that was promised."""

import os
import random
import signal
import socket
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from greentrack.errors import StoreError
from greentrack.host.facts import clock
from greentrack.model import Record
from greentrack.store.reader import Reader
from tests.campaign.scene import (
    HANGS_S,
    Process,
    Scene,
    check_energy,
    check_shown,
    seconds_of,
    shown_so_far,
    strings,
)

WATTS = {"gpu": 300.0, "cpu": 100.0}
VICTIM = Path(__file__).with_name("victim.py")
START_S = 0.08
SIGNALS = ("SIGKILL", "SIGTERM", "SIGINT", "SIGHUP")
OWN_ENDS = ("os._exit", "sys.exit", "segfault", "abort", "out of memory", "OOM killer", "exception")
PLACES = ("span", "phase", "both", "neither")
KEPT_AS = {"sys.exit": "failed", "exception": "failed", "out of memory": "failed"}


class Attempt(NamedTuple):
    """One kill: of *what*, of *whom* in it, *how*, and after how many seconds since its start (or since it was on)."""

    what: str
    whom: str
    how: str
    after_s: float
    interval: float
    place: str = "neither"


class Outcome(NamedTuple):
    """What became of an attempt. *lost_s* are seconds without energy, None where the run had not begun."""

    attempt: Attempt
    trouble: str
    lost_s: float | None
    gone_s: float


def plan(kills: int, seed: int, frameworks: bool = True) -> list[Attempt]:
    """So many attempts on scripts and commands, mixed; with *frameworks* some on Lightning and on two ranks as well."""
    rng = random.Random(seed)
    attempts = []
    for number in range(kills):
        interval = rng.choice((0.1, 0.2, 0.5, 1.0))
        moment = rng.uniform(0.0, 1.8)
        match number % 10:
            case 0 | 1:
                attempts.append(Attempt("script", "training", rng.choice(SIGNALS), moment, interval))
            case 2 | 3 | 4:
                how, place = OWN_ENDS[number // 2 % len(OWN_ENDS)], rng.choice(PLACES)
                attempts.append(Attempt("script", "training", how, moment, interval, place))
            case 5:
                attempts.append(Attempt("script", "recorder", "SIGKILL", moment, interval))
            case 6:
                attempts.append(Attempt("script", "recorder", rng.choice(("SIGKILL", "SIGSEGV")), moment, interval))
            case 7:
                attempts.append(Attempt("script", "both", "SIGKILL", moment, interval))
            case 8:
                attempts.append(Attempt("script", "process group", rng.choice(SIGNALS), moment, interval))
            case _:
                whom = ("command", "greentrack", "recorder", "both", "process group")[number // 10 % 5]
                how = "SIGKILL" if whom in ("recorder", "both") else rng.choice(SIGNALS)
                attempts.append(Attempt("greentrack run", whom, how, moment, interval))
    if frameworks:
        fates = [("training", how) for how in (*SIGNALS, "exception", "segfault", "sys.exit", "os._exit")]
        fates += [
            ("recorder", "SIGKILL"),
            ("both", "SIGKILL"),
            ("process group", "SIGHUP"),
            ("process group", "SIGINT"),
        ]
        attempts += [Attempt("Lightning", whom, how, rng.uniform(0.0, 1.8), 0.2) for whom, how in 2 * fates]
        victims = 4 * ("rank 0", "rank 1", "process group")
        attempts += [Attempt("two ranks", whom, "SIGKILL", rng.uniform(0.0, 4.0), 0.2) for whom in victims]
    return attempts


def outcome(attempt: Attempt, folder: Path, *, patient: bool = False) -> Outcome:
    """Make the *attempt* in the new *folder*; what is wrong afterwards is told, never raised."""
    scene = Scene(folder, patient=patient)
    try:
        lost_s, gone_s = _WAYS[attempt.what](attempt, scene)
    except AssertionError as error:
        return Outcome(attempt, str(error) or "an assertion failed", None, 0.0)
    except Exception as error:  # noqa: BLE001  # a traceback of ours is a finding like any other
        where = traceback.extract_tb(error.__traceback__)[-1]
        return Outcome(attempt, f"{error!r} at {Path(where.filename).name}:{where.lineno}", None, 0.0)
    finally:
        scene.end()
    return Outcome(attempt, "", lost_s, gone_s)


def _script(attempt: Attempt, scene: Scene) -> tuple[float | None, float]:
    own = attempt.how in OWN_ENDS
    lasts = attempt.after_s if own else 1.5
    arguments = strings([scene.db, attempt.interval, lasts, attempt.how, attempt.place])
    process = scene.start(str(VICTIM), *arguments)
    killed_at = 0.0
    if not own:
        killed_at = _strike(attempt, scene, process)
    code = process.wait(60)
    if own:
        killed_at = float((scene.said("dies") or ["0"])[0])
        assert killed_at, f"it did not come to its end: {scene.log().read_text()[-500:]}"
    ended = clock() if attempt.whom == "recorder" else killed_at
    gone_s = scene.emptied_after(ended if own or attempt.how == "SIGKILL" else clock())
    return _judge(attempt, scene, killed_at, code), gone_s


def _strike(attempt: Attempt, scene: Scene, process: Process) -> float:
    """Wait for the moment and send the signal; return when."""
    number = signal.Signals[attempt.how]
    recorder = 0
    if attempt.whom in ("recorder", "both"):
        on = scene.wait_for("on", process)
        assert on is not None, f"it did not begin: {scene.log().read_text()[-500:]}"
        recorder = int(on[1])
    if scene.patient:
        scene.wait_for("shown", process)
    time.sleep(attempt.after_s)
    at = clock()
    if attempt.whom in ("recorder", "both"):
        _kill(recorder, number)
    if attempt.whom in ("training", "both"):
        _kill(process.pid, number)
    if attempt.whom == "process group":
        _kill(-process.pid, number)
    return at


def _judge(attempt: Attempt, scene: Scene, killed_at: float, code: int) -> float | None:
    """Check what is left; return the seconds that were lost, None where there was no run yet."""
    scene.check_files(recorder_killed=attempt.whom in ("recorder", "both"))
    records = scene.records()
    on, done = scene.said("on"), scene.said("done")
    if on is None:  # it was killed before its training began
        assert all(record.run.status != "running" for record in records), "an early death reads running"
        return None
    if attempt.whom == "recorder":
        text = scene.log().read_text()
        assert code == 0, f"the training was harmed: exit {code}; {text[-500:]}"
        assert "Traceback" not in text, text[-800:]
    run_id, _, _, began = on
    end = min(killed_at, float(done[0])) if done is not None else killed_at
    if attempt.whom == "recorder" and done is not None:
        end = float(done[0])
    seen = scene.said("seen")
    first = max(float(began), float(seen[0])) if seen is not None else None
    if not records:
        assert attempt.whom == "both", "the run is not in the database"
        lived = end - first if first is not None else 0.0
        assert lived <= attempt.interval + scene.slack_s, f"a run of {lived:.2f} s is not in the database"
        check_shown(shown_so_far(scene), 0.0, attempt.interval)
        return None if first is None else max(0.0, lived)
    (record,) = records
    assert record.run.id == run_id
    _check_status(attempt, record, done is not None)
    check_energy(record, WATTS)
    check_shown(shown_so_far(scene), seconds_of(record), attempt.interval)
    if first is None:  # it ended before its recorder had read anything
        return None
    lived = max(0.0, end - first)
    lost = max(0.0, lived - seconds_of(record))
    most = attempt.interval + scene.slack_s
    if attempt.whom == "recorder":
        most += 1.0 + 2 * (first - float(began))  # it is replaced at most once a second, and starts as the first did
        if done is not None and killed_at < end - 0.05:
            assert record.tracker_overhead.restarts <= 1, record.tracker_overhead
    assert lost <= most, f"{lost:.2f} s are lost of {lived:.2f} s, with readings each {attempt.interval} s"
    return lost


def _check_status(attempt: Attempt, record: Record, done: bool) -> None:
    status = record.run.status
    if done or attempt.whom == "recorder":
        assert status in (("finished",) if done else ("finished", "interrupted")), f"a whole run reads {status}"
        return
    expected = KEPT_AS.get(attempt.how, "interrupted")
    allowed = {expected, "finished"} if attempt.how in SIGNALS else {expected}  # the signal may come while it stops
    assert status in allowed, f"it reads {status} ({record.run.error})"


def _command(attempt: Attempt, scene: Scene) -> tuple[float | None, float]:
    """``greentrack run`` with a command that lasts 1.5 s."""
    code = "import time; from greentrack.host.facts import clock; b = clock(); print('on x 0', b, b, flush=True)\n"
    code += "time.sleep(1.5); print('done', clock(), flush=True)"
    options = ("--quiet", "--meters", "fake:gpu=300,cpu=100", "--interval", str(attempt.interval))
    command = ("-m", "greentrack", "run", "--db", str(scene.db), *options, "--", sys.executable, "-c", code)
    process = scene.start(*command)
    if attempt.whom != "process group":
        assert scene.wait_for("on", process) is not None, f"it did not begin: {scene.log().read_text()[-500:]}"
    if scene.patient:
        _wait_for_a_run(scene)
    time.sleep(attempt.after_s * 0.7)
    at, number = clock(), signal.Signals[attempt.how]
    if attempt.whom == "process group":
        _kill(-process.pid, number)
    else:
        roles = _roles(scene, process.pid)
        for role in {"both": ("recorder", "greentrack", "command")}.get(attempt.whom, (attempt.whom,)):
            _kill(roles.get(role, 0), number)
    code_number = process.wait(60)
    gone_s = scene.emptied_after(clock(), 10.0)
    scene.check_files(recorder_killed=attempt.whom in ("recorder", "both"))
    records, on, done = scene.records(), scene.said("on"), scene.said("done")
    if on is None:
        assert all(record.run.status != "running" for record in records)
        return None, gone_s
    (record,) = records
    end = float(done[0]) if done is not None else at
    check_energy(record, WATTS)
    if attempt.whom == "recorder":
        assert code_number == 0, f"the command was harmed: exit {code_number}"
    assert record.run.status in ({"finished", "interrupted"} if done is not None else {"interrupted", "failed"})
    lost = max(0.0, end - float(on[3]) - seconds_of(record))
    if attempt.whom != "recorder":  # greentrack sends nothing while the command works: nobody sees its recorder's death
        assert lost <= attempt.interval + START_S + scene.slack_s, f"{lost:.2f} s are lost"
    return lost, gone_s


def _wait_for_a_run(scene: Scene) -> None:
    """Wait until the recorder has written for the first time."""
    deadline = clock() + HANGS_S
    while clock() < deadline:
        with suppress(StoreError), Reader(scene.db) as reader:
            if reader.runs():
                return
        time.sleep(0.01)
    raise AssertionError("no run came to be")


def _roles(scene: Scene, greentrack: int) -> dict[str, int]:
    roles = {"greentrack": greentrack}
    for pid in scene.processes():
        if pid != greentrack:
            with suppress(OSError):  # it has ended meanwhile
                line = Path(f"/proc/{pid}/cmdline").read_bytes()
                roles["recorder" if b"recorder/__main__.py" in line else "command"] = pid
    return roles


def _lightning(attempt: Attempt, scene: Scene) -> tuple[float | None, float]:
    from tests.campaign.forked import ForkedVictim

    own = attempt.how in OWN_ENDS
    lasts = attempt.after_s if own else 1.2
    process = ForkedVictim(scene, str(scene.db), attempt.interval, lasts, attempt.how)
    killed_at = 0.0 if own else _strike(attempt, scene, process)
    process.wait(60)
    if own:
        killed_at = float((scene.said("dies") or ["0"])[0])
    gone_s = scene.emptied_after(clock())
    scene.check_files(recorder_killed=attempt.whom in ("recorder", "both"))
    records, on, done = scene.records(), scene.said("on"), scene.said("done")
    if on is None:  # it was killed before its first step
        assert not own, f"it did not come to its end: {scene.log().read_text()[-500:]}"
        assert all(record.run.status in ("interrupted", "failed") for record in records), "an early death reads well"
        return None, gone_s
    (record,) = records
    check_energy(record, WATTS)
    _check_status(attempt, record, done is not None)
    return _lost(attempt, record, on, killed_at if done is None else float(done[0]), scene.slack_s), gone_s


def _lost(attempt: Attempt, record: Record, on: list[str], end: float, slack_s: float) -> float:
    """The seconds that are not in the *record* of a training that was *on*; they must be few."""
    if record.run.status == "finished" and record.run.ended_at is not None:
        end = min(end, record.run.ended_at - (time.time() - clock()))  # it was killed as its framework tidied up
    lost = max(0.0, end - float(on[3]) - seconds_of(record))
    most = attempt.interval + START_S + slack_s + (1.0 if attempt.whom == "recorder" else 0.0)
    assert lost <= most, f"{lost:.2f} s are lost"
    return lost


def _ranks(attempt: Attempt, scene: Scene) -> tuple[float | None, float]:
    """Two ranks that torch's launcher would have started; one is killed, and the other ends or is ended."""
    from tests.campaign.forked import ForkedVictim

    with socket.create_server(("127.0.0.1", 0)) as server:
        port = str(server.getsockname()[1])
    job = {"WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port, "GROUP_RANK": "0"}
    job["TORCHELASTIC_RUN_ID"] = "job"
    processes = [
        ForkedVictim(scene, str(scene.db), attempt.interval, 1.5, "ddp", env={**job, "RANK": rank, "LOCAL_RANK": rank})
        for rank in ("0", "1")
    ]
    time.sleep(attempt.after_s)
    at = clock()
    for number, process in enumerate(processes):
        if attempt.whom in (f"rank {number}", "process group"):
            _kill(process.pid, signal.SIGKILL)
    time.sleep(0.5)
    for sign in (signal.SIGTERM, signal.SIGKILL):  # the launcher ends the others
        for process in processes:
            if process.poll() is None:
                _kill(process.pid, sign)
        deadline = clock() + 20.0
        while any(process.poll() is None for process in processes) and clock() < deadline:
            time.sleep(0.02)
    gone_s = scene.emptied_after(clock())
    scene.check_files(recorder_killed=False)
    records, on = scene.records(), scene.said("on")
    for record in records:
        done = scene.said("done", (record.run.rank or 0) + 1)
        allowed = ("finished",) if done is not None else ("interrupted", "failed", "finished")
        assert record.run.status in allowed, f"it reads {record.run.status}"
        check_energy(record, WATTS)
    if on is None:  # it was killed before its first step
        assert all(record.run.status != "finished" for record in records), "an early death reads well"
        return None, gone_s
    assert records, "the run is not in the database"
    done = scene.said("done")
    first = max(records, key=seconds_of)
    return _lost(attempt, first, on, at if done is None else min(at, float(done[0])), scene.slack_s), gone_s


def _kill(pid: int, number: signal.Signals) -> None:
    try:
        if pid:
            os.kill(pid, number) if pid > 0 else os.killpg(-pid, number)
    except ProcessLookupError:
        pass  # it was already over: a moment like any other


_WAYS: dict[str, Callable[[Attempt, Scene], tuple[float | None, float]]] = {
    "script": _script,
    "greentrack run": _command,
    "Lightning": _lightning,
    "two ranks": _ranks,
}


def all_of(attempts: list[Attempt], folder: Path, workers: int = 3) -> Iterator[Outcome]:
    """Make the attempts, so many at once."""
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(workers) as pool:
        pending = [pool.submit(outcome, attempt, folder / str(number)) for number, attempt in enumerate(attempts)]
        for one in pending:
            yield one.result()
