"""Reads of examinations (验证与评价), limited to what the viewer may see."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db.models import Q, QuerySet
from django.utils import timezone

from langqiao.apps.accounts.models import Role
from langqiao.apps.accounts.queries import holds_role
from langqiao.apps.ledger.domain import identifier
from langqiao.apps.ledger.models import Entry, Visibility
from langqiao.apps.ledger.queries import readable
from langqiao.apps.registry.models import Organisation
from langqiao.apps.verification.domain.services.concluding import digest_of
from langqiao.apps.verification.domain.services.forms import Field, Form, form_of
from langqiao.apps.verification.domain.services.readiness import Rung, ladder, warning
from langqiao.apps.verification.models import Evidence, Examination, ExaminationState, Milestone
from langqiao.apps.verification.rules import CENTRE_ROLE, insider_ids
from langqiao.kit.permissions import allowed

NOTHING = Q(pk__in=[])
LINE = (
    ExaminationState.REQUESTED,
    ExaminationState.PLANNED,
    ExaminationState.UNDER_WAY,
    ExaminationState.CONCLUDED,
)
# The ledger's verbs that show a state of the line was reached.
REACHED_BY = {
    "accept_examination": ExaminationState.PLANNED,
    "begin_examination": ExaminationState.UNDER_WAY,
}


def _as_party(viewer: Any) -> Q:
    """The rule ``verification.read_examination`` as a query: client, centre, named expert."""
    mine = insider_ids(viewer)
    seen = Q(client__in=mine) | Q(centre__in=mine) if mine else NOTHING
    if holds_role(viewer, Role.EVALUATOR):
        named = Examination.objects.filter(experts__user=viewer).values("pk")
        seen |= Q(pk__in=named)
    return seen


def visible_examinations(viewer: Any) -> QuerySet[Examination]:
    """Examinations of which the viewer may know: the parties' own; all, in outline, for the office."""
    rows = Examination.objects.select_related("client", "centre__city", "achievement")
    if holds_role(viewer, Role.OFFICE):
        return rows
    return rows.filter(_as_party(viewer))


def readable_examinations(viewer: Any) -> QuerySet[Examination]:
    """Examinations whose content the viewer may read."""
    return Examination.objects.filter(_as_party(viewer)).select_related("client", "centre__city")


def centres() -> QuerySet[Organisation]:
    """Concept-verification centres (概念验证中心) today: the rule ``rules.is_centre`` as a query."""
    today = timezone.localdate()
    begun = Q(roles__valid_from=None) | Q(roles__valid_from__lte=today)
    lasting = Q(roles__valid_to=None) | Q(roles__valid_to__gte=today)
    named = Organisation.objects.filter(Q(roles__role=CENTRE_ROLE) & begun & lasting).values("pk")
    return Organisation.objects.filter(Q(kind=Organisation.Kind.VERIFICATION_CENTRE) | Q(pk__in=named))


def thread(examination: Examination, viewer: Any) -> list[Entry]:
    """The ledger's entries on an examination that the viewer may read, in order."""
    party = allowed(viewer, "verification.read_examination", examination)
    rows = Entry.objects.filter(case=examination.case) if party else readable(viewer, examination.case)
    return list(rows.filter(object=identifier(examination)).order_by("sequence"))


def read_case(viewer: Any, case: str) -> Q:
    """Entries on examinations of a case that the viewer may read, for the ledger's own pages."""
    rows = Examination.objects.filter(_as_party(viewer), case=case)
    own = [identifier(row) for row in rows.only("pk")]
    return Q(visibility=Visibility.PARTIES, object__in=own) if own else NOTHING


def steps(examination: Examination, entries: list[Entry]) -> list[tuple[str, str]]:
    """The line of states for the page: label and ``done``, ``now``, ``next`` or ``off``."""
    if examination.state in LINE:
        passed = LINE.index(ExaminationState(examination.state))
        return [
            (str(state.label), "now" if i == passed else "done" if i < passed else "next")
            for i, state in enumerate(LINE)
        ]
    reached = {ExaminationState.REQUESTED, *(REACHED_BY[e.verb] for e in entries if e.verb in REACHED_BY)}
    line = [(str(state.label), "done") for state in LINE if state in reached]
    return [*line, (examination.get_state_display(), "off")]


