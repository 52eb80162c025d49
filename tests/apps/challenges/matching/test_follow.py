"""The index follows the ledger."""

from __future__ import annotations

import time

import pytest

from langqiao.apps.challenges import domain as challenges
from langqiao.apps.challenges.matching import documents, follow, store
from langqiao.apps.ledger import queries as ledger
from langqiao.apps.ledger.domain import identifier
from langqiao.apps.registry import domain as registry
from langqiao.engines.matching.types import Filters, Query
from tests.factories.challenges import MARKER, make_challenge, make_published

pytestmark = pytest.mark.django_db


def found(text: str, *kinds: str) -> list[str]:
    """Keys of the records that share a word with the text; the index lists the others after them."""
    hits = store.index().search(Query(text), Filters(kinds=kinds)).hits
    return [hit.key for hit in hits if hit.terms]


def add(title: str = "氧化镓单晶导模法生长", **values):
    defaults = {"kind": "technology", "abstract": "采用导模法生长四英寸氧化镓单晶，位错密度低。"}
    return registry.add_achievement(None, title=title, **{**defaults, **values})


def test_an_empty_index_finds_nothing_and_says_so():
    assert store.reached() == 0
    assert found("氧化镓") == []


def test_a_new_record_is_found_after_catching_up():
    record = add()
    assert follow.catch_up() == 1
    assert found("氧化镓单晶") == [identifier(record)]
    assert store.reached() == ledger.head()[0]
    assert follow.catch_up() == 0


def test_a_changed_record_is_found_by_its_new_words_only():
    record = add()
    follow.catch_up()
    registry.revise_achievement(
        None, record, title="金刚石热沉片的微波法制备", abstract="微波等离子体沉积金刚石。"
    )
    follow.catch_up()
    assert found("金刚石热沉") == [identifier(record)]
    assert found("氧化镓") == []


def test_a_retired_record_is_no_longer_found():
    record = add()
    follow.catch_up()
    registry.retire_achievement(None, record, why="权属变更")
    follow.catch_up()
    assert found("氧化镓") == []


def test_a_rebuild_and_following_give_the_same_index():
    for title in ("氧化镓单晶", "金刚石热沉", "碳化硅外延"):
        add(title)
    follow.catch_up()
    followed = {d.key: d for d in store.index().documents()}
    follow.rebuild(train=False)
    assert {d.key: d for d in store.index().documents()} == followed
    assert store.reached() == ledger.head()[0]


def test_a_draft_is_not_indexed_and_a_withdrawn_challenge_leaves():
    challenge = make_challenge()
    follow.catch_up()
    assert found("碳化硅晶圆减薄", "challenge") == []
    challenges.publish_challenge(None, challenge)
    follow.catch_up()
    assert found("碳化硅晶圆减薄", "challenge") == [identifier(challenge)]
    challenges.withdraw_challenge(None, challenge, reason="需求变化")
    follow.catch_up()
    assert found("碳化硅晶圆减薄", "challenge") == []


@pytest.mark.parametrize("level", ["promise", "invited"])
def test_sealed_details_never_reach_the_index(level, tmp_path):
    make_published(confidentiality=level)
    follow.catch_up()
    follow.rebuild(train=False)
    assert all(MARKER not in str(document) for document in documents.all_documents())
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert files
    assert all(MARKER.encode() not in path.read_bytes() for path in files)


def test_open_details_do_reach_the_index():
    make_published(confidentiality="open")
    assert any(MARKER in document.body for document in documents.all_documents())


def test_a_firm_that_moves_takes_its_products_along():
    from tests.factories.registry import make_city, make_organisation

    firm = make_organisation(kind="enterprise", city=make_city("hefei"))
    product = registry.add_product(None, organisation=firm, name="聚酰亚胺薄膜", direction="product")
    follow.catch_up()
    registry.revise_organisation(None, firm, city=make_city("suzhou"))
    follow.catch_up()
    assert store.index().get(identifier(product)).cities == ("suzhou",)


@pytest.mark.django_db(transaction=True)
def test_the_follower_makes_a_record_searchable_within_seconds():
    follower = follow.Follower()
    follower.start()
    try:
        record = add()
        until = time.monotonic() + 30
        while time.monotonic() < until and not found("氧化镓"):
            time.sleep(0.1)
        assert found("氧化镓") == [identifier(record)]
    finally:
        follower.stop()
        follower.join(timeout=30)
    assert not follower.is_alive()
