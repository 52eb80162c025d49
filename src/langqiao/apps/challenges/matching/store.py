"""The one open index of this process, and the sequence of the ledger it has reached."""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path

from django.conf import settings

from langqiao.engines.matching.index import MatchingIndex
from langqiao.engines.matching.models import load_model


@lru_cache(maxsize=1)
def index() -> MatchingIndex:
    """The index of ``settings.INDEX_DIR``, opened once; safe to search from several threads."""
    model = load_model(settings.SENTENCE_MODEL) if settings.SENTENCE_MODEL else None
    return MatchingIndex.open(settings.INDEX_DIR, model=model)


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
