"""Measure the matching engine: quality, build, disk, memory, time per query.

    python -m benchmarks.matching --docs FILE… --queries FILE [--requirements FILE] [--grow N] [--json]

Files are JSON Lines with id, title, abstract, keywords, discipline. The index is built from the
abstracts alone; titles and keywords are the queries, and the paper's own abstract is the one right
answer. Documents without a title are documents only. Three tasks: the title; all keywords together; the
keywords that do not stand in the abstract, together.

mrr@10 and recall@10 rank all documents. discipline@10 ranks the documents of known discipline without
the sought one, and is the share of the first ten that have the query's discipline.

bm25_* are computed here on scipy matrices. dense, fusion and the related list are the product's own
index, opened like the product opens it; rrf joins the bm25_chars and dense lists. With --grow, made-up
documents join for the build and the timings; quality is always measured on the documents given.
"""

from __future__ import annotations

import argparse
import json
import resource
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.bm25 import VIEWS, Bm25
from benchmarks.clock import timed
from benchmarks.corpora import Corpus, Paper, assemble, long_texts, read_papers, read_requirements, recombined
from langqiao.engines.matching.fuse import MAIN
from langqiao.engines.matching.index import MatchingIndex
from langqiao.engines.matching.tokenise import normalise
from langqiao.engines.matching.types import Document, Filters, Progress, Query

TOP = 10
DEPTH = 100  # how deep RRF reads the lists it joins
RRF_K = 60  # Cormack, Clarke & Büttcher 2009
KNOWN = "discipline-known"
TIMED = 371  # queries timed of each sort, as many as there are requirement texts
METHODS = ("bm25_words", "bm25_bigrams", "bm25_chars", "dense", "rrf", "fusion")


@dataclass(frozen=True, slots=True)
class Asked:
    """One query text of a task, the document it seeks and the discipline of its paper."""

    text: str
    sought: int
    discipline: str


def tasks_of(corpus: Corpus) -> dict[str, list[Asked]]:
    """The queries of the three tasks."""
    tasks: dict[str, list[Asked]] = {"title": [], "keywords": [], "absent": []}
    for paper, sought in zip(corpus.queries, corpus.sought, strict=True):
        abstract = normalise(paper.abstract)
        absent = [word for word in paper.keywords if normalise(word) not in abstract]
        for task, text in (
            ("title", paper.title),
            ("keywords", " ".join(paper.keywords)),
            ("absent", " ".join(absent)),
        ):
            if text:
                tasks[task].append(Asked(text, sought, paper.discipline))
    return tasks


class Tally:
    """Collects the three measures of one method on one task."""

    def __init__(self) -> None:
        self._gain: list[float] = []
        self._found: list[float] = []
        self._share: list[float] = []

    def rank(self, rank: int | None) -> None:
        """The place of the sought document, from 1; None when it was not found."""
        self._gain.append(1.0 / rank if rank is not None and rank <= TOP else 0.0)
        self._found.append(1.0 if rank is not None and rank <= TOP else 0.0)

    def share(self, found: Sequence[str], discipline: str) -> None:
        """The disciplines of the first ten others; counted when the query's own is known."""
        if discipline and found:
            self._share.append(sum(name == discipline for name in found) / len(found))

    def report(self) -> dict[str, float]:
        """The means."""
        return {
            "mrr@10": _mean(self._gain),
            "recall@10": _mean(self._found),
            "discipline@10": _mean(self._share),
        }


def _mean(values: Sequence[float]) -> float:
    return round(float(np.mean(values)), 4) if values else 0.0


def note(text: str) -> None:
    """Tell the person who waits; the figures alone go to standard output."""
    print(text, file=sys.stderr, flush=True)


def show(progress: Progress) -> None:
    """One line on a terminal that overwrites itself."""
    if sys.stderr.isatty():
        print(
            f"\r  {progress.stage} {progress.done}/{progress.total}   ", end="", file=sys.stderr, flush=True
        )


def as_documents(corpus: Corpus, grow: int) -> Iterator[Document]:
    """The documents as the index gets them: abstracts without title or keywords."""
    for place, paper in enumerate(corpus.documents):
        tags = (KNOWN,) if paper.discipline else ()
        yield Document(str(place), "achievement", "", paper.abstract, tags=tags)
    missing = max(0, grow - len(corpus.documents))
    for number, text in enumerate(recombined(corpus.documents, missing)):
        yield Document(f"made-up:{number}", "achievement", "", text)


def best_known(
    scores: NDArray[np.float32], corpus: Corpus, known: NDArray[np.int64], sought: int
) -> list[str]:
    """Disciplines of the best documents of known discipline, the sought one removed."""
    others = known[known != sought]
    order = others[np.argsort(-scores[others], kind="stable")[:TOP]]
    return [corpus.documents[place].discipline for place in order]