# -- all that a page or a report shows of one examination ----------------------------------------


@dataclass(frozen=True, slots=True)
class Shown:
    """A field with its value as it is shown: ``words`` of choices, else ``value``."""

    field: Field
    value: Any
    words: tuple[str, ...]

    @property
    def is_empty(self) -> bool:
        return self.value is None


@dataclass(frozen=True, slots=True)
class Past:
    """A decision that a later one replaced."""

    label: str
    why: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Money:
    """Budget against spending, in 万元."""

    budget: Decimal | None
    planned: Decimal
    spent: Decimal

    @property
    def share(self) -> int:
        """Spending in per cent of the budget, for the bar; at most 100."""
        whole = self.budget or self.planned
        return min(100, int(self.spent / whole * 100)) if whole else 0

    @property
    def over(self) -> Decimal:
        """What was spent beyond the budget; 0 when it was kept."""
        return max(Decimal(0), self.spent - self.budget) if self.budget is not None else Decimal(0)


@dataclass(frozen=True, slots=True)
class Dossier:
    """An examination with its plan, values, evidence and readiness, for those who may read it."""

    examination: Examination
    form: Form
    sections: list[tuple[str, list[Shown]]]
    milestones: list[Milestone]
    evidence: list[Evidence]
    money: Money
    ladder: list[Rung]
    warning: str

    @property
    def next_milestone(self) -> Milestone | None:
        """The first milestone without a decision; none after a no-go."""
        if any(m.decision == Milestone.Decision.NO_GO for m in self.milestones):
            return None
        return next((m for m in self.milestones if not m.decision), None)

    @property
    def has_readiness(self) -> bool:
        """Whether a readiness level was named."""
        one = self.examination
        return any(level is not None for level in (one.trl_before, one.trl_target, one.trl_after))

    @property
    def filled(self) -> int:
        """How many fields of the form have a value."""
        return sum(not shown.is_empty for _title, fields in self.sections for shown in fields)

    @property
    def digest(self) -> str:
        """SM3 of the report's content as it stands now."""
        return digest_of(self.examination, self.milestones, self.evidence)


def dossier(examination: Examination) -> Dossier:
    """All that is recorded of an examination; the caller has asked whether it may be read."""
    milestones = list(examination.milestones.order_by("order", "pk"))
    evidence = list(examination.evidence.order_by("pk"))
    by_pk = {m.pk: m for m in milestones}
    for one in evidence:
        if one.milestone_id is not None:
            one.milestone = by_pk[one.milestone_id]
    for milestone in milestones:
        milestone.examination = examination
        milestone.files = [e for e in evidence if e.milestone_id == milestone.pk]  # type: ignore[attr-defined]
        milestone.past = [_past(held) for held in milestone.earlier]  # type: ignore[attr-defined]
    kinds = [e.kind for e in evidence]
    form = form_of(examination.service)
    return Dossier(
        examination=examination,
        form=form,
        sections=[
            (section.title, [_shown(field, examination.values.get(field.key)) for field in section.fields])
            for section in form.sections
        ],
        milestones=milestones,
        evidence=evidence,
        money=Money(
            budget=examination.budget,
            planned=sum((m.budget or Decimal(0) for m in milestones), Decimal(0)),
            spent=sum((m.spent or Decimal(0) for m in milestones), Decimal(0)),
        ),
        ladder=ladder(
            before=examination.trl_before,
            target=examination.trl_target,
            after=examination.trl_after,
            kinds=kinds,
        ),
        warning=warning(examination.trl_after, kinds),
    )


def _past(held: dict[str, str]) -> Past:
    label = Milestone.Decision(held["decision"]).label
    return Past(str(label), held["why"], datetime.fromisoformat(held["at"]))


def _shown(field: Field, value: Any) -> Shown:
    return Shown(field, value, tuple(field.words(value)) if field.choices else ())


def proved_digest(entries: list[Entry]) -> str:
    """The report's digest as the ledger holds it since the conclusion; "" before."""
    last = next((e for e in reversed(entries) if e.verb == "conclude_examination"), None)
    return str(json.loads(last.data).get("report_sm3", "")) if last is not None else ""
