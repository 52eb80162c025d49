"""Reads of challenges and answers, limited to what the viewer may see."""

from __future__ import annotations

from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from langqiao.apps.accounts.models import Role
from langqiao.apps.accounts.queries import current_memberships, holds_role
from langqiao.apps.challenges.models import (
    PUBLIC_STATES,
    Answer,
    Challenge,
    Follow,
    Question,
    State,
    Subscription,
)
from langqiao.apps.challenges.rules import HANDED_IN, insider_ids, is_drafter, is_of_firm
from langqiao.apps.ledger.models import Entry, Visibility
from langqiao.apps.registry.models import Organisation
from langqiao.kit.permissions import allowed

NOTHING = Q(pk__in=[])
LINE = tuple(state for state in State if state != State.WITHDRAWN)
# The ledger's verbs that show a state of the line was reached.
REACHED_BY = {
    "publish_challenge": State.PUBLISHED,
    "start_answering": State.ANSWERING,
    "select_answer": State.SELECTED,
    "sign_contract": State.CONTRACTED,
    "accept_result": State.ACCEPTED,
}


def _signed_in(viewer: Any) -> bool:
    return bool(viewer is not None and getattr(viewer, "is_authenticated", False) and viewer.is_active)


def visible_challenges(viewer: Any) -> QuerySet[Challenge]:
    """Challenges the viewer may read: the rule ``challenges.read`` as a query (see rules.may_read)."""
    seen = Q(state__in=PUBLIC_STATES)
    mine = insider_ids(viewer)
    if mine:
        teams = Answer.objects.filter(challenge=OuterRef("pk"), team__organisation__in=mine)
        seen |= Q(organisation__in=mine) | Q(Exists(teams), state=State.WITHDRAWN)
    if _signed_in(viewer):
        seen |= _on_behalf(viewer)
    if holds_role(viewer, Role.OFFICE):
        seen |= Q(organisation=None)
    return Challenge.objects.filter(seen).select_related("organisation", "city", "field")


def _on_behalf(viewer: Any) -> Q:
    """Drafts the viewer made for a firm, as long as the right to pose for it lasts."""
    cities = [m.organisation.city_id for m in current_memberships(viewer) if m.role == Role.LIAISON]
    own = Q(
        organisation__in=[m.organisation_id for m in current_memberships(viewer) if m.role == Role.ENTERPRISE]
    )
    allowed_for = own | Q(organisation__city__in=[city for city in cities if city]) | Q(organisation=None)
    if holds_role(viewer, Role.OFFICE):
        allowed_for = Q()
    return Q(state=State.DRAFT, created_by=viewer) & allowed_for


def posable_organisations(viewer: Any) -> QuerySet[Organisation]:
    """Organisations for which the viewer may pose challenges."""
    mine = current_memberships(viewer)
    if any(m.role == Role.OFFICE for m in mine):
        return Organisation.objects.filter(kind=Organisation.Kind.ENTERPRISE)
    wanted = Q(pk__in=[m.organisation_id for m in mine if m.role == Role.ENTERPRISE])
    cities = [m.organisation.city_id for m in mine if m.role == Role.LIAISON and m.organisation.city_id]
    if cities:
        wanted |= Q(city__in=cities, kind=Organisation.Kind.ENTERPRISE)
    return Organisation.objects.filter(wanted)


def readable_questions(challenge: Challenge, *, sealed_too: bool) -> QuerySet[Question]:
    """Questions of a challenge, the sealed ones only for those who may read the details."""
    rows = challenge.questions.select_related("author").order_by("id")
    return rows if sealed_too else rows.filter(sealed=False)


def thread(challenge: Challenge, viewer: Any, *, details: bool) -> list[Entry]:
    """The case's entries in order: the public ones, and those to which the viewer is a party.

    Args:
        details: whether the viewer may read the sealed details.
    """
    seen = Q(visibility=Visibility.PUBLIC) | seen_as_party(challenge, viewer, details=details)
    return list(Entry.objects.filter(seen, case=challenge.case).order_by("sequence"))


def read_case(viewer: Any, case: str) -> Q:
    """Entries of a case beyond the public ones that the viewer may read, for the ledger's own pages."""
    challenge = Challenge.objects.filter(case=case).select_related("organisation").first()
    if challenge is None:
        return NOTHING
    return seen_as_party(challenge, viewer, details=allowed(viewer, "challenges.read_details", challenge))


