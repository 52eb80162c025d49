"""Sealing a file (封装): read, encrypt, digest and write by segments; sign at the end; resume."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from langqiao.engines.sm.errors import TagError
from langqiao.engines.sm.mlkem import KemPublicKey
from langqiao.engines.sm.sealed.checkpoint import Checkpoints
from langqiao.engines.sm.sealed.errors import SealedError
from langqiao.engines.sm.sealed.journal import Journal, Piece, State, draft_of, sync_folder
from langqiao.engines.sm.sealed.layout import (
    ID_BYTES,
    KEY_BITS,
    METADATA_BYTES,
    SEGMENT_BITS,
    Footer,
    Geometry,
    keys_needed,
    manifest_digest,
    pack_header,
    pack_runs,
    parse_header,
    signed_message,
)
from langqiao.engines.sm.sealed.pipeline import (
    Buffers,
    in_order,
    keep_apart,
    may_become,
    open_regular,
    read_exactly,
    room_for,
    stop_if_asked,
    worker_count,
    write_exactly,
)
from langqiao.engines.sm.sealed.purse import PURSE, Purse
from langqiao.engines.sm.sealed.schedule import Schedule, leaf, pack_metadata
from langqiao.engines.sm.sealed.types import (
    CancelCallback,
    Header,
    KeyProvider,
    Progress,
    ProgressCallback,
    Sealed,
    SealedInfo,
    SealOptions,
)
from langqiao.engines.sm.sealed.vault import Vault
from langqiao.engines.sm.sm2 import Sm2PrivateKey
from langqiao.engines.sm.sm3 import sm3
from langqiao.engines.sm.sm4gcm import TAG_BYTES, back_end

PART: Final = ".sealing"
JOURNAL: Final = ".sealing-journal"


def _bits(value: int, allowed: range, what: str) -> int:
    bits = value.bit_length() - 1
    if value < 1 or value != 1 << bits or bits not in allowed:
        raise SealedError(
            f"{what} is a power of two from {1 << allowed[0]} to {1 << allowed[-1]}", kind="options"
        )
    return bits


def _identity(descriptor: int) -> tuple[int, ...]:
    status = os.fstat(descriptor)
    return status.st_size, status.st_mtime_ns, status.st_ino


def _checked(options: SealOptions) -> None:
    _bits(options.segment_bytes, SEGMENT_BITS, "the size of a segment")
    _bits(options.segments_per_key, KEY_BITS, "the number of segments for a key")
    if options.manifest not in {"full", "tags"} or options.workers < 0 or options.checkpoint_bytes < 1:
        raise SealedError("unknown manifest, or a negative number", kind="options")


@dataclass
class _Work:
    """One seal under way."""

    source: int
    target: int
    journal: Journal
    header: Header
    schedule: Schedule
    engine: str

    @property
    def digest(self) -> bytes:
        return sm3(self.journal.state.header)

    @property
    def geometry(self) -> Geometry:
        return Geometry.of(self.header, len(self.journal.state.header))


def _begin(
    source: int,
    journal_path: Path,
    *,
    sender: str,
    recipient: str,
    signer: Sm2PrivateKey,
    keys: KeyProvider,
    purse: Purse,
    vault: Vault,
    kem: KemPublicKey | None,
    options: SealOptions,
    created: datetime | None,
) -> Journal:
    """Take the keys and write the journal: from here on nothing is lost by a crash."""
    identity = _identity(source)
    segment_bits = _bits(options.segment_bytes, SEGMENT_BITS, "the size of a segment")
    key_bits = _bits(options.segments_per_key, KEY_BITS, "the number of segments for a key")
    segments = max(1, -(-identity[0] // options.segment_bytes))
    needed = keys_needed(segments, key_bits)
    secret, ciphertext = kem.encapsulate() if kem is not None else (b"", b"")

    def header(ids: tuple[str, ...]) -> bytes:
        return pack_header(
            Header(
                size=identity[0], created=created or datetime.now(UTC), file_id=os.urandom(ID_BYTES),
                sender=sender, recipient=recipient, sender_key=signer.public.fingerprint, key_ids=ids,
                segment_bits=segment_bits, key_bits=key_bits, manifest=options.manifest,
                kem_key=kem.fingerprint if kem is not None else b"", kem_ciphertext=ciphertext,
            )
        )  # fmt: skip

    def take() -> State:
        taken = purse.take(keys, needed)
        ids = tuple(key.id for key in taken)
        return State("seal", header(ids), taken, os.urandom(32), secret, identity)

    # What is to be refused is refused before keys are spent.
    raw = header(("0" * 36,) * needed)
    room_for(journal_path.parent, Geometry.of(parse_header(raw), len(raw)).total(1))
    return Journal.create(journal_path, vault, take)


def seal(
    source: Path,
    target: Path,
    *,
    sender: str,
    recipient: str,
    signer: Sm2PrivateKey,
    keys: KeyProvider,
    vault: Vault,
    kem: KemPublicKey | None = None,
    options: SealOptions | None = None,
    overwrite: bool = False,
    restart: bool = False,
    progress: ProgressCallback | None = None,
    cancel: CancelCallback | None = None,
    created: datetime | None = None,
) -> Sealed:
    """Seal a file for a recipient; called again after an interruption, it goes on where it stopped.

    Until the end the work lies beside the target under its name with ``.sealing`` and
    ``.sealing-journal``, and with ``.sealing-keys`` while there are too few keys to begin; the target itself
    appears whole or not at all.

    Args:
        source: The file, a regular one; it must not change meanwhile.
        target: The sealed file to be made; not the source, by whatever name.
        sender: SAE ID of the sender, for whose key the recipient has a line in the list of trusted keys.
        recipient: SAE ID of the recipient.
        signer: The sender's SM2 key.
        keys: Where keys come from; used once, at the very beginning.
        vault: Wraps the keys in the journal, and those that are kept.
        kem: The recipient's ML-KEM key, to combine its secret with the keys.
        options: How to cut and work.
        overwrite: Whether a target that is there may be replaced.
        restart: Whether unfinished work is thrown away, and new keys are taken.
        progress: Called after every segment, in order.
        cancel: Asked once a segment, in the calling thread; True ends the work, which can be resumed.
        created: Date in the header, now by default.

    Raises:
        SealedError: see there; after ``cancelled`` the same call resumes.
        OSError: a file cannot be read or written.
    """
    chosen = options or SealOptions()
    _checked(chosen)
    engine, make = back_end(chosen.engine)
    part, journal_path = target.with_name(target.name + PART), target.with_name(target.name + JOURNAL)
    purse = Purse(target.with_name(target.name + PURSE), vault, sender, recipient)
    started = time.perf_counter()
    descriptor = open_regular(source)
    try:
        keep_apart(
            descriptor, target, part, journal_path, draft_of(journal_path), purse.path, draft_of(purse.path)
        )
        may_become(target, overwrite=overwrite)
        if restart:
            part.unlink(missing_ok=True)
            journal_path.unlink(missing_ok=True)
            purse.path.unlink(missing_ok=True)
        journal = Journal.load(journal_path, vault)
        if journal is None:
            part.unlink(missing_ok=True)
            journal = _begin(
                descriptor, journal_path, sender=sender, recipient=recipient, signer=signer, keys=keys,
                purse=purse, vault=vault, kem=kem, options=chosen, created=created,
            )  # fmt: skip
        try:
            header = _same_work(journal, descriptor, sender, recipient, signer)
            state = journal.state
            schedule = Schedule(header, sm3(state.header), state.keys, make, state.kem_secret)
            target_descriptor = os.open(part, os.O_RDWR | os.O_CREAT, 0o600)
            try:
                work = _Work(descriptor, target_descriptor, journal, header, schedule, engine)
                resumed = _resume(work, chosen)
                metadata = _metadata(work, source.name, fresh=resumed == 0)
                _segments(work, resumed, chosen, progress, cancel)
                if _identity(descriptor) != state.identity:
                    raise SealedError("the source file was changed while it was sealed", kind="source")
                footer = _finish(work, metadata, signer)
            finally:
                os.close(target_descriptor)
            if target.exists() and not overwrite:
                raise SealedError(f"{target.name} has appeared meanwhile", kind="exists")
            part.replace(target)
            sync_folder(target.parent)
            journal.remove()
        finally:
            journal.close()
    finally:
        os.close(descriptor)
    runs = journal.state.runs
    info = SealedInfo(
        target, header, work.digest, footer.manifest_digest, footer.signature, len(runs),
        work.geometry.total(len(runs)),
    )  # fmt: skip
    return Sealed(info, engine, time.perf_counter() - started, resumed)


def _same_work(journal: Journal, source: int, sender: str, recipient: str, signer: Sm2PrivateKey) -> Header:
    """Return the header of the work in the journal if it is the work that was asked for."""
    state = journal.state
    if state.kind != "seal":
        raise SealedError(f"{journal.path.name} is the journal of something else", kind="journal")
    header = parse_header(state.header)
    if _identity(source) != state.identity:
        raise SealedError("the source file was changed since sealing began; begin again", kind="source")
    if (header.sender, header.recipient, header.sender_key) != (sender, recipient, signer.public.fingerprint):
        raise SealedError(
            f"unfinished work is from {header.sender} to {header.recipient}; finish it or begin again",
            kind="journal",
        )
    return header


def _resume(work: _Work, options: SealOptions) -> int:
    """Check finished pieces against the partial file; return the first segment to be made, in a new run."""
    state, geometry = work.journal.state, work.geometry
    buffers = Buffers(geometry.segment_bytes + TAG_BYTES)

    def whole(index: int) -> bool:
        offset, length = geometry.sealed(index)
        view = buffers.one[:length]
        return read_exactly(work.target, view, offset) == length and (
            state.mac(index, view) == state.pieces[index].mac
        )

    done = 0
    pieces = len(state.pieces) if state.runs and _metadata_is_whole(work) else 0
    with in_order(0, pieces, whole, worker_count(options.workers)) as checked:
        for good in checked:
            if not good:
                break
            done += 1
    work.journal.begin(done)
    os.ftruncate(work.target, geometry.sealed(done - 1)[0] + geometry.sealed(done - 1)[1] if done else 0)
    return done


def _metadata_is_whole(work: _Work) -> bool:
    cipher, nonce = work.schedule.metadata(work.journal.state.runs)
    try:
        cipher.open(nonce, os.pread(work.target, METADATA_BYTES, work.geometry.header_bytes), work.digest)
    except TagError:
        return False
    return True


def _metadata(work: _Work, name: str, *, fresh: bool) -> bytes:
    """Write the header, and the metadata if nothing had been done; return the metadata's leaf."""
    state, place = work.journal.state, work.geometry.header_bytes
    write_exactly(work.target, state.header, 0)
    if fresh:
        cipher, nonce = work.schedule.metadata(state.runs)
        write_exactly(work.target, cipher.seal(nonce, pack_metadata(name), work.digest), place)
    return leaf(work.header.manifest, os.pread(work.target, METADATA_BYTES, place))


