"""The table of methods that pages and reports offer, each with its words, needs and run function."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from . import running
from .coupling import GRADES
from .types import BadInput, Data, Method, Needs, Parameter, Result, Term

_THRESHOLD = Parameter(
    "threshold",
    Term("专业化界限（区位商）", "Specialised from (location quotient)"),
    "number",
    1.0,
    0.1,
    10.0,
)
_WEIGHTING = Parameter(
    "weighting",
    Term("指标权重", "Weights of the indicators"),
    "choice",
    "equal",
    choices=(("equal", Term("等权", "equal")), ("entropy", Term("熵值法", "by entropy"))),
)
_FORM = Parameter(
    "form",
    Term("耦合度算法", "Form of C"),
    "choice",
    "plain",
    choices=(("plain", Term("原式", "plain")), ("modified", Term("修正式", "modified"))),
)
_GRADES = {f"grade{step}": term for step, (_, term) in enumerate(GRADES)}
_FALLING = Parameter("falling", Term("负向指标", "Indicators of which less is better"), "columns", ())

_METHODS = (
    Method(
        "location_quotient",
        Term("区位商", "Location quotient"),
        Term(
            "一个地区某项活动的份额是全体份额的几倍；大于 1 为专业化。",
            "A region's share of an activity over the share of the whole; above 1 it is specialised.",
        ),
        Needs(2, None, 2, one_unit=True),
        running.run_location_quotient,
        "Hoover & Giarratani (1985); Balassa (1965)",
        "econcomplex",
    ),
    Method(
        "krugman",
        Term("克鲁格曼专业化指数", "Krugman specialisation index"),
        Term(
            "地区结构与全体（或与另一地区）结构之差的绝对值之和，0 相同，2 完全不同。",
            "Sum of absolute differences of shares from the whole or another region, 0 to 2.",
        ),
        Needs(2, None, 2, one_unit=True),
        running.run_krugman,
        "Krugman, Geography and Trade (1991), ch. 2",
        "econcomplex, scipy",
        labels={"index": Term("与全体之差", "against the whole")},
    ),
    Method(
        "similarity",
        Term("结构相似与互补", "Similarity and complementarity"),
        Term(
            "UNIDO 结构相似系数：1 为结构相同；互补度为 1 减相似系数。",
            "UNIDO similarity of structures: 1 is the same structure; complementarity is what is left to 1.",
        ),
        Needs(2, None, 2, one_unit=True),
        running.run_similarity,
        "UNIDO, World Industry since 1960 (1979)",
        "scipy",
    ),
    Method(
        "relatedness",
        Term("产业关联度", "Relatedness density"),
        Term(
            "以全国矩阵求产业邻近度，再看每个城市在哪些尚无优势的产业上“近”。",
            "Proximity of activities in the nation, then which of them are near to what a city has.",
        ),
        Needs(3, None, 1, nation=True, one_unit=True),
        running.run_relatedness,
        "Hidalgo et al. (2007); Balland et al. (2019)",
        "econcomplex",
        (_THRESHOLD,),
    ),
    Method(
        "complexity",
        Term("经济复杂度", "Economic complexity (ECI)"),
        Term(
            "由“谁在什么上有优势”求得的地区与活动的复杂度（标准化）。",
            "Complexity of regions and activities from who is specialised in what, standardised.",
        ),
        Needs(3, None, 3, one_unit=True),
        running.run_complexity,
        "Hidalgo & Hausmann (2009)",
        "econcomplex",
        (_THRESHOLD,),
        labels={"eci": Term("地区复杂度 ECI", "ECI"), "pci": Term("活动复杂度 PCI", "PCI")},
    ),
    Method(
        "gravity",
        Term("引力模型（泊松回归）", "Gravity model (Poisson)"),
        Term(
            "以两端规模与距离解释城市间的流。第一项指标为起点规模，第二项（若有）为终点规模。",
            "Explains flows by masses and distance. The first indicator is the origin's mass, the second, "
            "if any, the destination's.",
        ),
        Needs(1, 2, 3, places=True, flows=True),
        running.run_gravity,
        "Wilson (1967); Santos Silva & Tenreyro (2006)",
        "spint",
        (
            Parameter(
                "form",
                Term("距离衰减", "Decay with distance"),
                "choice",
                "pow",
                choices=(("pow", Term("幂函数", "power")), ("exp", Term("指数函数", "exponential"))),
            ),
        ),
        labels={
            "constant": Term("常数", "constant"),
            "origin": Term("起点弹性", "origin elasticity"),
            "destination": Term("终点弹性", "destination elasticity"),
            "cost": Term("距离系数", "distance coefficient"),
            "explained": Term("解释的偏差 D²", "deviance explained D²"),
            "estimate": Term("估计", "estimate"),
            "error": Term("标准误", "standard error"),
        },
    ),
    Method(
        "potential",
        Term("引力强度", "Gravity links"),
        Term(
            "由规模与距离推算的联系强度 m·m/d^b，不作拟合，只供比较。",
            "Links m·m/d^b from masses and distances; nothing is fitted, for comparison only.",
        ),
        Needs(1, 1, 2, places=True),
        running.run_potential,
        "Reilly (1931)",
        "numpy",
        (Parameter("exponent", Term("距离指数", "Exponent of distance"), "number", 2.0, 0.1, 5.0),),
        labels={"strength": Term("联系总量", "sum of links"), "share": Term("占比", "share")},
    ),
    Method(
        "radiation",
        Term("辐射模型", "Radiation model"),
        Term(
            "由人口与距离推算每个城市流出的去向占比，没有待估参数。",
            "Where what leaves each city goes, from population and distance; no parameter to fit.",
        ),
        Needs(1, 1, 2, places=True),
        running.run_radiation,
        "Simini et al. (2012), eq. 2; Masucci et al. (2013), eq. 6",
        "numpy",
    ),
    Method(
        "zipf",
        Term("齐夫定律（位序—规模）", "Zipf's law (rank and size)"),
        Term(
            "位序与规模的对数直线；指数为 1 即齐夫定律。",
            "The line of log rank on log size; an exponent of 1 is Zipf's law.",
        ),
        Needs(1, 1, 3),
        running.run_zipf,
        "Gabaix & Ibragimov (2011)",
        "numpy",
        labels={
            "exponent": Term("指数", "exponent"),
            "error": Term("标准误", "standard error"),
            "explained": Term("R²", "R²"),
            "primacy": Term("首位度", "primacy"),
            "size": Term("规模", "size"),
            "line": Term("位序线上的规模", "size on the line"),
        },
    ),
    Method(
        "theil",
        Term("泰尔指数", "Theil index"),
        Term(
            "地区差异，分解为组内与组间。",
            "Inequality between regions, split into within and between groups.",
        ),
        Needs(1, 1, 2),
        running.run_theil,
        "Theil (1967), ch. 4",
        "inequality",
        labels={
            "total": Term("总差异", "total"),
            "within": Term("组内", "within groups"),
            "between": Term("组间", "between groups"),
        },
    ),
    Method(
        "dagum",
        Term("Dagum 基尼系数分解", "Dagum's Gini decomposition"),
        Term(
            "基尼系数分解为组内、组间净差异与超变密度。",
            "The Gini coefficient split into within, net between, and overlap.",
        ),
        Needs(1, 1, 2, groups=True),
        running.run_dagum,
        "Dagum (1997)",
        "own code",
        labels={
            "total": Term("总基尼系数", "Gini coefficient"),
            "within": Term("组内", "within groups"),
            "between": Term("组间净差异", "net between groups"),
            "overlap": Term("超变密度", "overlap"),
        },
    ),
    Method(
        "coupling",
        Term("耦合协调度", "Coupling coordination"),
        Term(
            "各项指标（子系统）是否同步而且水平高；指标先作极差标准化。",
            "Whether the range-normalised indicators (subsystems) rise together and stand high.",
        ),
        Needs(2, 8, 2, periods=True),
        running.run_coupling,
        "Liao (1999); Wang et al. (2021)",
        "own code",
        (_FORM, _WEIGHTING, _FALLING),
        labels={
            "c": Term("耦合度 C", "coupling C"),
            "t": Term("综合水平 T", "level T"),
            "d": Term("耦合协调度 D", "coordination D"),
            "grade": Term("等级", "grade"),
            **_GRADES,
        },
    ),
    Method(
        "fusion",
        Term("四链融合指数", "Four-way fusion index"),
        Term(
            "科创、产业、金融、人才四个子系统的耦合协调度，按城市和年份。",
            "Coupling coordination of technology, industry, finance and talent by city and year.",
        ),
        Needs(4, 40, 2, periods=True),
        running.run_fusion,
        "Liao (1999); Wang et al. (2021)",
        "own code",
        (
            Parameter("technology", Term("科创指标", "Indicators of technology"), "columns", ()),
            Parameter("industry", Term("产业指标", "Indicators of industry"), "columns", ()),
            Parameter("finance", Term("金融指标", "Indicators of finance"), "columns", ()),
            Parameter("talent", Term("人才指标", "Indicators of talent"), "columns", ()),
            _FORM,
            _WEIGHTING,
            _FALLING,
        ),
        labels={
            "technology": Term("科创", "technology"),
            "industry": Term("产业", "industry"),
            "finance": Term("金融", "finance"),
            "talent": Term("人才", "talent"),
            "c": Term("耦合度 C", "coupling C"),
            "t": Term("综合水平 T", "level T"),
            "d": Term("融合指数 D", "fusion D"),
            "grade": Term("等级", "grade"),
            "weight": Term("权重", "weight"),
            **_GRADES,
        },
    ),
    Method(
        "moran",
        Term("莫兰指数", "Moran's I"),
        Term("相邻地区的数值是否相近。", "Whether neighbouring regions have like values."),
        Needs(1, 1, 4, places=True),
        running.run_moran,
        "Cliff & Ord (1981)",
        "esda, libpysal",
        (
            Parameter(
                "weights",
                Term("空间权重", "Spatial weights"),
                "choice",
                "nearest",
                choices=(
                    ("nearest", Term("最近邻", "nearest neighbours")),
                    ("inverse", Term("反距离", "inverse distance")),
                ),
            ),
            Parameter("neighbours", Term("近邻个数", "Number of neighbours"), "whole", 3, 1, 20),
        ),
        labels={
            "i": Term("莫兰指数 I", "Moran's I"),
            "expected": Term("期望值", "expected"),
            "z": Term("z 值", "z"),
            "p_normal": Term("p 值（正态）", "p (normal)"),
            "p_random": Term("p 值（随机化）", "p (randomisation)"),
        },
    ),
    Method(
        "dea",
        Term("数据包络分析", "Data envelopment analysis"),
        Term(
            "投入产出效率，1 为处于前沿；未指明投入时，最后一项为产出，其余为投入。",
            "Efficiency of inputs and outputs, 1 at the frontier; unless told, the last indicator is the "
            "output, the others inputs.",
        ),
        Needs(2, 10, 3),
        running.run_dea,
        "Charnes, Cooper & Rhodes (1978); Banker et al. (1984)",
        "Pyfrontier",
        (
            Parameter("inputs", Term("投入指标", "Input indicators"), "columns", ()),
            Parameter(
                "returns",
                Term("规模报酬", "Returns to scale"),
                "choice",
                "CRS",
                choices=(
                    ("CRS", Term("不变（CCR）", "constant (CCR)")),
                    ("VRS", Term("可变（BCC）", "variable (BCC)")),
                ),
            ),
            Parameter(
                "orientation",
                Term("导向", "Orientation"),
                "choice",
                "in",
                choices=(("in", Term("投入", "input")), ("out", Term("产出", "output"))),
            ),
        ),
        labels={"score": Term("效率", "efficiency"), "mean": Term("平均效率", "mean efficiency")},
    ),
    Method(
        "centrality",
        Term("网络中心性", "Network centrality"),
        Term("城市在流网络中的位置。", "The place of each city in the network of flows."),
        Needs(0, None, 3, flows=True),
        running.run_centrality,
        "Freeman (1977, 1978)",
        "networkx",
        (
            Parameter(
                "paths",
                Term("路径长度", "Length of a path"),
                "choice",
                "weighted",
                choices=(
                    ("weighted", Term("按 1/流量", "by 1 / flow")),
                    ("plain", Term("按条数", "by number of links")),
                ),
            ),
            Parameter(
                "least",
                Term("最小流量（占最大流的比例）", "Least flow (share of the largest)"),
                "number",
                0.0,
                0.0,
                1.0,
            ),
        ),
        labels={
            "out": Term("流出", "sent"),
            "into": Term("流入", "received"),
            "degree": Term("度中心性", "degree"),
            "betweenness": Term("中介中心性", "betweenness"),
            "closeness": Term("接近中心性", "closeness"),
            "rank": Term("PageRank", "PageRank"),
        },
    ),
    Method(
        "entropy_weights",
        Term("熵值法权重", "Entropy weights"),
        Term(
            "差异越大的指标权重越大；并给出综合得分。",
            "An indicator that varies more weighs more; with the composite score.",
        ),
        Needs(2, 40, 2, periods=True),
        running.run_entropy,
        "Zeleny (1982), ch. 7",
        "scipy",
        (_FALLING,),
        labels={"weight": Term("权重", "weight"), "score": Term("综合得分", "score")},
    ),
)

METHODS: Mapping[str, Method] = {method.key: method for method in _METHODS}


def run(method: str, data: Data, parameters: Mapping[str, Any] | None = None) -> Result:
    """Run a method of the table on data; equal input gives equal output.

    Raises:
        BadInput: no such method, a parameter is wrong, or the data lack what the method needs.
    """
    chosen = METHODS.get(method)
    if chosen is None:
        raise BadInput("method", "unknown", f"there is no method {method!r}")
    settled = chosen.check(parameters or {})
    chosen.check_data(data)
    return chosen.run(data, settled)