def measure_baseline(
    model: Bm25, asked: Sequence[Asked], corpus: Corpus, known: NDArray[np.int64]
) -> tuple[dict[str, float], list[NDArray[np.int64]], list[NDArray[np.int64]]]:
    """A full-ranking baseline, its list for RRF, and the same among documents of known discipline."""
    tally = Tally()
    lists, known_lists = [], []
    for query in asked:
        scores = model.scores(query.text)
        tally.rank(
            1 + int(np.count_nonzero(scores >= scores[query.sought])) - 1
            if scores[query.sought] > 0
            else None
        )
        tally.share(best_known(scores, corpus, known, query.sought), query.discipline)
        lists.append(np.argsort(-scores, kind="stable")[:DEPTH])
        others = known[known != query.sought]
        known_lists.append(others[np.argsort(-scores[others], kind="stable")[:DEPTH]])
    return tally.report(), lists, known_lists


def search_keys(index: MatchingIndex, text: str, filters: Filters, limit: int) -> list[int]:
    """Places of the documents that the product's index lists."""
    return [int(hit.key) for hit in index.search(Query(text), filters, limit).hits]


def measure_index(
    index: MatchingIndex, asked: Sequence[Asked], corpus: Corpus, depth: int = TOP
) -> tuple[dict[str, float], list[list[int]], list[list[int]]]:
    """The product's index on one task, with its lists for RRF."""
    tally = Tally()
    lists, known_lists = [], []
    for query in asked:
        found = search_keys(index, query.text, Filters(), depth)
        tally.rank(found.index(query.sought) + 1 if query.sought in found else None)
        others = Filters(tags=(KNOWN,), excluded_keys=(str(query.sought),))
        known = search_keys(index, query.text, others, depth)
        tally.share([corpus.documents[place].discipline for place in known[:TOP]], query.discipline)
        lists.append(found)
        known_lists.append(known)
    return tally.report(), lists, known_lists


def related_share(index: MatchingIndex, asked: Sequence[Asked], corpus: Corpus) -> float:
    """discipline@10 of the list of related work."""
    tally = Tally()
    for query in asked:
        filters = Filters(tags=(KNOWN,), excluded_keys=(str(query.sought),))
        hits = index.search(Query(query.text), filters, 1, related=TOP).related
        tally.share([corpus.documents[int(hit.key)].discipline for hit in hits], query.discipline)
    return tally.report()["discipline@10"]


def join(first: Sequence[int], second: Sequence[int]) -> list[int]:
    """Reciprocal rank fusion of two lists."""
    gains: dict[int, float] = {}
    for places in (first, second):
        for rank, place in enumerate(places, 1):
            gains[int(place)] = gains.get(int(place), 0.0) + 1.0 / (RRF_K + rank)
    return sorted(gains, key=lambda place: (-gains[place], place))


def measure_rrf(
    asked: Sequence[Asked],
    lists: Sequence[tuple[Sequence[int], Sequence[int]]],
    known: Sequence[tuple[Sequence[int], Sequence[int]]],
    corpus: Corpus,
) -> dict[str, float]:
    """Reciprocal rank fusion of bm25_chars and dense."""
    tally = Tally()
    for query, pair, known_pair in zip(asked, lists, known, strict=True):
        joined = join(*pair)
        tally.rank(joined.index(query.sought) + 1 if query.sought in joined else None)
        found = [corpus.documents[place].discipline for place in join(*known_pair)[:TOP]]
        tally.share(found, query.discipline)
    return tally.report()


def measure_quality(folder: Path, corpus: Corpus) -> dict[str, Any]:
    """Every method on every task."""
    tasks = tasks_of(corpus)
    known = np.array([i for i, paper in enumerate(corpus.documents) if paper.discipline], np.int64)
    index = MatchingIndex.open(folder)
    dense = MatchingIndex.open(folder, main=replace(MAIN, characters=0.0, words=0.0))
    report: dict[str, Any] = {task: {} for task in tasks}
    lexical: dict[str, tuple[list[Any], list[Any]]] = {}
    for name, cut in VIEWS.items():
        note(f"measuring {name}")
        model = Bm25(cut, [paper.abstract for paper in corpus.documents])
        for task, asked in tasks.items():
            report[task][name], *kept = measure_baseline(model, asked, corpus, known)
            if name == "bm25_chars":
                lexical[task] = (kept[0], kept[1])
    for task, asked in tasks.items():
        note(f"measuring the index on {task}")
        report[task]["dense"], found, found_known = measure_index(dense, asked, corpus, DEPTH)
        pairs = list(zip(lexical[task][0], found, strict=True))
        known_pairs = list(zip(lexical[task][1], found_known, strict=True))
        report[task]["rrf"] = measure_rrf(asked, pairs, known_pairs, corpus)
        report[task]["fusion"], *_ = measure_index(index, asked, corpus)
    report["title"]["related"] = {"discipline@10": related_share(index, tasks["title"], corpus)}
    return report


