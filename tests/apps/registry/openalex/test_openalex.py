"""OpenAlex: paging, faults, resume, and what is written."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from langqiao.apps.registry.models import Achievement, Organisation, Person
from langqiao.apps.registry.openalex import OpenAlex, Query, import_openalex
from langqiao.apps.registry.openalex.mapping import (
    abstract_of,
    institution_row,
    plain_text,
    short_id,
    work_rows,
)
from langqiao.kit.refusals import Invalid, Refused
from tests.apps.registry.openalex.server import cut, institution, serving, status, work
from tests.factories.challenges import make_city, make_organisation, make_user

QUERY = Query("works", "institutions.id:I1", "gear")


def ids(client: OpenAlex, **options) -> list[str]:
    return [short_id(result["id"]) for page in client.pages(QUERY, **options) for result in page.results]


@pytest.fixture
def waits() -> list[float]:
    return []


@pytest.fixture
def connect(waits):
    clients = []

    def make(state, **options) -> OpenAlex:
        client = OpenAlex(
            base=state.base,
            mailto="a@example.org",
            api_key="k",
            per_page=2,
            rate=1e6,
            wait=waits.append,
            **options,
        )
        clients.append(client)
        return client

    yield make
    for client in clients:
        client.__exit__(None, None, None)


def test_pages_by_cursor_and_says_who_asks(connect):
    with serving(works=[work(n) for n in range(5)]) as state:
        assert ids(connect(state)) == ["W0", "W1", "W2", "W3", "W4"]
        path, asked, agent = state.requests[0]
    assert path == "/works"
    assert asked["cursor"] == "*"
    assert {asked[name] for name in ("filter", "search", "mailto", "api_key", "per_page")} == {
        "institutions.id:I1", "gear", "a@example.org", "k", "2",
    }  # fmt: skip
    assert "abstract_inverted_index" in asked["select"]
    assert "mailto:a@example.org" in agent
    assert [request[1]["cursor"] for request in state.requests] == ["*", "c2", "c4", "c6"]


@pytest.mark.parametrize("fault", [status(500), status(503), status(403), status(200, b'{"meta": {'), cut])
def test_passing_faults_are_tried_again(connect, waits, fault):
    with serving(works=[work(n) for n in range(3)]) as state:
        state.faults.extend([None, fault, fault])
        assert ids(connect(state)) == ["W0", "W1", "W2"]
    assert len(waits) == 2
    assert 0.5 <= waits[0] <= 1 <= waits[1] <= 2


def test_waits_as_long_as_it_is_told(connect, waits):
    later = format_datetime(datetime.now(UTC) + timedelta(seconds=50), usegmt=True)
    with serving(works=[work(1)]) as state:
        state.faults.extend([status(429, Retry_After="7"), status(429, Retry_After=later)])
        assert ids(connect(state)) == ["W1"]
    assert waits[0] == 7
    assert 45 < waits[1] <= 50


def test_gives_up_when_the_wait_is_too_long_or_the_fault_stays(connect):
    with serving(works=[work(1)]) as state:
        state.faults.append(status(429, Retry_After="40000"))
        with pytest.raises(Refused, match="40000"):
            ids(connect(state))
        state.faults.extend([status(500)] * 4)
        with pytest.raises(Refused, match="500"):
            ids(connect(state, retries=3))
        assert len(state.requests) == 5


@pytest.mark.parametrize(("code", "words"), [(400, "said why"), (404, "404"), (401, "密钥")])
def test_lasting_refusals_are_not_tried_again(connect, code, words):
    with serving(works=[]) as state:
        state.faults.append(status(code))
        with pytest.raises(Invalid, match=words):
            ids(connect(state))
        assert len(state.requests) == 1


def test_nobody_answers(connect, waits):
    with serving(works=[]) as state:
        pass
    with pytest.raises(Refused, match="ConnectError"):
        ids(connect(state, retries=1))
    assert len(waits) == 1


@pytest.mark.parametrize("body", [b"[]", b'{"results": {}}', b'{"meta": [], "results": [{}]}', b"7"])
def test_strange_answers(connect, body):
    with serving(works=[]) as state:
        state.faults.append(status(200, body))
        with pytest.raises(Refused, match="格式"):
            ids(connect(state))


def test_goes_on_from_the_saved_place(connect, tmp_path):
    place = tmp_path / "cursor.json"
    with serving(works=[work(n) for n in range(6)]) as state:
        state.faults.extend([None, None, *[cut] * 2])
        with pytest.raises(Refused):
            ids(connect(state, retries=1), state=place)
        assert place.exists()
        state.requests.clear()
        assert ids(connect(state), state=place) == ["W4", "W5"]
        assert state.requests[0][1]["cursor"] == "c4"
        assert not place.exists()
        place.write_text("{")
        with pytest.raises(Invalid, match="损坏"):
            ids(connect(state), state=place)


def test_a_page_being_worked_on_comes_again(connect, tmp_path):
    place = tmp_path / "cursor.json"
    with serving(works=[work(n) for n in range(4)]) as state:
        pages = connect(state).pages(QUERY, state=place)
        next(pages)
        next(pages)
        pages.close()  # the process dies with the second page in hand
        assert ids(connect(state), state=place) == ["W2", "W3"]


def test_another_query_does_not_use_the_saved_place(connect, tmp_path):
    place = tmp_path / "cursor.json"
    with serving(works=[work(n) for n in range(4)]) as state:
        pages = connect(state).pages(Query("works", "other"), state=place)
        next(pages)
        next(pages)
        pages.close()
        assert len(ids(connect(state), state=place)) == 4


# -- what is written ----------------------------------------------------------------------------


@pytest.mark.django_db
def test_works_become_papers_with_people_and_institutions(connect):
    with serving(
        works=[work(1, authors=(1, 2)), work(2, authors=(2,), display_name=None), {"id": "junk"}]
    ) as state:
        report = import_openalex(None, connect(state), filter="x")
        again = import_openalex(None, connect(state), filter="x")
    assert report.created == {"organisations": 1, "people": 2, "achievements": 1}
    assert (report.refused, report.errors[0][0], report.finished) == (1, "openalex:W2", True)
    paper = Achievement.objects.get()
    assert (paper.title, paper.abstract, paper.keywords) == ("Paper 1 & more", "Gear meets Gear", ["Gear"])
    assert (paper.kind, paper.discipline, str(paper.date)) == ("paper", "Engineering", "2025-03-04")
    assert (paper.source_url, paper.owner.code) == ("https://openalex.org/W1", "openalex:I1")
    assert {p.name for p in paper.people.all()} == {"Author 1", "Author 2"}
    assert Person.objects.first().organisation.kind == "university"
    assert sum(again.created.values()) == sum(again.filled.values()) == 0


@pytest.mark.django_db
def test_what_was_made_by_hand_stays(connect):
    home = make_organisation(name="University 1", kind="university", description="ours")
    Person.objects.create(name="Author 1", organisation=home, title="教授")
    Achievement.objects.create(code="openalex:W1", kind="paper", title="改过的题目")
    with serving(works=[work(1)]) as state:
        report = import_openalex(None, connect(state), filter="x")
    assert report.created.get("organisations", 0) == report.created.get("people", 0) == 0
    paper = Achievement.objects.get()
    assert (paper.title, paper.abstract, paper.owner) == ("改过的题目", "Gear meets Gear", home)
    assert [p.title for p in paper.people.all()] == ["教授"]
    assert report.filled == {"organisations": 0, "people": 0, "achievements": 1}


@pytest.mark.django_db
def test_institutions(connect):
    make_city("jiaxing", "嘉兴", "330400")
    rows = [
        institution(1, international={"display_name": {"zh-cn": "槜李大学", "en": "x"}}),
        institution(2, type="company", geo={"city": "Paris"}, homepage_url="not a link"),
        institution(3, display_name_alternatives=["JX", "嘉兴医院"], type="healthcare"),
    ]
    with serving(institutions=rows) as state:
        report = import_openalex(None, connect(state), entity="institutions", filter="country_code:CN")
        assert "geo" in state.requests[0][1]["select"]
    assert report.created == {"organisations": 3}
    assert list(Organisation.objects.order_by("code").values_list("name", "kind", "city", "website")) == [
        ("槜李大学", "university", "jiaxing", "https://example.edu/"),
        ("University 2", "enterprise", None, ""),
        ("嘉兴医院", "hospital", "jiaxing", "https://example.edu/"),
    ]


@pytest.mark.django_db
def test_limit_stops_and_resumes_and_rules_hold(connect, tmp_path):
    place = tmp_path / "cursor.json"
    with serving(works=[work(n) for n in range(5)]) as state:
        client = connect(state)
        first = import_openalex(None, client, filter="x", limit=2, state=place)
        assert (first.read, first.finished) == (2, False)
        rest = import_openalex(None, client, filter="x", state=place)
        assert (rest.finished, rest.read) == (True, 3)
        assert Achievement.objects.count() == 5
        visitor = import_openalex(make_user(), client, filter="y", search="z")
        assert visitor.created.get("achievements", 0) == 0
        with pytest.raises(Invalid):
            import_openalex(None, client)
        with pytest.raises(Invalid):
            import_openalex(None, client, entity="authors", filter="x")


def test_abstracts_and_names():
    assert abstract_of({"机器人": [0], "减速器": [1], "RV": [2]}) == "机器人减速器 RV"
    assert abstract_of(None) == abstract_of([1]) == abstract_of({"a": "x", "b": [10**9, "q", -1]}) == ""
    assert plain_text("H<sub>2</sub>O &lt; x") == "H2O < x"
    assert short_id("https://openalex.org/P1") == ""


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.just("https://openalex.org/W1"),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["id", "display_name", "author", "institutions", "geo", "city", "field", "international", "x"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(st.dictionaries(st.sampled_from(["id", "display_name", "authorships", "abstract_inverted_index", "keywords", "primary_topic", "language", "geo", "international", "display_name_alternatives", "type"]), json_values))  # fmt: skip
def test_any_object_gives_rows_or_nothing(thing):
    work_rows(thing)
    work_rows(thing | {"id": "https://openalex.org/W1"})
    institution_row(thing | {"id": "https://openalex.org/I1"})
