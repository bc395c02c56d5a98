"""Which runs are compared: those that are named, or those of a project or tag as repeats."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from greentrack.analysis.compare import compare
from greentrack.analysis.groups import chosen, named
from greentrack.costing.api import summarize
from greentrack.errors import ConfigError, NotFoundError
from greentrack.model import Device, DeviceUse, Host, Reading, RunInfo
from greentrack.reports.comparison_notes import comparison_notes, selection_notes
from greentrack.store.batch import Batch
from greentrack.store.writer import Writer

Keep = Callable[..., RunInfo]
START = 1_790_000_000.0


@pytest.fixture
def keep(db: Path) -> Keep:
    """Store a run of 100 s and of these joules; each begins an hour after the one before."""
    count = iter(range(100))

    def make(name: str, joules: float = 100.0, **facts: Any) -> RunInfo:
        number = next(count)
        started_at = START + 3600 * number
        run = RunInfo(
            id=f"019a{number:04x}-0000-7000-8000-000000000000",
            name=name,
            started_at=started_at,
            seconds=100.0,
            **{"status": "finished", "host": Host(id="h", name="box"), "zone": "FR", "rest": "off", **facts},
        )
        use = DeviceUse(device=Device(uid="gpu:0", kind="gpu", name="g"), method="fake")
        reading = Reading(device="gpu:0", at=started_at + 100, seconds=100.0, joules=joules)
        writer = Writer(db)
        writer.write(Batch(run_id=run.id, run=run, devices=[use], readings=[reading]))
        writer.close()
        return run

    return make


def test_named_runs_are_groups_of_one(keep: Keep, db: Path) -> None:
    """In the order in which they were named; the newest of a name, and it is said that there are others."""
    keep("fp32")
    newest, other = keep("fp32", 90), keep("int8", 69)
    choice = named(["int8", "fp32"], db=db)
    assert [(group.name, group.summaries[0].run.id) for group in choice.groups] == [
        ("int8", other.id),
        ("fp32", newest.id),
    ]
    (note,) = selection_notes(choice.selection)
    assert note.startswith("fp32 is the newest of 2 runs of that name")


def test_runs_of_one_name_are_told_apart_by_their_ids(keep: Keep, db: Path) -> None:
    """By ids as ``greentrack runs`` shows them."""
    one, other = keep("fp32"), keep("fp32")
    assert [group.name for group in named([one.id, other.id], db=db).groups] == [one.id[:13], other.id[:13]]


def test_one_run_cannot_be_compared(keep: Keep, db: Path) -> None:
    """It takes two, or a project."""
    keep("fp32")
    with pytest.raises(ConfigError, match="name two or more"):
        named(["fp32"], db=db)
    with pytest.raises(NotFoundError, match="did you mean fp32"):
        named(["fp32", "fp23"], db=db)


def test_a_run_is_not_compared_with_itself(keep: Keep, db: Path) -> None:
    """Named twice, be it by name and by id, it would differ from itself in nothing."""
    run = keep("fp32")
    keep("int8")
    with pytest.raises(ConfigError, match="fp32 and 019a0000 are the same run"):
        named(["int8", "fp32", run.id[:8]], db=db)


def test_runs_of_a_project_with_one_name_are_repeats(keep: Keep, db: Path) -> None:
    """Three seeds of one and two of the other; the older name is what is compared with."""
    for name in ("fp32", "int8", "fp32", "int8", "fp32"):
        keep(name, project="p")
    keep("other", project="q")
    groups = chosen(db=db, project="p").groups
    assert [(group.name, len(group.summaries)) for group in groups] == [("fp32", 3), ("int8", 2)]


def test_a_param_makes_the_groups_where_it_is_given(keep: Keep, db: Path) -> None:
    """Whatever the runs are called; those without it are left out, and said to be."""
    for number, bits in enumerate((32, 8, 32)):
        keep(f"run{number}", project="p", params={"bits": bits})
    keep("bare", project="p")
    choice = chosen(db=db, project="p", param="bits")
    assert [(group.name, len(group.summaries)) for group in choice.groups] == [("bits=32", 2), ("bits=8", 1)]
    assert list(selection_notes(choice.selection)) == ["left out, having no bits: 1 run"]
    with pytest.raises(NotFoundError, match=r"'bit' \(did you mean bits"):
        chosen(db=db, project="p", param="bit")


def test_tags_choose_too(keep: Keep, db: Path) -> None:
    """All of them must be there."""
    keep("a", tags=("x", "y"))
    keep("b", tags=("x",))
    assert [group.name for group in chosen(db=db, tags=("x",)).groups] == ["a", "b"]
    assert [group.name for group in chosen(db=db, tags=("x", "y")).groups] == ["a"]


def test_runs_that_did_not_finish_are_no_repeats(keep: Keep, db: Path) -> None:
    """A run stopped by its budget is one; what failed is left out, and that is said."""
    keep("a", project="p")
    keep("a", project="p", status="stopped")
    keep("a", project="p", status="failed")
    choice = chosen(db=db, project="p")
    assert [len(group.summaries) for group in choice.groups] == [2]
    assert list(selection_notes(choice.selection)) == ["left out, having not finished: 1 run"]


def test_nothing_to_compare_is_an_error(keep: Keep, db: Path) -> None:
    """A project that is not there, or one in which nothing finished."""
    keep("a", project="p", status="failed")
    with pytest.raises(NotFoundError, match="1 run here, none of which finished"):
        chosen(db=db, project="p")
    with pytest.raises(NotFoundError, match="did you mean p"):
        chosen(db=db, project="pp")


def test_all_are_costed_under_one_set_of_terms(keep: Keep, db: Path) -> None:
    """What the runs recorded does not matter where a zone is given."""
    keep("a", zone="FR")
    keep("b", zone="PL")
    groups = named(["a", "b"], db=db, zone="SE").groups
    assert {summary.intensity.zone for group in groups for summary in group.summaries} == {"SE"}


def test_a_resumed_work_counts_as_one_run_with_all_its_energy(keep: Keep, db: Path) -> None:
    """Interrupted after 60 J and carried on with 40: 100 J beside 69."""
    first = keep("fp32", 60, project="p", status="interrupted")
    second = keep("fp32", 40, project="p", continues=first.id)
    keep("int8", 69, project="p")
    choice = chosen(db=db, project="p")
    found = compare(choice.groups, selection=choice.selection)
    assert found.row("energy").values == pytest.approx((100, 69))
    assert found.row("time").values == pytest.approx((200, 100))
    assert any("all 2 parts of its work" in note for note in comparison_notes(found))
    assert summarize(second.id, db=db).whole is not None


def test_parts_of_one_work_can_be_held_against_each_other(keep: Keep, db: Path) -> None:
    """Then each is its own."""
    first = keep("fp32", 60, status="interrupted")
    second = keep("fp32", 40, continues=first.id)
    found = compare(named([first.id, second.id], db=db).groups)
    assert found.row("energy").values == pytest.approx((60, 40))
