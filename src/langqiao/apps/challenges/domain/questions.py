"""Questions to the posing firm and its replies (提问与答复)."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from langqiao.apps.accounts.domain import tell
from langqiao.apps.accounts.models import User
from langqiao.apps.accounts.queries import current_memberships
from langqiao.apps.challenges.domain.acts import digest, enter, firm, followers, lock, must_be_in
from langqiao.apps.challenges.models import OPEN_STATES, PUBLIC_STATES, Challenge, Question, State
from langqiao.apps.challenges.rules import is_sealed
from langqiao.apps.ledger.models import Visibility
from langqiao.kit.permissions import require
from langqiao.kit.refusals import Invalid

TEXT_AT_MOST = 4_000


def _text(text: str, field: str) -> str:
    clean = text.strip()
    if not clean:
        raise Invalid(_("请填写内容。"), field=field)
    if len(clean) > TEXT_AT_MOST:
        raise Invalid(
            _("内容过长：%(length)s 字，最多 %(most)s 字。") % {"length": len(clean), "most": TEXT_AT_MOST},
            field=field,
        )
    return clean


@transaction.atomic
def ask_question(actor: User, challenge: Challenge, *, text: str, sealed: bool = False) -> Question:
    """Ask the firm (提问); a sealed question is read only by those who may read the details.

    Raises:
        NotAllowed: nobody is signed in, the asker is of the firm, or a sealed question comes from
            somebody who may not read the details.
        Refused: the challenge is not open.
        Invalid: no text, or too long.
    """
    lock(challenge)
    must_be_in(challenge, *OPEN_STATES)
    require(actor, "challenges.ask", challenge)
    if sealed:
        require(actor, "challenges.read_details", challenge)
    clean = _text(text, "text")
    question = Question.objects.create(
        challenge=challenge, author=actor, text=clean, sealed=sealed and is_sealed(challenge)
    )
    memberships = current_memberships(actor)
    entry = enter(
        actor,
        "ask_question",
        challenge,
        data={"question": question.pk, "text_sm3": digest(clean), "sealed": question.sealed},
        organisation=memberships[0].organisation if memberships else "",
        visibility=_visibility(question),
    )
    tell(
        firm(challenge),
        _("题目《%(title)s》有新的提问。"),
        {"title": challenge.title},
        url=challenge.get_absolute_url(),
        event=f"ledger:{entry.sequence}",
    )
    return question


@transaction.atomic
def reply_question(
    actor: User | None, question: Question, *, text: str, sealed: bool | None = None
) -> Question:
    """Reply to a question (答复提问); the firm may seal question and reply, or correct its reply.

    Args:
        sealed: whether question and reply touch sealed matter; None leaves it as it was asked.
            A question asked as sealed stays sealed: its words are the asker's.

    Raises:
        NotAllowed: the actor is not of the firm.
        Refused: the challenge is not public any more.
        Invalid: no text, or too long.
    """
    challenge = question.challenge
    lock(challenge)
    must_be_in(challenge, *[State(state) for state in PUBLIC_STATES])
    require(actor, "challenges.reply", challenge)
    clean = _text(text, "reply")
    question.reply, question.replied_by, question.replied_at = clean, actor, timezone.now()
    question.sealed = question.sealed or bool(sealed and is_sealed(challenge))
    question.save(update_fields=["reply", "replied_by", "replied_at", "sealed"])
    entry = enter(
        actor,
        "reply_question",
        challenge,
        data={"question": question.pk, "text_sm3": digest(clean), "sealed": question.sealed},
        visibility=_visibility(question),
    )
    told = {question.author} if question.author is not None else set()
    tell(
        told if question.sealed else told | followers(challenge),
        _("题目《%(title)s》的提问已有答复。"),
        {"title": challenge.title},
        url=challenge.get_absolute_url(),
        event=f"ledger:{entry.sequence}",
        but=actor,
    )
    return question


def _visibility(question: Question) -> str:
    return Visibility.PARTIES if question.sealed else Visibility.PUBLIC
