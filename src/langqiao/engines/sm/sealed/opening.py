"""Opening a sealed file (启封): signature first, then keys, then segment by segment; whole or not at all."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from langqiao.engines.sm.errors import TagError
from langqiao.engines.sm.mlkem import KemPrivateKey
from langqiao.engines.sm.sealed.checking import Contents, check_signature, contents, misplaced
from langqiao.engines.sm.sealed.checkpoint import Checkpoints
from langqiao.engines.sm.sealed.errors import SealedError
from langqiao.engines.sm.sealed.journal import Journal, Piece, State, draft_of, sync_folder
from langqiao.engines.sm.sealed.layout import METADATA_BYTES, METADATA_PLAIN
from langqiao.engines.sm.sealed.pipeline import (
    Buffers,
    in_order,
    keep_apart,
    may_become,
    read_exactly,
    room_for,
    stop_if_asked,
    worker_count,
    write_exactly,
)
from langqiao.engines.sm.sealed.schedule import Schedule, leaf, parse_metadata, safe_name
from langqiao.engines.sm.sealed.trust import TrustedKeys
from langqiao.engines.sm.sealed.types import (
    CancelCallback,
    KeyProvider,
    Opened,
    Progress,
    ProgressCallback,
)
from langqiao.engines.sm.sealed.vault import Vault
from langqiao.engines.sm.sm4gcm import TAG_BYTES, back_end

PART: Final = ".opening"
JOURNAL: Final = ".opening-journal"


@dataclass
class _Work:
    """One opening under way."""

    sealed: Contents
    target: int
    journal: Journal
    schedule: Schedule
    workers: int
    checkpoint_bytes: int


def open_sealed(
    source: Path,
    target: Path,
    *,
    recipient: str,
    trusted: TrustedKeys,
    keys: KeyProvider,
    vault: Vault,
    kem: KemPrivateKey | None = None,
    engine: str = "auto",
    workers: int = 0,
    checkpoint_bytes: int = 64 << 20,
    overwrite: bool = False,
    progress: ProgressCallback | None = None,
    cancel: CancelCallback | None = None,
) -> Opened:
    """Open a sealed file; called again after an interruption or a repaired transfer, it goes on.

    Until the end the work lies beside the target with ``.opening`` and ``.opening-journal`` after the
    name of the target, or of the sealed file where the target is a folder; only what was verified is in
    it. The target appears whole or not at all.

    Args:
        source: The sealed file.
        target: The file to be made, or a folder: then the name is the one that the sender sealed, made safe.
        recipient: SAE ID of whoever opens; a file for another one is refused before a key is asked for.
        trusted: Keys of senders who are believed.
        keys: Where keys come from; used once, after signature and structure have been checked.
        vault: Wraps the keys in the journal.
        kem: The recipient's ML-KEM key, for files that need it.
        engine: Back end of SM4-GCM.
        workers: Threads; 0 takes one for each processor.
        checkpoint_bytes: After so many bytes the work done so far is made durable.
        overwrite: Whether a target that is there may be replaced.
        progress: Called after every segment, in order.
        cancel: Asked once a segment, in the calling thread; True ends the work, which can be resumed.

    Raises:
        SealedError: see there; the first segment that is not whole is named.
        OSError: a file cannot be read or written.
    """
    started = time.perf_counter()
    chosen, make = back_end(engine)
    folder = target if target.is_dir() else target.parent
    base = source.name if target.is_dir() else target.name
    part, journal_path = folder / (base + PART), folder / (base + JOURNAL)
    with contents(source, workers) as sealed:
        keep_apart(sealed.descriptor, target, part, journal_path, draft_of(journal_path))
        if not target.is_dir():
            may_become(target, overwrite=overwrite)
        if sealed.header.recipient != recipient:
            raise SealedError(
                f"the file is for {sealed.header.recipient}, not for {recipient}", kind="recipient"
            )
        check_signature(sealed, trusted)
        secret = _kem_secret(sealed, kem)
        journal = _journal(sealed, journal_path, part, keys, vault)
        try:
            schedule = Schedule(sealed.header, sealed.header_digest, journal.state.keys, make, secret)
            name = _name(sealed, schedule)
            final = target / safe_name(name) if target.is_dir() else target
            _spare(sealed, final, journal_path)
            may_become(final, overwrite=overwrite)
            descriptor = os.open(part, os.O_RDWR | os.O_CREAT, 0o600)
            try:
                work = _Work(sealed, descriptor, journal, schedule, worker_count(workers), checkpoint_bytes)
                resumed = _resume(work)
                _segments(work, resumed, progress, cancel)
                os.ftruncate(descriptor, sealed.geometry.size)
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
            if final.exists() and not overwrite:
                raise SealedError(f"{final.name} has appeared meanwhile", kind="exists")
            part.replace(final)
            sync_folder(folder)
            journal.remove()
        finally:
            journal.close()
        return Opened(sealed.info(), final, name, chosen, time.perf_counter() - started, resumed)


def _spare(sealed: Contents, final: Path, journal: Path) -> None:
    """Refuse a sealed name that would replace the sealed file itself; its keys stay in the journal."""
    try:
        keep_apart(sealed.descriptor, final)
    except SealedError as error:
        name = sealed.path.name
        way = f"rename it to {name}.lqs, {journal.name} to {name}.lqs{JOURNAL}, and open again"
        raise SealedError(f"{name} has the name of its own content; {way}", kind="same") from error


def _kem_secret(sealed: Contents, kem: KemPrivateKey | None) -> bytes:
    header = sealed.header
    if not header.hybrid:
        return b""
    if kem is None:
        raise SealedError("the file needs the recipient's ML-KEM key as well", kind="kem")
    if kem.public.fingerprint != header.kem_key:
        raise SealedError("the file was sealed for another ML-KEM key", kind="kem")
    return kem.decapsulate(header.kem_ciphertext)


def _journal(sealed: Contents, path: Path, part: Path, keys: KeyProvider, vault: Vault) -> Journal:
    """Return the journal of this opening; where there is none, fetch the keys and write it first of all."""
    journal = Journal.load(path, vault)
    if journal is not None:
        if journal.state.kind == "open" and journal.state.header == sealed.header_bytes:
            return journal
        journal.close()
        raise SealedError(f"{path.name} belongs to another sealed file; open that one first", kind="journal")
    part.unlink(missing_ok=True)
    header = sealed.header
    room_for(path.parent, header.size)

    def fetch() -> State:
        fetched = tuple(keys.fetch(header.sender, header.key_ids))
        return State("open", sealed.header_bytes, fetched, os.urandom(32))

    return Journal.create(path, vault, fetch)


def _name(sealed: Contents, schedule: Schedule) -> str:
    """Return the sealed name; it also shows whether the keys fit."""
    raw = os.pread(sealed.descriptor, METADATA_BYTES, sealed.geometry.header_bytes)
    if leaf(sealed.header.manifest, raw) != sealed.leaf(-1):
        raise SealedError("the metadata was changed", kind="metadata", part="metadata")
    cipher, nonce = schedule.metadata(sealed.runs)
    try:
        return parse_metadata(cipher.open(nonce, raw, sealed.header_digest)[:METADATA_PLAIN])
    except TagError as error:
        if sealed.header.manifest == "full":
            raise SealedError("the keys do not fit this file", kind="key") from error
        why = "the metadata was changed, or the keys do not fit this file"
        raise SealedError(why, kind="metadata", part="metadata") from error


def _resume(work: _Work) -> int:
    """Check the finished segments in the partial file; return the first to be opened, in a new run."""
    state, geometry = work.journal.state, work.sealed.geometry
    buffers = Buffers(geometry.segment_bytes + TAG_BYTES)

    def whole(index: int) -> bool:
        offset, length = geometry.plain(index)
        view = buffers.one[:length]
        if read_exactly(work.target, view, offset) != length:
            return False
        return state.pieces[index] == Piece(work.sealed.leaf(index), state.mac(index, view))

    done = 0
    with in_order(0, len(state.pieces), whole, work.workers) as checked:
        for good in checked:
            if not good:
                break
            done += 1
    work.journal.begin(done)
    return done


def _segments(
    work: _Work, first: int, progress: ProgressCallback | None, cancel: CancelCallback | None
) -> None:
    """Open every segment from ``first`` on, noting what is done from time to time."""
    state, sealed, geometry = work.journal.state, work.sealed, work.sealed.geometry
    buffers = Buffers(geometry.segment_bytes + TAG_BYTES)
    bound = sealed.header_digest

    def one(index: int) -> Piece:
        offset, length = geometry.sealed(index)
        raw, plain = buffers.one[:length], buffers.other
        if read_exactly(sealed.descriptor, raw, offset) != length:
            raise SealedError("the file has become shorter", kind="truncated", segment=index)
        digest = leaf(sealed.header.manifest, raw)
        if digest != sealed.leaf(index):
            raise misplaced(sealed, index, digest)
        cipher, nonce = work.schedule.segment(index, sealed.runs)
        try:
            opened = plain[: cipher.open_into(nonce, raw, bound, plain[:length])]
        except TagError as error:
            if sealed.header.manifest == "tags":
                raise SealedError("the segment was changed", kind="changed", segment=index) from error
            raise SealedError("the key does not fit the segment", kind="key", segment=index) from error
        write_exactly(work.target, opened, geometry.plain(index)[0])
        return Piece(digest, state.mac(index, opened))

    every = work.checkpoint_bytes // geometry.segment_bytes
    with (
        Checkpoints(work.target, work.journal, every) as checkpoints,
        in_order(first, geometry.segments, one, work.workers) as pieces,
    ):
        for index, piece in enumerate(pieces, first):
            stop_if_asked(cancel)
            checkpoints.add(piece)
            if progress is not None:
                done = sum(geometry.plain(index))
                progress(Progress("open", index + 1, geometry.segments, done, geometry.size))
