"""Graphs as open data, streamed: GraphML (primer of 2002) and JSON-LD 1.1 (W3C, 2020)."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from langqiao.kit.opendata.datasets import Column

# GraphML has boolean, int, long, float, double and string.
_GRAPHML_TYPES = {"integer": "long", "number": "double", "boolean": "boolean"}
# Characters that XML 1.0 does not allow in any form.
_NO_XML = dict.fromkeys((*range(9), 11, 12, *range(14, 32), 65534, 65535))


@dataclass(frozen=True)
class Node:
    """A node: an identifier unique in the graph, its kind, and values by column name."""

    id: str
    kind: str
    values: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Edge:
    """A directed edge from ``source`` to ``target``, its kind, and values by column name."""

    source: str
    target: str
    kind: str
    values: Mapping[str, Any] = field(default_factory=dict)


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | tuple):
        return ";".join(str(part) for part in value)
    return str(value)


def _data(keys: Mapping[str, str], kind: str, values: Mapping[str, Any]) -> str:
    held = {"kind": kind, **values}
    return "".join(
        f'<data key="{keys[name]}">{escape(_text(value).translate(_NO_XML))}</data>'
        for name, value in held.items()
        if name in keys and value is not None and value != ""
    )


def graphml(
    nodes: Callable[[], Iterable[Node]],
    edges: Callable[[], Iterable[Edge]],
    *,
    node_columns: Sequence[Column],
    edge_columns: Sequence[Column] = (),
) -> Iterator[bytes]:
    """A directed graph as GraphML, node by node.

    Args:
        nodes: makes the nodes anew.
        edges: makes the edges anew; both ends must be among the nodes.
        node_columns: values of nodes, with their types.
        edge_columns: values of edges.
    """
    yield (
        b'<?xml version="1.0" encoding="UTF-8"?>\n<graphml xmlns="http://graphml.graphdrawing.org/xmlns">\n'
    )
    keys: dict[str, dict[str, str]] = {"node": {"kind": "nk"}, "edge": {"kind": "ek"}}
    yield b'<key id="nk" for="node" attr.name="kind" attr.type="string"/>\n'
    yield b'<key id="ek" for="edge" attr.name="kind" attr.type="string"/>\n'
    for what, columns in (("node", node_columns), ("edge", edge_columns)):
        for number, column in enumerate(columns):
            key = keys[what][column.name] = f"{what[0]}{number}"
            kind = _GRAPHML_TYPES.get(column.type, "string")
            yield (
                f'<key id="{key}" for="{what}" attr.name={quoteattr(column.name)} attr.type="{kind}">'
                f"<desc>{escape(str(column.description))}</desc></key>\n"
            ).encode()
    yield b'<graph id="g" edgedefault="directed">\n'
    for node in nodes():
        data = _data(keys["node"], node.kind, node.values)
        yield f"<node id={quoteattr(node.id)}>{data}</node>\n".encode()
    for edge in edges():
        data = _data(keys["edge"], edge.kind, edge.values)
        ends = f"source={quoteattr(edge.source)} target={quoteattr(edge.target)}"
        yield f"<edge {ends}>{data}</edge>\n".encode()
    yield b"</graph>\n</graphml>\n"


def jsonld(
    nodes: Callable[[], Iterable[Node]],
    edges: Callable[[], Iterable[Edge]],
    *,
    context: Mapping[str, Any],
    base: str,
) -> Iterator[bytes]:
    """A graph as JSON-LD: each node an object of its kind, each edge a statement about its source.

    Args:
        nodes: makes the nodes anew.
        edges: makes the edges anew. An edge without values is the plain reference
            ``{"@id": source, kind: {"@id": target}}``; one with values carries them in an object whose
            ``target`` is the other end.
        context: ``@context`` with a term for every kind and column name, such as schema.org's.
        base: what stands before every identifier, such as ``urn:langqiao:``.
    """
    head = json.dumps(context, ensure_ascii=False)
    yield f'{{"@context": {head},\n"@graph": ['.encode()
    before = "\n"
    for one in _statements(nodes, edges, base):
        yield (before + json.dumps(one, ensure_ascii=False, default=str)).encode()
        before = ",\n"
    yield b"\n]}\n"


def _statements(
    nodes: Callable[[], Iterable[Node]], edges: Callable[[], Iterable[Edge]], base: str
) -> Iterator[dict[str, Any]]:
    for node in nodes():
        values = {name: value for name, value in node.values.items() if value not in (None, "", [])}
        yield {"@id": base + node.id, "@type": node.kind, **values}
    for edge in edges():
        held = {name: value for name, value in edge.values.items() if value not in (None, "")}
        goal = {"@id": base + edge.target}
        target: dict[str, Any] = {"target": goal, **held} if held else goal
        yield {"@id": base + edge.source, edge.kind: target}
