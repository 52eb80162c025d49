"""Interruptions: of a seal, of an opening, by a stop, a kill, a damaged partial file or journal."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from langqiao.engines.sm.sealed import SealedError, SealOptions, Vault, verify
from langqiao.engines.sm.sealed.journal import Journal, Piece, State
from tests.engines.sm.sealed.scene import SEGMENT, SIGNER, TRUSTED, Scene, pattern
from tests.engines.sm.sealed.test_round_trip import kind_of

EVERY = SealOptions(SEGMENT, 2, engine="portable", workers=2, checkpoint_bytes=SEGMENT)


def after(number):
    """A cancel callback that says stop at its ``number``-th question."""
    asked = iter(range(10_000))
    return lambda: next(asked) >= number


@pytest.fixture
def scene(tmp_path):
    return Scene(tmp_path, 9 * SEGMENT + 5, EVERY)


def test_a_stopped_seal_goes_on_with_the_same_keys(scene):
    assert kind_of(lambda: scene.seal(cancel=after(4))) == "cancelled"
    assert not scene.sealed.exists()
    assert {"film.lqs.sealing", "film.lqs.sealing-journal"} < scene.names()
    assert scene.folder.joinpath("film.lqs.sealing").stat().st_mode & 0o077 == 0
    made = scene.seal()
    assert made.resumed_at == 4
    assert made.info.runs == 2
    assert scene.keys.calls == ["take"]
    verify(scene.sealed, TRUSTED)
    scene.open()
    assert scene.out.read_bytes() == pattern(scene.size)
    assert scene.names() == {scene.film.name, "film.lqs", "out.mov"}


def test_what_stops_leaves_no_thread_at_the_files(scene):
    """Also while the error, and with it every frame that it passed, is still held."""

    def at_work():
        return [one.name for one in threading.enumerate() if one.name.startswith(("sealed", "checkpoint"))]

    with pytest.raises(SealedError) as sealing:
        scene.seal(cancel=after(4))
    assert at_work() == []
    scene.seal()
    with pytest.raises(SealedError) as opening:
        scene.open(cancel=after(4))
    assert at_work() == []
    with pytest.raises(SealedError) as checking:
        verify(scene.sealed, TRUSTED, workers=2, cancel=after(4))
    assert at_work() == []
    assert {held.value.kind for held in (sealing, opening, checking)} == {"cancelled"}


def test_many_stops(scene):
    stops = 0
    while True:
        try:
            made = scene.seal(cancel=after(2))
            break
        except SealedError as error:
            assert error.kind == "cancelled"  # noqa: PT017 - the loop ends when none is raised
            stops += 1
    assert stops == 4
    assert made.info.runs == 5
    opened = 0
    while not scene.out.exists():
        try:
            scene.open(cancel=after(3), checkpoint_bytes=1)
        except SealedError as error:
            assert error.kind == "cancelled"  # noqa: PT017 - the loop ends when none is raised
            opened += 1
    assert opened == 3
    assert scene.keys.calls == ["take", "fetch"]
    assert scene.out.read_bytes() == pattern(scene.size)


def test_a_run_stopped_before_its_first_segment_leaves_no_trace(scene):
    assert kind_of(lambda: scene.seal(cancel=after(0))) == "cancelled"
    assert kind_of(lambda: scene.seal(cancel=after(3))) == "cancelled"
    assert kind_of(lambda: scene.seal(cancel=after(0))) == "cancelled"
    assert scene.seal().info.runs == 2
    scene.open()
    assert scene.out.read_bytes() == pattern(scene.size)


def test_a_stopped_opening_goes_on_with_the_same_keys(scene):
    scene.seal()
    assert kind_of(lambda: scene.open(cancel=after(4))) == "cancelled"
    assert not scene.out.exists()
    assert {"out.mov.opening", "out.mov.opening-journal"} < scene.names()
    assert scene.open().resumed_at == 4
    assert scene.keys.calls == ["take", "fetch"]
    assert scene.out.read_bytes() == pattern(scene.size)


def damage(path, at):
    with path.open("r+b") as stream:
        stream.seek(at)
        byte = stream.read(1)
        stream.seek(at)
        stream.write(bytes([byte[0] ^ 0x40]))


@pytest.mark.parametrize("segment", [0, 2, 3])
def test_what_was_changed_in_a_partial_file_is_made_again(scene, segment):
    assert kind_of(lambda: scene.seal(cancel=after(4))) == "cancelled"
    part = scene.folder / "film.lqs.sealing"
    damage(part, part.stat().st_size - 5 * SEGMENT + segment * SEGMENT - 700 if segment else 700)
    scene.seal()
    assert kind_of(lambda: scene.open(cancel=after(4))) == "cancelled"
    damage(scene.folder / "out.mov.opening", segment * SEGMENT + 9)
    assert scene.open().resumed_at == segment
    assert scene.out.read_bytes() == pattern(scene.size)


def test_a_partial_file_that_is_gone_is_made_again(scene):
    assert kind_of(lambda: scene.seal(cancel=after(4))) == "cancelled"
    scene.folder.joinpath("film.lqs.sealing").unlink()
    assert scene.seal().resumed_at == 0
    scene.open()
    assert scene.out.read_bytes() == pattern(scene.size)


@pytest.mark.parametrize("cut", [1, 72, 73, 74, 200])
def test_a_torn_journal_costs_work_only(scene, cut):
    assert kind_of(lambda: scene.seal(cancel=after(5))) == "cancelled"
    journal = scene.folder / "film.lqs.sealing-journal"
    os.truncate(journal, journal.stat().st_size - cut)
    assert scene.seal().resumed_at == 5 - -(-cut // 73)
    scene.open()
    assert scene.out.read_bytes() == pattern(scene.size)


def test_a_changed_record_is_not_believed(scene):
    assert kind_of(lambda: scene.seal(cancel=after(5))) == "cancelled"
    journal = scene.folder / "film.lqs.sealing-journal"
    damage(journal, journal.stat().st_size - 73 * 3 + 20)
    assert scene.seal().resumed_at == 2
    scene.open()
    assert scene.out.read_bytes() == pattern(scene.size)


@pytest.mark.parametrize("at", [0, 9, 30, 200])
def test_a_journal_whose_keys_cannot_be_read_is_refused(scene, at):
    assert kind_of(lambda: scene.seal(cancel=after(5))) == "cancelled"
    damage(scene.folder / "film.lqs.sealing-journal", at)
    assert kind_of(scene.seal) in {"journal", "secret"}
    assert scene.seal(restart=True).resumed_at == 0
    assert scene.keys.calls == ["take", "take"]


def test_another_secret_cannot_resume(scene):
    assert kind_of(lambda: scene.seal(cancel=after(5))) == "cancelled"
    assert kind_of(lambda: scene.seal(vault=Vault(bytes(32)))) == "secret"
    scene.seal()


def test_the_journal_holds_no_key_in_the_clear(scene):
    assert kind_of(lambda: scene.seal(cancel=after(5))) == "cancelled"
    raw = scene.folder.joinpath("film.lqs.sealing-journal").read_bytes()
    assert scene.folder.joinpath("film.lqs.sealing-journal").stat().st_mode & 0o077 == 0
    for value in scene.keys.held.values():
        assert value not in raw
        assert value.hex().encode() not in raw


def test_a_source_that_changed_is_refused(scene):
    assert kind_of(lambda: scene.seal(cancel=after(5))) == "cancelled"
    scene.film.write_bytes(pattern(scene.size, 1))
    assert kind_of(scene.seal, "changed") == "source"
    scene.seal(restart=True)
    scene.open()
    assert scene.out.read_bytes() == pattern(scene.size, 1)


def test_a_source_that_changes_meanwhile_is_refused(scene):
    def change(progress):
        if progress.segments_done == 2:
            scene.film.write_bytes(pattern(SEGMENT))

    with pytest.raises(SealedError) as caught:
        scene.seal(progress=change)
    assert caught.value.kind == "source"
    assert not scene.sealed.exists()


def test_unfinished_work_for_another_recipient_is_not_continued(scene):
    assert kind_of(lambda: scene.seal(cancel=after(5))) == "cancelled"
    assert kind_of(lambda: scene.seal(recipient="SAE-wuhu-1"), "SAE-hefei-1") == "journal"


def test_an_opening_of_another_file_is_not_mixed_in(scene):
    scene.seal()
    assert kind_of(lambda: scene.open(cancel=after(5))) == "cancelled"
    scene.seal(overwrite=True)
    assert kind_of(scene.open) == "journal"


def test_two_at_once_are_refused(scene):
    refused = []

    def again(progress):
        if progress.segments_done == 2:
            refused.append(kind_of(scene.seal))

    scene.seal(progress=again)
    assert refused == ["busy"]


def test_two_that_begin_at_once_take_keys_once(scene):
    """The second comes while the first is asking the KME."""
    refused, take = [], scene.keys.take

    def slow(peer, count):
        if not refused:
            refused.append(None)
            refused[0] = kind_of(scene.seal)
        return take(peer, count)

    scene.keys.take = slow
    scene.seal()
    assert refused == ["busy"]
    assert scene.keys.calls == ["take"]


def test_a_draft_left_by_a_crash_is_no_obstacle(scene):
    (scene.folder / "film.lqs.sealing-journal.new").write_bytes(b"half a journ")
    scene.seal()
    scene.open()
    assert scene.names() == {scene.film.name, "film.lqs", "out.mov"}


def test_a_repaired_transfer_opens_with_the_keys_already_fetched(scene):
    scene.seal()
    whole = scene.sealed.read_bytes()
    damage(scene.sealed, 6 * SEGMENT)
    with pytest.raises(SealedError) as caught:
        scene.open()
    assert (caught.value.kind, caught.value.segment) == ("changed", 5)
    scene.sealed.write_bytes(whole)
    assert scene.open().resumed_at > 0
    assert scene.keys.calls == ["take", "fetch"]
    assert scene.out.read_bytes() == pattern(scene.size)


@given(data=st.data())
@settings(max_examples=40)
def test_no_journal_makes_the_reader_stumble(tmp_path_factory, data):
    place, vault = tmp_path_factory.mktemp("journal") / "x", Vault(bytes(32))
    made = Journal.create(place, vault, lambda: State("seal", b"header", (), bytes(32)))
    made.begin(0)
    made.note([Piece(bytes(32), bytes(16))] * 3)
    made.close()
    raw = bytearray(place.read_bytes())
    for _ in range(data.draw(st.integers(0, 3))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    del raw[data.draw(st.integers(0, len(raw))) :]
    raw += data.draw(st.binary(max_size=80))
    place.write_bytes(raw)
    try:
        found = Journal.load(place, vault)
    except SealedError as error:
        assert error.kind in {"journal", "secret"}  # noqa: PT017 - it may also be readable
        return
    assert found is not None
    assert len(found.state.pieces) <= 3
    found.close()


CHILD = """
import sys
from pathlib import Path
from langqiao.engines.sm.sealed import Vault, seal
from langqiao.engines.sm.sm2 import Sm2PrivateKey
from tests.engines.sm.sealed.scene import RECIPIENT, SENDER, OneTimeKeys
from tests.engines.sm.sealed.test_resume import EVERY, slowly

