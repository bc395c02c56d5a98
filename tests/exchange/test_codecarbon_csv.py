"""codecarbon's emissions.csv: what a line becomes, which lines are left out and why, and that nothing breaks it."""

import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from greentrack.errors import ConfigError
from greentrack.exchange.codecarbon_csv import ENERGIES, ParsedFile, read

ID = "9adda612-4ce8-49d0-9a55-e3b071a7b885"
OTHER = "119c2ff3-8008-4581-b7a3-d9dfe67d8517"
NOW = 1_800_000_000.0  # 2027
ROW = {
    "timestamp": "2024-05-01T13:00:00+00:00",
    "project_name": "digits",
    "run_id": ID,
    "duration": "3600",
    "emissions": "0.0005",
    "cpu_energy": "0.05",
    "gpu_energy": "0.4",
    "ram_energy": "0.01",
    "energy_consumed": "0.46",
    "country_iso_code": "FRA",
    "region": "bretagne",
    "cloud_provider": "",
    "cloud_region": "",
    "python_version": "3.11.7",
    "codecarbon_version": "2.8.3",
    "cpu_count": "8",
    "cpu_model": "A CPU",
    "gpu_count": "2",
    "gpu_model": "2 x NVIDIA A100",
    "ram_total_size": "31.3",
    "tracking_mode": "machine",
    "pue": "1.0",
}  # 400 W of GPUs, 50 W of a processor and 10 W of memory for an hour
STARTED_AT = 1_714_564_800.0  # 2024-05-01T12:00:00Z

Read = Callable[..., ParsedFile]


def text(rows: Sequence[dict[str, str]]) -> str:
    """Rows as a file, whose columns are those of the first."""
    return "\n".join((",".join(rows[0]), *(",".join(row.values()) for row in rows))) + "\n"


@pytest.fixture
def parse(tmp_path: Path) -> Read:
    """Read rows, or a text, as a file."""

    def run(*rows: dict[str, str] | str, **more: Any) -> ParsedFile:
        file = tmp_path / "emissions.csv"
        said = "".join(row if isinstance(row, str) else text([row]) for row in rows)
        file.write_text(said, encoding="utf-8")
        return read(file, now=lambda: NOW, **more)

    return run


def joules(found: ParsedFile) -> dict[str, float]:
    """The joules of the first run, by device."""
    return {reading.device: reading.joules for reading in found.runs[0].readings}


def test_a_line_becomes_a_run(parse: Read) -> None:
    """An hour up to 13:00 in France; 0.4 kWh of two GPUs are 720 kJ each, 0.05 are 180 kJ, 0.01 are 36 kJ."""
    found = parse(ROW)
    run = found.runs[0].run
    assert run is not None
    assert (run.id, run.name, run.project, run.status, run.tags) == (
        ID,
        "digits",
        "digits",
        "imported",
        ("codecarbon",),
    )
    assert (run.started_at, run.ended_at, run.seconds) == (STARTED_AT, STARTED_AT + 3600, 3600)
    assert (run.zone, run.python, run.host) == ("FR", "3.11.7", None)
    assert run.params["codecarbon"]["emissions_kg"] == 0.0005
    assert joules(found) == {
        "codecarbon:gpu:0:NVIDIA A100": 720_000,
        "codecarbon:gpu:1:NVIDIA A100": 720_000,
        "codecarbon:cpu:A CPU": 180_000,
        "codecarbon:ram:31 GB of memory": 36_000,
    }
    assert {use.method for use in found.runs[0].devices} == {"codecarbon-gpu", "codecarbon-cpu", "codecarbon-ram"}
    assert (found.skipped, found.earlier) == ([], 0)


def test_the_pue_is_taken_out(parse: Read) -> None:
    """codecarbon has multiplied each device by 1.25: 0.05 kWh were 0.04, which are 144 kJ."""
    assert joules(parse(ROW | {"pue": "1.25"}))["codecarbon:cpu:A CPU"] == 144_000


def test_the_oldest_columns_are_enough(parse: Read) -> None:
    """Version 2.0 has neither its own version nor a PUE, and a file may lack what describes the machine."""
    names = ("timestamp", "run_id", "duration", "cpu_energy", "gpu_energy", "ram_energy")
    found = parse({name: ROW[name] for name in names})
    assert sum(joules(found).values()) == pytest.approx(0.46 * 3.6e6)
    run = found.runs[0].run
    assert run is not None
    assert (run.name, run.zone) == ("codecarbon", None)


