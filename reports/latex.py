"""A summary as a LaTeX table in the style of booktabs, to be put into a paper."""

from collections.abc import Iterator

from greentrack.costing.summary import Summary
from greentrack.formatting.escape import latex, name
from greentrack.formatting.units import energy_range
from greentrack.reports import provenance
from greentrack.reports.headline import headline
from greentrack.reports.lines import numbered


def render(summary: Summary) -> str:
    """Return *summary* as a floating table; its caption has what the figures rest on."""
    return "\n".join(
        (
            rf"% {latex(provenance.recorder(summary))}, run {latex(summary.run.id)}; needs \usepackage{{booktabs}}",
            r"\begin{table}",
            r"  \centering",
            rf"  \caption{{{latex(_caption(summary))}}}",
            rf"  \label{{tab:greentrack-{latex(summary.run.id[:13])}}}",
            r"  \begin{tabular}{lrr}",
            r"    \toprule",
            r"    & value & range \\",
            r"    \midrule",
            *(_row(row.label, row.figure) for row in headline(summary)),
            *_devices(summary),
            r"    \bottomrule",
            r"  \end{tabular}",
            r"\end{table}",
        )
    )


def _caption(summary: Summary) -> str:
    parts = [f"Energy and carbon of {name(summary.run.name)}, by {provenance.recorder(summary)}"]
    if summary.joules is None:
        return f"{parts[0]}: {provenance.NOTHING}."
    parts += ["; ".join(map(str, provenance.methods(summary)))]
    parts += [f"Energy: {row.about}" for row in headline(summary) if row.label == "Energy"]
    pue = provenance.pue(summary)
    parts += [f"PUE {pue}" if pue else "No overhead of a data centre (PUE) is included"]
    parts += [f"Grid: {provenance.grid(summary)}", "Ranges are about 95 %"]
    return ". ".join(part[:1].upper() + part[1:] for part in parts) + "."


def _devices(summary: Summary) -> Iterator[str]:
    known = [device for device in summary.devices if device.joules is not None]
    if known:
        yield r"    \midrule"
    names = numbered([name(device.name) for device in known])
    for device, called in zip(known, names, strict=True):
        if device.joules is not None:
            kind = provenance.SEEN.get(device.kind, "rest of the machine")
            how = "measured" if device.measured else "modelled"
            yield _row(f"{kind}: {called}, {how}", energy_range(device.joules))


def _row(label: str, figure: str) -> str:
    value, _, around = figure.partition(" (")
    return rf"    {latex(label)} & {latex(value)} & {latex(around.removesuffix(')'))} \\"
