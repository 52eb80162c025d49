"""Which technology readiness level (TRL) the filed evidence shows (技术就绪水平).

The nine levels are those of ``engines.valuation.readiness`` (ISO 16290:2013). For each level this module
says which kinds of evidence have to be filed; our own table, stricter in nothing than the standard's idea:
what was only argued cannot be called tested.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from langqiao.apps.verification.models import Evidence
from langqiao.engines.valuation.readiness import LEVELS, Level
from langqiao.kit.words import is_english, listed

Kind = Evidence.Kind
# Level → kinds of evidence of which each must be filed at least once.
NEEDED: Mapping[int, tuple[Kind, ...]] = {
    1: (Kind.THEORY,),
    2: (Kind.THEORY, Kind.CONCEPT),
    3: (Kind.LABORATORY,),
    4: (Kind.LABORATORY, Kind.PROTOTYPE),
    5: (Kind.RELEVANT,),
    6: (Kind.RELEVANT, Kind.PROTOTYPE),
    7: (Kind.FIELD, Kind.PROTOTYPE),
    8: (Kind.FIELD, Kind.CERTIFICATE),
    9: (Kind.OPERATION,),
}


@dataclass(frozen=True, slots=True)
class Rung:
    """A level as a page shows it.

    Attributes:
        needs: kinds of evidence it asks for, each with whether it is filed.
        marks: what stands at it: ``before``, ``target``, ``after``.
    """

    level: int
    name: str
    evidence: str
    needs: tuple[tuple[str, bool], ...]
    marks: tuple[str, ...]

    @property
    def is_evidenced(self) -> bool:
        return all(filed for _kind, filed in self.needs)


def evidenced(kinds: Iterable[str]) -> int:
    """The highest level of whose kinds of evidence each is filed; 0 when none is."""
    filed = set(kinds)
    return max((number for number, needed in NEEDED.items() if filed.issuperset(needed)), default=0)


def named(level: Level) -> str:
    """The level's name in the reader's language."""
    return level.en if is_english() else level.zh


def warning(claim: int | None, kinds: Iterable[str]) -> str:
    """In words, that a claim is above what the evidence shows; "" when it is not."""
    if claim is None:
        return ""
    filed = set(kinds)
    shown = evidenced(filed)
    if claim <= shown:
        return ""
    lacking = listed(kind.label for kind in NEEDED[claim] if kind not in filed)
    if not shown:
        return _("主张 TRL %(claim)s 级，但已有证据不能支持任何等级；还缺：%(lacking)s。") % {
            "claim": claim,
            "lacking": lacking,
        }
    return _("主张 TRL %(claim)s 级，已有证据只支持到 %(shown)s 级；还缺：%(lacking)s。") % {
        "claim": claim,
        "shown": shown,
        "lacking": lacking,
    }


def ladder(*, before: int | None, target: int | None, after: int | None, kinds: Sequence[str]) -> list[Rung]:
    """The nine levels, highest first, with what stands at each."""
    filed = set(kinds)
    at = {"before": before, "target": target, "after": after}
    return [
        Rung(
            level=level.level,
            name=named(level),
            evidence=level.evidence_en if is_english() else level.evidence_zh,
            needs=tuple((str(kind.label), kind in filed) for kind in NEEDED[level.level]),
            marks=tuple(name for name, where in at.items() if where == level.level),
        )
        for level in reversed(LEVELS)
    ]