def test_a_project_of_ones_own_takes_the_place_of_codecarbons(parse: Read) -> None:
    """The name stays."""
    run = parse(ROW, project="vision").runs[0].run
    assert run is not None
    assert (run.name, run.project) == ("digits", "vision")


@pytest.mark.parametrize(
    ("place", "zone"),
    [
        ({"country_iso_code": "USA", "region": "California"}, "US-CA"),
        ({"country_iso_code": "CAN", "region": "quebec"}, "CA-QC"),
        ({"country_iso_code": "USA", "region": "nowhere"}, "US"),
        ({"cloud_provider": "aws", "cloud_region": "eu-west-1"}, "aws:eu-west-1"),
        ({"cloud_provider": "aws", "cloud_region": "mars-1"}, "FR"),
        ({"country_iso_code": "nan"}, None),
        ({"country_iso_code": "XXX"}, None),
    ],
)
def test_the_zone_is_the_nearest_that_is_known(parse: Read, place: dict[str, str], zone: str | None) -> None:
    """The cloud's region, else the state or province, else the country, else none."""
    run = parse(ROW | place).runs[0].run
    assert run is not None
    assert run.zone == zone


def test_a_device_without_a_figure_is_not_known(parse: Read) -> None:
    """codecarbon gives 0 where it could not read: the GPU is there, and its energy is no zero."""
    row = ROW | {"gpu_energy": "0", "energy_consumed": "0.06", "gpu_count": "1", "gpu_model": "1 x NVIDIA A100"}
    (batch,) = parse(row).runs
    assert [use.device.name for use in batch.devices if use.device.kind == "gpu"] == ["NVIDIA A100"]
    assert not [reading for reading in batch.readings if ":gpu:" in reading.device]


def test_no_gpu_is_no_device(parse: Read) -> None:
    """Without a count and without energy."""
    row = ROW | {"gpu_energy": "0", "energy_consumed": "0.06", "gpu_count": "", "gpu_model": ""}
    assert {use.device.kind for use in parse(row).runs[0].devices} == {"cpu", "ram"}


def test_unlike_gpus_stay_together(parse: Read) -> None:
    """Their models run into each other in the file, so that nobody can tell them apart."""
    devices = parse(ROW | {"gpu_count": "3", "gpu_model": "1 x A1002 x V100"}).runs[0].devices
    assert [(use.device.name, use.note) for use in devices if use.device.kind == "gpu"] == [
        ("1 x A1002 x V100", "3 GPUs together")
    ]


def test_in_process_mode_the_memory_is_the_runs_own(parse: Read) -> None:
    """Of the processor and the GPUs nobody can be sure: the mode has no effect on GPUs nor on RAPL."""
    readings = parse(ROW | {"tracking_mode": "process"}).runs[0].readings
    assert {reading.device.split(":")[1]: reading.share for reading in readings} == {"gpu": None, "cpu": None, "ram": 1}


def test_of_the_lines_of_one_run_the_latest_counts(parse: Read) -> None:
    """Each flush adds a line with all that was used so far; they are not added up, in whatever order they stand."""
    flush = ROW | {"timestamp": "2024-05-01T12:30:00+00:00", "duration": "1800", "cpu_energy": "0.02"}
    flush["energy_consumed"] = "0.43"
    for lines in ([flush, ROW], [ROW, flush]):
        found = parse(text(lines))
        assert (len(found.runs), found.earlier) == (1, 1)
        assert joules(found)["codecarbon:cpu:A CPU"] == 180_000


def test_a_header_may_stand_between_lines(parse: Read) -> None:
    """Two files that were put together, the second with other columns in another order."""
    other = {name: (ROW | {"run_id": OTHER})[name] for name in reversed(ROW) if name != "pue"}
    found = parse(ROW, other)
    assert [batch.run_id for batch in found.runs] == [ID, OTHER]
    assert found.skipped == []


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"duration": ""}, "duration is empty, and must be a number from 0 on"),
        ({"duration": "0"}, "duration is 0, which is no time"),
        ({"duration": "1_000"}, "duration is '1_000', and must be a number"),
        ({"cpu_energy": "-0.1"}, "cpu_energy is '-0.1', and must be a number from 0 on"),
        ({"gpu_energy": "nan"}, "gpu_energy is 'nan', and must be a number"),
        ({"ram_energy": "inf"}, "ram_energy is 'inf'"),
        ({"timestamp": "yesterday"}, "timestamp is 'yesterday', and must be a time such as"),
        ({"timestamp": "2099-01-01T00:00:00"}, "which cannot be"),
        ({"timestamp": "0001-01-01T00:00:00"}, "timestamp is '0001-01-01T00:00:00'"),
        ({"run_id": "12"}, "run_id is '12', which is no id"),
        ({"energy_consumed": "0.9"}, "energy_consumed is 0.9, and its parts come to 0.46"),
        ({"cpu_energy": "2000", "energy_consumed": "2000.41"}, "2000.41 kWh in 3600 s are more than any machine"),
        ({"pue": "0.5"}, "pue is 0.5, and cannot be below 1"),
        ({"cpu_energy": "0", "gpu_energy": "0", "ram_energy": "0", "energy_consumed": "0"}, "it has no energy"),
    ],
)
def test_a_line_that_cannot_be_is_left_out_with_its_number(parse: Read, wrong: dict[str, str], why: str) -> None:
    """The others are read; the wrong one is line 3."""
    found = parse(text([ROW, ROW | {"run_id": OTHER} | wrong]))
    assert [batch.run_id for batch in found.runs] == [ID]
    assert [line for line, _ in found.skipped] == [3]
    assert why in found.skipped[0].reason


