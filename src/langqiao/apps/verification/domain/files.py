"""Files of an application (申报附件): one for each wanted file, and further ones."""

from __future__ import annotations

from decimal import Decimal
from typing import BinaryIO

from django.conf import settings
from django.core.files import File
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from langqiao.apps.accounts.models import User
from langqiao.apps.verification.domain.acts import enter_application
from langqiao.apps.verification.domain.intake import hold, must_be_editable
from langqiao.apps.verification.domain.receipts import content_digest, frozen_content
from langqiao.apps.verification.models import Application, ApplicationFile
from langqiao.kit.filetypes import check
from langqiao.kit.permissions import require
from langqiao.kit.refusals import Invalid, Refused

FURTHER_AT_MOST = 10  # files that answer no wanted one


def is_frozen(file: ApplicationFile) -> bool:
    """Whether a version that was handed in names the file."""
    return any(
        file.pk == named["id"]
        for content in file.application.versions.values_list("content", flat=True)
        for named in content["files"]
    )


def _take_out(file: ApplicationFile) -> None:
    """Take a file out of the working copy; it stays where a version names it, else leaves the disk."""
    if is_frozen(file):
        file.replaced = True
        file.save(update_fields=["replaced"])
        return
    storage, path = file.file.storage, str(file.file.name)
    file.delete()
    transaction.on_commit(lambda: storage.delete(path))


def as_handed_in(application: Application) -> bool:
    """Take the working copy back to what was handed in last; says whether anything differed.

    Called when the intake closes: from then on everybody reads the same.
    """
    version = application.versions.first()
    if version is None or content_digest(frozen_content(application)) == version.digest:
        return False
    held = version.content
    application.title, application.values = held["title"], held["values"]
    application.amount = None if held["amount"] is None else Decimal(held["amount"])
    application.field_id = held["field"]
    application.achievement_id = held["achievement"]["id"] if held["achievement"] is not None else None
    application.save()
    named = {row["id"] for row in held["files"]}
    application.files.filter(pk__in=named).update(replaced=False)
    for file in application.files.exclude(pk__in=named).filter(replaced=False):
        _take_out(file)
    return True


@transaction.atomic
def add_file(
    actor: User | None, application: Application, *, key: str, file: BinaryIO, name: str
) -> ApplicationFile:
    """Add a file (上传附件) to the working copy; the ledger keeps its SM3 digest.

    Args:
        key: of the wanted file it answers, whose present file it replaces; "" for a further one.

    Raises:
        NotAllowed: the actor is no member of the applicant.
        Refused: the state or the time does not allow it.
        Invalid: no such wanted file, too many, too large, or of a kind that is not taken.
    """
    require(actor, "verification.edit_application", application)
    call = hold(application)
    must_be_editable(application)
    if key and all(row["key"] != key for row in call.wanted_files):
        raise Invalid(_("该征集没有要求这份附件。"), field="key")
    present = list(application.files.filter(key=key, replaced=False))
    if not key and len(present) >= FURTHER_AT_MOST:
        raise Invalid(_("其他附件最多 %(most)d 个。") % {"most": FURTHER_AT_MOST}, field="file")
    checked = check(file, name, most=settings.UPLOAD_MAX_BYTES)
    kept = ApplicationFile(
        application=application,
        key=key,
        name=checked.name,
        media_type=checked.media_type,
        size=checked.size,
        digest=checked.digest,
        created_by=actor,
    )
    kept.file.save(checked.name, File(file), save=False)
    try:
        with transaction.atomic():
            for old in present if key else ():
                _take_out(old)
            kept.save()
            _enter(actor, "add_application_file", kept)
    except BaseException:
        # The rows are rolled back; the file is not the database's to roll back.
        kept.file.delete(save=False)
        raise
    return kept


@transaction.atomic
def remove_file(actor: User | None, file: ApplicationFile) -> None:
    """Take a file out of the working copy (删除附件).

    Raises:
        NotAllowed: the actor is no member of the applicant.
        Refused: the state or the time does not allow it, or it is out already.
    """
    application = file.application
    require(actor, "verification.edit_application", application)
    hold(application)
    must_be_editable(application)
    file.refresh_from_db()
    file.application = application
    if file.replaced:
        raise Refused(_("这份附件已不在当前申报中。"))
    _enter(actor, "remove_application_file", file)
    _take_out(file)


def _enter(actor: User | None, verb: str, file: ApplicationFile) -> None:
    data = {"file": file.pk, "key": file.key, "size": file.size, "sm3": file.digest}
    enter_application(actor, verb, file.application, data=data)
