"""The chain map of an industry (产业链图谱) as a page draws it: columns from upstream to downstream."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext_lazy

from langqiao.apps.alliances.models.chains import ChainDataset, ChainNode
from langqiao.apps.alliances.queries.chains import Scope, chain_of_scope, codes_of
from langqiao.apps.alliances.queries.chains_graph import graph_of, nodes_of
from langqiao.apps.registry.models import City
from langqiao.engines.chains.layout import ChainMap, MapEdge, MapNode, chain_map
from langqiao.kit.words import is_english, listed

BOX_WIDTH, BOX_HEIGHT = 176, 40
GAP_ACROSS, GAP_DOWN = 84, 10
HEAD, EDGE = 34, 12  # px: above the first row, around the whole
LABEL_AT_MOST = 10  # Chinese characters that fit a box
MOST = 60
STATES = {
    "made": (gettext_lazy("有企业生产，未见缺口"), "", "success"),
    "missing": (gettext_lazy("断链：有需求、无企业"), pgettext_lazy("chain map", "断"), "danger"),
    "thin": (gettext_lazy("短链：企业少或集中"), pgettext_lazy("chain map", "短"), "warning"),
    "low": (gettext_lazy("低链：本地少加工"), pgettext_lazy("chain map", "低"), "warning"),
    "none": (gettext_lazy("无企业，也无本地需求"), pgettext_lazy("chain map", "无"), "muted"),
    "more": (gettext_lazy("其余产品"), "", "muted"),
}
KEY = [(state, words) for state, (words, _mark, _tone) in STATES.items() if state != "more"]


@dataclass(frozen=True, slots=True)
class Box:
    """A product in the map; ``state`` is how it is drawn, ``gaps`` the gap lists it stands in."""

    id: int
    label: str
    short: str
    state: str
    gaps: tuple[str, ...]
    mark: str
    x: float
    y: float
    firms: int
    tier: int
    layer: int
    node: ChainNode | None = None
    by_city: list[tuple[City, int]] = field(default_factory=list)

    @property
    def place(self) -> str:
        """Its layer in words."""
        return layer_words(self.layer)

    @property
    def states(self) -> list[tuple[str, str]]:
        """Every state in words with its tone: a product may be thin and low."""
        return [(str(STATES[one][0]), STATES[one][2]) for one in self.gaps or (self.state,)]

    @property
    def told(self) -> str:
        """What a reader hears: product, state, firms."""
        count = ngettext("%(n)d 家企业", "%(n)d 家企业", self.firms) % {"n": self.firms}
        return _("%(label)s，%(words)s，%(count)s") % {
            "label": self.label,
            "words": listed(words for words, _tone in self.states),
            "count": count,
        }


@dataclass(frozen=True, slots=True)
class Line:
    """Relations between two boxes: an SVG path; ``strength`` 1 to 4 tells how many they are."""

    path: str
    strength: int
    title: str
    source: int
    target: int


@dataclass(frozen=True, slots=True)
class Column:
    """A layer's heading."""

    label: str
    x: float
    count: int


@dataclass(frozen=True, slots=True)
class Drawing:
    """The map as SVG geometry, px."""

    width: float
    height: float
    columns: list[Column]
    boxes: list[Box]
    lines: list[Line]
    products: int
    states: dict[str, int]


def layer_words(level: int) -> str:
    """What a layer is called: upstream, the industry itself, downstream."""
    if level == 0:
        return _("本产业")
    if level < 0:
        return _("上游 %(n)d 层") % {"n": -level}
    return _("下游 %(n)d 层") % {"n": level}


def map_of(
    scope: Scope,
    viewer: Any,
    *,
    cities: Sequence[City],
    up: int = 2,
    down: int = 1,
    most: int = MOST,
) -> Drawing:
    """The map of a chain.

    Args:
        cities: whose firms count as makers; the nine cities as a rule.
        up, down: how many steps upstream and downstream.
        most: products shown; the others are told as "so many more".
    """
    graph = graph_of(scope.dataset, viewer)
    chain = chain_of_scope(graph, scope, up=up, down=down)
    drawn = chain_map(graph, chain, cities=codes_of(cities), most=most)
    return drawing_of(drawn, scope.dataset, cities)