def test_shifted_columns_are_left_out(parse: Read) -> None:
    """Some versions drop empty cells when they append a line, and all that follow move to the left."""
    found = parse(text([ROW]) + ",".join(cell for cell in (ROW | {"run_id": OTHER}).values() if cell) + "\n")
    assert found.skipped == [(3, f"it has {len(ROW) - 2} columns instead of {len(ROW)}")]


def test_cells_of_several_lines_count_as_lines(parse: Read) -> None:
    """The number is that of the line that an editor shows."""
    found = parse(text([ROW | {"cpu_model": '"A\nCPU"'}, ROW | {"duration": "x"}]))
    assert [line for line, _ in found.skipped] == [4]


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ("", "has no runs"),
        ("a,b\n1,2\n", "has no column timestamp; is it the emissions.csv of codecarbon"),
        (text([{"timestamp": "x", "experiment_id": "y", "duration": "1"}]), "was written by codecarbon 1"),
        (text([{"task_name": "t", **ROW}]), "holds the tasks of a run"),
        (text([{"timestamp": "x", "run_id": ID, "duration": "1"}]), "none of the columns gpu_energy"),
        (text([ROW | {"duration": "x"}]), "has no runs; line 2: duration is 'x'"),
        ('"' + "x" * 200_000 + '"', "is not well-formed CSV"),
    ],
)
def test_a_file_that_is_none_is_refused(parse: Read, said: str, why: str) -> None:
    """In one line, with what is wrong."""
    with pytest.raises(ConfigError, match=why) as error:
        parse(said)
    assert "\n" not in str(error.value)


def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    """Not there, a folder, or not text."""
    (tmp_path / "binary.csv").write_bytes(b"\xff\xfe\x00")
    for file in (tmp_path / "none.csv", tmp_path, tmp_path / "binary.csv"):
        with pytest.raises(ConfigError, match=r"cannot be read|is not text in UTF-8"):
            read(file)


cells = st.one_of(
    st.text(max_size=8),
    st.sampled_from(["", "nan", "inf", "-1", "0", "1", "0.5", "1e308", "1e-320", '"', ",", "\n", "None", ID, OTHER]),
    st.floats().map(str),
)


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(st.lists(st.dictionaries(st.sampled_from(sorted(ROW)), cells, max_size=4), min_size=1, max_size=4))
def test_any_cells_give_a_right_answer_or_one_line(tmp_path: Path, changes: list[dict[str, str]]) -> None:
    """Every run that is read has the energy of its devices, finite and above nothing."""
    file = tmp_path / "any.csv"
    file.write_text(text([ROW | change for change in changes]), encoding="utf-8", errors="replace")
    try:
        found = read(file, now=lambda: NOW)
    except ConfigError:
        return
    assert found.runs
    for batch in found.runs:
        assert batch.run is not None
        kwh = batch.run.params["codecarbon"]["kwh"]
        assert set(kwh) <= set(ENERGIES.values())
        used = sum(reading.joules for reading in batch.readings)
        assert 0 < used < math.inf
        assert used <= sum(kwh.values()) * 3.6e6 * 1.000001
        assert batch.run.seconds > 0


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(st.one_of(st.binary(max_size=300), st.text(max_size=300).map(lambda said: said.encode(errors="replace"))))
def test_any_bytes_are_refused_in_one_line(tmp_path: Path, content: bytes) -> None:
    """Behind the right first line, too."""
    file = tmp_path / "any.csv"
    for head in (b"", ",".join(ROW).encode() + b"\n"):
        file.write_bytes(head + content)
        with pytest.raises(ConfigError):
            read(file)
