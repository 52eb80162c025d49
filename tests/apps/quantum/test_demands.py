"""Demands for key: proposed, admitted where the network carries them, refused in words where it does not."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from langqiao.apps.accounts.models import Notification
from langqiao.apps.ledger.models import Entry
from langqiao.apps.quantum.domain import demands
from langqiao.apps.quantum.models import Demand, Site
from langqiao.apps.quantum.queries.plans import Change, additions, verdict_on, worked_out
from langqiao.engines.qkd.types import Advice
from langqiao.kit.refusals import Invalid, NotAllowed, Refused
from tests.factories import quantum as make
from tests.factories.accounts import make_member
from tests.factories.registry import make_organisation

pytestmark = pytest.mark.django_db


def spur() -> tuple[Site, Site, Site]:
    """Songjiang–Jiaxing–Hangzhou in a line; 8 kbit/s and 20 kbit/s measured."""
    a, b, c = make.make_site(), make.make_site("jiaxing"), make.make_site("hangzhou")
    make.make_link(a, b, measured_bps=8_000.0)
    make.make_link(b, c, measured_bps=20_000.0)
    return a, b, c


def values(**changed: Any) -> dict[str, Any]:
    day = make.today()
    return {
        "organisation": make_organisation(),
        "title": "影片传送密钥",
        "source": make.make_site(),
        "target": make.make_site("jiaxing"),
        "bps": 256.0,
        "starts_on": day,
        "ends_on": day + timedelta(days=30),
        **changed,
    }


def test_a_demand_from_proposal_to_its_end() -> None:
    a, _b, c = spur()
    firm = make_organisation()
    member, operator = make_member(firm), make.make_operator(c)
    given = values(organisation=firm, source=a, target=c, bps=5_000, purpose=make.MARKER)
    demand = demands.propose_demand(member, **given)
    assert (demand.state, demand.bps, demand.created_by) == ("proposed", 5_000.0, member)
    assert Notification.objects.filter(user=operator).count() == 1
    with pytest.raises(NotAllowed):
        demands.admit_demand(member, demand)
    demands.admit_demand(operator, demand, why="可以")
    demand.refresh_from_db()
    assert (demand.state, demand.why, demand.decided_by) == ("admitted", "可以", operator)
    assert Notification.objects.filter(user=member).count() == 1
    with pytest.raises(Refused):
        demands.withdraw_demand(member, demand)
    demands.end_demand(operator, demand, why="片子已送完")
    verbs = list(Entry.objects.filter(case=demand.case).order_by("sequence").values_list("verb", flat=True))
    assert verbs == ["propose_demand", "admit_demand", "end_demand"]
    assert not [entry for entry in Entry.objects.all() if make.MARKER in entry.data or "送完" in entry.data]


@pytest.mark.parametrize(
    ("field", "changed"),
    [
        ("bps", {"bps": 0}),
        ("bps", {"bps": float("inf")}),
        ("key_bits", {"key_bits": 1}),
        ("priority", {"priority": 10}),
        ("title", {"title": " "}),
        ("source", {"source": None}),
        ("scenario", {"scenario": "x"}),
        ("ends_on", {"ends_on": make.today() - timedelta(days=1)}),
        ("ends_on", {"ends_on": make.today() + timedelta(days=5_000)}),
    ],
)
def test_a_wrong_value_is_named(field: str, changed: dict[str, Any]) -> None:
    given = values()
    if field == "ends_on":
        given["starts_on"] = make.today() - timedelta(days=9)
    with pytest.raises(Invalid) as refused:
        demands.propose_demand(None, **{**given, **changed})
    assert refused.value.field == field
    assert not Demand.objects.exists()


def test_both_ends_differ() -> None:
    site = make.make_site()
    with pytest.raises(Invalid, match="不同的站点"):
        demands.propose_demand(None, **values(source=site, target=site))


def test_what_the_network_does_not_carry_is_not_admitted() -> None:
    a, _b, c = spur()
    demand = make.make_demand(a, c, bps=9_000.0)
    with pytest.raises(Refused, match="链路成码率不够"):
        demands.admit_demand(None, demand)
    demand.refresh_from_db()
    assert demand.state == "proposed"
    demands.refuse_demand(None, demand, why="成码率不够")
    assert demand.state == "refused"


def test_an_admission_does_not_take_from_what_is_admitted() -> None:
    a, _b, c = spur()
    first = make.make_demand(a, c, bps=6_000.0, priority=3, state="admitted")
    second = make.make_demand(a, c, bps=4_000.0, priority=1)
    with pytest.raises(Refused, match=first.title):
        demands.admit_demand(None, second)
    first.state = Demand.State.ENDED
    first.save()
    demands.admit_demand(None, second)
    assert second.state == "admitted"


def test_two_paths_are_refused_in_words_on_a_spur() -> None:
    a, b, c = spur()
    verdict = verdict_on(make.make_demand(a, c, bps=1.0, two_paths=True))
    assert not verdict.fits
    assert "没有两条不相交的路径" in verdict.words
    assert b.name in verdict.words or str(b) in verdict.words


def test_a_what_if_cuts_a_link_and_adds_one() -> None:
    a, b, c = spur()
    demand = make.make_demand(a, c, bps=5_000.0, state="admitted")
    lost = worked_out(Change(cut=(b.slug, c.slug)))
    assert [row.bps for row in lost.base.demands] == pytest.approx([5_000.0])
    assert [row.bps for row in lost.found.demands] == [0.0]
    assert lost.found.demands[0].reason is not None
    assert lost.found.demands[0].reason.code == "no_route"
    kept = worked_out(Change(cut=(b.slug, c.slug), add=(a.slug, c.slug), km=70.0))
    assert kept.found.demands[0].met
    with pytest.raises(Invalid):
        worked_out(Change(add=(a.slug, b.slug)))
    with pytest.raises(Invalid):
        worked_out(Change(cut=("x", "y")))
    assert worked_out(Change(lost=b.slug)).found.demands[0].bps == 0.0
    assert demand.state == "admitted"


def test_an_addition_says_what_it_buys() -> None:
    a, _b, c = spur()
    demand = make.make_demand(a, c, bps=12_000.0, state="admitted")
    assert additions(worked_out()).upgrades[0].gain > 0
    demand.delete()
    assert additions(worked_out()) == Advice((), 0, 0)


def test_a_suspended_site_takes_its_links_out_of_the_plan() -> None:
    a, b, c = spur()
    make.make_demand(a, c, bps=1.0, state="admitted")
    b.state = Site.State.SUSPENDED
    b.save()
    assert worked_out().found.demands[0].bps == 0.0
