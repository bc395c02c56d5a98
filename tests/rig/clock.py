"""A clock that goes when it is told to."""


class FakeClock:
    """Seconds that only pass by ``advance``."""

    def __init__(self, now: float = 1000.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now

    def advance(self, seconds: float) -> None:
        self.now += seconds
