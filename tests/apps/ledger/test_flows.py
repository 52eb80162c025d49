"""Flows between cities: the kept sums equal the plain sum over the ledger, whatever comes between."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import given, settings
from hypothesis import strategies as st

from langqiao.apps.ledger.domain import Act, record_all
from langqiao.apps.ledger.flows import (
    KINDS,
    Flow,
    Key,
    Total,
    catch_up,
    counted,
    flow_sums,
    kept_sums,
    line_sums,
    lines,
    monthly_sums,
    months,
    only,
    parties,
    plain_sums,
    reached,
    rebuild,
    register_flow,
    slug,
    sums,
    whole,
)
from langqiao.apps.ledger.models import Entry, FlowLine, FlowParty, FlowState, FlowSum
from tests.tables import make_tables

pytestmark = pytest.mark.django_db
ROOT = Path(__file__).resolve().parents[3]
CITIES = ("hefei", "jiaxing", "songjiang", "")


class PowerCut(Exception):
    """What stops a reader in the middle of a step."""


class Fuse:
    """A reader that fails at the n-th entry from now on, once."""

    def __init__(self) -> None:
        self.left: int | None = None

    def read(self, entry: Entry, data: Mapping[str, Any]) -> Iterable[Flow]:
        if self.left is not None:
            self.left -= 1
            if self.left < 0:
                self.left = None
                raise PowerCut
        return [Flow(slug(a), slug(b), whole(n), parties(entry.organisation)) for a, b, n in data["moves"]]


def act(*moves: tuple[Any, Any, Any], verb: str = "move", app: str = "test", **values: Any) -> Act:
    return Act(verb, f"{app}.thing:1", {"moves": [list(move) for move in moves]}, **values)


def write(*acts: Act) -> None:
    with transaction.atomic():
        record_all(None, acts)


@pytest.fixture
def fuse() -> Iterable[Fuse]:
    reader = Fuse()
    with only(("talent", "test", "move", reader.read), ("keys", "test", "send", reader.read)):
        yield reader


MOVES = st.lists(
    st.tuples(st.sampled_from(CITIES), st.sampled_from(CITIES), st.integers(-5, 10**12)), max_size=3
)
ACTS = st.builds(
    lambda moves, verb, seen: act(*moves, verb=verb, visibility=seen),
    MOVES,
    st.sampled_from(["move", "send", "other"]),
    st.sampled_from(["public", "public", "public", "parties", "office"]),
)
# What happens to the ledger and its sums, one after the other.
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("write"), st.lists(ACTS, min_size=1, max_size=8)),
        st.tuples(st.just("catch up"), st.integers(1, 12)),
        st.tuples(st.just("cut off"), st.integers(0, 4)),
        st.tuples(st.just("rebuild"), st.none()),
    ),
    max_size=8,
)


@settings(max_examples=40)
@given(steps=STEPS)
def test_kept_sums_equal_the_plain_sum(steps: list[tuple[str, Any]]) -> None:
    fuse = Fuse()
    with (
        transaction.atomic(),
        only(("talent", "test", "move", fuse.read), ("keys", "test", "send", fuse.read)),
    ):
        for what, how in steps:
            if what == "write":
                write(*how)
            elif what == "catch up":
                catch_up(most=how)
            elif what == "rebuild":
                rebuild()
                assert kept_sums() == plain_sums()
            else:
                fuse.left = how
                before = kept_sums(), FlowLine.objects.count()
                try:
                    catch_up()
                except PowerCut:
                    assert (kept_sums(), FlowLine.objects.count()) == before
                fuse.left = None
        assert catch_up() == Entry.objects.count()
        assert kept_sums() == plain_sums()
        assert FlowLine.objects.count() == sum(total.count for total in kept_sums().values())
        transaction.set_rollback(True)


def test_a_step_that_failed_leaves_no_rows_open(fuse: Fuse) -> None:
    write(*[act(("hefei", "jiaxing", 1)) for _ in range(3)])
    fuse.left = 1
    with pytest.raises(PowerCut) as failed:
        catch_up()
    # On PostgreSQL rows left open would be closed here, with the last who knows of the failure: after their
    # transaction, within somebody else's, which that would break off.
    del failed
    gc.collect()
    assert Entry.objects.count() == 3


def test_steps_end_where_the_ledger_does(fuse: Fuse, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sums, "STEP", 7)
    monkeypatch.setattr(sums, "IDLE", 3)
    write(*[act(("hefei", "jiaxing", 1)) for _ in range(20)])
    assert catch_up(most=9) == 9
    assert reached() == 9
    assert catch_up() == 20
    write(act(verb="other"), act(verb="other"))
    # Two entries that count nothing: known, not yet noted, so that a page that is read writes nothing.
    assert (catch_up(), reached()) == (22, 20)
    write(*[act(verb="other") for _ in range(5)])
    assert (catch_up(), reached()) == (27, 27)
    assert kept_sums() == plain_sums()


def test_a_reader_who_waits_takes_one_step_at_least(fuse: Fuse, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sums, "STEP_AT_A_READ", 4)
    write(*[act(("hefei", "jiaxing", 1)) for _ in range(10)])
    assert [catch_up(within=0) for _ in range(4)] == [4, 8, 10, 10]
    assert kept_sums() == plain_sums()


def test_what_is_not_public_does_not_count(fuse: Fuse) -> None:
    write(
        act(("hefei", "jiaxing", 1), visibility="parties"), act(("hefei", "jiaxing", 1), visibility="office")
    )
    catch_up()
    assert kept_sums() == plain_sums() == {}


def test_a_flow_needs_both_cities_and_a_quantity(fuse: Fuse) -> None:
    write(act(("hefei", "", 1), ("", "hefei", 1), ("hefei", "jiaxing", 0), ("hefei", "hefei", 2)))
    catch_up()
    assert [(key[1:], total) for key, total in kept_sums().items()] == [
        (("talent", "hefei", "hefei"), Total(1, 2))
    ]


def test_other_rules_make_the_sums_anew(fuse: Fuse) -> None:
    write(act(("hefei", "jiaxing", 3)), act(("jiaxing", "hefei", 4), verb="send"))
    catch_up()
    assert {key.kind for key in kept_sums()} == {"talent", "keys"}
    with only(("computing", "test", "send", fuse.read)):
        assert reached() == 0
        assert catch_up() == 2
        assert {key.kind for key in kept_sums()} == {"computing"}
        assert FlowLine.objects.get().kind == "computing"


def test_reading_sums_lines_and_months(fuse: Fuse) -> None:
    mine, other = {"organisation": "registry.organisation:1"}, {"organisation": "registry.organisation:2"}
    write(
        act(("hefei", "jiaxing", 3), **mine),
        act(("hefei", "jiaxing", 4), case="LQ-2026-0001", **other),
        act(("jiaxing", "songjiang", 9), verb="send", **other),
    )
    catch_up()
    assert [(s.kind, s.origin, s.destination, s.count, s.quantity) for s in flow_sums()] == [
        ("talent", "hefei", "jiaxing", 2, 7), ("keys", "jiaxing", "songjiang", 1, 9),
    ]  # fmt: skip
    assert [s.kind for s in flow_sums(city="songjiang")] == ["keys"]
    assert [s.kind for s in flow_sums(kind="talent")] == ["talent"]
    assert flow_sums(until=date(2020, 1, 31)) == []
    first, last = months() or (date.min, date.min)
    assert first == last == Entry.objects.get(sequence=1).at.astimezone().date().replace(day=1)
    assert len(flow_sums(since=last, until=last)) == 2
    assert [(m.kind, m.count, m.quantity) for m in monthly_sums()] == [("keys", 1, 9), ("talent", 2, 7)]
    assert [line.sequence for line in lines(kind="talent")] == [2, 1]
    assert [line.sequence for line in lines(origin="jiaxing", destination="songjiang")] == [3]
    assert [line.case for line in lines(organisation="registry.organisation:2")] == ["", "LQ-2026-0001"]
    assert [(s.kind, s.quantity) for s in line_sums(lines(organisation="registry.organisation:1"))] == [
        ("talent", 3)
    ]
    assert FlowParty.objects.count() == 3


def test_the_sums_are_one_query_and_catching_up_nothing_writes_nothing(fuse: Fuse) -> None:
    from django.db import connection

    write(act(("hefei", "jiaxing", 3)))
    catch_up()
    with CaptureQueriesContext(connection) as queries:
        catch_up()
        flow_sums()
    said = [query["sql"] for query in queries]
    assert len(said) == 3  # the state, the head, the sums
    assert all(sql.startswith("SELECT") for sql in said)
    write(act(verb="other"))
    with CaptureQueriesContext(connection) as queries:
        catch_up()
    assert all(query["sql"].startswith("SELECT") for query in queries)


def test_months_are_those_of_the_corridor(fuse: Fuse) -> None:
    from datetime import UTC, datetime

    write(act(("hefei", "jiaxing", 1)))
    entry = Entry.objects.get()
    entry.at = datetime(2026, 10, 31, 16, 30, tzinfo=UTC)  # half past midnight of 1 November in Beijing
    assert [one.month for one in counted(entry)] == [date(2026, 11, 1)]


def test_units_and_values() -> None:
    assert list(KINDS) == ["technology", "talent", "capital", "computing", "keys"]
    assert KINDS["computing"].value(5400) == KINDS["capital"].value(1_500_000) == 1.5
    with pytest.raises(KeyError):
        register_flow("water", "test", "pour", lambda _entry, _data: [])


@pytest.mark.parametrize(
    ("value", "per", "expected"),
    [
        ("12.34", 100, 1234), (7, 1, 7), ("-3", 1, -3), (True, 1, 0), (None, 1, 0), (1.5, 1, 0), ("x", 1, 0),
        ("NaN", 1, 0), ("1e400", 1, 0), (10**30, 1, 0), ([], 1, 0),
    ],
)  # fmt: skip
def test_numbers_of_an_entry_are_whole_or_nothing(value: object, per: int, expected: int) -> None:
    assert whole(value, per=per) == expected


def test_keys_are_plain() -> None:
    assert slug(["hefei"]) == slug("x" * 41) == slug(None) == ""
    assert parties(3, True, "", "registry.organisation:3", None, "x" * 81) == ("registry.organisation:3",)
    assert Key(date(2026, 1, 1), "keys", "a", "b")._asdict()["kind"] == "keys"


@pytest.mark.slow
def test_two_processes_count_every_entry_once(tmp_path: Path) -> None:
    environment = os.environ | {
        "LANGQIAO_DATA_DIR": str(tmp_path),
        "DJANGO_SETTINGS_MODULE": "langqiao.web.settings",
    }
    environment.pop("DATABASE_URL", None)
    make_tables(environment)
    command = [sys.executable, "-m", "tests.apps.ledger.flower"]
    racers = [
        subprocess.Popen([*command, what], env=environment, cwd=ROOT, stdout=subprocess.PIPE, text=True)
        for what in ("write", "read", "read")
    ]
    said = [racer.communicate(timeout=120)[0].strip() for racer in racers]
    assert [racer.returncode for racer in racers] == [0, 0, 0]
    assert said == ["written", "equal", "equal"]


def test_rows_say_what_they_are() -> None:
    for model in (FlowLine, FlowParty, FlowState, FlowSum):
        assert "要素流动" in str(model._meta.verbose_name)
