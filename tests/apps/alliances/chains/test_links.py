"""Judging links: confirm, reject, and what the ledger and the next graph know of it."""

from __future__ import annotations

import json

import pytest

from langqiao.apps.alliances.domain.chains import confirm_link, reject_link
from langqiao.apps.alliances.models import ChainLink, ChainNode
from langqiao.apps.alliances.queries.chains import certainty_of
from langqiao.apps.ledger.models import Entry
from langqiao.kit.refusals import Invalid, NotAllowed
from tests.factories.accounts import make_member, make_office, make_user
from tests.factories.chains import make_chain
from tests.factories.registry import make_organisation

pytestmark = pytest.mark.django_db


@pytest.fixture
def link() -> ChainLink:
    make_chain()
    return ChainLink.objects.get(name="锂电池隔膜")


def test_a_confirmed_link_is_sure_and_entered(link: ChainLink) -> None:
    office = make_office()
    done = confirm_link(office, link, reason="看过年报")
    assert (done.state, done.decided_by, done.reason) == ("confirmed", office, "看过年报")
    assert certainty_of(done).percent == 100
    entry = Entry.objects.get(verb="confirm_link")
    assert entry.object == f"alliances.chainlink:{link.pk}"
    assert json.loads(entry.data)["node"] == "隔膜"
    link.dataset.refresh_from_db()
    assert link.dataset.revision == 2


def test_another_node_may_be_named(link: ChainLink) -> None:
    node = ChainNode.objects.get(name="正极材料")
    assert confirm_link(make_office(), link, node=node).node == node
    other = make_chain().nodes.get(name="电芯")
    with pytest.raises(Invalid, match="不在这个数据集"):
        confirm_link(make_office(), link, node=other)


def test_a_rejected_link_needs_a_reason_and_counts_as_none(link: ChainLink) -> None:
    with pytest.raises(Invalid, match="理由"):
        reject_link(make_office(), link, reason=" ")
    done = reject_link(make_office(), link, reason="隔膜是别的东西")
    assert certainty_of(done).percent == 0
    assert Entry.objects.filter(verb="reject_link").count() == 1


def test_a_name_without_candidate_needs_its_node_named(link: ChainLink) -> None:
    bare = ChainLink.objects.get(name="完全无关之物")
    with pytest.raises(Invalid, match="还没有候选"):
        confirm_link(make_office(), bare)
    with pytest.raises(Invalid, match="无可否定"):
        reject_link(make_office(), bare, reason="x")


def test_strangers_and_members_judge_nothing(link: ChainLink) -> None:
    for actor in (make_user(), make_member(make_organisation(kind="enterprise"))):
        with pytest.raises(NotAllowed):
            confirm_link(actor, link)
        with pytest.raises(NotAllowed):
            reject_link(actor, link, reason="x")
