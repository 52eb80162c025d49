"""Network files, the nine cities, routes and what-ifs."""

from __future__ import annotations

import json

import pytest

from langqiao.engines.qkd.errors import QkdError
from langqiao.engines.qkd.network import (
    add_link,
    add_system,
    cut,
    find_node,
    great_circle_km,
    link,
    load,
    neighbours,
    network_from_dict,
    nine_cities,
    node,
    rate,
    read_edges,
    split_spans,
)
from langqiao.engines.qkd.physics import GYS, named
from langqiao.engines.qkd.physics.spans import span_rate
from langqiao.engines.qkd.routes import cheapest, links_of, route, widest_shortest, width

TABLE = [
    ("songjiang", "jiaxing", 71, 1, 8.0, 253),
    ("jiaxing", "hangzhou", 103, 2, 19.9, 626),
    ("hangzhou", "jinhua", 183, 3, 12.7, 401),
    ("songjiang", "suzhou", 89, 2, 27.3, 857),
    ("suzhou", "huzhou", 85, 2, 30.3, 952),
    ("huzhou", "jiaxing", 86, 2, 29.8, 935),
    ("huzhou", "hangzhou", 90, 2, 26.9, 846),
    ("huzhou", "xuancheng", 165, 3, 16.9, 530),
    ("xuancheng", "wuhu", 72, 1, 7.6, 241),
    ("wuhu", "hefei", 163, 3, 17.5, 551),
]
"""The table of the facts: fibre km, spans, (a) and (b) in kbit/s. Lengths are printed to a whole km."""


@pytest.mark.parametrize(("equipment", "column", "half"), [("a", 4, 0.05), ("b", 5, 0.5)])
def test_nine_cities_give_the_reference_table(equipment, column, half):
    network = nine_cities(equipment)
    assert [(one.a, one.b, round(one.km), len(one.spans)) for one in network.links] == [r[:4] for r in TABLE]
    parameters = next(one for one in network.equipment if one.name == equipment)
    for row in TABLE:
        a, b, km, spans, printed = *row[:4], row[column]
        assert rate(network, a, b) / 1000 == pytest.approx(printed, rel=0.011)
        # what the table prints follows from a length that rounds to the whole km it prints
        most, least = (span_rate(parameters, (km + off) / spans) / 1000 for off in (-0.5, 0.5))
        assert least - half <= printed <= most + half


def test_nine_cities_say_of_every_input_whether_it_is_published():
    network = nine_cities()
    assert {one.status for one in network.inputs} == {"published", "assumed"}
    assert all(one.source for one in network.inputs)
    published = {one.field for one in network.inputs if one.status == "published"}
    assert published == {"latitude", "longitude", "sifting"}
    assert len([one for one in network.inputs if one.field == "fibre_km"]) == 10
    assert "示例" in network.name
    assert named("illustration-40mhz").receiver_efficiency == network.equipment[0].receiver_efficiency


def test_lookup_by_any_name():
    network = nine_cities()
    assert {node(network, name).id for name in ("松江", "Songjiang", " SONGJIANG ")} == {"songjiang"}
    assert find_node(network, "") is None
    assert link(network, "嘉兴", "Songjiang").key == ("jiaxing", "songjiang")
    assert [name for name, _link in neighbours(network)["jinhua"]] == ["hangzhou"]
    assert great_circle_km(node(network, "松江"), node(network, "嘉兴")) == pytest.approx(55, abs=0.5)
    with pytest.raises(QkdError, match="there is no node 'beijing'"):
        node(network, "beijing")
    with pytest.raises(QkdError, match="no link songjiang-hefei"):
        rate(network, "songjiang", "hefei")


def test_routes():
    network = nine_cities()
    assert route(network, "金华", "合肥") == ("jinhua", "hangzhou", "huzhou", "xuancheng", "wuhu", "hefei")
    found = route(network, "suzhou", "jiaxing")
    assert found == ("suzhou", "huzhou", "jiaxing")  # as many hops as by Songjiang, but wider
    assert width(network, found) == rate(network, "huzhou", "jiaxing")
    full = {("huzhou", "suzhou")}
    free = widest_shortest(
        network, "suzhou", "jiaxing", capacity=lambda one: 0 if one.key in full else one.rate
    )
    assert free == ("suzhou", "songjiang", "jiaxing")
    with pytest.raises(QkdError, match="two nodes"):
        route(network, "suzhou", "苏州")
    with pytest.raises(QkdError, match="no route of trusted nodes joins jinhua and songjiang"):
        route(cut(network, nodes=["hangzhou"]), "jinhua", "songjiang")
    with pytest.raises(QkdError, match="there is no link songjiang-jinhua"):
        links_of(network, ("songjiang", "jinhua"))


