"""Which part of the graph is "the chain of an industry" (某产业的产业链): its core, and tiers up and down.

The **core** are the products that firms of the industry make and that are typical of it: the industry's
share of what all firms earn with the product is at least the industry's share of everything (revealed
comparative advantage ≥ 1, Balassa 1965, with firms for countries), and some firm of it earns at least
``least`` with it. So 房地产 does not enter the chain of 半导体 because one chip maker lets a building.

From the core the chain goes ``up`` steps to materials and ``down`` steps to what is made. Materials of a core
product's kinds count as its own, each by the share of the kinds that need it, because the source states many
materials only there.
Products whose names say nothing (材料, 设备; :data:`.vague.VAGUE`) enter only when they are named.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from .arrays import Bools, Csr, Floats, Ints
from .graph import ChainGraph, weight_by_product
from .types import ChainError

SEVEN: Final[dict[str, tuple[str, ...]]] = {
    "人工智能": ("计算机设备", "软件开发", "IT服务Ⅱ"),
    "集成电路": ("半导体",),
    "高端装备": ("通用设备", "专用设备", "自动化设备", "轨交设备Ⅱ", "工程机械", "航空装备Ⅱ", "航天装备Ⅱ"),
    "新材料": ("金属新材料", "电子化学品Ⅱ", "塑料", "化学纤维", "非金属材料Ⅱ", "玻璃玻纤"),
    "新能源汽车": ("乘用车", "商用车", "汽车零部件", "电池"),
    "新能源": ("光伏设备", "风电设备", "电网设备", "其他电源设备Ⅱ"),
    "生物医药": ("化学制药", "生物制品", "中药Ⅱ", "医疗器械", "医疗服务"),
}
"""The corridor's seven industries (七大产业) by industries of the Shenwan classification. The corridor
publishes no such list: this is our reading, meant to be configured.
"""


@dataclass(frozen=True)
class Chain:
    """Products of a chain: ``nodes`` (k,) with their ``level`` (k,): 0 the core, -1, -2 … materials, 1 … what
    is made of the core; ``weight`` (k,) for ranking. ``core`` are the nodes of level 0.
    """

    name: str
    core: Ints
    nodes: Ints
    level: Ints
    weight: Floats

    @property
    def size(self) -> int:
        """Number of products."""
        return self.nodes.size


def chain_of(
    graph: ChainGraph,
    *,
    name: str = "",
    industries: Sequence[str] = (),
    products: Sequence[str] = (),
    up: int = 2,
    down: int = 1,
    most: int = 2000,
    least: float = 0.02,
) -> Chain:
    """The chain of some industries (codes or names) and products (names) together.

    Args:
        up, down: steps from the core to materials and to what is made.
        most: products at most: a quarter each for the core, the second and further levels, half for the first
            materials; of each level those that touch most of the level before are kept.
        least: share of a firm's revenue that makes a product typical.

    Raises:
        ChainError: an industry or product is not in the graph, or nothing was named.
    """
    if not industries and not products:
        raise ChainError("请给出行业或产品 / name an industry or a product")
    core = np.array([graph.product(product) for product in products], np.int64)
    weight = np.zeros(len(graph.products), np.float32)
    weight[core] = 1.0
    inside = np.zeros(len(graph.industries), bool)
    for industry in industries:
        inside |= graph.within_industry(graph.industry(industry))
    if industries:
        typical, firms_weight = _typical(graph, inside, least)
        weight = np.maximum(weight, firms_weight * typical)
        core = np.union1d(core, np.nonzero(typical)[0])
    if core.size > most // 4:
        core = np.sort(core[np.lexsort((core, -weight[core]))[: max(most // 4, 1)]])
    chosen = _expand(graph, core, weight, (up, down), most)
    nodes = np.array(sorted(chosen), np.int32)
    level = np.array([chosen[node][0] for node in nodes.tolist()], np.int32)
    ranked = np.array([chosen[node][1] for node in nodes.tolist()], np.float32)
    title = name or "、".join((*industries, *products))
    return Chain(title, core.astype(np.int32), nodes, level, ranked)


def whole(graph: ChainGraph, *, name: str = "全部产品") -> Chain:
    """The whole graph as one chain, every product in its core."""
    nodes = np.arange(len(graph.products), dtype=np.int32)
    weight = weight_by_product(graph, np.ones(len(graph.firms), bool))
    return Chain(name, nodes, nodes, np.zeros(nodes.size, np.int32), weight)


def _typical(graph: ChainGraph, inside: Bools, least: float) -> tuple[Bools, Floats]:
    members = (graph.industry_of >= 0) & inside[graph.industry_of]
    everyone = np.ones(len(graph.firms), bool)
    own, all_ = weight_by_product(graph, members), weight_by_product(graph, everyone)
    share = float(own.sum()) / max(float(all_.sum()), 1e-12)
    rows, columns = graph.makes.pairs()
    telling = np.zeros(len(graph.products), bool)
    telling[columns[members[rows] & (graph.makes.weight >= least)]] = True
    return telling & (own >= share * all_) & (own > 0) & ~graph.vague, own


def _expand(
    graph: ChainGraph, core: Ints, weight: Floats, steps: tuple[int, int], most: int
) -> dict[int, tuple[int, float]]:
    """Product → (level, weight), level by level outwards from the core."""
    chosen = {int(node): (0, float(weight[node])) for node in core.tolist()}
    vague = graph.vague
    for direction, count, matrix in ((-1, steps[0], graph.supplied_by), (1, steps[1], graph.supplies)):
        front = core
        for step in range(1, count + 1):
            _, found, strength = _neighbours(graph, front, matrix, is_core=step == 1 and direction < 0)
            totals = np.bincount(found, strength, minlength=len(graph.products))
            new = np.array(
                [node for node in np.nonzero(totals)[0].tolist() if node not in chosen and not vague[node]],
                np.int64,
            )
            room = most // 2 if (direction, step) == (-1, 1) else most // 8
            new = new[np.lexsort((new, -totals[new]))[:room]]
            for node in new.tolist():
                chosen[node] = (direction * step, float(totals[node]))
            front = new
    return chosen


def _neighbours(graph: ChainGraph, front: Ints, matrix: Csr, *, is_core: bool) -> tuple[Ints, Ints, Floats]:
    """Place in the front, neighbour and strength; materials of a core product's kinds among them."""
    places, found, strength = matrix.entries(front)
    if not is_core:
        return places, found, strength
    of_kinds, kinds, _ = graph.kinds.entries(front)
    deeper, materials, more = matrix.entries(kinds)
    number = np.maximum(graph.kinds.degrees[front], 1)
    return (
        np.concatenate([places, of_kinds[deeper]]),
        np.concatenate([found, materials]),
        np.concatenate([strength, more / number[of_kinds[deeper]]]),
    )


def needs(graph: ChainGraph, chain: Chain) -> Csr:
    """Material → product among the chain's nodes, (size, size) in numbers within the chain. A core product
    also needs what its kinds need, weighted by the share of its kinds that do.
    """
    place = np.full(len(graph.products), -1, np.int32)
    place[chain.nodes] = np.arange(chain.size, dtype=np.int32)
    cores = np.nonzero(chain.level == 0)[0].astype(np.int32)
    others = np.nonzero(chain.level != 0)[0].astype(np.int32)
    rows, materials, weights = [], [], []
    for part, is_core in ((cores, True), (others, False)):
        at, material, weight = _neighbours(graph, chain.nodes[part], graph.supplied_by, is_core=is_core)
        rows.append(part[at])
        materials.append(material)
        weights.append(weight)
    j, i = np.concatenate(rows), place[np.concatenate(materials)]
    kept = (i >= 0) & (i != j)
    return Csr.of(i[kept], j[kept], np.concatenate(weights)[kept], shape=(chain.size, chain.size))
