"""The Software Carbon Intensity: (O + M) per R, and nothing where a part of it is not known."""

from collections.abc import Callable

import pytest

from greentrack.costing.api import summary_of
from greentrack.costing.summary import Summary
from greentrack.errors import NotFoundError
from greentrack.model import DeviceUse, Record
from greentrack.reports.sci import render
from tests.documents import ROOT

MakeUse = Callable[..., DeviceUse]
MakeRecord = Callable[..., Record]


@pytest.fixture
def summary(use: MakeUse, record: MakeRecord) -> Summary:
    """One server of 360 W for an hour at 41.44 g/kWh: O = 14.92 g. M: 3,200 kg... see the test of the facility."""
    return summary_of(
        record(use("cpu", "cpu"), chassis="server", work={"samples": 100.0, "tokens": 5e6, "nothing": 0.0}),
        embodied=True,
    )


def line(text: str, label: str) -> str:
    return next(line for line in text.splitlines() if line.startswith(f"{label} ")).removeprefix(label).strip()


def grams(text: str) -> float:
    number, unit, *_ = text.split()
    return float(number) * {"mg": 0.001, "g": 1.0, "kg": 1000.0}[unit]


def test_the_intensity_is_operation_and_making_together(summary: Summary) -> None:
    """O and M are the summary's, and their sum is the run's."""
    text = render(summary)
    assert summary.g is not None
    assert summary.embodied is not None
    assert line(text, "E") == "360 Wh"
    assert grams(line(text, "O")) == pytest.approx(0.36 * 41.44, rel=0.005)
    assert grams(line(text, "M")) == pytest.approx(summary.embodied.value, rel=0.005)
    assert grams(line(text, "SCI")) == pytest.approx(summary.g.value + summary.embodied.value, rel=0.005)
    assert line(text, "SCI").endswith(" per run")
    assert line(text, "R") == "run"


def test_it_is_told_per_unit_of_work(summary: Summary) -> None:
    """A hundredth for each of a hundred samples; tokens by the million."""
    whole = grams(line(render(summary), "SCI"))
    per_sample = line(render(summary, per="samples"), "SCI")
    assert grams(per_sample) == pytest.approx(whole / 100, rel=0.01)
    assert per_sample.endswith(" per sample")
    per_token = line(render(summary, per="tokens"), "SCI")
    assert grams(per_token) == pytest.approx(whole / 5, rel=0.01)
    assert per_token.endswith(" per million tokens")


@pytest.mark.parametrize(("per", "says"), [("sampels", "did you mean samples?"), ("nothing", "run, samples, tokens")])
def test_a_unit_that_was_not_done_is_an_error(summary: Summary, per: str, says: str) -> None:
    """It names those that were."""
    with pytest.raises(NotFoundError, match="the run counted no ") as caught:
        render(summary, per=per)
    assert says in str(caught.value)


def test_without_the_making_there_is_no_intensity(use: MakeUse, record: MakeRecord) -> None:
    """M is not taken to be zero: --embodied is named, or why it is not known; O alone is told."""
    text = render(summary_of(record(use())))
    assert line(text, "M") == "not known: --embodied works it out"
    assert line(text, "SCI").startswith("not known, since M is not; O alone is 14.9 g CO2e")
    asked = render(summary_of(record(use("cpu", "cpu")), embodied=True))
    assert line(asked, "M") == "not known: no figure is known for making an unknown machine"


def test_boundary_and_method_are_disclosed(summary: Summary, use: MakeUse, record: MakeRecord) -> None:
    """As the standard wants: what E is of and how it was found, what M rests on, and what is left out."""
    text = " ".join(render(summary).split())
    assert "E is the energy of processors, without the rest of the machine" in text
    assert "processors: measured (a virtual device whose power is known)" in text
    assert "E has no overhead (PUE) in it" in text
    assert "M: making of a server" in text
    assert "location-based; no offsets" in text
    own = " ".join(render(summary_of(record(use(process=36.0)), scope="process")).split())
    assert "--scope machine has it" in own


def test_the_case_in_the_documents_can_be_redone(use: MakeUse, record: MakeRecord) -> None:
    """0.36 kWh at 41.44 g/kWh are 14.9 g, 727 kg over 21,024 hours are 34.6 g; a hundredth of both is 0.495 g."""
    gpu = use()
    gpu = gpu._replace(device=gpu.device._replace(name="NVIDIA H100 80GB HBM3"))
    made = summary_of(record(gpu, chassis="server", work={"predictions": 100.0}), embodied=True)
    text = render(made, per="predictions")
    shown = [f"{grams(line(text, label)):.3g}" for label in ("O", "M", "SCI")]
    assert shown == ["14.9", "34.6", "0.495"]
    document = (ROOT / "docs/formulas.md").read_text(encoding="utf-8")
    section = " ".join(document.partition("## Software Carbon Intensity")[2].partition("\n## ")[0].split())
    assert "ISO/IEC 21031:2024" in section
    assert "O = 0.36 x 41.44 = 14.9 g, M = 34.6 g, SCI = 49.5 / 100 = 0.495 g a prediction" in section
