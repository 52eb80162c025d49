"""Reading and making the texts that the matching benchmark works on."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Paper:
    """One line of a JSON Lines file: a document, and a query where it has a title."""

    key: str
    abstract: str
    title: str = ""
    keywords: tuple[str, ...] = ()
    discipline: str = ""


def read_papers(path: Path) -> Iterator[Paper]:
    """The papers of a JSON Lines file with id, abstract and, where known, title, keywords, discipline.

    Raises:
        SystemExit: a line is not JSON or has no abstract; names the file and line.
    """
    with path.open(encoding="utf-8-sig") as file:
        for number, line in enumerate(file, 1):
            if not line.strip():
                continue
            try:
                given = json.loads(line)
                keywords = given.get("keywords") or ()
                if isinstance(keywords, str):
                    keywords = re.split(r"[;；,，、|]\s*", keywords)
                yield Paper(
                    key=str(given.get("id", f"{path.name}:{number}")),
                    abstract=str(given["abstract"]),
                    title=str(given.get("title") or ""),
                    keywords=tuple(str(word) for word in keywords if str(word).strip()),
                    discipline=str(given.get("discipline") or ""),
                )
            except (ValueError, KeyError, TypeError, AttributeError) as error:
                raise SystemExit(f"{path}:{number}: not a paper with an abstract ({error!r})") from error


@dataclass(frozen=True, slots=True)
class Corpus:
    """Distinct documents, and which of them each query seeks."""

    documents: tuple[Paper, ...]
    queries: tuple[Paper, ...]
    sought: tuple[int, ...]  # position in documents, one for each query

    @property
    def disciplines(self) -> tuple[str, ...]:
        """The discipline of every document, "" where unknown."""
        return tuple(document.discipline for document in self.documents)


def assemble(documents: Iterable[Paper], queries: Iterable[Paper]) -> Corpus:
    """Documents with the same abstract count once; a query whose abstract is no document is left out."""
    kept: dict[str, Paper] = {}
    for paper in documents:
        known = kept.get(paper.abstract)
        if known is None or (paper.discipline and not known.discipline):
            kept[paper.abstract] = paper
    places = {abstract: place for place, abstract in enumerate(kept)}
    asked = [paper for paper in queries if paper.title and paper.abstract in places]
    for paper in asked:
        known = kept[paper.abstract]
        if paper.discipline and not known.discipline:
            kept[paper.abstract] = paper
    return Corpus(tuple(kept.values()), tuple(asked), tuple(places[paper.abstract] for paper in asked))


_SENTENCE = re.compile(r"[^。！？；;!?.]+[。！？；;!?.]*")


def sentences(text: str) -> list[str]:
    """The sentences of an abstract, each with its closing mark."""
    return [piece.strip() for piece in _SENTENCE.findall(text) if piece.strip()]


def recombined(papers: Sequence[Paper], count: int, *, seed: int = 1) -> Iterator[str]:
    """Made-up abstracts: each takes the number of sentences of a real one, every sentence from another."""
    generator = random.Random(seed)
    lengths = [max(1, len(sentences(paper.abstract))) for paper in papers]
    pool = [sentence for paper in papers for sentence in sentences(paper.abstract)]
    for _ in range(count):
        yield "".join(generator.choices(pool, k=generator.choice(lengths)))


_REQUIREMENT = re.compile(r"^'([^']*)'\s*,\s*'(.*)'\s*,\s*'(.*)'\s*$")


def read_requirements(path: Path) -> list[tuple[str, str]]:
    r"""Titles and contents of a file with lines ``'id' , 'title' , 'content'``; ``\n`` is a line break."""
    found = []
    for line in path.read_text(encoding="utf-8-sig").splitlines():
        match = _REQUIREMENT.match(line.strip())
        if match:
            found.append((match.group(2), match.group(3).replace("\\n", "\n")))
    if not found:
        raise SystemExit(f"{path}: no line of the form 'id' , 'title' , 'content'")
    return found


def long_texts(papers: Sequence[Paper], count: int, *, seed: int = 1) -> list[tuple[str, str]]:
    """Where no requirements are given: three abstracts each, about as long as a requirement text."""
    generator = random.Random(seed)
    return [
        ("", "\n".join(p.abstract for p in generator.sample(papers, min(3, len(papers)))))
        for _ in range(count)
    ]