def test_a_node_that_is_not_trusted_passes_nothing_on():
    values = plain()
    values["nodes"].append({"id": "c", "trusted": False})
    values["links"] = [
        {"ends": ["a", "c"], "rate_bps": 5.0},
        {"ends": ["c", "b"], "rate_bps": 5.0},
    ]
    network = network_from_dict(values)
    assert route(network, "a", "c") == ("a", "c")
    assert widest_shortest(network, "a", "b") is None
    trusted = {one.id for one in network.nodes if one.trusted}
    cost = {one.key: 1.0 for one in network.links}
    assert cheapest(neighbours(network), trusted, "a", "b", cost) is None
    assert cheapest(neighbours(network), trusted, "a", "c", cost) == (1.0, ("a", "c"))


def test_what_ifs_leave_the_network_as_it_was():
    network = nine_cities()
    assert len(cut(network, links=[("松江", "嘉兴")]).links) == 9
    assert len(cut(network, nodes=["huzhou"]).links) == 6
    twice = add_system(network, "xuancheng", "wuhu")
    assert rate(twice, "wuhu", "xuancheng") == pytest.approx(2 * rate(network, "wuhu", "xuancheng"))
    thrice = add_system(twice, "xuancheng", "wuhu")
    assert rate(thrice, "wuhu", "xuancheng") == pytest.approx(3 * rate(network, "wuhu", "xuancheng"))
    halved = split_spans(network, "xuancheng", "wuhu")
    assert [span.km for span in link(halved, "xuancheng", "wuhu").spans] == [36, 36]
    assert rate(halved, "xuancheng", "wuhu") > 4 * rate(network, "xuancheng", "wuhu")
    new = add_link(network, "hefei", "xuancheng")
    made = link(new, "hefei", "xuancheng")
    straight = great_circle_km(node(network, "hefei"), node(network, "xuancheng"))
    assert made.km == pytest.approx(1.3 * straight)
    assert len(made.spans) == -int(-made.km // 80)
    assert len(link(add_link(network, "hefei", "xuancheng", km=80), "hefei", "xuancheng").spans) == 1
    assert rate(add_link(network, "hefei", "suzhou", rate=9.5), "hefei", "suzhou") == 9.5
    assert len(network.links) == 10


def test_what_ifs_refuse_in_words():
    network = nine_cities()
    measured = add_link(network, "hefei", "suzhou", rate=9.5)
    nowhere = network_from_dict(plain() | {"links": []})
    for match, call in (
        ("is a link jiaxing-songjiang already", lambda: add_link(network, "jiaxing", "songjiang")),
        ("two nodes", lambda: add_link(network, "jiaxing", "jiaxing")),
        ("no equipment named 'z'", lambda: add_link(network, "jinhua", "hefei", equipment="z")),
        ("a rate must be", lambda: add_link(network, "jinhua", "hefei", rate=-1)),
        ("length must be", lambda: add_link(network, "jinhua", "hefei", km=-1)),
        ("length", lambda: add_link(network, "jinhua", "hefei", km=float("nan"))),
        ("was measured", lambda: split_spans(measured, "hefei", "suzhou")),
        ("places of a and b are not known", lambda: add_link(nowhere, "a", "b")),
        ("no link jinhua-hefei", lambda: cut(network, links=[("jinhua", "hefei")])),
        ("no node 'x'", lambda: cut(network, nodes=["x"])),
    ):
        with pytest.raises(QkdError, match=match):
            call()


def plain() -> dict:
    return {
        "name": "two",
        "default": "e",
        "marks": {
            "nodes": {"status": "assumed", "source": "test"},
            "links": {"status": "assumed", "source": "test"},
            "links.a-b.fibre_km": {"status": "published", "source": "survey"},
            "equipment": {"status": "assumed", "source": "test"},
        },
        "equipment": {
            "e": {
                "attenuation": 0.2, "receiver_efficiency": 0.1, "background": 1e-6, "misalignment": 0.01,
                "correction": 1.2, "signal": 0.5, "decoy": 0.1, "clock_hz": 1e8,
            }
        },
        "nodes": [{"id": "a"}, {"id": "b"}],
        "links": [{"ends": ["a", "b"], "fibre_km": 40}],
    }  # fmt: skip


def test_files_in_toml_and_json(tmp_path):
    path = tmp_path / "n.json"
    path.write_text(json.dumps(plain()), "utf-8")
    network = load(path)
    assert (network.name, len(network.nodes), network.links[0].km) == ("two", 2, 40)
    marked = {(one.subject, one.field): one.status for one in network.inputs}
    assert marked["links.a-b", "fibre_km"] == "published"
    assert marked["equipment.e", "clock_hz"] == "assumed"
    assert network.equipment[0].marks["signal"].source == "test"
    toml = tmp_path / "n.toml"
    toml.write_text('nodes = [{id = "x"}]\nmarks = {nodes = {status = "assumed", source = "-"}}', "utf-8")
    assert [one.id for one in load(toml).nodes] == ["x"]
    spans = plain()
    spans["links"] = [{"ends": ["a", "b"], "spans_km": [10, 30], "systems": 2, "equipment": "e"}]
    made = network_from_dict(spans).links[0]
    assert made.rate == made.spans[1].rate == 2 * span_rate(network.equipment[0], 30)


@pytest.mark.parametrize(
    ("change", "match"),
    [
        (
            lambda v: v["marks"].pop("links"),
            r"links.a-b: nothing in \[marks\]|nothing in .marks. says whether",
        ),
        (lambda v: v.update(extra=1), "'extra' is not known"),
        (lambda v: v["equipment"]["e"].pop("signal"), "signal is missing"),
        (lambda v: v["equipment"]["e"].update(signal="x"), "signal must be a number"),
        (lambda v: v["equipment"]["e"].update(signal=True), "signal must be a number"),
        (lambda v: v["equipment"]["e"].update(clock_hz=10**400), "clock_hz must be a finite number"),
        (lambda v: v["equipment"]["e"].update(decoy=0.9), "decoy must be weaker"),
        (lambda v: v["equipment"]["e"].update(protocol="e91"), "protocol must be"),
        (lambda v: v["equipment"]["e"].pop("receiver_efficiency"), "detector_efficiency is missing"),
        (lambda v: v.update(default="z"), "no equipment named 'z'"),
        (lambda v: v["nodes"].append({"id": "a"}), "two nodes 'a'"),
        (lambda v: v["nodes"].append({"id": "a-b"}), "an id has"),
        (lambda v: v["nodes"].append({"id": "c", "latitude": 91}), "latitude must be"),
        (lambda v: v["nodes"].append({"id": "c", "trusted": 1}), "trusted must be true or false"),
        (lambda v: v["nodes"].append({"id": "c", "name": "x\0"}), "name must be text"),
        (lambda v: v.update(nodes={}), "nodes: must be a list"),
        (lambda v: v.update(nodes=[1]), "must be a table"),
        (lambda v: v["links"].append({"ends": ["b", "a"], "fibre_km": 1}), "and once"),
        (lambda v: v["links"].append({"ends": ["a", "a"], "fibre_km": 1}), "two different nodes"),
        (lambda v: v["links"].append({"ends": ["a", "z"], "fibre_km": 1}), "there is no node 'z'"),
        (lambda v: v["links"].append({"ends": "ab"}), "ends must be two node ids"),
        (lambda v: v["links"][0].update(spans=0), "spans must be from 1"),
        (lambda v: v["links"][0].update(spans=1.5), "spans must be a whole number"),
        (lambda v: v["links"][0].update(systems=0), "systems must be from 1"),
        (lambda v: v["links"][0].update(fibre_km=-1), "a length must be"),
        (lambda v: v["links"][0].update(spans_km=[]), "spans_km must be a list"),
        (lambda v: v["links"][0].update(rate_bps=-1), "a rate must be"),
        (lambda v: v["links"][0].update(equipment="q"), "no equipment 'q'"),
        (
            lambda v: v.update(rules={"span_km": 0}, marks=v["marks"] | {"rules": v["marks"]["nodes"]}),
            "span_km",
        ),
        (lambda v: v["marks"].update(nodes={"status": "sure", "source": ""}), "published or assumed"),
    ],
)
def test_files_that_are_wrong_are_refused_in_words(change, match):
    values = plain()
    change(values)
    with pytest.raises(QkdError, match=match):
        network_from_dict(values)


@pytest.mark.parametrize("raw", [b"\xff\xfe", b"{", b"[" * 200_000, b"null"])
def test_bytes_that_are_no_network(tmp_path, raw):
    for name in ("n.json", "n.toml"):
        path = tmp_path / name
        path.write_bytes(raw)
        with pytest.raises(QkdError):
            load(path)
    with pytest.raises(QkdError, match="cannot be read"):
        load(tmp_path / "absent.toml")


@pytest.mark.parametrize(
    ("name", "nodes", "edges"), [("secoqc", 6, 8), ("geant", 43, 59), ("nsfnet", 14, 21)]
)
def test_published_topologies(shared_data, name, nodes, edges):
    network = read_edges(shared_data / "qkd_topologies" / "graphs" / name, parameters=GYS)
    assert (len(network.nodes), len(network.links)) == (nodes, edges)
