"""A forecast in one line, while the training goes on, in the figures that its report will show for it."""

from greentrack.integrations.training.forecast import LiveForecast
from greentrack.integrations.training.live_figures import Live
from greentrack.reports.forecast_text import before_overhead, cells


def forecast_line(made: LiveForecast, live: Live, *, hosts: float, epoch: int, at_most: bool) -> str:
    """Return what is expected at the end, after the *epoch*-th epoch, of so many *hosts* like the one that is *live*.

    The energy is without a PUE, as in the report; carbon and money have it. *at_most* says that early stopping may end
    it before.
    """
    energy, *others = cells(live.at_the_end(made, hosts))
    energy = " ".join(filter(None, (energy, before_overhead(live.overhead))))
    text = ", ".join(filter(None, (energy, *others)))
    but = " at most: early stopping may end it before" if at_most else ""
    return f"greentrack: forecast after epoch {epoch}: {text}{but}"