def measure_times(index: MatchingIndex, queries: Sequence[Query]) -> dict[str, float]:
    """p50 and p95 of a search for ten explained hits, after a few searches that do not count."""
    for query in queries[:10]:
        index.search(query)
    spent = [timed(partial(index.search, query)) for query in queries[:TIMED]]
    return {
        "p50": round(float(np.percentile(spent, 50)), 2),
        "p95": round(float(np.percentile(spent, 95)), 2),
    }


def folder_size(folder: Path) -> int:
    """Bytes of all files below a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def build(folder: Path, corpus: Corpus, grow: int) -> dict[str, Any]:
    """Build the index as the product does; time, speed and disk."""
    started = time.perf_counter()
    index = MatchingIndex.open(folder)
    index.rebuild(list(as_documents(corpus, grow)), progress=show)
    seconds = time.perf_counter() - started
    return {
        "documents": index.count,
        "build_seconds": round(seconds, 2),
        "documents_per_second": round(index.count / seconds, 1),
        "disk_mb": round(folder_size(folder) / 1e6, 1),
    }


def peak_mb() -> float:
    """The most memory this process has held, MB."""
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024.0, 1)


def measure(
    corpus: Corpus, requirements: Sequence[tuple[str, str]], grow: int, folder: Path
) -> dict[str, Any]:
    """The whole report."""
    note(f"building an index of {max(grow, len(corpus.documents)):,} documents")
    report = build(folder / "timed", corpus, grow)
    index = MatchingIndex.open(folder / "timed")
    note("timing queries")
    report["query_ms"] = {
        "title": measure_times(index, [Query(paper.title) for paper in corpus.queries]),
        "requirement": measure_times(index, [Query(text, title=title) for title, text in requirements]),
    }
    report["peak_mb"] = peak_mb()
    given = folder / "timed"
    if grow > len(corpus.documents):
        note(f"building an index of the {len(corpus.documents):,} documents given")
        given = folder / "given"
        build(given, corpus, 0)
    report["tasks"] = measure_quality(given, corpus)
    return report


def print_table(report: dict[str, Any]) -> None:
    """The report for people."""
    print(
        f"{report['documents']:,} documents, built in {report['build_seconds']} s "
        f"({report['documents_per_second']}/s), disk {report['disk_mb']} MB, memory {report['peak_mb']} MB"
    )
    for sort, times in report["query_ms"].items():
        print(f"query {sort}: p50 {times['p50']} ms, p95 {times['p95']} ms")
    print(f"\n{'':14}" + "".join(f"{task:>28}" for task in report["tasks"]))
    print(f"{'':14}" + f"{'mrr@10 recall@10 disc@10':>28}" * len(report["tasks"]))
    for method in METHODS:
        cells = [report["tasks"][task][method] for task in report["tasks"]]
        row = "".join(f"{c['mrr@10']:>10.3f}{c['recall@10']:>9.3f}{c['discipline@10']:>9.3f}" for c in cells)
        print(f"{method:14}{row}")
    print(f"{'related':14}{report['tasks']['title']['related']['discipline@10']:>28.3f}")


def read_corpus(docs: Sequence[Path], queries: Path) -> Corpus:
    """Read all files; each only once."""
    read: dict[Path, list[Paper]] = {path: list(read_papers(path)) for path in {*docs, queries}}
    corpus = assemble((paper for path in docs for paper in read[path]), read[queries])
    if not corpus.queries:
        raise SystemExit("no query: --queries needs papers with titles whose abstracts are among --docs")
    return corpus


def main(arguments: Sequence[str] | None = None) -> None:
    """Command line."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.matching", description="Measure the matching engine."
    )
    parser.add_argument("--docs", type=Path, nargs="+", required=True, help="JSON Lines with abstracts")
    parser.add_argument("--queries", type=Path, required=True, help="JSON Lines with titles and keywords")
    parser.add_argument("--requirements", type=Path, help="lines of 'id' , 'title' , 'content', for timing")
    parser.add_argument("--grow", type=int, default=0, help="make up documents up to this number")
    parser.add_argument("--json", action="store_true", help="print the report as JSON and nothing else")
    given = parser.parse_args(arguments)
    corpus = read_corpus(given.docs, given.queries)
    asked = (
        read_requirements(given.requirements) if given.requirements else long_texts(corpus.documents, TIMED)
    )
    with tempfile.TemporaryDirectory(prefix="langqiao-matching-") as folder:
        report = measure(corpus, asked, given.grow, Path(folder))
    if given.json:
        print(json.dumps(report, ensure_ascii=False, indent=2))
    else:
        print_table(report)


if __name__ == "__main__":
    main()
