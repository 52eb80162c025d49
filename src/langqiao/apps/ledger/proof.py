"""Entries to take away, and the check of such a file (卷宗文件的核对); no database is needed for it.

A file carries each entry as the very text that was hashed, so that any SM3 program re-computes its
hash. Of an entry whose acting person the reader may not know the actor is left out: its hash cannot be
re-computed from the file then, only compared with the ledger.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from langqiao.apps.ledger.chain import canonical, entry_fields, entry_hash
from langqiao.engines.sm.sm3 import sm3_hex

if TYPE_CHECKING:
    from langqiao.apps.ledger.models import Entry

FORMAT = "langqiao-dossier/1"
DIGITS = 64  # of an SM3 hash in hexadecimal


class NotAProof(ValueError):
    """The file is not in the format; the message says where."""


@dataclass(frozen=True, slots=True)
class Piece:
    """One entry as a file carries it.

    Attributes:
        text: canonical JSON of its fields, the very bytes that were hashed unless ``withheld``.
        withheld: names of the fields left out of ``text``.
    """

    sequence: int
    hash: str
    text: str
    withheld: tuple[str, ...] = ()

    @property
    def fields(self) -> dict[str, Any]:
        """The fields that ``text`` holds."""
        found: dict[str, Any] = json.loads(self.text)
        return found


@dataclass(frozen=True, slots=True)
class Mismatch:
    """Something that does not fit.

    Attributes:
        kind: ``changed`` (the text does not give the hash), ``unlinked`` (it does not follow the entry
            before it), ``disordered`` (out of sequence), ``foreign`` (of another case), ``beyond``
            (after the head named), ``head`` (the head named is not the chain's), ``missing`` (not in
            the ledger), ``different`` (the ledger holds something else).
    """

    sequence: int
    kind: str


@dataclass(frozen=True, slots=True)
class Proof:
    """A file as read: whose case, the chain's head when it was made, the entries."""

    case: str
    made_at: str
    head: tuple[int, str]
    pieces: tuple[Piece, ...]


def piece(entry: Entry, *, told: bool) -> dict[str, Any]:
    """An entry as a file carries it; ``told``: whether the reader may know who acted."""
    fields = entry_fields(entry)
    made: dict[str, Any] = {"sequence": entry.sequence, "hash": entry.hash}
    if not told:
        del fields["actor"]
        made["withheld"] = ["actor"]
    return {**made, "text": canonical(fields)}


def _need(holds: bool, where: str) -> None:  # noqa: FBT001  a condition, as in assert
    if not holds:
        raise NotAProof(where)


def _is_hash(value: object) -> bool:
    return isinstance(value, str) and len(value) == DIGITS and set(value) <= set("0123456789abcdef")


def _is_number(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**63


def _read_piece(item: object, at: int) -> Piece:
    where = f"entries[{at}]"
    if not isinstance(item, dict):
        raise NotAProof(where)
    _need(_is_number(item.get("sequence")), f"{where}.sequence")
    _need(_is_hash(item.get("hash")), f"{where}.hash")
    withheld = item.get("withheld", [])
    _need(withheld in ([], ["actor"]), f"{where}.withheld")
    text = item.get("text")
    if not isinstance(text, str):
        raise NotAProof(f"{where}.text")
    try:
        fields = json.loads(text)
    except (ValueError, RecursionError) as fault:
        raise NotAProof(f"{where}.text") from fault
    _need(isinstance(fields, dict) and {"case", "previous", "sequence"} <= fields.keys(), f"{where}.text")
    return Piece(item["sequence"], item["hash"], text, tuple(withheld))


def read(document: object) -> Proof:
    """Read a file that was parsed from JSON.

    Raises:
        NotAProof: it is not in the format.
    """
    if not isinstance(document, dict):
        raise NotAProof("format")
    _need(document.get("format") == FORMAT, "format")
    case, made_at, head = document.get("case"), document.get("made_at"), document.get("head")
    _need(isinstance(case, str), "case")
    _need(isinstance(made_at, str), "made_at")
    _need(isinstance(head, dict) and _is_number(head.get("sequence")) and _is_hash(head.get("hash")), "head")
    items = document.get("entries")
    if not isinstance(items, list):
        raise NotAProof("entries")
    pieces = tuple(_read_piece(item, at) for at, item in enumerate(items))
    return Proof(str(case), str(made_at), (head["sequence"], head["hash"]), pieces)  # type: ignore[index]  # checked


def _alone(one: Piece, proof: Proof) -> Iterable[Mismatch]:
    fields = one.fields
    told = one.withheld or sm3_hex(one.text.encode("utf-8", "surrogatepass")) == one.hash
    if not told or fields["sequence"] != one.sequence:
        yield Mismatch(one.sequence, "changed")
    if fields["case"] != proof.case:
        yield Mismatch(one.sequence, "foreign")
    sequence, digest = proof.head
    if one.sequence > sequence:
        yield Mismatch(one.sequence, "beyond")
    elif one.sequence == sequence and one.hash != digest:
        yield Mismatch(one.sequence, "head")


def mismatches(proof: Proof) -> list[Mismatch]:
    """What in the file does not fit together: hashes, order, links of neighbours, head."""
    found: list[Mismatch] = []
    before: Piece | None = None
    for one in proof.pieces:
        found += _alone(one, proof)
        if before is not None and one.sequence <= before.sequence:
            found.append(Mismatch(one.sequence, "disordered"))
        elif (
            before is not None
            and one.sequence == before.sequence + 1
            and one.fields["previous"] != before.hash
        ):
            found.append(Mismatch(one.sequence, "unlinked"))
        before = one
    return found


def differences(
    proof: Proof, entries: Mapping[int, Entry], *, hash_at_head: str | None
) -> Sequence[Mismatch]:
    """What in the file differs from the ledger.

    Args:
        entries: the ledger's entries by sequence, those of the file's among them.
        hash_at_head: the hash the ledger holds at the sequence of the file's head, None where none is.
    """
    found: list[Mismatch] = []
    for one in proof.pieces:
        entry = entries.get(one.sequence)
        if entry is None:
            found.append(Mismatch(one.sequence, "missing"))
            continue
        fields: Mapping[str, Any] = entry_fields(entry)
        held = canonical({name: value for name, value in fields.items() if name not in one.withheld})
        if one.hash != entry.hash or one.text != held or entry_hash(entry) != entry.hash:
            found.append(Mismatch(one.sequence, "different"))
    sequence, digest = proof.head
    if sequence and hash_at_head != digest:
        found.append(Mismatch(sequence, "head"))
    return found
