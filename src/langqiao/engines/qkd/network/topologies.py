"""Reading the CSV topologies that routing papers share: ``nodes.csv`` and ``edges.csv``."""

from __future__ import annotations

import csv
from pathlib import Path

from langqiao.engines.qkd.errors import QkdError
from langqiao.engines.qkd.network.changes import even_spans
from langqiao.engines.qkd.physics.spans import link_of
from langqiao.engines.qkd.types import Link, Network, Node, Parameters


def read_edges(folder: str | Path, *, parameters: Parameters, span_km: float = 80.0) -> Network:
    """A network from a folder with ``nodes.csv`` (Id, Label, Latitude, Longitude) and ``edges.csv``.

    Args:
        folder: where the files are. ``edges.csv`` has Source, Target and Weight, the length in km.
        parameters: equipment of every span.
        span_km: longest span without a relay station; links are divided evenly.

    Raises:
        QkdError: a file cannot be read or a row is malformed.
    """
    place = Path(folder)
    names = (
        {row["Id"]: row for row in _rows(place / "nodes.csv", ("Id",))}
        if (place / "nodes.csv").exists()
        else {}
    )
    links: list[Link] = []
    seen: set[tuple[str, str]] = set()
    order: dict[str, None] = dict.fromkeys(names)
    for row in _rows(place / "edges.csv", ("Source", "Target", "Weight")):
        a, b = row["Source"], row["Target"]
        order.update({a: None, b: None})
        key = (a, b) if a <= b else (b, a)
        if a == b or key in seen:
            continue  # parallel edges of the drawing are one link here
        seen.add(key)
        km = _number(row, "Weight")
        count = max(1, -int(-km // span_km))
        links.append(link_of(a, b, spans=even_spans(km, count), parameters=parameters))
    nodes = tuple(
        Node(
            name,
            names.get(name, {}).get("Label") or name,
            latitude=_number(names[name], "Latitude") if name in names else None,
            longitude=_number(names[name], "Longitude") if name in names else None,
        )
        for name in order
    )
    return Network(place.name, nodes, tuple(links), (parameters,), parameters.name)


def _rows(path: Path, wanted: tuple[str, ...]) -> list[dict[str, str]]:
    try:
        with path.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise QkdError(f"{path.name} cannot be read: {error}", kind="file") from error
    for place, row in enumerate(rows, 2):
        for key in wanted:
            if not row.get(key):
                raise QkdError(f"{path.name}, line {place}: {key} is missing", kind="file", subjects=(key,))
    return rows


def _number(row: dict[str, str], key: str) -> float:
    try:
        return float(row[key])
    except (KeyError, ValueError) as error:
        raise QkdError(
            f"{key} must be a number, not {row.get(key)!r}", kind="file", subjects=(key,)
        ) from error
