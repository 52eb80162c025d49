"""Conflicts of interest (利益冲突、回避), found from plain records before anybody is invited.

Five relations are found: the same organisation now, the same organisation within some years, an
organisation of the same family, a shared work within some years, and a part in the application itself.
What people declare themselves is not found here; it is added by whoever keeps the declarations.

Cost: linear in affiliations, works and their authors, plus the conflicts found.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from .types import AssignmentError

# GB 32100-2015: characters 9 to 17 of a 统一社会信用代码 are the organisation code (主体标识码).
_BODY = slice(8, 17)
_CODE_LENGTH = 18


class Relation(StrEnum):
    """How an expert and an application are tied."""

    SAME_ORGANISATION = "same_organisation"
    FORMER_ORGANISATION = "former_organisation"
    FAMILY = "family"
    CO_AUTHOR = "co_author"
    OWN = "own"


@dataclass(frozen=True, slots=True)
class Affiliation:
    """A person belongs to an organisation for a time; None is an open end."""

    organisation: str
    since: date | None = None
    until: date | None = None


@dataclass(frozen=True, slots=True)
class Candidate:
    """An expert as far as conflicts go."""

    key: str
    affiliations: tuple[Affiliation, ...] = ()


@dataclass(frozen=True, slots=True)
class Applicant:
    """An application as far as conflicts go: who applies, and the people named in it."""

    key: str
    organisation: str
    people: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SharedWork:
    """A work with its people; ``on`` None counts as recent."""

    key: str
    people: tuple[str, ...]
    on: date | None = None


@dataclass(frozen=True, slots=True)
class Tie:
    """A conflict: which expert, which application, how they are tied, and by what (``through``).

    ``through`` is an organisation for the first three relations, a work for ``co_author``, and the
    expert for ``own``; ``until`` is the end of a former affiliation or the date of the work.
    """

    expert: str
    application: str
    relation: Relation
    through: str
    until: date | None = None


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What is known around experts and applications.

    Args:
        today: the day on which "now" is meant.
        same_years: years for which a former organisation counts, 0 for not at all.
        author_years: years for which a shared work counts, 0 for not at all.
        credit_codes: 统一社会信用代码 by organisation.
        parents: the organisation above, by organisation (an institute of a university).
        members: people by organisation, whose shared works tie an expert to its applications.
        works: achievements with their people.
    """

    today: date
    same_years: int = 3
    author_years: int = 5
    credit_codes: Mapping[str, str] = field(default_factory=dict)
    parents: Mapping[str, str] = field(default_factory=dict)
    members: Mapping[str, Sequence[str]] = field(default_factory=dict)
    works: Sequence[SharedWork] = ()

    def __post_init__(self) -> None:
        for name in ("same_years", "author_years"):
            if not 0 <= getattr(self, name) <= 100:
                raise AssignmentError(f"{name} must be 0 to 100")


def years_before(day: date, years: int) -> date:
    """The same day some years earlier; 29 February becomes the 28th.

    >>> years_before(date(2024, 2, 29), 1)
    datetime.date(2023, 2, 28)
    """
    try:
        return day.replace(year=day.year - years)
    except ValueError:
        return day.replace(year=day.year - years, day=28)


def families(circumstances: Circumstances) -> dict[str, str]:
    """A family's name for every organisation that has one: tied by credit code or by a parent.

    Organisations are one family when characters 9 to 17 of their credit codes agree, or when one is
    above the other, over any number of steps.
    """
    root: dict[str, str] = {}

    def find(one: str) -> str:
        while root.setdefault(one, one) != one:
            root[one] = root[root[one]]
            one = root[one]
        return one

    bodies: dict[str, str] = {}
    for organisation, code in sorted(circumstances.credit_codes.items()):
        if len(code) == _CODE_LENGTH:
            first = bodies.setdefault(code[_BODY], organisation)
            root[find(organisation)] = find(first)
    for child, parent in sorted(circumstances.parents.items()):
        root[find(child)] = find(parent)
    return {one: find(one) for one in root}


