"""Verbs of sites, links and scenarios: the whole record left, its entry, refusals."""

from __future__ import annotations

from typing import Any

import pytest

from langqiao.apps.ledger.models import Entry
from langqiao.apps.quantum.domain import network, scenarios
from langqiao.apps.quantum.models import Link, Scenario, Site
from langqiao.apps.quantum.queries import network as queries
from langqiao.apps.registry.domain import load_corridor
from langqiao.apps.registry.models import City
from langqiao.engines.qkd.network import nine_cities
from langqiao.kit.refusals import Invalid, NotAllowed, Refused
from tests.apps.quantum.scene import make_scene
from tests.factories import quantum as make
from tests.factories.registry import make_city, make_organisation

pytestmark = pytest.mark.django_db


def register(**values: Any) -> Site:
    given = {"slug": "hefei", "name": "合肥站", "city": make_city("hefei"), "operator": make_organisation()}
    return network.register_site(None, **{**given, **values})


def test_a_site_is_registered_with_its_entry() -> None:
    site = register(kme_url="https://127.0.0.1:17001", kme_id="KME-hefei", illustrative=True)
    assert Site.objects.get() == site
    entry = Entry.objects.get()
    assert (entry.verb, entry.object, entry.city, entry.case) == (
        "register_site", f"quantum.site:{site.pk}", "hefei", "",
    )  # fmt: skip
    assert "17001" not in entry.data


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("slug", "He fei"),
        ("slug", ""),
        ("name", ""),
        ("name", "x\0"),
        ("kme_url", "http://127.0.0.1/"),
        ("city", None),
        ("operator", "x"),
    ],
)
def test_a_wrong_value_of_a_site_is_named(field: str, value: Any) -> None:
    with pytest.raises(Invalid) as refused:
        register(**{field: value})
    assert refused.value.field == field
    assert not Site.objects.exists()
    assert not Entry.objects.exists()


def test_a_code_name_is_taken_once() -> None:
    register()
    with pytest.raises(Invalid, match="已被使用"):
        register()


def test_a_site_is_suspended_and_resumed() -> None:
    link = make.make_link()
    with pytest.raises(Invalid):
        network.suspend_site(None, link.a, why=" ")
    network.suspend_site(None, link.a, why="搬迁")
    link = queries.links_with_sites().get()
    assert (link.a.state, link.a.state_why, queries.is_up(link)) == ("suspended", "搬迁", False)
    with pytest.raises(Refused):
        network.suspend_site(None, link.a, why="搬迁")
    network.resume_site(None, link.a)
    assert queries.is_up(queries.links_with_sites().get())
    assert list(Entry.objects.values_list("verb", flat=True).order_by("sequence")) == [
        "suspend_site", "resume_site",
    ]  # fmt: skip


def test_a_link_bears_its_ends_in_one_order_and_its_basis() -> None:
    a, b = make.make_site(), make.make_site("jiaxing")
    link = network.register_link(None, b, a, fibre_km=71, basis_why="直线距离的 1.3 倍")
    assert (link.a, link.b) == (a, b)
    assert queries.rate_of(link) == pytest.approx(8_000, rel=0.02)  # the facts' table: 8.0 kbit/s
    with pytest.raises(Invalid, match="已有链路"):
        network.register_link(None, a, b, fibre_km=71, basis_why="x")
    with pytest.raises(Invalid, match="不同的站点"):
        network.register_link(None, a, a, fibre_km=71, basis_why="x")


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("fibre_km", {"fibre_km": float("nan")}),
        ("fibre_km", {"fibre_km": 0}),
        ("spans", {"spans": 0}),
        ("spans", {"spans": True}),
        ("systems", {"systems": 10**9}),
        ("equipment", {"equipment": "z"}),
        ("basis", {"basis": "z"}),
        ("basis_why", {"basis_why": ""}),
        ("source_name", {"basis": "published"}),
        ("measured_bps", {"measured_bps": -1}),
    ],
)
def test_a_wrong_value_of_a_link_is_named(field: str, values: dict[str, Any]) -> None:
    a, b = make.make_site(), make.make_site("jiaxing")
    with pytest.raises(Invalid) as refused:
        network.register_link(None, a, b, **{"fibre_km": 71, "basis_why": "假设", **values})
    assert refused.value.field == field
    assert not Link.objects.exists()


def test_a_measured_rate_stands_before_the_model() -> None:
    link = make.make_link()
    network.revise_link(None, link, measured_bps=1234.5)
    assert queries.rate_of(link) == 1234.5
    entries = Entry.objects.count()
    network.revise_link(None, link, measured_bps=1234.5)
    assert Entry.objects.count() == entries


def test_a_link_is_cut_and_restored() -> None:
    link = make.make_link()
    network.cut_link(None, link, why="光缆施工")
    assert (link.state, link.state_why) == ("down", "光缆施工")
    with pytest.raises(Refused):
        network.cut_link(None, link, why="光缆施工")
    network.restore_link(None, link)
    assert (link.state, link.state_why) == ("up", "")
    with pytest.raises(Refused):
        network.restore_link(None, link)
    assert "光缆施工" not in "".join(Entry.objects.values_list("data", flat=True))


def test_only_those_who_run_them_may() -> None:
    scene = make_scene()
    far = scene.actors["far operator"]
    before = Entry.objects.count()
    for verb, thing, values in (
        (network.revise_site, scene.site, {"name": "x"}),
        (network.suspend_site, scene.site, {"why": "x"}),
        (network.revise_link, scene.link, {"fibre_km": 1}),
        (network.cut_link, scene.link, {"why": "x"}),
    ):
        with pytest.raises(NotAllowed):
            verb(far, thing, **values)  # type: ignore[operator]  # verbs of two kinds
    with pytest.raises(NotAllowed):
        network.register_link(scene.actors["member"], scene.site, scene.far_site, fibre_km=1)
    with pytest.raises(NotAllowed):
        scenarios.register_scenario(scene.actors["member"], title="x", illustrative=True)
    assert Entry.objects.count() == before


def test_a_real_scenario_says_where_it_was_published() -> None:
    with pytest.raises(Invalid) as refused:
        scenarios.register_scenario(None, title="影视文件传送")
    assert refused.value.field == "source_name"
    made = scenarios.register_scenario(
        None, title="影视文件传送", source_name="来源", kind="film", cities=[make_city("songjiang")]
    )
    assert [city.slug for city in made.cities.all()] == ["songjiang"]
    scenarios.revise_scenario(None, made, cities=[make_city("hefei")], kind="data")
    made = Scenario.objects.get()
    assert (made.kind, [city.slug for city in made.cities.all()]) == ("data", ["hefei"])
    entries = Entry.objects.count()
    scenarios.revise_scenario(None, made, kind="data", cities=[make_city("hefei")])
    assert Entry.objects.count() == entries == 2
    with pytest.raises(Invalid):
        scenarios.revise_scenario(None, made, source_name="")


def test_the_nine_cities_of_the_engine_come_out_alike() -> None:
    """The same fibre and equipment in the database give the rates of the engine's own file."""
    model = nine_cities()
    load_corridor(None)
    cities = City.objects.in_bulk()
    sites = {node.id: make.make_site(node.id, city=cities[node.id]) for node in model.nodes}
    for one in model.links:
        make.make_link(sites[one.a], sites[one.b], fibre_km=one.km, spans=len(one.spans))
    rows = {link.key: queries.rate_of(link) for link in queries.links_with_sites()}
    assert rows == pytest.approx({one.key: one.rate for one in model.links}, rel=1e-9)
