"""The embedded index beyond the contract: training, generations, sentence models, agreement with the exact one."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from langqiao.engines.matching import generations, search
from langqiao.engines.matching.fuse import MAIN
from langqiao.engines.matching.index import MatchingIndex
from langqiao.engines.matching.memory import MemoryIndex
from langqiao.engines.matching.types import (
    Document,
    Filters,
    IndexDamaged,
    MatchingError,
    Progress,
    Query,
)
from tests.factories.matching import SUBJECTS, make_corpus, make_document, quick_training

QUICK = quick_training()


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> MatchingIndex:
    index = MatchingIndex.open(tmp_path_factory.mktemp("trained"), training=QUICK)
    index.rebuild(make_corpus(400), payload="1")
    return index


def keys(hits: Sequence[object]) -> list[str]:
    return [hit.key for hit in hits]  # type: ignore[attr-defined]


def test_a_rebuild_trains_and_says_on_how_many(trained: MatchingIndex) -> None:
    assert trained.trained_on == 400
    hit = trained.search(Query("锂电池的电解液")).hits[0]
    assert hit.parts.meaning != 0.0


def test_related_work_is_of_the_same_subject(trained: MatchingIndex) -> None:
    subject = {f"d:{number}" for number in range(0, 400, 4)}  # energy documents
    hits = trained.search(Query("锂电池"), related=60).related
    assert sum(hit.key in subject for hit in hits) > 0.8 * len(hits)


def test_feedback_follows_the_parts_that_hold_its_shares(tmp_path: Path) -> None:
    MatchingIndex.open(tmp_path, training=QUICK).rebuild(make_corpus(400))

    def scores(**changes: object) -> list[float]:
        weights = replace(MAIN, parts={}, **changes)  # type: ignore[arg-type]
        index = MatchingIndex.open(tmp_path, main=weights)
        return [hit.score for hit in index.search(Query("锂电池的电解液"), limit=20).hits]

    names = ("topics", "words", "senses")
    none = dict.fromkeys(names, 0.0)
    assert scores(feedback_shares=none) == scores(feedback=0.0)
    alone = [scores(feedback_shares={**none, name: 1.0}) for name in names]
    assert all(one != other for one, other in itertools.pairwise(alone))
    assert alone[0] == pytest.approx(scores(feedback_shares={**none, "topics": 7.0}))


def test_meaning_tells_subjects_apart_without_a_shared_word(tmp_path: Path) -> None:
    index = MatchingIndex.open(tmp_path, training=QUICK)
    same, other = (
        make_document("same", title="", body="隔膜，充电桩"),
        make_document("other", title="", body="疫苗，抗体"),
    )
    index.rebuild([*make_corpus(400), same, other])
    near, far = (index.explain(Query("正极材料"), key) for key in ("same", "other"))
    assert near is not None
    assert far is not None
    assert near.terms == far.terms == ()
    assert near.parts.meaning > far.parts.meaning + 1.0


def test_a_new_record_is_found_by_its_meaning_without_a_rebuild(tmp_path: Path) -> None:
    index = MatchingIndex.open(tmp_path, training=QUICK)
    index.rebuild(make_corpus(200))
    with index.writer() as writer:
        writer.add([Document("new", "achievement", "", "".join(SUBJECTS["chips"]))])
        writer.commit("2")
    found = index.explain(Query("晶圆刻蚀"), "new")
    assert found is not None
    assert found.parts.meaning > 1.0
    assert index.count == 201
    assert index.trained_on == 200


def test_few_candidates_and_all_candidates_agree_on_the_best(
    trained: MatchingIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    queries = [Query(f"{terms[0]}与{terms[1]}的{terms[2]}") for terms in SUBJECTS.values()]
    everything = [keys(trained.search(query, limit=5).hits) for query in queries]
    monkeypatch.setattr(search, "EVERYTHING", 10)
    monkeypatch.setattr(search, "CANDIDATES", 60)
    assert [keys(trained.search(query, limit=5).hits) for query in queries] == everything


def test_train_keeps_documents_and_payload(tmp_path: Path) -> None:
    index = MatchingIndex.open(tmp_path, training=QUICK)
    corpus = make_corpus(100)
    with index.writer() as writer:
        writer.add(corpus)
        writer.delete(["d:7"])
        writer.commit("41")
    assert index.trained_on == 0
    seen: list[Progress] = []
    index.train(progress=seen.append)
    assert index.trained_on == 99
    assert index.payload == "41"
    assert list(index.documents()) == [document for document in corpus if document.key != "d:7"]
    assert {progress.stage for progress in seen} == {"index", "train", "encode"}


def test_the_same_build_gives_the_same_answers(tmp_path: Path) -> None:
    found = []
    for name in ("a", "b"):
        index = MatchingIndex.open(tmp_path / name, training=QUICK)
        index.rebuild(make_corpus(100))
        found.append([(hit.key, hit.score) for hit in index.search(Query("锂电池与隔膜")).hits])
    assert found[0] == found[1]


def test_a_failing_source_leaves_the_old_index(tmp_path: Path) -> None:
    index = MatchingIndex.open(tmp_path, training=QUICK)
    index.rebuild([make_document()], payload="1")

    def broken() -> Iterator[Document]:
        yield make_document("b")
        raise RuntimeError("the database went away")

    with pytest.raises(RuntimeError, match="went away"):
        index.rebuild(broken(), payload="2")
    assert (index.count, index.payload) == (1, "1")
    index.rebuild([make_document("c")], payload="3")
    assert keys(index.search(Query("涂层")).hits) == ["c"]
    assert len(list(tmp_path.glob("generation-*"))) == 1


def test_a_reader_opened_before_sees_commits_and_rebuilds(tmp_path: Path) -> None:
    writer_side, reader = MatchingIndex.open(tmp_path), MatchingIndex.open(tmp_path)
    assert reader.count == 0
    with writer_side.writer() as writer:
        writer.add([make_document()])
        writer.commit("1")
    assert (reader.count, reader.payload) == (1, "1")
    writer_side.rebuild(make_corpus(3), payload="2")
    assert (reader.count, reader.payload) == (3, "2")


def test_no_reader_falls_between_two_generations(tmp_path: Path) -> None:
    stop = threading.Event()
    missed: list[tuple[int, ...]] = []

    def make() -> None:
        folder = generations.fresh(tmp_path)
        (folder / "text").mkdir()
        (folder / "text" / "meta.json").write_text("{}")
        generations.switch(tmp_path, folder)

    def read() -> None:
        while not stop.is_set():
            if not (seen := generations.stamp(tmp_path)):
                missed.append(seen)

    make()
    thread = threading.Thread(target=read)
    thread.start()
    for _ in range(300):
        make()
    stop.set()
    thread.join()
    assert not missed


def test_searches_and_writes_from_many_threads(trained: MatchingIndex, tmp_path: Path) -> None:
    index = MatchingIndex.open(tmp_path, training=QUICK)
    index.rebuild(make_corpus(80))
    errors: list[BaseException] = []
    stop = threading.Event()

    def read() -> None:
        try:
            while not stop.is_set():
                result = index.search(Query("锂电池储能"), Filters(kinds=("expert",)), limit=5, related=5)
                assert len(result.hits) == 5
        except BaseException as error:  # noqa: BLE001 - carried to the test's own thread
            errors.append(error)

    threads = [threading.Thread(target=read) for _ in range(4)]
    for thread in threads:
        thread.start()
    for number in range(5):
        with index.writer() as writer:
            writer.add(make_corpus(10, seed=number))
            writer.commit(str(number))
    index.rebuild(make_corpus(90), train=False)
    stop.set()
    for thread in threads:
        thread.join()
    assert not errors
    assert index.count == 90


class Letters:
    """A sentence model of its own kind: counts of a few characters and their English names."""

    name = "letters-1"
    dimensions = 4
    marks = (("锂", "lithium"), ("光", "photo"), ("肿", "tumour"), ("机", "machine"))

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        counts = np.array(
            [[text.count(a) + text.lower().count(b) for a, b in self.marks] for text in texts], np.float32
        )
        return counts / np.maximum(np.linalg.norm(counts, axis=1, keepdims=True), 1e-9)


@pytest.mark.parametrize("size", [20, 100])
def test_a_sentence_model_leads_from_chinese_to_english(tmp_path: Path, size: int) -> None:
    model = Letters()
    index = MatchingIndex.open(tmp_path, model=model, training=QUICK)
    english = Document("en", "achievement", "Anodes", "Lithium metal anodes with lithium salts")
    index.rebuild([*make_corpus(size), english])
    assert index.trained_on
    hit = index.explain(Query("锂"), "en")
    assert hit is not None
    assert hit.parts.meaning > 0.0
    with index.writer() as writer:
        writer.add([Document("en2", "achievement", "Cathodes", "lithium iron")])
        writer.commit()
    assert index.explain(Query("锂"), "en2") is not None
    plain = MatchingIndex.open(tmp_path)
    assert plain.search(Query("锂电池")).hits  # reading goes on without the model
    with pytest.raises(MatchingError, match="letters-1"), plain.writer():
        pass


def test_a_damaged_file_is_named(tmp_path: Path) -> None:
    index = MatchingIndex.open(tmp_path)
    index.rebuild([make_document()])
    rows = next(tmp_path.glob("generation-*/rows.bin"))
    rows.write_bytes(b"")
    with pytest.raises(IndexDamaged, match=r"rows\.bin"):
        MatchingIndex.open(tmp_path).search(Query("涂层"))


VALUES = st.sampled_from(["a", "b", "c"])
DOCUMENTS = st.lists(
    st.builds(
        lambda kind, cities, fields, trl, year, tags: make_document(
            kind=kind, cities=tuple(cities), fields=tuple(fields), trl=trl, year=year, tags=tuple(tags)
        ),
        VALUES,
        st.sets(VALUES),
        st.sets(VALUES),
        st.none() | st.integers(1, 9),
        st.none() | st.integers(1990, 2030),
        st.sets(VALUES),
    ),
    max_size=12,
)
FILTERS = st.builds(
    lambda kinds, cities, fields, tags, trl, year: Filters(
        kinds=tuple(kinds),
        cities=tuple(cities),
        fields=tuple(fields),
        tags=tuple(tags),
        trl_min=trl,
        year_max=year,
    ),
    st.sets(VALUES, max_size=2),
    st.sets(VALUES, max_size=2),
    st.sets(VALUES, max_size=1),
    st.sets(VALUES, max_size=1),
    st.none() | st.integers(1, 9),
    st.none() | st.integers(1990, 2030),
)


@given(DOCUMENTS, FILTERS, st.booleans())
@settings(deadline=None, max_examples=15)
def test_the_embedded_index_admits_and_scores_like_the_exact_one(
    tmp_path_factory: pytest.TempPathFactory, documents: list[Document], filters: Filters, few: bool
) -> None:
    numbered = [replace(d, key=f"k:{n}", body=d.body * (n % 3 + 1)) for n, d in enumerate(documents)]
    embedded, exact = MatchingIndex.open(tmp_path_factory.mktemp("p")), MemoryIndex()
    for index in (embedded, exact):
        index.rebuild(numbered)
    kept = search.EVERYTHING
    search.EVERYTHING = 0 if few else kept
    try:
        found = embedded.search(Query("刀具的涂层"), filters, limit=20)
    finally:
        search.EVERYTHING = kept
    expected = exact.search(Query("刀具的涂层"), filters, limit=20)
    assert found.total == expected.total
    assert {h.key: round(h.parts.words, 2) for h in found.hits} == {
        h.key: round(h.parts.words, 2) for h in expected.hits
    }
