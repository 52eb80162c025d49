"""Conflicts of interest of a call (核查回避): gathered from the registry, found by the engine, kept.

What is found is found anew each time; what people declared themselves stays as it is. An applicant's
wish to keep an expert out (回避申请) counts only when the office grants it.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from django.db import transaction
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from langqiao.apps.accounts.models import Membership, User
from langqiao.apps.ledger.models import Visibility
from langqiao.apps.registry.models import Achievement, Organisation, Person
from langqiao.apps.verification.domain.acts import enter_call
from langqiao.apps.verification.models import (
    HANDED_IN,
    LIVE_REVIEWS,
    Application,
    Call,
    Conflict,
    Reviewer,
    ReviewState,
)
from langqiao.engines.assignment.conflicts import (
    Affiliation,
    Applicant,
    Candidate,
    Circumstances,
    Relation,
    SharedWork,
    Tie,
    conflicts,
)
from langqiao.kit.permissions import require

EVIDENCE_AT_MOST = 300


def checked_since_last_submission(call: Call) -> bool:
    """Whether conflicts were looked for since the pool grew and the last application came in."""
    pool = call.reviewers.exclude(state=Reviewer.State.REMOVED)
    newest = (
        call.applications.filter(state__in=HANDED_IN)
        .order_by("-submitted_at")
        .values_list("submitted_at", flat=True)
        .first()
    )
    if pool.filter(checked_at=None).exists():
        return False
    return newest is None or not pool.filter(checked_at__lt=newest).exists()


@transaction.atomic
def find_conflicts(actor: User | None, call: Call) -> int:
    """Look for conflicts between the pool and what was handed in (核查回避); returns how many count.

    A review that was given out before and is a conflict now is declined, unless it was handed in.

    Raises:
        NotAllowed: the actor does not run the call.
    """
    require(actor, "verification.keep_reviewers", call)
    reviewers = list(
        call.reviewers.exclude(state=Reviewer.State.REMOVED).select_related("person__organisation")
    )
    applications = list(
        call.applications.filter(state__in=HANDED_IN).select_related("organisation", "achievement")
    )
    found = _found(call, reviewers, applications)
    stale = Conflict.objects.filter(reviewer__call=call, found=True)
    known = {(c.reviewer_id, c.application_id, c.kind): c for c in stale}
    wanted = {(r, a, str(kind)): evidence for r, a, kind, evidence in found}
    for key, held in known.items():
        if key not in wanted:
            held.delete()
        elif held.evidence != wanted[key]:
            held.evidence = wanted[key]
            held.save(update_fields=["evidence"])
    taken = set(
        Conflict.objects.filter(reviewer__call=call).values_list("reviewer_id", "application_id", "kind")
    )
    Conflict.objects.bulk_create(
        Conflict(reviewer_id=r, application_id=a, kind=kind, evidence=evidence)
        for (r, a, kind), evidence in wanted.items()
        if (r, a, kind) not in taken
    )
    _keep_wishes(reviewers, applications)
    given_up = _give_up(call)
    call.reviewers.filter(pk__in=[r.pk for r in reviewers]).update(checked_at=timezone.now())
    counting = Conflict.objects.filter(reviewer__call=call, counts=True).count()
    changed = set(known) ^ set(wanted)
    if changed or given_up or any(r.checked_at is None for r in reviewers):
        data = {"conflicts": counting, "experts": len(reviewers), "applications": len(applications)}
        enter_call(actor, "find_conflicts", call, data=data, visibility=Visibility.OFFICE)
    return counting


def _give_up(call: Call) -> int:
    """Decline open reviews that have become conflicts."""
    from langqiao.apps.verification.models import Review

    pairs = Conflict.objects.filter(reviewer__call=call, counts=True).values_list(
        "reviewer_id", "application_id"
    )
    barred = set(pairs)
    open_reviews = Review.objects.filter(round__call=call, state__in=LIVE_REVIEWS).exclude(
        state=ReviewState.SUBMITTED
    )
    gone = [r.pk for r in open_reviews if (r.reviewer_id, r.application_id) in barred]
    with translation.override("zh-hans"):  # what is kept is Chinese
        why = _("核查发现须回避。")
    return Review.objects.filter(pk__in=gone).update(
        state=ReviewState.DECLINED, why=why, updated_at=timezone.now()
    )


def _keep_wishes(reviewers: list[Reviewer], applications: list[Application]) -> None:
    """An applicant's wishes as conflicts that do not count yet."""
    by_person = {reviewer.person_id: reviewer for reviewer in reviewers}
    for application in applications:
        for wish in application.kept_out:
            reviewer = by_person.get(int(wish["person"]))
            if reviewer is not None:
                Conflict.objects.get_or_create(
                    reviewer=reviewer,
                    application=application,
                    kind=Conflict.Kind.DECLARED_BY_APPLICANT,
                    defaults={
                        "evidence": str(wish.get("why", ""))[:EVIDENCE_AT_MOST],
                        "found": False,
                        "counts": False,
                    },
                )


