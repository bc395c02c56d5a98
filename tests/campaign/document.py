"""Writes what the campaign has found into docs/reliability.md, between its markers, with the day and the machine."""

import os
import platform
import statistics
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from greentrack.host.facts import cpuinfo
from tests.campaign.kills import Outcome
from tests.campaign.power import Cut

BEGIN, END = "<!-- findings: written by make campaign -->", "<!-- end of findings -->"


def kills(outcomes: Sequence[Outcome]) -> list[str]:
    """The table of kills: by what was killed and how, how often, what was lost, how soon all was gone."""
    groups: dict[tuple[str, str], list[Outcome]] = {}
    for one in outcomes:
        groups.setdefault((one.attempt.what, one.attempt.whom), []).append(one)
    lines = [
        "| what ran | what was killed | how | times | before the first reading | seconds lost: median | most | "
        "gone after at most | failed |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for (what, whom), found in groups.items():
        lost = [one.lost_s for one in found if one.lost_s is not None]
        ways = ", ".join(sorted({one.attempt.how for one in found}))
        median, most = (f"{statistics.median(lost):.2f}", f"{max(lost):.2f}") if lost else ("", "")
        early = sum(one.lost_s is None and not one.trouble for one in found)
        gone = max(one.gone_s for one in found)
        failed = sum(bool(one.trouble) for one in found)
        lines.append(
            f"| {what} | {whom} | {ways} | {len(found)} | {early} | {median} | {most} | {gone:.2f} s | {failed} |"
        )
    return lines


def failures(outcomes: Iterable[Outcome]) -> list[str]:
    """One line for each attempt in which a promise was not kept."""
    return [
        f"- {one.attempt.what}, {one.attempt.whom}, {one.attempt.how} after {one.attempt.after_s:.2f} s: {one.trouble}"
        for one in outcomes
        if one.trouble
    ]


def cuts(found: Sequence[Cut]) -> str:
    """What became of the copies, in a sentence."""
    lost = [one.lost_s for one in found if one.lost_s is not None]
    wrong = sorted({one.trouble for one in found if one.trouble})
    text = f"{len(found)} copies, {sum(bool(one.trouble) for one in found)} failed"
    if lost:
        text += f"; seconds lost: median {statistics.median(lost):.2f}, most {max(lost):.2f}"
    return text + "".join(f"; {each}" for each in wrong) + "."


def table(rows: Iterable[tuple[str, str, bool | None, str]]) -> list[str]:
    """A table of troubles: name, what is done, whether all was well (None: not possible here), what was seen."""
    lines = ["| trouble | what is done | kept | what was seen |", "|---|---|---|---|"]
    for name, what, well, seen in rows:
        kept = {True: "yes", False: "**no**", None: "not tried"}[well]
        lines.append(f"| {name} | {what} | {kept} | {' '.join(seen.split())[:300].replace('|', '/')} |")
    return lines


def circumstances(seconds: float) -> str:
    """When, on what, and how long."""
    linux = ".".join(platform.release().split(".")[:2])
    return (
        f"{datetime.now(UTC):%Y-%m-%d}, {cpuinfo().get('model name', platform.machine())}, {os.cpu_count()} CPUs, "
        f"{platform.system()} {linux}, Python {platform.python_version()}; {seconds / 60:.0f} minutes."
    )


def update(path: Path, text: str) -> None:
    """Put *text* in place of what *path* has between its markers. Raises ValueError where it has none."""
    whole = path.read_text(encoding="utf-8")
    before, begin, rest = whole.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"{path} has no place for findings; put {BEGIN} and {END} into it")
    path.write_text(f"{before}{BEGIN}\n\n{text}\n\n{END}{after}", encoding="utf-8")
