"""Draw links to be judged, fit the certainty to judged ones, and measure how right the asserted links are.

    python -m benchmarks.chains_links draw PRODUCT_CHAIN --seed 7 --size 200 > drawn.csv
    python -m benchmarks.chains_links fit PRODUCT_CHAIN tests/engines/chains/tuned_links.csv
    python -m benchmarks.chains_links measure PRODUCT_CHAIN tests/engines/chains/judged_links.csv [--json]

``draw`` takes links at random from all that the engine asserts (one a row of company_product.tsv).
``fit`` prints the coefficients of :mod:`langqiao.engines.chains.link` (logistic regression with a weak
Gaussian prior, maximum posterior). ``measure`` prints how many of the judged links are right, by evidence
and by certainty, and how many of all rows are linked.
"""

from __future__ import annotations

import argparse
import csv
import json
import random
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
from scipy.optimize import minimize

from langqiao.engines.chains.link import (
    THRESHOLD,
    Linker,
    contained_values,
    fused_values,
    link_products,
)
from langqiao.engines.chains.names import is_vague
from langqiao.engines.chains.read import read_product_chain
from langqiao.engines.chains.types import ChainData, FirmProduct

PRIOR = 0.05  # precision of the coefficients


def linked(data: ChainData) -> list[FirmProduct]:
    """All asserted links."""
    return [made for made in data.makes if made.node]


def draw(data: ChainData, seed: int, size: int) -> list[FirmProduct]:
    """A simple random sample of the asserted links."""
    return random.Random(seed).sample(linked(data), size)


def fit(linker: Linker, path: Path) -> dict[str, list[float]]:
    """Coefficients for each evidence."""
    with path.open(encoding="utf-8", newline="") as file:
        judged = list(csv.DictReader(file))
    found = linker.link([row["product"] for row in judged], limit=60)
    samples: dict[str, list[tuple[tuple[float, ...], float]]] = {"contained": [], "fused": []}
    values = {"contained": contained_values, "fused": fused_values}
    missing = 0
    for row, candidates in zip(judged, found, strict=True):
        if row["evidence"] not in samples:
            continue
        same = [c for c in candidates if c.node == row["node"] and c.evidence == row["evidence"]]
        if not same:
            missing += 1
            continue
        samples[row["evidence"]].append((values[row["evidence"]](same[0].seen), row["verdict"] == "right"))
    print(f"{missing} judged links are no longer proposed", file=sys.stderr)
    return {evidence: _logistic(pairs) for evidence, pairs in samples.items()}


def _logistic(pairs: list[tuple[tuple[float, ...], float]]) -> list[float]:
    x = np.array([values for values, _ in pairs], np.float64)
    y = np.array([label for _, label in pairs], np.float64)

    def loss(w: Any) -> float:
        z = x @ w
        return float(np.logaddexp(0, z).sum() - y @ z + 0.5 * PRIOR * (w[1:] @ w[1:]))

    result = minimize(loss, np.zeros(x.shape[1]), method="BFGS")
    p = 1 / (1 + np.exp(-(x @ result.x)))
    print("mean certainty", p.mean(), "right", y.mean(), "n", y.size, file=sys.stderr)
    for low in (0.0, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95):
        kept = p >= low
        print(low, int(kept.sum()), y[kept].mean() if kept.any() else None, file=sys.stderr)
    return [round(float(w), 3) for w in result.x]


def measure(data: ChainData, path: Path) -> dict[str, Any]:
    """How right the judged links are and how much is linked."""
    with path.open(encoding="utf-8", newline="") as file:
        judged = list(csv.DictReader(file))
    by: dict[str, Counter[str]] = {}
    for row in judged:
        by.setdefault(row["evidence"], Counter())[row["verdict"]] += 1
    right = sum(row["verdict"] == "right" for row in judged)
    rows = len(data.makes)
    named = sum(not made.is_balance and not is_vague(made.product) for made in data.makes)
    return {
        "judged": len(judged),
        "right": right,
        "share_right": round(right / len(judged), 4),
        "mean_certainty": round(float(np.mean([float(row["certainty"]) for row in judged])), 4),
        "by_evidence": {evidence: dict(counts) for evidence, counts in sorted(by.items())},
        "threshold": THRESHOLD,
        "rows": rows,
        "rows_that_name_a_product": named,
        "linked": len(linked(data)),
        "linked_by_evidence": dict(Counter(made.evidence for made in linked(data))),
        "recall_of_rows": round(len(linked(data)) / rows, 4),
        "recall_of_named": round(len(linked(data)) / named, 4),
    }


def main() -> None:
    """Draw, fit or measure."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", choices=("draw", "fit", "measure"))
    parser.add_argument("folder", type=Path)
    parser.add_argument("judged", type=Path, nargs="?")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--size", type=int, default=200)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    data, _ = read_product_chain(asked.folder)
    linker = Linker.build(data.nodes())
    if asked.what == "fit":
        print(json.dumps(fit(linker, asked.judged)))
        return
    data = link_products(data, linker)
    if asked.what == "measure":
        result = measure(data, asked.judged)
        print(
            json.dumps(result, ensure_ascii=False)
            if asked.json
            else "\n".join(f"{key:28}{value}" for key, value in result.items())
        )
        return
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(("seed", "company", "product", "node", "certainty", "evidence", "verdict", "note"))
    for made in draw(data, asked.seed, asked.size):
        writer.writerow(
            (asked.seed, made.firm, made.product, made.node, made.certainty, made.evidence, "", "")
        )


if __name__ == "__main__":
    main()
