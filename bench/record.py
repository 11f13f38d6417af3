"""`bench/results.json`: what was measured, on which machine, when, and with which versions.

Each section is written as soon as it is measured and replaces the one before it, so that a part
can be measured again by itself; every section says of itself when and where it was made.
Not covered: what the figures mean (`report`).
"""

from __future__ import annotations

import datetime as dt
import json
import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "bench" / "results.json"
# What both sides are made of; a change of one of them can change a figure.
PACKAGES = (
    "chromadb",
    "fastapi",
    "llama-index-core",
    "numpy",
    "onnxruntime",
    "sentence-transformers",
    "torch",
    "uvicorn",
)
OURS, PEER = "ours", "peer"
NARROW = "peer, as many at once as cores"  # the peer served with fewer threads for requests


@dataclass(frozen=True, slots=True)
class Figure:
    """One thing measured: the value of each run, by system."""

    unit: str  # "s", "ms", "MB", "1/s" or "" for a share
    runs: Mapping[str, Sequence[float]]


@dataclass(frozen=True, slots=True)
class Section:
    """Figures that were measured together, by name, and what they were measured with."""

    made: Mapping[str, Any]
    figures: Mapping[str, Figure]
    settings: Mapping[str, Any] = field(default_factory=dict)


def conditions() -> dict[str, Any]:
    """The machine, the time, the versions, and how busy the machine is already."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {
        "date": dt.datetime.now(dt.UTC).date().isoformat(),
        "processor": _processor(),
        "cores": os.cpu_count(),
        "memory_gb": round(memory / 2**30, 1),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "versions": {name: version(name) for name in PACKAGES},
        # processes that wanted to run in the minute before: near 0 on a quiet machine
        "load_before": round(os.getloadavg()[0], 2),
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    except OSError:
        return platform.processor()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()


def read(path: Path = RESULTS) -> dict[str, Section]:
    """The sections by name; none where nothing was measured yet."""
    if not path.is_file():
        return {}
    return {name: _section(value) for name, value in json.loads(path.read_text("utf-8")).items()}


def _section(value: Mapping[str, Any]) -> Section:
    figures = {
        name: Figure(figure["unit"], figure["runs"]) for name, figure in value["figures"].items()
    }
    return Section(value["made"], figures, value["settings"])


def write(name: str, section: Section, path: Path = RESULTS) -> None:
    """Puts one section in the place of the one of that name; the others stay."""
    sections = {**read(path), name: section}
    partial = path.with_suffix(".partial")
    partial.write_text(_text(sections), "utf-8")
    partial.replace(path)


def _text(sections: Mapping[str, Section]) -> str:
    """JSON with a line for each figure, so that a change shows which ones moved."""
    parts = []
    for name, section in sections.items():
        figures = ",\n".join(
            f"   {json.dumps(key)}: {json.dumps(_plain(figure), ensure_ascii=False)}"
            for key, figure in section.figures.items()
        )
        about = ",\n".join(
            f"  {json.dumps(key)}: {json.dumps(value, ensure_ascii=False)}"
            for key, value in (("made", section.made), ("settings", section.settings))
        )
        parts.append(f' {json.dumps(name)}: {{\n{about},\n  "figures": {{\n{figures}\n  }}\n }}')
    return "{\n" + ",\n".join(parts) + "\n}\n"


def _plain(figure: Figure) -> dict[str, Any]:
    runs = {system: [round(value, 4) for value in values] for system, values in figure.runs.items()}
    return {"unit": figure.unit, "runs": runs}
