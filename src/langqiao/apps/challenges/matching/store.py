"""The one open index of this process, and the sequence of the ledger it has reached."""

from __future__ import annotations

import json
import math
from functools import lru_cache
from pathlib import Path

from django.conf import settings

from langqiao.engines.matching.dense import Training
from langqiao.engines.matching.fuse import Weights
from langqiao.engines.matching.index import MatchingIndex
from langqiao.engines.matching.types import SentenceModel

# How often training reads each record of a small corpus; a large one is read as often as the
# engine's own default says (docs/experiments.md, Matching).
READINGS = 60


@lru_cache(maxsize=1)
def index() -> MatchingIndex:
    """The index of ``settings.INDEX_DIR``, opened once; safe to search from several threads."""
    return opened(Training())


def opened(training: Training) -> MatchingIndex:
    """The index with the configured sentence model and the given amount of training."""
    return MatchingIndex.open(settings.INDEX_DIR, model=configured_model(), training=training)


@lru_cache(maxsize=1)
def configured_model() -> SentenceModel | None:
    """The configured sentence model, loaded once; None when none is configured."""
    if not settings.SENTENCE_MODEL:
        return None
    from langqiao.engines.matching.models import load_model

    return load_model(settings.SENTENCE_MODEL)


@lru_cache(maxsize=1)
def across() -> MatchingIndex | None:
    """The same index ranked by the sentence model alone, for records in the other language.

    Words and the corpus's own vectors say nothing across languages: a record that can share no word
    would always stand below one that shares a few by chance. None without a sentence model.
    """
    if configured_model() is None:
        return None
    return MatchingIndex.open(
        settings.INDEX_DIR, model=configured_model(), main=Weights(characters=0.0, parts={"sentence": 1.0})
    )


def training_for(documents: int) -> Training:
    """Training in proportion to a small corpus, the engine's default for a large one."""
    default = Training()
    most = max(table.training.passages for table in default.tables)
    return default.with_passages(min(most, READINGS * max(documents, 1)))


def clear_score(count: int) -> float:
    """The score from which a hit is no chance among ``count`` admitted records.

    The best of many unrelated records stands higher than the best of few: 1.9 · ln(n) − 0.6 left three
    quarters of the parts open that had no answer, from 400 to 11,000 records (docs/experiments.md,
    Experts). Among few records nothing can stand far above the rest, since a score is measured in
    their standard deviations: half of the largest possible one, (n − 1)/√n (Samuelson's inequality).
    """
    if count < 2:
        return 0.0
    return min(1.9 * math.log(count) - 0.6, (count - 1) / math.sqrt(count) / 2)


def payload(sequence: int) -> str:
    """What a commit of the index says about itself: the ledger's sequence it holds."""
    return json.dumps({"sequence": sequence})


def reached() -> int:
    """The ledger sequence the index holds; 0 before the first build."""
    text = index().payload
    return int(json.loads(text)["sequence"]) if text else 0


def folder() -> Path:
    """Where the index lies on disk."""
    return Path(settings.INDEX_DIR)
