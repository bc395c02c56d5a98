"""Figures about trainings that go round and are wrong, beside what they should be; each is worked out here."""

from typing import NamedTuple

from greentrack.costing.equivalents import constant
from greentrack.costing.published_trainings import reference
from greentrack.quantity import JOULES_PER_KWH

KG_PER_POUND = 0.45359237
NAS_POUNDS, NAS_MWH = 626_155.0, 656.0  # as Strubell et al. 2019 print them
LOIHI_JOULES = 0.00027
XLNET_CHIPS, XLNET_HOURS, CHIPS_PER_DEVICE, USD_PER_DEVICE_HOUR = 512, 60.0, 4, 8.0
GPT3_GPUS, GPT3_DAYS, GPT3_WATTS, GPT3_PUE = 10_000, 14.8, 330.0, 1.10
BLOOM_GPU_HOURS, BLOOM_WATTS, OTHERS_PUE = 1_082_990.0, 400.0, 1.1
LLAMA31_GPU_HOURS, H100_WATTS = 39.3e6, 700.0
LLAMA33_PRINTED_T = 12.9
G_PER_KM = 120.0  # of the car in the sentence that is wrong


class PublishedError(NamedTuple):
    """What is *said*, what is *so*, and who says so."""

    said: str
    so: str
    source: str


def misprints() -> tuple[PublishedError, ...]:
    """Return the misprints and myths that are known, with their figures worked out anew."""
    return (_palm(), _loihi(), _search(), _xlnet(), *_gpt3(), _bloom(), *_llama(), _kilometres())


def _palm() -> PublishedError:
    palm = _mwh("PaLM 540B")
    fewest, most = _homes(palm)
    return PublishedError(
        said="PaLM took 3.4 kWh",
        so=(
            f"{palm:,.0f} MWh, which is {palm / 1000:.1f} GWh, a million times as much: a year's electricity "
            f"of about {round((fewest + most) / 2, -2):.0f} US homes "
            f"({fewest:.0f} by the EPA's figure of a home, {most:.0f} by the EIA's)"
        ),
        source="Chowdhery et al. 2022",
    )


def _loihi() -> PublishedError:
    kwh = LOIHI_JOULES / JOULES_PER_KWH
    return PublishedError(
        said="a neuromorphic chip takes 0.00027 kWh for an inference",
        so=f"0.00027 J, which is {kwh:.2g} kWh; the misprint is {LOIHI_JOULES / kwh:,.0f} times too much",
        source="Blouw et al. 2018 (Loihi, keyword spotting, joules per inference)",
    )


def _search() -> PublishedError:
    name = "Evolved Transformer search"
    tons = NAS_POUNDS * KG_PER_POUND / 1000
    least, most = sorted((NAS_MWH / _mwh(name), tons / _tons(name)))
    return PublishedError(
        said=f"training one language model emits {tons:.0f} t (626,155 lb), as much as five cars in their lives",
        so=(
            "that is an architecture search, not a training, and as if each of its trainings had been of full size on "
            f"old GPUs; done on a small stand-in it emitted about {_tons(name)} t, {least:.0f} to {most:.0f} times less"
        ),
        source="Strubell et al. 2019; corrected by Patterson et al. 2021",
    )


def _xlnet() -> PublishedError:
    chips_as_devices = XLNET_CHIPS * XLNET_HOURS * USD_PER_DEVICE_HOUR
    return PublishedError(
        said=f"XLNet cost ${chips_as_devices:,.0f}",
        so=(
            f"${chips_as_devices / CHIPS_PER_DEVICE:,.0f}: $8 an hour was the price of a device of four chips, "
            f"and {XLNET_CHIPS} chips are {XLNET_CHIPS // CHIPS_PER_DEVICE} devices"
        ),
        source="Synced 2019",
    )


