"""Sources of what is shipped: each with its address, readable in English, one for each figure."""

from __future__ import annotations

import csv
import tomllib
from importlib.resources import files

from langqiao.apps.alliances.domain.alliances.tree_file import DEFAULT
from langqiao.apps.alliances.words.sources import SOURCES, source_in_words

TREE = tomllib.loads(DEFAULT.read_text("utf-8"))


def test_every_source_of_the_tree_has_an_address_and_words() -> None:
    sourced = [row for row in (*TREE["figures"], *TREE["nodes"]) if row.get("source_name")]
    assert len(sourced) == 10
    for row in sourced:
        assert row.get("source_url"), row["source_name"]
        assert row["source_name"] in SOURCES
    assert source_in_words("某公报") == "某公报"


def test_the_think_tank_cites_the_same_page_for_the_same_figure() -> None:
    text = (files("langqiao.apps.insight") / "data" / "figures.csv").read_text("utf-8")
    cited = {
        (row["indicator"], row["period"], int(row["value"])): row["source_url"].removeprefix("https://")
        for row in csv.DictReader(text.splitlines())
        if row["indicator"] in {"alliances", "parks"}
    }
    stated = {
        (one["key"].split("-", 1)[0], one["period"], one["value"]): one["source_url"]
        for one in TREE["figures"]
    }
    assert cited == stated
