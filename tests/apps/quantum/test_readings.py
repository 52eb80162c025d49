"""Readings: once for a link and time, checked; the ledger only notes silence and return."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from langqiao.apps.ledger.models import Entry
from langqiao.apps.quantum.domain.readings import Heard, record_readings
from langqiao.apps.quantum.models import Reading
from langqiao.kit.refusals import Invalid, NotAllowed
from tests.factories import quantum as make

pytestmark = pytest.mark.django_db


def test_a_reading_is_recorded_once_and_notes_nothing() -> None:
    link = make.make_link()
    heard = Heard(link, timezone.now(), stored_bits=256_000, capacity_bits=1_024_000, generated_bps=8.0)
    assert len(record_readings(None, link.a, [heard])) == 1
    assert record_readings(None, link.a, [heard]) == []
    reading = Reading.objects.get()
    assert (reading.stored_bits, reading.level, reading.reachable) == (256_000, 25.0, True)
    assert not Entry.objects.exists()


def test_silence_and_return_are_noted_once() -> None:
    link = make.make_link()
    now = timezone.now()
    heard = Heard(link, now, stored_bits=1, capacity_bits=2)
    for minutes, stored in ((9, 1), (8, None), (7, None), (6, 1), (5, 1)):
        record_readings(
            None, link.a, [replace(heard, at=now - timedelta(minutes=minutes), stored_bits=stored)]
        )
    assert list(Entry.objects.order_by("sequence").values_list("verb", flat=True)) == [
        "lose_site",
        "regain_site",
    ]


@pytest.mark.parametrize(
    ("field", "stored", "capacity", "ahead"),
    [
        ("stored_bits", -1, 10, 0),
        ("capacity_bits", 1, 0, 0),
        ("capacity_bits", 1, None, 0),
        ("stored_bits", 2**70, 10, 0),
        ("at", 1, 10, 9),
    ],
)
def test_what_cannot_be_is_refused(field: str, stored: int, capacity: int | None, ahead: int) -> None:
    link = make.make_link()
    at = timezone.now() + timedelta(minutes=ahead)
    with pytest.raises(Invalid) as refused:
        record_readings(None, link.a, [Heard(link, at, stored_bits=stored, capacity_bits=capacity)])
    assert refused.value.field == field
    assert not Reading.objects.exists()


def test_only_the_site_s_own_links_by_its_own_operator() -> None:
    link = make.make_link()
    far = make.make_site("hefei")
    heard = Heard(link, timezone.now(), stored_bits=1, capacity_bits=2)
    with pytest.raises(Invalid, match="不在该站点"):
        record_readings(None, far, [heard])
    with pytest.raises(NotAllowed):
        record_readings(make.make_operator(far), link.a, [heard])


def test_an_error_rate_is_a_fraction() -> None:
    link = make.make_link()
    heard = Heard(link, timezone.now(), stored_bits=1, capacity_bits=2, qber=0.0123456789)
    record_readings(None, link.a, [heard])
    assert Reading.objects.get().qber == 0.01234568
    for wrong in (3.0, -0.01, float("nan"), True, "x"):
        with pytest.raises(Invalid, match=r"0\.5 的小数.*除以 100") as refused:
            record_readings(None, link.b, [replace(heard, qber=wrong)])  # type: ignore[arg-type]  # on purpose
        assert refused.value.field == "qber"
    record_readings(None, link.b, [replace(heard, stored_bits=None)])
    silent = Reading.objects.get(site=link.b)
    assert (silent.reachable, silent.qber) == (False, None)
    with pytest.raises(IntegrityError), transaction.atomic():
        make.make_reading(link, qber=0.51)
