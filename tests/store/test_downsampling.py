"""Power in few pieces: nothing is lost, and what is believed of a counter is what counts."""

from collections.abc import Callable

import pytest

from greentrack.model import Energy, Reading, RunInfo
from greentrack.store.batch import Batch
from greentrack.store.reader import Reader
from greentrack.store.writer import Writer
from tests.store.conftest import CPU, GPU

MakeRun = Callable[..., RunInfo]


def readings(uid: str, watts: float, seconds: int, **more: float) -> list[Reading]:
    return [Reading(device=uid, at=100.0 + n, seconds=1.0, joules=watts, **more) for n in range(1, seconds + 1)]


def test_pieces_add_up_to_the_readings(writer: Writer, reader: Reader, a_run: MakeRun) -> None:
    """A hundred readings of 2 J and a hundred of 1 J in seven pieces: 300 J, and 100 s for each device."""
    run = a_run(started_at=100.0, seconds=100.0)
    both = [*readings("GPU-1", 2.0, 100), *readings("cpu", 1.0, 100)]
    writer.write(Batch(run_id=run.id, run=run, devices=[GPU, CPU], readings=both))
    found = reader.power_bins(run.id, 100.0, 100.0, 7)
    assert len(found) == 14
    assert sum(draw.joules for draw in found) == pytest.approx(300.0)
    assert sum(draw.seconds for draw in found) == pytest.approx(200.0)
    assert {draw.begun for draw in found} >= {100.0}
    assert max(draw.ended for draw in found) == 200.0


def test_a_reading_outside_the_stretch_is_in_its_first_or_last_piece(
    writer: Writer, reader: Reader, a_run: MakeRun
) -> None:
    """A run that lasts a little longer than its record says loses nothing; a piece without readings is left out."""
    run = a_run(started_at=100.0, seconds=100.0)
    writer.write(Batch(run_id=run.id, run=run, devices=[GPU], readings=readings("GPU-1", 2.0, 3)))
    assert sum(draw.joules for draw in reader.power_bins(run.id, 101.5, 1.0, 2)) == 6.0
    assert len(reader.power_bins(run.id, 100.0, 100.0, 50)) == 2  # seconds 1 and 2, and second 3


def test_a_counter_that_was_found_wrong_is_not_believed(writer: Writer, reader: Reader, a_run: MakeRun) -> None:
    """Its integrated power counts: 3 J a second, and not the 2 J of its counter."""
    run = a_run(started_at=100.0, seconds=10.0)
    wrong = GPU._replace(counter_valid=False, energy=Energy(joules=20.0, seconds=10.0, cross_check=30.0))
    writer.write(Batch(run_id=run.id, run=run, devices=[wrong], readings=readings("GPU-1", 2.0, 10, cross_check=3.0)))
    assert sum(draw.joules for draw in reader.power_bins(run.id, 100.0, 10.0, 2)) == 30.0