def drawing_of(drawn: ChainMap, dataset: ChainDataset, cities: Sequence[City]) -> Drawing:
    """Place the engine's layers in columns; within a column the engine's order is kept."""
    known = nodes_of(dataset, [node.label for node in drawn.nodes if node.state != "more"])
    by_code = {city.division_code: city for city in cities}
    levels = sorted({node.level for node in drawn.nodes})
    boxes: dict[int, Box] = {}
    columns = []
    tallest = max((sum(node.level == level for node in drawn.nodes) for level in levels), default=0)
    height = HEAD + tallest * (BOX_HEIGHT + GAP_DOWN) + EDGE
    for place, level in enumerate(levels):
        x = EDGE + place * (BOX_WIDTH + GAP_ACROSS)
        members = sorted((node for node in drawn.nodes if node.level == level), key=lambda n: (n.y, n.id))
        free = height - HEAD - EDGE - len(members) * (BOX_HEIGHT + GAP_DOWN)
        for row, node in enumerate(members):
            y = HEAD + free / 2 + row * (BOX_HEIGHT + GAP_DOWN)
            boxes[node.id] = _box(node, x, y, known.get(node.label), by_code)
        columns.append(Column(layer_words(level), x, sum(max(node.products, 1) for node in members)))
    states: dict[str, int] = {}
    for node in drawn.nodes:
        if node.state != "more":
            states[node.state] = states.get(node.state, 0) + 1
    return Drawing(
        width=2 * EDGE + max(len(levels), 1) * (BOX_WIDTH + GAP_ACROSS) - GAP_ACROSS,
        height=height,
        columns=columns,
        boxes=list(boxes.values()),
        # Lines to "so many more" would cover everything and tell nothing.
        lines=[
            _line(edge, boxes[edge.source], boxes[edge.target])
            for edge in drawn.edges
            if "more" not in {boxes[edge.source].state, boxes[edge.target].state}
        ],
        products=sum(max(node.products, 1) for node in drawn.nodes),
        states=states,
    )


def _box(node: MapNode, x: float, y: float, known: ChainNode | None, by_code: dict[str, City]) -> Box:
    marks = (str(STATES[one][1]) for one in node.gaps or (node.state,))
    label = node.label
    if node.state == "more":
        label = ngettext("另有 %(n)d 种产品", "另有 %(n)d 种产品", node.products) % {"n": node.products}
    most = 2 * LABEL_AT_MOST if is_english() and label.isascii() else LABEL_AT_MOST
    return Box(
        id=node.id,
        label=label,
        short=label if len(label) <= most else f"{label[: most - 1]}…",
        state=node.state,
        gaps=node.gaps,
        mark=" · ".join(marks),
        x=x,
        y=y,
        firms=node.firms,
        tier=node.tier,
        layer=node.level,
        node=known,
        by_city=[(by_code[code], count) for code, count in node.by_city.items() if code in by_code],
    )


def _line(edge: MapEdge, source: Box, target: Box) -> Line:
    """A curve from the right side of the left box to the left side of the right one."""
    if source.layer == target.layer:
        x, y1, y2 = source.x + BOX_WIDTH, source.y + BOX_HEIGHT / 2, target.y + BOX_HEIGHT / 2
        path = f"M{x:.0f} {y1:.0f}C{x + 40:.0f} {y1:.0f} {x + 40:.0f} {y2:.0f} {x:.0f} {y2:.0f}"
    else:
        left, right = (source, target) if source.x < target.x else (target, source)
        x1, x2 = left.x + BOX_WIDTH, right.x
        y1, y2 = left.y + BOX_HEIGHT / 2, right.y + BOX_HEIGHT / 2
        bend = min((x2 - x1) / 2, GAP_ACROSS / 2)
        path = f"M{x1:.0f} {y1:.0f}C{x1 + bend:.0f} {y1:.0f} {x2 - bend:.0f} {y2:.0f} {x2:.0f} {y2:.0f}"
    title = _("%(source)s → %(target)s") % {"source": source.label, "target": target.label}
    return Line(path, min(edge.count, 4), title, edge.source, edge.target)
