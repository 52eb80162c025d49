"""Benchmark of expert ranking: how well is the order of a researcher's self-rated topics predicted?

    python -m benchmarks.experts --data FILE.jsonl [--model minilm] [--sweep] [--json]

FILE holds one researcher a line: ``participant``, ``papers`` (id, title, abstract, year) and
``ratings`` (id, title, abstract, expertise 1–5), the layout of the gold standard of Stelmakh et al.
JSON keys:

* ``researchers``, ``ratings``, ``pairs`` (pairs of one researcher's topics with different ratings),
  ``works`` (distinct papers), ``dimensions`` (principal components)
* ``model``: name of the sentence model, or null
* ``loss``: ``bm25`` (mean of the best three of a researcher's papers as queries), ``tfidf``,
  ``dense`` (principal components of the corpus, or the model where one is given), ``fusion``
* ``fusion_interval``: 5th and 95th percentile of the fusion's loss over resampled researchers
* ``seconds``: ``fit`` (term weights, components, encoding) and ``rank``
* ``sweep``, with ``--sweep``: loss of the fusion for each aggregate and number of components
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from langqiao.engines.matching.experts import (
    Expert,
    ExpertRanker,
    Order,
    Work,
    breadth,
    fuse,
    ranking_loss,
    terms,
)
from langqiao.engines.matching.experts.ranker import LATENT, MODEL, TERMS
from langqiao.engines.matching.models import ModelUnavailable, load_model
from langqiao.engines.matching.types import SentenceModel

Matrix = NDArray[np.float64]
Aggregate = Callable[[Matrix], Matrix]
DIMENSIONS = 300
RESAMPLES = 2_000


@dataclass(frozen=True)
class Researcher:
    """One line of the data file."""

    expert: Expert
    topics: tuple[Work, ...]
    expertise: tuple[float, ...]


def read(path: Path) -> list[Researcher]:
    """Read the data file; a line that does not fit is refused with its number."""
    researchers = []
    with path.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            if not line.strip():
                continue
            try:
                row = json.loads(line)
                ratings = row["ratings"]
                researchers.append(
                    Researcher(
                        Expert(str(row["participant"]), tuple(map(_work, row["papers"]))),
                        tuple(map(_work, ratings)),
                        tuple(float(rating["expertise"]) for rating in ratings),
                    )
                )
            except (KeyError, TypeError, ValueError) as error:
                raise SystemExit(f"{path.name}, line {number}: not a researcher: {error!r}") from error
    if not researchers:
        raise SystemExit(f"{path.name} holds no researcher")
    return [researcher for researcher in researchers if researcher.expert.works]


def _work(row: dict[str, Any]) -> Work:
    return Work(str(row["id"]), row.get("title") or "", row.get("abstract") or "")


def bm25(researchers: Sequence[Researcher], *, k1: float = 1.2, b: float = 0.75) -> list[Matrix]:
    """BM25 of every topic for each of the researcher's papers as a query: (papers, topics) each.

    Document frequencies and the mean length are those of papers and topics together.
    """
    every = {work.text for r in researchers for work in (*r.expert.works, *r.topics)}
    counted = {text: Counter(terms(text)) for text in every}
    frequency = Counter(term for counts in counted.values() for term in counts)
    mean_length = sum(sum(counts.values()) for counts in counted.values()) / len(counted)
    idf = {t: float(np.log(1 + (len(counted) - n + 0.5) / (n + 0.5))) for t, n in frequency.items()}
    result = []
    for researcher in researchers:
        scores = np.zeros((len(researcher.expert.works), len(researcher.topics)))
        for column, topic in enumerate(researcher.topics):
            counts = counted[topic.text]
            norm = k1 * (1 - b + b * sum(counts.values()) / mean_length)
            weight = {t: idf[t] * n * (k1 + 1) / (n + norm) for t, n in counts.items()}
            for row, work in enumerate(researcher.expert.works):
                scores[row, column] = sum(weight[t] for t in counted[work.text] if t in weight)
        result.append(scores)
    return result


def best(share: float = 0.0, *, at_least: int = 1) -> Aggregate:
    """The mean of the best ``at_least`` papers, or of that share of them where it is more."""

    def aggregate(scores: Matrix) -> Matrix:
        count = min(len(scores), max(at_least, int(np.ceil(share * len(scores)))))
        return np.asarray(np.sort(scores, axis=0)[::-1][:count].mean(axis=0))

    return aggregate


AGGREGATES: dict[str, Aggregate] = {
    "best 5": best(at_least=5),
    "best 30 %": best(0.3),
    "best 40 %": best(0.4),
    "best 50 %": best(0.5),
    "linear": breadth,
    "mean": best(1.0),
}


class Prediction:
    """Similarities of all works with all topics, cut up by researcher."""

    def __init__(
        self, researchers: Sequence[Researcher], model: SentenceModel | None, dimensions: int
    ) -> None:
        topics = list(dict.fromkeys(topic.text for r in researchers for topic in r.topics))
        columns = {text: i for i, text in enumerate(topics)}
        ranker = ExpertRanker(
            [r.expert for r in researchers], background=topics, model=model, dimensions=dimensions
        )
        rows: dict[str, int] = {}
        for expert in ranker.experts:
            for work in expert.works:
                rows.setdefault(work.text, len(rows))
        similarities = ranker.similarities(topics)
        self.works = len(rows)
        self._blocks = [
            {
                name: values[
                    np.ix_([rows[w.text] for w in r.expert.works], [columns[t.text] for t in r.topics])
                ]
                for name, values in similarities.items()
            }
            for r in researchers
        ]

    def scores(self, signals: Sequence[str], aggregate: Aggregate) -> list[Matrix]:
        """The fused score of each researcher's topics from the named signals."""
        return [
            fuse({name: aggregate(block[name]) for name in signals if name in block})
            for block in self._blocks
        ]