def _segments(
    work: _Work,
    first: int,
    options: SealOptions,
    progress: ProgressCallback | None,
    cancel: CancelCallback | None,
) -> None:
    """Seal every segment from ``first`` on, noting what is done from time to time."""
    state, geometry, digest = work.journal.state, work.geometry, work.digest
    buffers = Buffers(geometry.segment_bytes + TAG_BYTES)

    def one(index: int) -> Piece:
        offset, length = geometry.plain(index)
        place, sealed_length = geometry.sealed(index)
        plain, sealed = buffers.one[:length], buffers.other[:sealed_length]
        if read_exactly(work.source, plain, offset) != length:
            raise SealedError("the source file has become shorter", kind="source", segment=index)
        cipher, nonce = work.schedule.segment(index, state.runs)
        cipher.seal_into(nonce, plain, digest, sealed)
        write_exactly(work.target, sealed, place)
        return Piece(leaf(work.header.manifest, sealed), state.mac(index, sealed))

    every = options.checkpoint_bytes // geometry.segment_bytes
    with (
        Checkpoints(work.target, work.journal, every) as checkpoints,
        in_order(first, geometry.segments, one, worker_count(options.workers)) as pieces,
    ):
        for index, piece in enumerate(pieces, first):
            stop_if_asked(cancel)
            checkpoints.add(piece)
            if progress is not None:
                done = sum(geometry.plain(index))
                progress(Progress("seal", index + 1, geometry.segments, done, geometry.size))


def _finish(work: _Work, metadata_leaf: bytes, signer: Sm2PrivateKey) -> Footer:
    """Write the trailer and make the file durable."""
    state, geometry = work.journal.state, work.geometry
    leaves = bytearray(metadata_leaf)
    for piece in state.pieces:
        leaves += piece.leaf
    runs = pack_runs(state.runs)
    digest = manifest_digest(work.digest, runs, leaves)
    footer = Footer(digest, signer.sign(signed_message(digest)), len(state.runs))
    write_exactly(work.target, bytes(leaves) + runs + footer.pack(), geometry.end)
    os.ftruncate(work.target, geometry.total(len(state.runs)))
    os.fsync(work.target)
    return footer