def _found(
    call: Call, reviewers: list[Reviewer], applications: list[Application]
) -> list[tuple[int, int, str, str]]:
    """(reviewer, application, kind, evidence in words) of every tie."""
    homes = {str(a.organisation_id): a.organisation for a in applications}
    homes |= {
        str(r.person.organisation_id): r.person.organisation for r in reviewers if r.person.organisation
    }
    experts = [Candidate(str(r.person_id), _affiliations(r.person)) for r in reviewers]
    applicants = [
        Applicant(
            str(a.pk),
            str(a.organisation_id),
            tuple(str(pk) for pk in a.achievement.people.values_list("pk", flat=True))
            if a.achievement
            else (),
        )
        for a in applications
    ]
    people = {r.person_id for r in reviewers}
    works = list(Achievement.objects.filter(people__in=people).distinct().prefetch_related("people"))
    ties = conflicts(
        experts,
        applicants,
        Circumstances(
            today=timezone.localdate(),
            same_years=call.conflict_years,
            author_years=call.coauthor_years,
            credit_codes={key: home.credit_code for key, home in homes.items() if home and home.credit_code},
            members=_members(applications),
            works=[SharedWork(str(w.pk), tuple(str(p.pk) for p in w.people.all()), w.date) for w in works],
        ),
    )
    titles = {str(work.pk): work.title for work in works}
    by_person = {str(r.person_id): r for r in reviewers}
    names = _names(ties, homes)
    with translation.override("zh-hans"):  # what is kept is Chinese
        return [
            (by_person[tie.expert].pk, int(tie.application), tie.relation, _evidence(tie, names, titles))
            for tie in ties
        ]


def _affiliations(person: Person) -> tuple[Affiliation, ...]:
    """Where a person belongs: the registry's organisation, and the account's memberships with dates."""
    found = [Affiliation(str(person.organisation_id))] if person.organisation_id else []
    if person.user_id is not None:
        found += [
            Affiliation(str(held.organisation_id), held.valid_from, held.valid_to)
            for held in Membership.objects.filter(user=person.user_id)
        ]
    return tuple(found)


def _members(applications: list[Application]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    homes = {a.organisation_id for a in applications}
    for pk, home in Person.objects.filter(organisation__in=homes).values_list("pk", "organisation_id"):
        found[str(home)].append(str(pk))
    return found


def _names(ties: list[Tie], homes: dict[str, Any]) -> dict[str, str]:
    wanted = {tie.through for tie in ties if tie.relation in _OF_ORGANISATIONS}
    missing = [int(key) for key in wanted if key not in homes]
    found = {key: str(home) for key, home in homes.items() if home is not None}
    return found | {str(o.pk): o.name for o in Organisation.everything.filter(pk__in=missing)}


_OF_ORGANISATIONS = (Relation.SAME_ORGANISATION, Relation.FORMER_ORGANISATION, Relation.FAMILY)


def _evidence(tie: Tie, names: dict[str, str], titles: dict[str, str]) -> str:
    """The tie in words, from public records alone."""
    name = names.get(tie.through, "")
    words = {
        Relation.SAME_ORGANISATION: _("现任职于%(name)s") % {"name": name},
        Relation.FORMER_ORGANISATION: _("曾任职于%(name)s，至 %(day)s") % {"name": name, "day": tie.until},
        Relation.FAMILY: _("任职的%(name)s与申报单位属同一法人主体") % {"name": name},
        Relation.CO_AUTHOR: _("与申报单位人员合作成果《%(title)s》") % {"title": titles.get(tie.through, "")},
        Relation.OWN: _("所涉成果的完成人"),
    }
    return words[tie.relation][:EVIDENCE_AT_MOST]
