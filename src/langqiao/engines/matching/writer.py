"""The one writer of an index: adds and deletes documents and commits them with a payload."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import numpy as np
import tantivy

from .analyse import Analysed, analyse
from .columns import NONE, ROW, Appenders, Manifest, open_map
from .dense import SCAN, DenseModel, Floats
from .snapshot import encode_document
from .text import MANIFEST_KEY, TextSnapshot, facets_of, manifest_entry, open_index, to_entry
from .training import pack
from .types import Document, MatchingError, SentenceModel

_HEAP = 64_000_000  # bytes that tantivy may collect before it writes a segment
_SENTENCES = 64  # documents encoded by a sentence model at a time


class Writer:
    """Adds, replaces and deletes documents. Nothing is visible before :meth:`commit`.

    Not to be made by hand: use ``with index.writer() as writer``. A document with a key that is
    already there replaces it. Leaving the block without a commit drops what was not committed.
    """

    def __init__(self, folder: Path, model: DenseModel | None, sentence: SentenceModel | None) -> None:
        if (
            model is not None
            and model.sentence_name
            and (sentence is None or sentence.name != model.sentence_name)
        ):
            raise MatchingError(
                f"索引是用句向量模型 {model.sentence_name} 建立的；请用同一模型打开索引，或重建索引。"
            )
        self._folder = folder
        self._model = model
        self._sentence = sentence if model is not None and model.sentence_name else None
        self._index = open_index(folder / "text")
        self._text = TextSnapshot(self._index)
        self._manifest = self._text.manifest()
        self._tantivy: tantivy.IndexWriter | None = self._index.writer(_HEAP, 1)
        extra: dict[str, int] = {}
        if model is not None:
            extra = {"vectors": model.dimensions, "compact": SCAN, "scales": 4 * (len(model.parts) + 1)}
        self._files = Appenders(folder, self._manifest, extra=extra)
        self._files.__enter__()
        self._facets = self._load_facets()
        self._pending: dict[str, tuple[int, float, float]] = {}  # key -> row and lengths, since the commit
        self._unencoded: list[tuple[Document, Analysed]] = []
        self._character_length = self._manifest.character_length
        self._word_length = self._manifest.word_length
        self._rows = self._manifest.rows
        self._old_rows = open_map(folder / "rows.bin", ROW, self._manifest.rows)
        self._dead_since: set[int] = set()

    @property
    def payload(self) -> str:
        """The payload of the last commit."""
        return self._manifest.payload

    @property
    def manifest(self) -> Manifest:
        """The manifest of the last commit."""
        return self._manifest

    def _load_facets(self) -> dict[tuple[str, str], int]:
        size = self._manifest.sizes["facet_names"]
        text = open_map(self._folder / "facet_names.bin", np.uint8, size).tobytes().decode()
        return {tuple(json.loads(line)): n for n, line in enumerate(filter(None, text.split("\n")))}

    def _facet_number(self, facet: str, value: str) -> int:
        number = self._facets.get((facet, value))
        if number is None:
            number = self._facets[(facet, value)] = len(self._facets)
            self._files["facet_names"].append(
                (json.dumps([facet, value], ensure_ascii=False) + "\n").encode()
            )
        return number

    def add(self, documents: Iterable[Document]) -> int:
        """Add documents, replacing those with the same key; returns how many were added.

        Raises:
            ValueError: a document has no key, or one that begins with a null character.
        """
        count = 0
        for document in documents:
            if not document.key or document.key.startswith("\x00"):
                raise ValueError("文档缺少键值（key），或键值以空字符开头。")
            self._remove(document.key)
            self._append(document)
            count += 1
        return count

    def delete(self, keys: Iterable[str]) -> int:
        """Delete documents by key; returns how many of them were there."""
        return sum(self._remove(key) for key in keys)

    def _remove(self, key: str) -> bool:
        pending = self._pending.pop(key, None)
        if pending is not None:
            row, characters, words = pending
        else:
            found = self._text.row_of(key) if self._manifest.rows else None
            if found is None or found in self._dead_since:
                return False
            row = found
            characters = float(self._old_rows["character_length"][row])
            words = float(self._old_rows["word_length"][row])
        assert self._tantivy is not None
        self._tantivy.delete_documents_by_term("key", key)
        self._files["dead"].append(np.array([row], np.uint32))
        self._dead_since.add(row)
        self._character_length -= characters
        self._word_length -= words
        return True

    def _append(self, document: Document) -> None:
        analysed = analyse(document)
        characters, words = float(analysed.character_length), float(analysed.word_length)
        encoded = encode_document(document)
        facets = [self._facet_number(facet, value) for facet, value in facets_of(document)]
        record = np.zeros(1, ROW)
        record["character_start"] = self._files.count("characters")
        record["word_start"] = self._files.count("words")
        record["facet_start"] = self._files.count("facets")
        record["document_start"] = self._files.count("documents")
        record["document_size"] = len(encoded)
        record["character_ends"] = analysed.character_ends
        record["word_ends"] = analysed.word_ends
        record["facet_count"] = len(facets)
        record["character_length"] = characters
        record["word_length"] = words
        record["kind"] = facets[0]
        record["trl"] = NONE if document.trl is None else document.trl
        record["year"] = NONE if document.year is None else document.year
        self._files["rows"].append(record)
        self._files["characters"].append(analysed.characters)
        self._files["words"].append(analysed.words)
        self._files["facets"].append(np.array(facets, np.int32))
        self._files["documents"].append(encoded)
        assert self._tantivy is not None
        self._tantivy.add_document(to_entry(document, analysed, self._rows))
        self._pending[document.key] = (self._rows, characters, words)
        self._rows += 1
        self._character_length += characters
        self._word_length += words
        if self._model is not None:
            self._unencoded.append((document, analysed))
            if len(self._unencoded) >= _SENTENCES:
                self._encode()

    def _encode(self) -> None:
        if self._model is None or not self._unencoded:
            return
        sentences: Floats | None = None
        if self._sentence is not None:
            sentences = self._sentence.encode([sentence_text(document) for document, _ in self._unencoded])
        vectors = np.stack(
            [
                self._model.encode(a.words, a.characters, sentences[i] if sentences is not None else None)
                for i, (_, a) in enumerate(self._unencoded)
            ]
        )
        packed = pack(self._model, vectors)
        self._files["vectors"].append(packed[0])
        self._files["compact"].append(packed[1])
        self._files["scales"].append(packed[2])
        self._unencoded.clear()

    def commit(self, payload: str = "") -> None:
        """Make everything since the last commit visible at once, together with the payload.

        When this returns, the commit survives a crash; if the process dies before, the previous one
        stands untouched.
        """
        self._encode()
        self._files.sync()
        sizes = {name: self._files.count(name) for name in self._manifest.sizes}
        manifest = replace(
            self._manifest,
            commit=self._manifest.commit + 1,
            sizes=sizes,
            character_length=self._character_length,
            word_length=self._word_length,
            payload=payload,
        )
        assert self._tantivy is not None
        self._tantivy.delete_documents_by_term("key", MANIFEST_KEY)
        self._tantivy.add_document(manifest_entry(manifest))
        self._tantivy.commit()
        self._manifest = manifest
        self._index.reload()
        self._text = TextSnapshot(self._index)
        self._old_rows = open_map(self._folder / "rows.bin", ROW, manifest.rows)
        self._pending.clear()
        self._dead_since.clear()

    def flush(self) -> None:
        """Make the column files visible to memory maps of this process (before a commit)."""
        self._files.flush()

    def close(self) -> None:
        """Drop what was not committed, let merges finish, free the lock of tantivy."""
        if self._tantivy is None:
            return
        writer, self._tantivy = self._tantivy, None
        writer.rollback()
        writer.wait_merging_threads()
        self._files.__exit__(None, None, None)


def sentence_text(document: Document) -> str:
    """What a sentence model reads of a document: its title, then its body."""
    return f"{document.title}\n{document.body}" if document.title else document.body


__all__ = ["Writer", "sentence_text"]
