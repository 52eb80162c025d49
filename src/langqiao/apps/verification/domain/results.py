"""The outcome of a call (结果): who is in play, who is to be chosen, and settling it when it is issued."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from langqiao.apps.accounts.domain import tell
from langqiao.apps.accounts.models import User
from langqiao.apps.registry.domain.organisations import give_role
from langqiao.apps.registry.models import Organisation
from langqiao.apps.verification.domain import layout
from langqiao.apps.verification.domain.acts import applicants, enter_application, enter_call, move
from langqiao.apps.verification.models import (
    APPLICATION_TRANSITIONS,
    CALL_TRANSITIONS,
    Application,
    ApplicationState,
    Call,
    CallState,
    ChoiceRun,
    Reviewer,
    ReviewState,
)
from langqiao.apps.verification.rules import CENTRE_ROLE
from langqiao.kit.refusals import Refused
from langqiao.kit.words import named

EXPERTS_AT_LEAST = 3
"""Of one city, before their number is published."""


@dataclass(frozen=True, slots=True)
class Result:
    """How an application in play comes out by the adopted choice."""

    application: Application
    chosen: bool
    grade: str

    def public(self) -> dict[str, str]:
        """The row of the public notice: who, where, with which grade."""
        row = {
            str(_("申报序号")): str(self.application.number),
            str(_("申报单位")): self.application.organisation.name,
            str(_("城市")): named(self.application.city),
        }
        if self.grade:
            row[str(_("等次"))] = self.grade
        return row


def in_play(call: Call) -> QuerySet[Application]:
    """Applications still in the running: accepted, neither withdrawn nor eliminated."""
    return (
        call.applications.filter(state=ApplicationState.ACCEPTED)
        .select_related("organisation", "city")
        .order_by("number")
    )


def adopted_choice(call: Call) -> ChoiceRun | None:
    """The adopted choice (采用的遴选方案), if any."""
    return call.choices.filter(state=ChoiceRun.State.ADOPTED).first()


def chosen_rows(call: Call) -> list[Result]:
    """Applications in play with their outcome: by the adopted choice, or where nothing is scored, all.

    Who is in play but not in the choice (it was adopted earlier) is not chosen.
    """
    run = adopted_choice(call)
    rows = list(in_play(call))
    if run is None:
        scored = any(step["kind"] in layout.SCORED for step in call.chain)
        return [Result(application, not scored, "") for application in rows]
    from langqiao.apps.verification.queries.choosing import outcomes

    by_choice = outcomes(run)
    found = []
    for application in rows:
        outcome = by_choice.get(application.pk)
        found.append(
            Result(
                application,
                chosen=outcome is not None and outcome.chosen,
                grade=outcome.grade if outcome is not None else "",
            )
        )
    return found


def settle(actor: User | None, call: Call, *, number: str) -> None:
    """Finish a call: each application in play gets its state and grade, the applicants are told.

    Raises:
        Refused: without a choice, more applications are in play than the call has places.
    """
    rows = chosen_rows(call)
    chosen = [row for row in rows if row.chosen]
    if adopted_choice(call) is None and call.places is not None and len(chosen) > call.places:
        raise Refused(
            _("仍在评选中的申报 %(count)d 份，多于名额 %(places)d 个。")
            % {"count": len(chosen), "places": call.places},
            mend=_("请先淘汰或采用遴选方案。"),
        )
    move(call, CallState.FINISHED, CALL_TRANSITIONS, what=_("征集"))
    call.number_issued, call.issued_at = number, timezone.now()
    call.save(update_fields=["state", "number_issued", "issued_at", "updated_at"])
    for row in rows:
        _settle_one(actor, call, row)
    published = [
        {
            "number": row.application.number,
            "organisation": row.application.organisation.name,
            "city": row.application.city_id or "",
            "grade": row.grade,
        }
        for row in chosen
    ]
    enter_call(
        actor,
        "issue_result",
        call,
        data={
            "number": number,
            "applications": len(rows),
            "chosen": len(chosen),
            "list": published,
            "experts": experts_by_city(call),
        },
    )
    if call.kind == Call.Kind.RECOGNISE:
        for organisation in {row.application.organisation for row in chosen}:
            _recognise(actor, call, organisation)


def experts_by_city(call: Call) -> dict[str, int]:
    """How many experts (专家) of each city handed in reviews; cities with fewer than three are left out.

    A smaller number would point at persons, and who reviewed stays with the office.
    """
    people = Reviewer.objects.filter(
        call=call, reviews__state=ReviewState.SUBMITTED, person__city__isnull=False
    )
    cities = Counter(city for _person, city in people.values_list("person", "person__city").distinct())
    return {city: number for city, number in sorted(cities.items()) if number >= EXPERTS_AT_LEAST}


def _settle_one(actor: User | None, call: Call, row: Result) -> None:
    application = row.application
    application.call = call
    to = ApplicationState.CHOSEN if row.chosen else ApplicationState.NOT_CHOSEN
    move(application, to, APPLICATION_TRANSITIONS, what=_("申报"))
    application.grade = row.grade
    application.save(update_fields=["state", "grade", "updated_at"])
    entry = enter_application(
        actor, "settle_application", application, data={"state": to.value, "grade": row.grade}
    )
    tell(
        applicants([application]),
        _("征集《%(title)s》已公布结果，请查看贵单位申报的结果。"),
        {"title": call.title},
        url=application.get_absolute_url(),
        event=f"ledger:{entry.sequence}",
        but=actor,
    )


def _recognise(actor: User | None, call: Call, organisation: Organisation) -> None:
    """Give a chosen applicant the part of a concept-verification centre, unless it plays it already."""
    today = timezone.localdate()
    holding = Q(valid_to=None) | Q(valid_to__gte=today)
    if organisation.roles.filter(holding, role=CENTRE_ROLE).exists():
        return
    give_role(
        actor, organisation, role=CENTRE_ROLE, source_url=call.notice_url if "://" in call.notice_url else ""
    )
