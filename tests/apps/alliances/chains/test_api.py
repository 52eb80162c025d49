"""REST API of chains: what it answers, to whom, and that hostile values end in 4xx."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from langqiao.apps.alliances.models import ChainDataset, ChainFirm, ChainIndustry, ChainLink, ChainNode
from tests.factories.accounts import make_office, make_user
from tests.factories.chains import FIRMS, make_chain

pytestmark = pytest.mark.django_db
ROOT = "/api/v1/chains"


def get(path: str, client: Client | None = None, **query: Any) -> Any:
    answer = (client or Client()).get(f"{ROOT}{path}", query)
    assert answer.status_code == 200, (answer.status_code, answer.content)
    return answer.json()


def post(path: str, body: dict[str, Any], user: Any = None) -> Any:
    client = Client()
    if user is not None:
        client.force_login(user)
    return client.post(f"{ROOT}{path}", body, content_type="application/json")


def test_the_chain_is_read_by_everybody() -> None:
    dataset = make_chain("battery")
    assert get("/datasets")["items"][0]["digest"] == dataset.digest
    industries = {one["name"]: one for one in get("/industries", dataset="battery")["items"]}
    assert industries["电力设备"]["corridor_count"] == 5
    pk = industries["电池"]["id"]
    boxes = {box["label"]: box for box in get(f"/industries/{pk}/map")["boxes"]}
    assert (boxes["电芯"]["firms"], boxes["电解液"]["state"]) == (2, "missing")
    assert (boxes["电动汽车"]["state"], boxes["电动汽车"]["gaps"]) == ("none", [])
    gaps = get(f"/industries/{pk}/gaps")["gaps"]
    (electrolyte,) = (gap for gap in gaps if (gap["kind"], gap["product"]) == ("missing", "电解液"))
    assert (electrolyte["direct"], electrolyte["demand"]) == (2, 2.0)
    for page in ("map", "gaps"):
        assert Client().get(f"{ROOT}/industries/{pk}/{page}", {"city": "paris"}).status_code == 422
    node = ChainNode.objects.get(name="隔膜")
    makers = get(f"/products/{node.pk}")["makers"]
    assert [(maker["product"], maker["city"]) for maker in makers] == [("锂电池隔膜", "suzhou")]
    partners = get(f"/products/{node.pk}/partners", home="songjiang")["chain"]
    assert partners[0]["title"] == "苏州丁隔膜股份有限公司"
    assert (partners[0]["reason"], partners[0]["weak"]) == ("makes", False)
    assert get("/firms", city="jiaxing")["total"] == 2
    firm = ChainFirm.objects.get(code="600004")
    assert get(f"/firms/{firm.pk}")["placed"] == "starts"
    assert "隔膜" in {lost["product"] for lost in get(f"/firms/{firm.pk}/failure")["lost"]}
    assert get("/links", linked="false")["items"][0]["name"] == "完全无关之物"


def test_links_are_judged_by_the_office_alone() -> None:
    make_chain()
    link = ChainLink.objects.get(name="锂电池隔膜")
    assert post(f"/links/{link.pk}/confirm", {}).status_code in {401, 403}
    assert post(f"/links/{link.pk}/confirm", {}, make_user()).status_code == 403
    office = make_office()
    assert post(f"/links/{link.pk}/confirm", {"node": "没有"}, office).status_code == 422
    done = post(f"/links/{link.pk}/confirm", {"node": "隔膜"}, office)
    assert (done.status_code, done.json()["state"]) == (200, "confirmed")
    assert post(f"/links/{link.pk}/reject", {"reason": "不是"}, office).json()["state"] == "rejected"


def test_a_table_is_tried_and_taken() -> None:
    make_chain("base")
    table = {
        "slug": "own",
        "name": "自有",
        "base": "base",
        "rows": [{"firm": "湖畔辛电池有限公司", "product": "电解液", "share": "35%", "city": "松江"}],
    }
    assert post("/tables", table, make_user()).status_code == 403
    office = make_office()
    tried = post("/tables", table, office)
    assert (tried.status_code, tried.json()["written"], tried.json()["kept"]) == (200, False, 1)
    assert post("/tables", {**table, "dry_run": False}, office).json()["written"] is True
    assert ChainDataset.objects.get(slug="own").firms.get().city_id == "songjiang"
    wrong = {**table, "rows": [{"firm": "甲", "product": "电芯", "share": "2"}], "dry_run": False}
    assert post("/tables", wrong, office).json()["faults"][0]["row"] == 1
    unknown = post("/tables", {**table, "base": "elsewhere"}, office)
    assert (unknown.status_code, unknown.json()["error"]["field"]) == (422, "base")


def test_what_is_not_public_is_not_there() -> None:
    hidden = make_chain(is_public=False)
    industry = ChainIndustry.objects.get(name="电池")
    assert get("/datasets")["total"] == 0
    for path in (f"/industries/{industry.pk}/map", f"/firms/{hidden.firms.all()[0].pk}"):
        assert Client().get(f"{ROOT}{path}").status_code == 404
    office = Client()
    office.force_login(make_office())
    assert get("/firms", office)["total"] == len(FIRMS)


@pytest.mark.parametrize(
    "path",
    [
        "/industries/0/map", "/industries/99999999999999999999/gaps", "/products/abc", "/firms?city=%00",
        "/firms?city=paris", "/links?certainty_max=2", "/industries?dataset=%00", "/products/1/partners?home=x",
    ],
)  # fmt: skip
def test_hostile_values_end_in_4xx(path: str) -> None:
    make_chain()
    assert 400 <= Client().get(f"{ROOT}{path}").status_code < 500
