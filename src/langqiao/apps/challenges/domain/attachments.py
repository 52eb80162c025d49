"""Files of challenges and answers (附件)."""

from __future__ import annotations

from typing import BinaryIO

from django.conf import settings
from django.core.files import File
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from langqiao.apps.accounts.models import User
from langqiao.apps.challenges.domain.acts import enter, lock, must_be_in, must_be_open
from langqiao.apps.challenges.models import OPEN_STATES, Answer, Attachment, Challenge, State
from langqiao.apps.ledger.models import Visibility
from langqiao.kit.filetypes import check
from langqiao.kit.permissions import require
from langqiao.kit.refusals import Invalid, Refused

PER_OWNER_AT_MOST = 20


def _may_change(actor: User | None, owner: Challenge | Answer) -> Challenge:
    """Check rule and state; returns the challenge, locked."""
    if isinstance(owner, Challenge):
        require(actor, "challenges.edit", owner)
        lock(owner)
        must_be_in(owner, State.DRAFT, *OPEN_STATES)
        return owner
    challenge = owner.challenge
    lock(challenge)
    lock(owner)
    owner.challenge = challenge
    require(actor, "challenges.edit_answer", owner)
    must_be_open(challenge)
    if owner.state != Answer.State.DRAFT:
        raise Refused(
            _("只有草稿状态的答题可以增减附件。"), mend=_("请撤回后重新答题，或在新版本正文中补充。")
        )
    return challenge


@transaction.atomic
def add_attachment(actor: User | None, owner: Challenge | Answer, *, file: BinaryIO, name: str) -> Attachment:
    """Add a file (上传附件) to a challenge or an answer's draft; the ledger keeps its SM3 digest.

    Its name is read under the same rule as its content.

    Raises:
        NotAllowed: the actor may not edit the owner.
        Refused: the owner's state does not allow it.
        Invalid: too many files, too large, or of a kind that is not taken.
    """
    challenge = _may_change(actor, owner)
    if owner.attachments.count() >= PER_OWNER_AT_MOST:
        raise Invalid(_("附件最多 20 个。"), field="file")
    checked = check(file, name, most=settings.UPLOAD_MAX_BYTES)
    attachment = Attachment(
        challenge=owner if isinstance(owner, Challenge) else None,
        answer=owner if isinstance(owner, Answer) else None,
        name=checked.name,
        media_type=checked.media_type,
        size=checked.size,
        digest=checked.digest,
        created_by=actor,
    )
    attachment.file.save(checked.name, File(file), save=False)
    try:
        with transaction.atomic():
            attachment.save()
            _enter(actor, "add_attachment", challenge, attachment)
    except BaseException:
        # The row is rolled back; the file is not the database's to roll back.
        attachment.file.delete(save=False)
        raise
    return attachment


@transaction.atomic
def remove_attachment(actor: User | None, attachment: Attachment) -> None:
    """Remove a file (删除附件); it leaves the disk when the transaction commits.

    Raises:
        NotAllowed: the actor may not edit the owner.
        Refused: the owner's state does not allow it.
    """
    owner = attachment.answer or attachment.challenge
    assert owner is not None
    challenge = _may_change(actor, owner)
    storage, path = attachment.file.storage, attachment.file.name
    _enter(actor, "remove_attachment", challenge, attachment)
    attachment.delete()
    transaction.on_commit(lambda: storage.delete(str(path)))


def _enter(actor: User | None, verb: str, challenge: Challenge, attachment: Attachment) -> None:
    # The object is its owner: that is what is searched, and what a thread speaks of.
    enter(
        actor,
        verb,
        challenge,
        object=attachment.answer,
        data={"attachment": attachment.pk, "size": attachment.size, "sm3": attachment.digest},
        organisation=None if attachment.answer is None else _lead(attachment.answer),
        visibility=Visibility.PARTIES,
    )


def _lead(answer: Answer) -> str:
    return f"registry.organisation:{answer.team.get(is_lead=True).organisation_id}"
