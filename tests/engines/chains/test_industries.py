"""Industries before and after one."""

from __future__ import annotations

import pytest

from langqiao.engines.chains.industries import industry_links
from langqiao.engines.chains.types import ChainError

from .made import HEFEI, SUZHOU, chain_graph


def test_upstream_industries_with_their_firms() -> None:
    graph = chain_graph()
    (up,) = industry_links(graph, "芯片业")
    assert (up.name, up.direction, up.weight, up.firms, up.by_city, up.elsewhere) == (
        "材料业", "up", 2.0, 1, {HEFEI: 1}, 1,
    )  # fmt: skip
    (down,) = industry_links(graph, "20", cities=[SUZHOU])
    assert (down.code, down.direction, down.firms) == ("10", "down", 2)
    assert industry_links(graph, "整机业") == ()
    assert up.as_dict()["code"] == "20"
    with pytest.raises(ChainError, match="没有行业"):
        industry_links(graph, "不存在")
