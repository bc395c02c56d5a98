"""A forecast in one line while the training goes on, in the same figures as its report."""

from greentrack.integrations.training.forecast import LiveForecast
from greentrack.integrations.training.live_figures import LiveFigures
from greentrack.reports.forecast_text import before_overhead, cells


def forecast_line(made: LiveForecast, live: LiveFigures, *, hosts: float, epoch: int, at_most: bool) -> str:
    """Return the forecast *made* after the *epoch*-th epoch, for so many *hosts* like the one of *live*.

    The energy is without a PUE, as in the report; carbon and money include it. *at_most* says that early stopping may
    end the training before.
    """
    energy, *others = cells(live.at_the_end(made, hosts))
    energy = " ".join(filter(None, (energy, before_overhead(live.overhead))))
    text = ", ".join(filter(None, (energy, *others)))
    but = " at most: early stopping may end it before" if at_most else ""
    return f"greentrack: forecast after epoch {epoch}: {text}{but}"