def _gpt3() -> tuple[PublishedError, ...]:
    name = "GPT-3 175B"
    assumed = GPT3_GPUS * GPT3_DAYS * 24 * GPT3_WATTS * GPT3_PUE / 1e6
    fewest, most = _homes(_mwh(name))
    return (
        PublishedError(
            said=f"GPT-3's {_tons(name):.0f} t were measured",
            so=(
                f"10,000 V100 for 14.8 days at 330 W and a PUE of 1.10 make {assumed:,.0f} MWh, and the number of GPUs "
                'is from a press release; "502 t" is the same run, rounded otherwise'
            ),
            source="Patterson et al. 2021, table 4",
        ),
        PublishedError(
            said="GPT-3 took the electricity of 120 homes",
            so=f"{_mwh(name):,.0f} MWh are a year's electricity of {fewest:.0f} (EPA) or {most:.0f} (EIA) US homes",
            source="US EPA 2022, US EIA 2023",
        ),
        PublishedError(
            said="ChatGPT took 1,287 MWh; GPT-4 took 7,200 or 50,000 MWh; PaLM took 9,400 MWh",
            so=(
                f"{_mwh(name):,.0f} MWh are GPT-3's of 2020; of GPT-4 nothing was published; "
                f"PaLM took {_mwh('PaLM 540B'):,.0f} MWh"
            ),
            source="Patterson et al. 2021; Chowdhery et al. 2022",
        ),
    )


def _bloom() -> PublishedError:
    mwh = BLOOM_GPU_HOURS * BLOOM_WATTS / 1e6
    return PublishedError(
        said="a published energy, times a PUE, is the data centre's",
        so=(
            f"only where no PUE is in it: BLOOM's {mwh:.0f} MWh become {mwh * OTHERS_PUE:.0f} with a PUE of 1.1 "
            f"(others print 475), but GPT-3's {_mwh('GPT-3 175B'):,.0f} hold 1.10 already, "
            f"and with it once more would be {_mwh('GPT-3 175B') * GPT3_PUE:,.0f}"
        ),
        source="Luccioni et al. 2022; Touvron et al. 2023; Patterson et al. 2021",
    )


def _llama() -> tuple[PublishedError, ...]:
    big, late = "Llama 3.1 (8B to 405B)", "Llama 3.3 70B"
    g_per_kwh = _tons(big) / _mwh(big) * 1000
    printed = LLAMA33_PRINTED_T / _mwh(late) * 1000
    return (
        PublishedError(
            said="Llama 3.1 emitted 0 t",
            so=f"{_tons(big):,.0f} t where its electricity was made; 0 t is what certificates leave on paper",
            source="model card of Llama 3.1",
        ),
        PublishedError(
            said="Llama 3.1's energy was measured, so it can test an estimator",
            so=(
                f"39.3 M GPU-hours x 700 W are {LLAMA31_GPU_HOURS * H100_WATTS / 1e6:,.0f} MWh: a rating times hours, "
                "as with all models that are marked so"
            ),
            source="model card of Llama 3.1",
        ),
        PublishedError(
            said="Llama 3.3 emitted 12.9 t",
            so=(
                f"that would be {printed:.1f} g/kWh; at the {g_per_kwh:.0f} g/kWh of Llama 3.1 its "
                f"{_mwh(late):,.0f} MWh are about {round(_mwh(late) * g_per_kwh / 1000, -2):,.0f} t"
            ),
            source="model card of Llama 3.3",
        ),
    )


def _kilometres() -> PublishedError:
    return PublishedError(
        said="1 kWh is 8.3 km in a car",
        so=(
            f"1 kg of CO2e is {1000 / G_PER_KM:.1f} km at 120 g/km; how many kg a kWh is depends on the place, "
            "so energy is never shown as kilometres here"
        ),
        source="documentation of codecarbon",
    )


def _mwh(name: str) -> float:
    mwh = reference(name).energy_mwh
    assert mwh is not None, f"the energy of {name} is not known"
    return mwh


def _tons(name: str) -> float:
    tons = reference(name).tco2e
    assert tons is not None, f"the carbon of {name} is not known"
    return tons


def _homes(mwh: float) -> tuple[float, float]:
    """Return how many US homes use *mwh* in a year: by the official figure that says fewest, and by the other."""
    home = constant("years of a US home's electricity")
    return mwh * 1000 / home.high, mwh * 1000 / home.low
