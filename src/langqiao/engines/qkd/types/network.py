"""A network of links between cities (量子骨干网)."""

from __future__ import annotations

from dataclasses import dataclass, field

from langqiao.engines.qkd.types.physics import Parameters, Status


@dataclass(frozen=True, slots=True)
class Node:
    """A place with key-management equipment (节点).

    A trusted node (可信中继) may pass on keys of others; one that is not can only begin or end a route.
    Latitude and longitude in degrees (WGS 84) where they are known.
    """

    id: str
    name: str
    name_en: str = ""
    latitude: float | None = None
    longitude: float | None = None
    trusted: bool = True


@dataclass(frozen=True, slots=True)
class Span:
    """Fibre between two neighbouring stations of a link (光纤段); ``rate`` in bits a second."""

    km: float
    rate: float


@dataclass(frozen=True, slots=True)
class Link:
    """A link between two nodes (链路): spans with trusted relay stations between them.

    Attributes:
        a, b: the nodes, in the order of the file.
        spans: at least one where the link is worked out from physics; none where its rate was measured.
        equipment: name of the parameters.
        systems: parallel pieces of equipment on every span (并行设备数).
        rate: key in bits a second: that of the slowest span, times ``systems``.
        measured: the rate was given, not worked out.
    """

    a: str
    b: str
    spans: tuple[Span, ...]
    equipment: str
    systems: int
    rate: float
    measured: bool = False

    @property
    def key(self) -> tuple[str, str]:
        """The two ends in alphabetical order: the link's name in tables."""
        return (self.a, self.b) if self.a <= self.b else (self.b, self.a)

    @property
    def km(self) -> float:
        """Length of all spans."""
        return sum(span.km for span in self.spans)


@dataclass(frozen=True, slots=True)
class Input:
    """One figure that went in (输入), with its unit and whether it is published or assumed."""

    subject: str
    field: str
    value: float | str
    unit: str
    status: Status
    source: str


@dataclass(frozen=True, slots=True)
class Rules:
    """How new fibre is laid in a what-if (规划假设).

    ``fibre_factor`` is fibre over great circle, ``span_km`` the longest span without a relay station.
    """

    fibre_factor: float = 1.3
    span_km: float = 80.0


@dataclass(frozen=True, slots=True)
class Network:
    """Nodes, links and what they were worked out from.

    Attributes:
        name: what it is.
        nodes: in the order of the file.
        links: in the order of the file.
        equipment: parameters by name.
        default: name of the parameters that links use unless they say otherwise.
        rules: for what-ifs.
        inputs: every figure of the file.
        note: what a reader must know.
    """

    name: str
    nodes: tuple[Node, ...]
    links: tuple[Link, ...]
    equipment: tuple[Parameters, ...] = ()
    default: str = ""
    rules: Rules = field(default_factory=Rules)
    inputs: tuple[Input, ...] = ()
    note: str = ""
