"""Which runs are parts of one work: resumed ones, and those of a job on several hosts; and what deleting leaves."""

import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from greentrack.model import RunInfo
from greentrack.store.batch import Batch
from greentrack.store.lineage import multipart_runs, relinked
from greentrack.store.maintenance import delete
from greentrack.store.reader import Reader
from greentrack.store.writer import Writer
from tests.store.conftest import HOST

Keep = Callable[..., None]
OTHER = HOST._replace(id="h2", name="other")
names = st.sampled_from("abcdefgh")


@pytest.fixture
def keep(writer: Writer, a_run: Callable[..., RunInfo]) -> Keep:
    """Store a run that began at *start* and took 10 s."""

    def make(run_id: str, start: float, continues: str | None = None, **facts: Any) -> None:
        usual = {"status": "finished", "started_at": start, "ended_at": start + 10, "seconds": 10.0}
        run = a_run(run_id, continues=continues, **(usual | facts))
        writer.write(Batch(run_id=run_id, run=run))

    return make


def parts(reader: Reader, run_id: str) -> list[str]:
    return [run.id for run in reader.parts_of(run_id)]


def test_a_run_on_its_own_is_a_work_of_its_own(reader: Reader, keep: Keep) -> None:
    """It is its only part; what is not there has none."""
    keep("a", 100.0)
    keep("b", 200.0)
    assert parts(reader, "a") == ["a"]
    assert reader.multipart_runs() == []
    assert parts(reader, "nobody") == []


def test_a_chain_is_one_work_whichever_part_is_asked(reader: Reader, keep: Keep) -> None:
    """The third carries on the second, which carries on the first; another run does not."""
    keep("a", 100.0)
    keep("b", 200.0, "a")
    keep("c", 300.0, "b")
    keep("d", 400.0)
    assert [parts(reader, run_id) for run_id in "abc"] == [["a", "b", "c"]] * 3
    assert reader.multipart_runs() == [["a", "b", "c"]]


def test_two_resumes_from_one_checkpoint_are_attempts_at_one_work(reader: Reader, keep: Keep) -> None:
    """A fork has all of its branches, by when they began."""
    keep("a", 100.0)
    keep("c", 300.0, "a")
    keep("b", 200.0, "a")
    assert parts(reader, "c") == ["a", "b", "c"]


def test_hosts_of_one_job_are_parts_of_one_work(reader: Reader, keep: Keep) -> None:
    """Two hosts of one job at the same time belong together, and the lowest rank's stands for it though it began first;
    one that came when both were done is not theirs."""
    job = {"group": "job", "world_size": 2}
    keep("b", 100.0, rank=1, host=OTHER, **job)
    keep("a", 99.0, rank=0, **job)
    keep("c", 200.0, rank=1, host=OTHER, **job)
    keep("d", 105.0, rank=1, host=OTHER, group="another job", world_size=2)
    assert parts(reader, "a") == parts(reader, "b") == ["b", "a"]
    assert parts(reader, "c") == ["c"]


def test_a_command_and_the_run_in_it_are_not_parts_of_one_work(reader: Reader, keep: Keep) -> None:
    """``greentrack run`` gives its own id to its child as a group: on one host, or of a world of one, that says no more
    than that they belong together."""
    keep("wrapper", 100.0)
    keep("child", 101.0, group="wrapper")
    keep("remote", 101.0, group="wrapper", host=OTHER)
    keep("rank 0", 300.0, group="x", world_size=2, rank=0)
    keep("rank 1", 300.0, group="x", world_size=2, rank=1)
    assert reader.multipart_runs() == []


def test_a_resumed_job_on_two_hosts_is_one_work(reader: Reader, keep: Keep) -> None:
    """Both hosts of the second attempt carry on what rank 0 of the first had saved; the first's other host is in it."""
    for number, before in ((1, None), (2, "a1")):
        job = {"group": f"job {number}", "world_size": 2}
        keep(f"a{number}", 100.0 * number, before, rank=0, **job)
        keep(f"b{number}", 100.0 * number + 1, before, rank=1, host=OTHER, **job)
    assert parts(reader, "b2") == ["a1", "b1", "b2", "a2"]


def test_deleting_a_middle_part_leaves_the_others_together(
    reader: Reader, path: Path, keep: Keep, writer: Writer
) -> None:
    """What carried it on carries on what it did; the others are read as before."""
    keep("a", 100.0)
    keep("b", 200.0, "a")
    keep("c", 300.0, "b")
    writer.close()
    assert delete(path, ["b"]) == 1
    assert parts(reader, "a") == parts(reader, "c") == ["a", "c"]
    assert reader.record("c").run.continues == "a"


def test_deleting_the_first_part_leaves_the_others_together(
    reader: Reader, path: Path, keep: Keep, writer: Writer
) -> None:
    """Two that carry on a run which is gone are still one work; one alone is a work of its own."""
    keep("a", 100.0)
    keep("b", 200.0, "a")
    keep("c", 300.0, "a")
    writer.close()
    delete(path, ["a"])
    assert parts(reader, "b") == ["b", "c"]
    delete(path, ["b"])
    assert parts(reader, "c") == ["c"]
    assert reader.multipart_runs() == []


def test_runs_that_continue_each_other_in_a_circle_are_read(reader: Reader, keep: Keep) -> None:
    """Whoever edits the database by hand gets an answer."""
    keep("a", 100.0, "b")
    keep("b", 200.0, "a")
    keep("c", 300.0, "c")
    assert reader.multipart_runs() == [["a", "b"]]
    assert relinked({"a": "b", "b": "a"}, {"b"}) == {}


def test_lists_leave_out_and_pick_out(reader: Reader, keep: Keep) -> None:
    """A list may go without some ids, and before a limit counts; others are listed by their very ids."""
    for run_id, start in (("a", 100.0), ("b", 200.0), ("c", 300.0)):
        keep(run_id, start)
    assert [row.id for row in reader.runs(without=["b"], limit=2)] == ["c", "a"]
    assert [row.id for row in reader.listed(["a", "c", "nobody"])] == ["c", "a"]


@given(st.lists(st.tuples(names, names)))
def test_works_are_what_is_reachable(links: list[tuple[str, str]]) -> None:
    """Two runs are in one work exactly where a way of links, either way round, leads from one to the other."""
    found = multipart_runs(links, [])
    reach = {run_id: {run_id} for run_id in "abcdefgh"}
    for _ in range(8):
        for one, other in links:
            for reached in reach.values():
                if reached & {one, other}:
                    reached |= {one, other}
    for one, other in itertools.combinations("abcdefgh", 2):
        together = any({one, other} <= work for work in found)
        assert together == (other in reach[one])


@given(st.integers(1, 12), st.sets(st.integers(0, 11)))
def test_what_is_left_of_a_chain_stays_one_chain(length: int, gone: set[int]) -> None:
    """Whichever parts are deleted, each of the others carries on the one that is left before it."""
    links = {str(n): str(n - 1) for n in range(1, length)}
    deleted = {str(n) for n in gone}
    after = {**links, **relinked(links, deleted)}
    left = [str(n) for n in range(length) if n not in gone]
    for before, later in itertools.pairwise(left):
        assert after[later] == before
