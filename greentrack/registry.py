"""Registries of meters, data sources and formats: each name has a "module:attribute" that is loaded on first use."""

import importlib
from collections.abc import Mapping
from typing import Any, NamedTuple

from greentrack.errors import ConfigError, did_you_mean


class Vendor(NamedTuple):
    """A vendor of meters: where its ``discover`` is, and what others must know of it without loading it.

    *methods* is where its methods are, in a module that loads quickly. *variables* are the environment variables that
    select its devices, *uuid_prefixes* the ways in which a UUID of its devices begins.
    """

    discover: str
    methods: str = ""
    variables: tuple[str, ...] = ()
    uuid_prefixes: tuple[str, ...] = ()


class ExportFormat(NamedTuple):
    """A format of exported rows: where its ``write`` is, and what others must know of it without loading it.

    *check* is where a function is that raises ConfigError if the format cannot be written here. *takes_name* is True
    if ``write`` can add the name of a table to each row, so that one file holds all tables. *is_binary* is True for
    what a terminal cannot show.
    """

    write: str
    check: str = ""
    takes_name: bool = False
    is_binary: bool = False


METERS: Mapping[str, Vendor] = {  # in this order: a later one sees what the earlier ones found
    "nvidia": Vendor(
        discover="greentrack.meters.nvidia.discovery:discover",
        methods="greentrack.meters.nvidia.methods:METHODS",
        variables=("CUDA_VISIBLE_DEVICES", "CUDA_DEVICE_ORDER"),
        uuid_prefixes=("GPU-", "MIG-"),
    ),
    "rapl": Vendor(
        discover="greentrack.meters.rapl.discovery:discover", methods="greentrack.meters.rapl.methods:METHODS"
    ),
    "cpu_model": Vendor(discover="greentrack.meters.cpu_model:discover"),
    "ram_model": Vendor(discover="greentrack.meters.ram_model:discover"),
    "fake": Vendor(discover="greentrack.meters.fake:discover"),
}

INTENSITIES: Mapping[str, str] = {  # in this order: the first that knows the zone answers
    "table": "greentrack.carbon.table:IntensityTable",
    "codecarbon": "greentrack.carbon.codecarbon:CodeCarbon",
    "regions": "greentrack.carbon.regions:Regions",
}

HOURLY: Mapping[str, str] = {  # asked only where the user names one; a file that ends in .csv needs no name
    "electricitymaps": "greentrack.carbon.electricity_maps:ElectricityMaps",
    "uk": "greentrack.carbon.uk:UK",
}

FORMATS: Mapping[str, str] = {
    "text": "greentrack.reports.text:render",
    "json": "greentrack.reports.json:render",
    "html": "greentrack.reports.html.page:render",
    "csv": "greentrack.reports.csv:render",
    "markdown": "greentrack.reports.markdown:render",
    "latex": "greentrack.reports.latex:render",
    "modelcard": "greentrack.reports.modelcard:render",
    "sentence": "greentrack.reports.sentence:render",
    "ai-act": "greentrack.reports.ai_act:render",
    "sci": "greentrack.reports.sci:render",
}

WORDING: Mapping[str, str] = {  # facts of a summary and of an estimate, as all of their reports say them
    "assumption": "greentrack.reports.assumptions:stated",
    "caveat": "greentrack.reports.caveats:text",
    "estimate": "greentrack.reports.estimate_text:how",
}

RUN_LISTS: Mapping[str, str] = {
    "table": "greentrack.reports.run_list_text:render",
    "json": "greentrack.reports.run_list_json:render",
    "csv": "greentrack.reports.run_list_csv:render",
}

EXPORTS: Mapping[str, ExportFormat] = {
    "csv": ExportFormat(write="greentrack.exchange.export_csv:write"),
    "jsonl": ExportFormat(write="greentrack.exchange.export_jsonl:write", takes_name=True),
    "parquet": ExportFormat(
        write="greentrack.exchange.export_parquet:write",
        check="greentrack.exchange.export_parquet:check",
        is_binary=True,
    ),
}


def _text_and_json(module: str, function: str = "render") -> Mapping[str, str]:
    return {form: f"greentrack.reports.{module}_{form}:{function}" for form in ("text", "json")}


COMPARISONS = _text_and_json("comparison")
ESTIMATES = _text_and_json("estimate")
EXAMINATIONS = _text_and_json("doctor")
REFERENCES = _text_and_json("references")
REGIONS = _text_and_json("regions")
SCHEDULES = _text_and_json("schedule")
TRENDS = _text_and_json("target", "trend")


def load(table: Mapping[str, str], name: str, what: str) -> Any:
    """Return the attribute registered under *name*.

    Raises ConfigError, with suggestions, for a name that is not in the table; *what* says what the table holds.
    """
    check(table, name, what)
    return attribute(table[name])


def attribute(path: str) -> Any:
    """Return the attribute at *path*, written "module:attribute"."""
    module, _, name = path.partition(":")
    return getattr(importlib.import_module(module), name)


def check(table: Mapping[str, object], name: str, what: str) -> None:
    """Raise ConfigError, with suggestions, for a *name* that is not in the table; load nothing."""
    if name not in table:
        raise ConfigError(f"unknown {what} {name!r}{did_you_mean(name, table)}; known: {', '.join(table)}")
