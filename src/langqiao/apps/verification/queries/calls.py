"""Reads of calls and applications, limited to what the viewer may see."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import CharField, Count, Exists, F, OuterRef, Q, QuerySet, Subquery
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Coalesce

from langqiao.apps.accounts.models import Role
from langqiao.apps.accounts.queries import current_memberships
from langqiao.apps.accounts.rules import is_office
from langqiao.apps.ledger.models import Visibility
from langqiao.apps.registry.models import Organisation
from langqiao.apps.verification.domain.layout import step_name
from langqiao.apps.verification.models import (
    HANDED_IN,
    PUBLIC_CALL_STATES,
    Application,
    ApplicationState,
    ApplicationVersion,
    Call,
    CallState,
    Screening,
    StepDone,
)
from langqiao.apps.verification.rules import insider_ids
from langqiao.kit.permissions import allowed

NOTHING = Q(pk__in=[])


def visible_calls(viewer: Any) -> QuerySet[Call]:
    """Calls the viewer may read: the rule ``verification.read_call`` as a query."""
    rows = Call.objects.select_related("organiser")
    return rows if is_office.test(viewer) else rows.filter(state__in=PUBLIC_CALL_STATES)


def visible_applications(viewer: Any) -> QuerySet[Application]:
    """Applications of which the viewer knows the outline (who, what, state): ``read_outline`` as a query."""
    mine = insider_ids(viewer)
    seen = Q(organisation__in=mine)
    cities = {
        m.organisation.city_id
        for m in current_memberships(viewer)
        if m.role == Role.LIAISON and m.organisation.city_id
    }
    if cities:
        seen |= Q(city__in=cities, submitted_at__isnull=False)
    if is_office.test(viewer):
        own = Application.objects.filter(call=OuterRef("call"), organisation__in=mine)
        seen |= Q(~Exists(own), submitted_at__isnull=False)
    return Application.objects.filter(seen).select_related("call", "organisation", "city", "field")


def with_shown_title(rows: QuerySet[Application]) -> QuerySet[Application]:
    """Applications with ``shown_title``: what was handed in last, of a draft its present title.

    A list shows this, never ``title``, to anybody but the applicant: that one may be newer.
    """
    newest = ApplicationVersion.objects.filter(application=OuterRef("pk")).order_by("-number")
    handed_in = Subquery(newest.values_list(KeyTextTransform("title", "content"))[:1])
    return rows.annotate(shown_title=Coalesce(handed_in, F("title"), output_field=CharField()))


def own_applications(viewer: Any) -> QuerySet[Application]:
    """Applications of the viewer's organisations (我的申报), newest first."""
    return (
        Application.objects.filter(organisation__in=insider_ids(viewer))
        .select_related("call", "organisation", "city", "field")
        .order_by("-updated_at")
    )


def applying_organisations(viewer: Any) -> QuerySet[Organisation]:
    """Organisations for which the viewer may apply."""
    return Organisation.objects.filter(pk__in=insider_ids(viewer)).order_by("name")


def screened_applications(call: Call) -> QuerySet[Application]:
    """What the office screens in a call: all that was handed in and not taken back, by number."""
    return (
        call.applications.filter(state__in=HANDED_IN)
        .select_related("organisation", "city", "field")
        .prefetch_related("screenings")
        .order_by("number")
    )


def counts(call: Call) -> dict[str, int]:
    """How many applications stand in each state; drafts are not counted, nobody is to know of them."""
    rows = call.applications.exclude(submitted_at=None).values("state").annotate(count=Count("pk"))
    return {row["state"]: row["count"] for row in rows.order_by("state")}


def screenings_of(application: Application, viewer: Any) -> list[Screening]:
    """The document checks of an application, oldest first, for its applicant and the office."""
    if not allowed(viewer, "verification.read_application", application):
        return []
    return list(application.screenings.order_by("id"))


@dataclass(frozen=True, slots=True)
class Step:
    """A step of the chain for a page: ``stage`` is ``done``, ``now``, ``next`` or ``off``.

    ``record`` is the step's newest record; what the conference and the notice answered stands in it.
    """

    position: int
    kind: str
    name: str
    due: str
    stage: str
    record: StepDone | None


def steps(call: Call) -> list[Step]:
    """The chain of a call with how far it has come."""
    records = {record.step: record for record in call.steps_done.order_by("id")}
    at = -1 if call.step is None else call.step
    if call.state == CallState.FINISHED:
        at = len(call.chain)
    over = call.state == CallState.CANCELLED
    found = []
    for position, step in enumerate(call.chain):
        if position < at:
            stage = "done"
        elif over:
            stage = "off"
        else:
            stage = "now" if position == at else "next"
        found.append(
            Step(position, step["kind"], step_name(step), step.get("due", ""), stage, records.get(position))
        )
    return found


def chosen(call: Call) -> QuerySet[Application]:
    """The list that was issued (入选名单), by number; empty before."""
    if call.state != CallState.FINISHED:
        return call.applications.none()
    return (
        call.applications.filter(state=ApplicationState.CHOSEN)
        .select_related("organisation", "city", "field")
        .order_by("number")
    )


def read_case(viewer: Any, case: str) -> Q:
    """Entries of a case beyond the public ones that the viewer may read, for the ledger's own pages.

    Applicants read what was done to their own applications, by entries on the application itself;
    entries on reviews and reviewers, and other applications of the case, stay closed to them.
    """
    mine = insider_ids(viewer)
    if not mine:
        return NOTHING
    own = Application.objects.filter(case=case, organisation__in=mine).values_list("pk", flat=True)
    objects = [f"{Application._meta.label_lower}:{pk}" for pk in own]
    return Q(visibility=Visibility.PARTIES, object__in=objects) if objects else NOTHING