def conflicts(
    experts: Iterable[Candidate], applications: Iterable[Applicant], circumstances: Circumstances
) -> list[Tie]:
    """Every tie between an expert and an application, sorted by application, expert and relation.

    One tie for each relation of a pair: the affiliation that ended last, the newest shared work.
    """
    judged, entered = list(experts), list(applications)
    index = _Index(entered, circumstances)
    authored = _shared_works(judged, circumstances)
    best: dict[tuple[str, str, Relation], Tie] = {}
    for expert in judged:
        ties = [*_by_place(expert, index, circumstances), *_by_people(expert, index, authored)]
        for tie in ties:
            key = (tie.application, tie.expert, tie.relation)
            held = best.get(key)
            if held is None or _newer(tie, held):
                best[key] = tie
    return [best[key] for key in sorted(best)]


class _Index:
    """Applications by organisation, by family, and by the people behind them."""

    def __init__(self, applications: Sequence[Applicant], circumstances: Circumstances) -> None:
        self.family = families(circumstances)
        self.by_home: dict[str, list[Applicant]] = defaultdict(list)
        self.by_family: dict[str, list[Applicant]] = defaultdict(list)
        for one in applications:
            self.by_home[one.organisation].append(one)
            self.by_family[self.family_of(one.organisation)].append(one)
        self.named = _named(applications, circumstances)

    def family_of(self, organisation: str) -> str:
        """The family's name, the organisation's own where it has none."""
        return self.family.get(organisation, organisation)


def _newer(tie: Tie, held: Tie) -> bool:
    """Whether a tie says more: no end at all, then the later one, then the first name."""
    order = (tie.until is not None, -(tie.until or date.min).toordinal(), tie.through)
    other = (held.until is not None, -(held.until or date.min).toordinal(), held.through)
    return order < other


def _by_place(expert: Candidate, index: _Index, circumstances: Circumstances) -> Iterator[Tie]:
    """Ties by where the expert belongs or belonged."""
    today = circumstances.today
    oldest = years_before(today, circumstances.same_years)
    for held in expert.affiliations:
        home = held.organisation
        if held.since is not None and held.since > today:
            continue
        if held.until is None or held.until >= today:
            for one in index.by_home.get(home, ()):
                yield Tie(expert.key, one.key, Relation.SAME_ORGANISATION, home)
            for one in index.by_family.get(index.family_of(home), ()):
                if one.organisation != home:
                    yield Tie(expert.key, one.key, Relation.FAMILY, home)
        elif circumstances.same_years and held.until >= oldest:
            for one in index.by_home.get(home, ()):
                yield Tie(expert.key, one.key, Relation.FORMER_ORGANISATION, home, held.until)


def _by_people(
    expert: Candidate, index: _Index, authored: Mapping[str, list[tuple[str, SharedWork]]]
) -> Iterator[Tie]:
    """Ties by the application itself and by shared works."""
    for one, own in index.named.get(expert.key, ()):
        if own:
            yield Tie(expert.key, one.key, Relation.OWN, expert.key)
    for colleague, work in authored.get(expert.key, ()):
        for one, _own in index.named.get(colleague, ()):
            yield Tie(expert.key, one.key, Relation.CO_AUTHOR, work.key, work.on)


def _shared_works(
    experts: Sequence[Candidate], circumstances: Circumstances
) -> dict[str, list[tuple[str, SharedWork]]]:
    """For every expert the people they share a recent work with."""
    found: dict[str, list[tuple[str, SharedWork]]] = defaultdict(list)
    if not circumstances.author_years:
        return found
    wanted = {expert.key for expert in experts}
    oldest = years_before(circumstances.today, circumstances.author_years)
    for work in circumstances.works:
        if work.on is not None and work.on < oldest:
            continue
        for person in set(work.people) & wanted:
            found[person] += [(other, work) for other in work.people if other != person]
    return found


def _named(
    applications: Sequence[Applicant], circumstances: Circumstances
) -> dict[str, list[tuple[Applicant, bool]]]:
    """Applications by the people behind them; True where a person is named in the application itself."""
    found: dict[str, list[tuple[Applicant, bool]]] = defaultdict(list)
    for one in applications:
        own = set(one.people)
        for person in own:
            found[person].append((one, True))
        for person in set(circumstances.members.get(one.organisation, ())) - own:
            found[person].append((one, False))
    return found
