"""Reading network files, TOML or JSON (format: docs/engines/qkd.md)."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from dataclasses import fields
from importlib import resources
from pathlib import Path
from typing import Any

from langqiao.engines.qkd.errors import QkdError
from langqiao.engines.qkd.network.changes import check_rate, even_spans
from langqiao.engines.qkd.network.marks import Marks
from langqiao.engines.qkd.network.values import Table, flag, number, table, tables, text, whole
from langqiao.engines.qkd.physics.decoy import check, check_length
from langqiao.engines.qkd.physics.spans import link_of
from langqiao.engines.qkd.types import Link, Network, Node, Parameters, Rules

NODES_AT_MOST = 2_000
LINKS_AT_MOST = 10_000
SPANS_AT_MOST = 1_000
BYTES_AT_MOST = 8_000_000

UNITS = {
    "attenuation": "dB/km",
    "receiver_loss_db": "dB",
    "signal": "photons/pulse",
    "decoy": "photons/pulse",
    "background": "1/pulse",
    "clock_hz": "Hz",
    "fibre_km": "km",
    "span_km": "km",
    "rate_bps": "bit/s",
    "latitude": "°",
    "longitude": "°",
}
_OWN = {"name", "marks", "receiver_efficiency"}
_NUMBERS = {one.name for one in fields(Parameters)} - _OWN - {"protocol", "slices"}


def load(path: str | Path, *, equipment: str | None = None) -> Network:
    """Read a network file.

    Args:
        path: a ``.json`` file, or TOML whatever its name.
        equipment: name of the parameters that links use unless they name their own, instead of the file's
            ``default``.

    Raises:
        QkdError: the file cannot be read, or something in it is missing, unknown or out of range; the
            message says where.
    """
    place = Path(path)
    return network_from_dict(decoded(raw_of(place), place.name), equipment=equipment)


def nine_cities(equipment: str | None = None) -> Network:
    """The illustration of the nine cities (九城示例网络), equipment ``a`` (40 MHz) or ``b`` (625 MHz)."""
    raw = (resources.files("langqiao.engines.qkd.networks") / "nine_cities.toml").read_bytes()
    return network_from_dict(decoded(raw, "nine_cities.toml"), equipment=equipment)


def network_from_dict(values: object, *, equipment: str | None = None) -> Network:
    """A network from plain values as they stand in a file.

    Raises:
        QkdError: see :func:`load`.
    """
    top = table(values, "network")
    top.only("name", "note", "default", "rules", "marks", "equipment", "nodes", "links")
    marks = Marks(table(top.get("marks", {}), "marks"))
    parameters = {
        name: _parameters(name, table(given, f"equipment.{name}"), marks)
        for name, given in table(top.get("equipment", {}), "equipment").values.items()
    }
    default = text(top, "default", "") if equipment is None else equipment
    if default and default not in parameters:
        raise QkdError(
            f"the network has no equipment named {default!r}; it has {', '.join(parameters) or 'none'}",
            kind="equipment", subjects=(default,),
        )  # fmt: skip
    rules = _rules(table(top.get("rules", {}), "rules"), marks)
    nodes = _nodes(tables(top.get("nodes", []), "nodes", NODES_AT_MOST), marks)
    links = _links(
        tables(top.get("links", []), "links", LINKS_AT_MOST), marks, {one.id for one in nodes}, parameters,
        default,
    )  # fmt: skip
    return Network(
        name=text(top, "name", ""),
        nodes=nodes,
        links=links,
        equipment=tuple(parameters.values()),
        default=default,
        rules=rules,
        inputs=tuple(marks.inputs),
        note=text(top, "note", ""),
    )


def raw_of(place: Path) -> bytes:
    """The bytes of a file, at most one more than a file may have, so that an endless one is refused in time.

    Raises:
        QkdError: it cannot be read.
    """
    try:
        with place.open("rb") as stream:
            return stream.read(BYTES_AT_MOST + 1)
    except OSError as error:
        raise QkdError(f"{place.name} cannot be read: {error.strerror}", kind="file") from error


def decoded(raw: bytes, name: str) -> object:
    """Plain values of a file: JSON where its name ends so, TOML otherwise.

    Raises:
        QkdError: it is neither, or larger than 8 MB.
    """
    if len(raw) > BYTES_AT_MOST:
        raise QkdError(f"{name} is larger than {BYTES_AT_MOST:,} bytes", kind="file")
    try:
        words = raw.decode("utf-8")
        return json.loads(words) if name.lower().endswith(".json") else tomllib.loads(words)
    except (ValueError, RecursionError) as error:
        raise QkdError(f"{name} cannot be read: {error}", kind="file") from error


def _parameters(name: str, given: Table, marks: Marks) -> Parameters:
    efficiency = {"detector_efficiency", "receiver_loss_db", "receiver_efficiency"}
    given.only(*_NUMBERS, *efficiency, "protocol", "slices")
    kept: dict[str, Any] = {key: number(given, key) for key in given.values if key in _NUMBERS}
    for key in (*kept, *(key for key in efficiency if key in given.values)):
        marks.take(given.where, key, number(given, key), UNITS.get(key, ""))
    if "receiver_efficiency" in given.values:
        kept["receiver_efficiency"] = number(given, "receiver_efficiency")
    else:
        loss = number(given, "receiver_loss_db", 0.0)
        check_loss(loss, given.where)
        kept["receiver_efficiency"] = number(given, "detector_efficiency") * 10 ** (-loss / 10)
    protocol = text(given, "protocol", "decoy-bb84")
    if protocol not in {"decoy-bb84", "pm"}:
        raise QkdError(
            f"{given.where}: protocol must be decoy-bb84 or pm", kind="value", subjects=("protocol",)
        )
    for key in ("attenuation", "background", "misalignment", "correction", "signal", "decoy"):
        number(given, key)
    made = Parameters(
        name=name, protocol="pm" if protocol == "pm" else "decoy-bb84", slices=whole(given, "slices", 16),
        marks=marks.of(given.where), **kept,
    )  # fmt: skip
    check(made)
    return made


def check_loss(loss: float, where: str) -> None:
    """Refuse a loss outside 0 to 100 dB."""
    if not 0 <= loss <= 100:
        raise QkdError(f"{where}: receiver_loss_db must be from 0 to 100", kind="value")


def _rules(given: Table, marks: Marks) -> Rules:
    given.only("fibre_factor", "span_km")
    for key in given.values:
        marks.take("rules", key, number(given, key), UNITS.get(key, ""))
    made = Rules(number(given, "fibre_factor", 1.3), number(given, "span_km", 80.0))
    if not (1 <= made.fibre_factor <= 10 and 1 <= made.span_km <= 2_000):
        raise QkdError("rules: fibre_factor must be from 1 to 10 and span_km from 1 to 2,000", kind="value")
    return made


def _nodes(rows: list[Table], marks: Marks) -> tuple[Node, ...]:
    made: list[Node] = []
    seen: set[str] = set()
    for row in rows:
        row.only("id", "name", "name_en", "latitude", "longitude", "trusted")
        name = text(row, "id")
        if not name or len(name) > 64 or any(not (c.isalnum() or c in "_.") for c in name):
            raise QkdError(
                f"{row.where}: an id has 1 to 64 letters, digits, _ or ., not {name!r}",
                kind="value", subjects=(name,),
            )  # fmt: skip
        if name in seen:
            raise QkdError(f"{row.where}: there are two nodes {name!r}", kind="value", subjects=(name,))
        seen.add(name)
        place: list[float | None] = []
        for key, most in (("latitude", 90.0), ("longitude", 180.0)):
            value = number(row, key) if key in row.values else None
            if value is not None:
                if not -most <= value <= most:
                    raise QkdError(f"{row.where}: {key} must be from -{most:g} to {most:g}", kind="value")
                marks.take(f"nodes.{name}", key, value, "°")
            place.append(value)
        trusted = flag(row, "trusted", default=True)
        marks.take(f"nodes.{name}", "trusted", "yes" if trusted else "no", "")
        made.append(
            Node(name, text(row, "name", name), text(row, "name_en", ""), place[0], place[1], trusted)
        )
    return tuple(made)


def _links(
    rows: list[Table], marks: Marks, nodes: set[str], parameters: Mapping[str, Parameters], default: str
) -> tuple[Link, ...]:
    made: list[Link] = []
    seen: set[tuple[str, str]] = set()
    for row in rows:
        row.only("ends", "fibre_km", "spans", "spans_km", "systems", "rate_bps", "equipment")
        ends = row.get("ends")
        if not (isinstance(ends, list) and len(ends) == 2 and all(isinstance(one, str) for one in ends)):
            raise QkdError(f"{row.where}: ends must be two node ids", kind="value", subjects=("ends",))
        a, b = ends
        for name in ends:
            if name not in nodes:
                raise QkdError(f"{row.where}: there is no node {name!r}", kind="node", subjects=(name,))
        key = (a, b) if a <= b else (b, a)
        if a == b or key in seen:
            raise QkdError(
                f"{row.where}: a link joins two different nodes, and once", kind="link", subjects=(a, b)
            )
        seen.add(key)
        made.append(_link(row, (a, b), marks, parameters, default))
    return tuple(made)


def _link(
    row: Table, ends: tuple[str, str], marks: Marks, parameters: Mapping[str, Parameters], default: str
) -> Link:
    a, b = ends
    where = f"links.{a}-{b}"
    systems = whole(row, "systems", 1)
    if not 1 <= systems <= 1_000:
        raise QkdError(f"{row.where}: systems must be from 1 to 1,000", kind="value", subjects=("systems",))
    if "systems" in row.values:
        marks.take(where, "systems", systems, "")
    if "rate_bps" in row.values:
        rate = number(row, "rate_bps")
        check_rate(rate)
        marks.take(where, "rate_bps", rate, "bit/s")
        return Link(a, b, (), "", systems, rate * systems, measured=True)
    name = text(row, "equipment", default)
    if name not in parameters:
        raise QkdError(f"{row.where}: there is no equipment {name!r}", kind="equipment", subjects=(name,))
    spans = _spans(row, where, marks)
    return link_of(a, b, spans=spans, parameters=parameters[name], systems=systems)


def _spans(row: Table, where: str, marks: Marks) -> tuple[float, ...]:
    if "spans_km" in row.values:
        given = row.get("spans_km")
        if not (isinstance(given, list) and 1 <= len(given) <= SPANS_AT_MOST):
            raise QkdError(f"{row.where}: spans_km must be a list of lengths", kind="value")
        each = [number(Table({"spans_km": one}, row.where), "spans_km") for one in given]
        for km in each:
            check_length(km)
            marks.take(where, "spans_km", km, "km")
        return tuple(each)
    km, count = number(row, "fibre_km"), whole(row, "spans", 1)
    check_length(km)
    if not 1 <= count <= SPANS_AT_MOST:
        raise QkdError(f"{row.where}: spans must be from 1 to {SPANS_AT_MOST:,}", kind="value")
    marks.take(where, "fibre_km", km, "km")
    marks.take(where, "spans", count, "")
    return even_spans(km, count)
