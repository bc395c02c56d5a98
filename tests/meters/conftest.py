"""What the tests of meters share."""

import pytest

from tests.rig.nvml import Clock


@pytest.fixture
def clock() -> Clock:
    """Time, in the hands of the test."""
    return Clock()