def seen_as_party(challenge: Challenge, viewer: Any, *, details: bool) -> Q:
    """Which entries kept to the parties the viewer may read: the firm's, the own team's, the own."""
    seen = NOTHING
    this = f"challenges.challenge:{challenge.pk}"
    if is_of_firm.test(viewer, challenge) or is_drafter.test(viewer, challenge):
        handed_in = challenge.answers.exclude(submitted_at=None).values_list("pk", flat=True)
        seen |= Q(visibility=Visibility.PARTIES, object=this)
        seen |= Q(
            visibility=Visibility.PARTIES,
            verb__in=("submit_answer", "withdraw_answer"),
            object__in=[f"challenges.answer:{pk}" for pk in handed_in],
        )
    elif details:
        seen |= Q(visibility=Visibility.PARTIES, object=this, verb__in=("ask_question", "reply_question"))
    if _signed_in(viewer):
        own = answers_of(viewer).filter(challenge=challenge).values_list("pk", flat=True)
        seen |= Q(visibility=Visibility.PARTIES, object__in=[f"challenges.answer:{pk}" for pk in own])
        seen |= Q(visibility=Visibility.PARTIES, object=this, actor=f"accounts.user:{viewer.pk}")
    return seen


def steps(challenge: Challenge, entries: list[Entry]) -> list[tuple[str, str]]:
    """The line of states for the page: label and ``done``, ``now``, ``next`` or ``off``."""
    reached = {State.DRAFT, *(REACHED_BY[e.verb] for e in entries if e.verb in REACHED_BY)}
    over = challenge.state in (State.CLOSED, State.WITHDRAWN)
    line: list[tuple[str, str]] = []
    passed = LINE.index(State(challenge.state)) if challenge.state in LINE else len(LINE)
    for position, state in enumerate(LINE):
        if state == challenge.state:
            line.append((str(state.label), "now"))
        elif over:
            if challenge.state == State.WITHDRAWN and state == State.CLOSED:
                line.append((str(State.WITHDRAWN.label), "off"))
            elif state in reached:
                line.append((str(state.label), "done"))
        else:
            line.append((str(state.label), "done" if position < passed else "next"))
    return line


# -- answers ------------------------------------------------------------------------------------


def answers_of(viewer: Any) -> QuerySet[Answer]:
    """Answers in whose team an organisation of the viewer is."""
    mine = insider_ids(viewer)
    return Answer.objects.filter(pk__in=Answer.objects.filter(team__organisation__in=mine).values("pk"))


def outlined_answers(challenge: Challenge, viewer: Any) -> list[Answer]:
    """Answers whose title, team and state the viewer may see, newest submission first."""
    rows = challenge.answers.prefetch_related("team__organisation__city", "versions").order_by(
        "-submitted_at", "-id"
    )
    if not _signed_in(viewer):
        return []
    found = []
    for answer in rows:
        answer.challenge = challenge
        if allowed(viewer, "challenges.read_outline", answer):
            found.append(answer)
    return found


def shown_version(answer: Answer, viewer: Any) -> Any:
    """The version the viewer reads: the team the newest, all others what was handed in."""
    versions = sorted(answer.versions.all(), key=lambda v: -v.number)
    if insider_ids(viewer) & {m.organisation_id for m in answer.team.all()}:
        return versions[0]
    return next((v for v in versions if v.number == answer.submitted_version), None)


def readable_versions(answer: Answer, viewer: Any) -> list[Any]:
    """Versions the viewer may compare, newest first; the firm's end at the one handed in."""
    shown = shown_version(answer, viewer)
    if shown is None:
        return []
    return [v for v in sorted(answer.versions.all(), key=lambda v: -v.number) if v.number <= shown.number]


# -- my work ------------------------------------------------------------------------------------


def own_challenges(viewer: Any) -> QuerySet[Challenge]:
    """Challenges of the viewer's firms, and drafts made on behalf of others, with their answers counted."""
    wanted = Q(organisation__in=insider_ids(viewer))
    if _signed_in(viewer):
        wanted |= _on_behalf(viewer)
    return (
        Challenge.objects.filter(wanted)
        .select_related("organisation", "city")
        .annotate(
            handed_in=Count("answers", filter=Q(answers__state__in=HANDED_IN), distinct=True),
            unreplied=Count("questions", filter=Q(questions__reply=""), distinct=True),
        )
        .order_by("-updated_at")
    )


def invited_to(viewer: Any) -> QuerySet[Challenge]:
    """Open challenges to which the viewer's organisations are invited."""
    return (
        Challenge.objects.filter(
            invitations__organisation__in=insider_ids(viewer), state__in=(State.PUBLISHED, State.ANSWERING)
        )
        .select_related("organisation", "city")
        .distinct()
        .order_by("deadline")
    )


def followed_by(viewer: Any) -> list[Challenge]:
    """Challenges the viewer follows and may read."""
    if not _signed_in(viewer):
        return []
    followed = Follow.objects.filter(user=viewer).values("challenge")
    return list(visible_challenges(viewer).filter(pk__in=followed).order_by("-updated_at"))


def subscriptions_of(viewer: Any) -> QuerySet[Subscription]:
    """The viewer's subscriptions."""
    return Subscription.objects.filter(user=viewer).select_related("city", "field")
