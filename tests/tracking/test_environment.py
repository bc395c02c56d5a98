"""What a run knows about itself when it starts."""

import pytest

from greentrack.tracking.environment import environment


@pytest.mark.parametrize(
    ("rank", "read"),
    [("0", 0), ("17", 17), ("", None), ("-1", None), ("\u00b2", None), ("9" * 30, None), ("1.5", None)],
)
def test_a_rank_is_a_number_that_can_be_kept_or_none(rank: str, read: int | None) -> None:
    """What a launcher never sets costs no run: the next variable is asked, and none is an answer too."""
    assert environment({"RANK": rank})["rank"] == read
    assert environment({"RANK": rank, "SLURM_PROCID": "3"})["rank"] == (3 if read is None else read)
