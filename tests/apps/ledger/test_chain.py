"""The chain names what was done to it."""

from __future__ import annotations

import pytest
from django.db import transaction
from hypothesis import given
from hypothesis import strategies as st

from langqiao.apps.ledger.chain import GENESIS, canonical, entry_hash
from langqiao.apps.ledger.domain import Act, record, record_all
from langqiao.apps.ledger.models import Entry, Head
from langqiao.apps.ledger.queries import head, verify

pytestmark = pytest.mark.django_db


@pytest.fixture
def ten_entries() -> list[Entry]:
    with transaction.atomic():
        return record_all(None, [Act("note", f"test.thing:{i}", {"n": i}, case="C-1") for i in range(1, 11)])


def found() -> tuple[int, str] | None:
    fault = verify().fault
    return (fault.sequence, fault.kind) if fault else None


def test_a_whole_chain_has_no_fault(ten_entries):
    result = verify()
    assert (result.entries, result.sequence, result.hash, result.fault) == (
        10,
        10,
        ten_entries[-1].hash,
        None,
    )
    assert ten_entries[0].previous == GENESIS


def test_an_empty_ledger_is_whole():
    assert verify().fault is None
    assert head() == (0, GENESIS)


@pytest.mark.parametrize(
    "column", ["actor", "organisation", "city", "case", "app", "verb", "object", "visibility", "data", "at"]
)
def test_a_changed_field_is_named(ten_entries, column):
    value = {"visibility": "office", "data": '{"n":99}', "at": "2020-01-01T00:00:00Z"}.get(column, "other")
    Entry.objects.filter(sequence=4).update(**{column: value})
    assert found() == (4, "changed")


@pytest.mark.parametrize("sequence", [1, 5, 10])
def test_a_removed_entry_is_named(ten_entries, sequence):
    Entry.objects.filter(sequence=sequence).delete()
    assert found() == (sequence, "removed")


def _renumber(order: list[int]) -> None:
    """Give the entries new sequences: order[i] is the old sequence that moves to place i + 1."""
    rows = {e.sequence: e for e in Entry.objects.all()}
    Entry.objects.all().delete()
    moved = []
    for place, old in enumerate(order, start=1):
        entry = rows[old]
        entry.sequence = place
        moved.append(entry)
    Entry.objects.bulk_create(moved)


def test_a_removal_hidden_by_renumbering_is_named(ten_entries):
    _renumber([1, 2, 3, 5, 6, 7, 8, 9, 10])
    Head.objects.update(sequence=9)
    assert found() == (4, "removed")


def test_two_entries_that_changed_places_are_named(ten_entries):
    _renumber([1, 2, 3, 5, 4, 6, 7, 8, 9, 10])
    assert found() == (4, "reordered")


def test_an_inserted_entry_is_named_though_its_own_hash_holds(ten_entries):
    rows = list(Entry.objects.order_by("sequence"))
    Entry.objects.all().delete()
    forged = Entry.objects.create(
        **{f.name: getattr(rows[3], f.name) for f in Entry._meta.fields} | {"hash": "x"}
    )
    Entry.objects.all().delete()
    forged.sequence, forged.data, forged.previous = 5, '{"n":55}', rows[3].hash
    forged.hash = entry_hash(forged)
    for row in rows[4:]:
        row.sequence += 1
    Entry.objects.bulk_create([*rows[:4], forged, *rows[4:]])
    Head.objects.update(sequence=11)
    assert found() == (5, "inserted")


def test_an_entry_beyond_the_head_is_named(ten_entries):
    extra = Entry(sequence=11, at=ten_entries[-1].at, actor="x", app="a", verb="v", object="o",
                  visibility="public", data="{}", previous=ten_entries[-1].hash)  # fmt: skip
    extra.hash = entry_hash(extra)
    extra.save(force_insert=True)
    assert found() == (11, "inserted")


def test_a_rewritten_tail_is_found_with_a_head_noted_outside(ten_entries):
    noted = head()
    Entry.objects.filter(sequence=10).delete()
    Head.objects.update(sequence=9, hash=ten_entries[8].hash)
    assert verify().fault is None  # nothing inside can know
    fault = verify(expected_head=noted).fault
    assert (fault.sequence, fault.kind) == (10, "removed")


@pytest.mark.django_db(transaction=True)
def test_an_entry_falls_with_its_act():
    with pytest.raises(RuntimeError), transaction.atomic():
        record(None, "note", "test.thing:1")
        raise RuntimeError
    assert Entry.objects.count() == 0
    assert verify().fault is None


@pytest.mark.django_db(transaction=True)
def test_an_entry_outside_a_transaction_is_refused():
    with pytest.raises(transaction.TransactionManagementError):
        record(None, "note", "test.thing:1")


def test_an_unsaved_object_is_refused():
    with transaction.atomic(), pytest.raises(ValueError, match="saved"):
        record(None, "note", Entry())


def test_many_entries_cost_few_queries(django_assert_max_num_queries):
    with django_assert_max_num_queries(20), transaction.atomic():
        record_all(None, [Act("note", f"t.t:{i}") for i in range(500)])


@given(st.dictionaries(st.text(), st.none() | st.booleans() | st.integers() | st.text(), max_size=5))
def test_canonical_json_does_not_depend_on_order(data):
    assert canonical(data) == canonical(dict(reversed(list(data.items()))))


def test_canonical_json_refuses_what_is_not_finite_or_plain():
    with pytest.raises(ValueError, match="Out of range"):
        canonical({"x": float("nan")})
    with pytest.raises(TypeError, match="cannot stand"):
        canonical({"x": object()})
