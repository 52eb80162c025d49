"""The dossier of a case (卷宗): its entries in stages, each with its proof, from the ledger alone."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from langqiao.apps.ledger.chain import GENESIS, entry_hash
from langqiao.apps.ledger.models import Entry
from langqiao.apps.ledger.proof import FORMAT, piece
from langqiao.apps.ledger.queries import head, readable
from langqiao.apps.ledger.words import ActInWords, Named, in_words
from langqiao.kit.permissions import allowed

CHUNK = 500
# The stages of a case in the order in which a case goes through them.
STAGES = {
    "pose": _("出题"),
    "match": _("四配"),
    "answer": _("应答"),
    "verify": _("验证"),
    "meet": _("联席会议"),
    "compute": _("算力"),
    "deliver": _("传送"),
    "result": _("结果"),
    "other": _("其他"),
}
STAGE_OF_APP = {
    "challenges": "pose",
    "verification": "verify",
    "conference": "meet",
    "computing": "compute",
    "quantum": "deliver",
}
_VERBS = {
    "match": ("challenges.invite_organisation", "challenges.follow", "challenges.unfollow"),
    "answer": (
        "challenges.sign_promise",
        "challenges.ask_question",
        "challenges.reply_question",
        "challenges.draft_answer",
        "challenges.revise_answer",
        "challenges.change_team",
        "challenges.start_answering",
        "challenges.submit_answer",
        "challenges.withdraw_answer",
    ),
    "result": (
        "challenges.select_answer",
        "challenges.cancel_selection",
        "challenges.sign_contract",
        "challenges.state_contract_amount",
        "challenges.accept_result",
        "challenges.close_challenge",
        "challenges.withdraw_challenge",
        "verification.issue_result",
        "verification.settle_application",
        "verification.cancel_call",
    ),
}
STAGE_OF_VERB = {verb: stage for stage, verbs in _VERBS.items() for verb in verbs}
# Acts after which a case runs no more: how many entries it holds then gives no competitor an idea.
ENDED_BY = frozenset(
    {
        "challenges.accept_result",
        "challenges.close_challenge",
        "challenges.withdraw_challenge",
        "verification.issue_result",
        "verification.cancel_call",
    }
)


@dataclass(frozen=True, slots=True)
class Proven:
    """An entry in words with its check made now.

    Attributes:
        recomputed: SM3 of the entry as it stands now.
        follows: whether it names the hash of the entry before it in the ledger.
    """

    act: ActInWords
    recomputed: str
    follows: bool

    @property
    def entry(self) -> Entry:
        return self.act.entry

    @property
    def data(self) -> str:
        """The recorded facts as canonical JSON; "" where there are none."""
        return "" if self.entry.data == "{}" else self.entry.data

    @property
    def holds(self) -> bool:
        return self.recomputed == self.entry.hash

    @property
    def is_sound(self) -> bool:
        return self.holds and self.follows


@dataclass(frozen=True, slots=True)
class Stage:
    """A stage of the case that has entries."""

    key: str
    label: Any
    rows: list[Proven]


@dataclass(frozen=True, slots=True)
class Unread:
    """Entries of the case that the viewer may not read.

    Attributes:
        number: how many, up to ``until``; None while the case runs, when their number alone would tell
            how many answers or objections there are.
        until: sequence of the entry that ended the case.
        is_none: the viewer reads every entry.
    """

    number: int | None
    until: int
    is_none: bool


@dataclass(frozen=True, slots=True)
class Dossier:
    """All of a case that the viewer may read, and where the chain ended when it was put together."""

    case: str
    rows: list[Proven]
    stages: list[Stage]
    unread: Unread
    head: tuple[int, str]
    made_at: datetime
    cities: list[str]
    parties: list[Named]

    @property
    def first(self) -> Entry:
        return self.rows[0].entry

    @property
    def last(self) -> Entry:
        return self.rows[-1].entry

    @property
    def title(self) -> Named:
        """The first thing of the case that may be named to the viewer."""
        return next((row.act.object for row in self.rows if row.act.object.label), Named(""))

    @property
    def mark(self) -> str:
        """The case's number without signs that mean something in a file's name or in CSS."""
        return "".join(sign if sign.isalnum() or sign in "-_" else "_" for sign in self.case)

    @property
    def unsound(self) -> list[Proven]:
        """Entries whose hash or link does not hold."""
        return [row for row in self.rows if not row.is_sound]

    @property
    def withheld(self) -> int:
        """Entries whose file leaves out who acted."""
        return sum(not row.act.actor for row in self.rows)


def stage_of(entry: Entry) -> str:
    """The stage an entry belongs to, by its verb, else by its app."""
    return STAGE_OF_VERB.get(f"{entry.app}.{entry.verb}") or STAGE_OF_APP.get(entry.app, "other")


def _hashes(sequences: Iterable[int]) -> dict[int, str]:
    """Hash of the entries with these sequences."""
    wanted = sorted(sequences)
    found: dict[int, str] = {0: GENESIS}
    for start in range(0, len(wanted), CHUNK):
        part = wanted[start : start + CHUNK]
        found |= dict(Entry.objects.filter(sequence__in=part).values_list("sequence", "hash"))
    return found


def _unread(case: str, viewer: Any, entries: list[Entry]) -> Unread:
    held = Entry.objects.filter(case=case)
    if allowed(viewer, "ledger.read_all") and held.count() == len(entries):
        return Unread(0, 0, is_none=True)
    ends = [entry.sequence for entry in entries if f"{entry.app}.{entry.verb}" in ENDED_BY]
    if not ends:
        return Unread(None, 0, is_none=False)
    until = ends[-1]
    shown = sum(entry.sequence <= until for entry in entries)
    return Unread(held.filter(sequence__lte=until).count() - shown, until, is_none=False)


def dossier(case: str, viewer: Any) -> Dossier | None:
    """The dossier of a case for a viewer; None where there is nothing to read."""
    entries = list(readable(viewer, case).order_by("sequence")) if case else []
    if not entries:
        return None
    before = _hashes(entry.sequence - 1 for entry in entries)
    rows = [
        Proven(act, entry_hash(act.entry), before.get(act.entry.sequence - 1) == act.entry.previous)
        for act in in_words(entries, viewer)
    ]
    stages: dict[str, list[Proven]] = {key: [] for key in STAGES}
    for row in rows:
        stages[stage_of(row.entry)].append(row)
    parties = {row.act.organisation.label: row.act.organisation for row in rows}
    return Dossier(
        case=case,
        rows=rows,
        stages=[Stage(key, STAGES[key], found) for key, found in stages.items() if found],
        unread=_unread(case, viewer, entries),
        head=head(),
        made_at=timezone.now(),
        cities=list(dict.fromkeys(row.act.city for row in rows if row.act.city)),
        parties=[named for label, named in parties.items() if label],
    )


def as_file(shown: Dossier) -> dict[str, Any]:
    """The dossier to take away, for ``langqiao ledger prove``; JSON-serialisable.

    Who acted stands in it only where the viewer may know (see :mod:`langqiao.apps.ledger.proof`).
    """
    sequence, digest = shown.head
    return {
        "format": FORMAT,
        "case": shown.case,
        "made_at": shown.made_at.isoformat(timespec="seconds"),
        "hash": "SM3 (GB/T 32905-2016)",
        "head": {"sequence": sequence, "hash": digest},
        "unread": shown.unread.number,
        "entries": [piece(row.entry, told=bool(row.act.actor)) for row in shown.rows],
    }