def loss(researchers: Sequence[Researcher], scores: Sequence[Matrix]) -> float:
    """The ranking loss of predicted scores."""
    return ranking_loss(
        Order(r.expertise, list(map(float, s))) for r, s in zip(researchers, scores, strict=True)
    )


def interval(researchers: Sequence[Researcher], scores: Sequence[Matrix]) -> list[float]:
    """5th and 95th percentile of the loss over researchers drawn with replacement (seeded)."""
    generator = np.random.default_rng(1)
    drawn = generator.integers(0, len(researchers), (RESAMPLES, len(researchers)))
    losses = [
        loss([researchers[i] for i in sample], [scores[i] for i in sample])
        for sample in drawn
        if any(len(set(researchers[i].expertise)) > 1 for i in sample)
    ]
    return [round(float(np.percentile(losses, q)), 4) for q in (5, 95)]


def pairs(researchers: Sequence[Researcher]) -> int:
    """How many pairs of one researcher's topics are rated differently."""
    return sum(a != b for r in researchers for i, a in enumerate(r.expertise) for b in r.expertise[:i])


def sweep(researchers: Sequence[Researcher], model: SentenceModel | None) -> dict[str, dict[str, float]]:
    """Loss of the fusion for each aggregate and number of components (to see how flat the optimum is)."""
    table: dict[str, dict[str, float]] = {name: {} for name in AGGREGATES}
    for dimensions in (100, 200, 300, 400):
        prediction = Prediction(researchers, model, dimensions)
        for name, aggregate in AGGREGATES.items():
            value = loss(researchers, prediction.scores((TERMS, LATENT, MODEL), aggregate))
            table[name][str(dimensions)] = round(value, 4)
    return table


def measure(path: Path, *, model: SentenceModel | None = None, with_sweep: bool = False) -> dict[str, Any]:
    """All figures of the benchmark for one data file."""
    researchers = read(path)
    started = time.perf_counter()
    prediction = Prediction(researchers, model, DIMENSIONS)
    fitted = time.perf_counter()
    fusion = prediction.scores((TERMS, LATENT, MODEL), breadth)
    ranked = time.perf_counter()
    dense = MODEL if model is not None else LATENT
    losses = {
        "bm25": loss(researchers, [best(at_least=3)(block) for block in bm25(researchers)]),
        "tfidf": loss(researchers, prediction.scores((TERMS,), breadth)),
        "dense": loss(researchers, prediction.scores((dense,), breadth)),
        "fusion": loss(researchers, fusion),
    }
    report: dict[str, Any] = {
        "researchers": len(researchers),
        "ratings": sum(len(r.topics) for r in researchers),
        "pairs": pairs(researchers),
        "works": prediction.works,
        "dimensions": DIMENSIONS,
        "model": None if model is None else model.name,
        "loss": {name: round(value, 4) for name, value in losses.items()},
        "fusion_interval": interval(researchers, fusion),
        "seconds": {"fit": round(fitted - started, 2), "rank": round(ranked - fitted, 3)},
    }
    if with_sweep:
        report["sweep"] = sweep(researchers, model)
    return report


def main(arguments: Sequence[str] | None = None) -> int:
    """Run from the command line; 0 on success."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.experts", description=__doc__.split("\n")[0])
    parser.add_argument("--data", type=Path, required=True, metavar="FILE.jsonl")
    parser.add_argument("--model", metavar="SPEC", help="sentence model, e.g. minilm or use-multilingual")
    parser.add_argument("--sweep", action="store_true", help="also vary the aggregate and the components")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args(arguments)
    if not options.data.is_file():
        parser.error(f"there is no file {options.data}")
    try:
        model = load_model(options.model) if options.model else None
    except (ModelUnavailable, ValueError) as error:
        parser.error(str(error))
    report = measure(options.data, model=model, with_sweep=options.sweep)
    if options.json:
        json.dump(report, sys.stdout, ensure_ascii=False, indent=2)
        print()
        return 0
    print(f"{report['researchers']} researchers, {report['pairs']} pairs, model {report['model'] or 'none'}")
    for name, value in report["loss"].items():
        print(f"  {name:8s} {value:.4f}")
    low, high = report["fusion_interval"]
    print(f"  fusion, 90 % of resampled sets of researchers: {low:.3f}–{high:.3f}")
    for name, row in report.get("sweep", {}).items():
        print(f"  {name:10s}", *(f"{d}: {value:.4f}" for d, value in row.items()), sep="  ")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