folder, film = Path(sys.argv[1]), Path(sys.argv[2])
signer = Sm2PrivateKey.from_pem((folder / "key.pem").read_bytes())
seal(film, folder / "film.lqs", sender=SENDER, recipient=RECIPIENT, signer=signer, keys=OneTimeKeys(),
     vault=Vault(bytes(range(32))), options=EVERY, progress=slowly)
"""


def slowly(progress):
    """Leave the killer time, and tell it how far this is."""
    print(progress.segments_done, flush=True)
    time.sleep(0.02)


def kill_at(scene, at):
    """Seal in another process and kill it after ``at`` segments."""
    child = subprocess.Popen(
        [sys.executable, "-c", CHILD, str(scene.folder), str(scene.film)], stdout=subprocess.PIPE
    )
    assert child.stdout is not None
    for line in child.stdout:
        if int(line) >= at:
            child.send_signal(signal.SIGKILL)
            break
    child.stdout.close()
    return child.wait()


def test_a_killed_seal_goes_on(scene):
    (scene.folder / "key.pem").write_bytes(SIGNER.to_pem())
    assert kill_at(scene, 4) == -signal.SIGKILL
    assert not scene.sealed.exists()
    # The keys come from the journal: this scene's provider is never asked.
    assert scene.seal().resumed_at >= 3
    assert scene.keys.calls == []
    verify(scene.sealed, TRUSTED)


@pytest.mark.slow
def test_a_seal_killed_again_and_again(scene):
    (scene.folder / "key.pem").write_bytes(SIGNER.to_pem())
    kills = 0
    while kill_at(scene, 1) == -signal.SIGKILL:
        kills += 1
        assert not scene.sealed.exists()
    assert kills >= 3
    verify(scene.sealed, TRUSTED)
