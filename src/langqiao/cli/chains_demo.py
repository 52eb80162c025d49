"""The demo of industry chains: one small illustrative chain (示例), a map without other data."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from langqiao.apps.alliances.domain.chains import Loaded, Origin, load_chain
from langqiao.apps.alliances.domain.chains.loading import digest_of, node_names, product_names, propose
from langqiao.apps.alliances.models.chains import ChainDataset
from langqiao.apps.registry.models import City
from langqiao.cli.corridor_demo import folder
from langqiao.engines.chains.types import (
    ChainData,
    Firm,
    FirmProduct,
    Industry,
    ProductRelation,
    Relation,
    UpstreamIndustry,
)
from langqiao.engines.matching.types import Progress

FILE = "chains/new_energy_vehicles.json"
SLUG = "demo-chain"


def load(*, progress: Callable[[Progress], None]) -> Loaded:
    """Load the illustrative chain; loading it again changes nothing.

    Raises:
        Invalid: the demo's records are not found.
    """
    path = folder() / FILE
    progress(Progress("chains", 0, 1))
    digest = digest_of([path])
    known = ChainDataset.objects.filter(slug=SLUG, digest=digest).first()
    if known is not None:
        progress(Progress("chains", 1, 1))
        return Loaded(known, written=False)
    data = read(path)
    rows = len(data.industries) + len(data.relations) + len(data.makes) + len(data.upstreams)
    loaded = load_chain(
        None,
        data,
        origin=Origin(
            slug=SLUG,
            name="新能源汽车链（示例）",
            version="1",
            source_name="廊桥示例",
            licence="Apache-2.0",
            may_be_passed_on=True,
            illustrative=True,
        ),
        digest=digest,
        report={"files": [{"file": path.name, "read": rows, "kept": rows, "doubled": 0, "refused": 0}]},
        proposals=propose(sorted(node_names(data)), product_names(data)),
    )
    progress(Progress("chains", 1, 1))
    return loaded


def read(path: Path) -> ChainData:
    """The chain as the engine takes it; the firms' cities are stated in the file."""
    told: dict[str, Any] = json.loads(path.read_text("utf-8"))
    codes = dict(City.objects.values_list("slug", "division_code"))
    return ChainData(
        firms=tuple(
            Firm(
                key=f"D{number:03}",
                name=firm["name"].removesuffix("（示例）"),
                fullname=firm["name"],
                city=codes.get(firm["city"], ""),
                decided="stated",
                industry=firm["industry"],
            )
            for number, firm in enumerate(told["firms"], 1)
        ),
        industries=tuple(Industry(*row) for row in told["industries"]),
        relations=tuple(
            ProductRelation(head, Relation(relation), tail) for head, relation, tail in told["relations"]
        ),
        makes=tuple(
            FirmProduct(f"D{number:03}", product, share)
            for number, firm in enumerate(told["firms"], 1)
            for product, share in firm["products"]
        ),
        upstreams=tuple(UpstreamIndustry(*row) for row in told["upstreams"]),
    )
