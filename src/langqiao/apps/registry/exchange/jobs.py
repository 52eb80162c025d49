"""Checking and writing an uploaded file, at once when it is small and beside the request otherwise."""

from __future__ import annotations

import logging
import threading
import time
from typing import Any

from django.db import connections
from django.utils import translation
from django.utils.translation import gettext as _

from langqiao.apps.accounts.models import User
from langqiao.apps.registry.exchange.report import Stopped
from langqiao.apps.registry.exchange.run import import_file
from langqiao.apps.registry.exchange.staging import CHECKED, CHECKING, DONE, FAILED, WRITING, Job
from langqiao.kit.refusals import Refused

logger = logging.getLogger(__name__)
AT_ONCE_BYTES = 512 * 1024
TELL_SECONDS = 0.5


def start(actor: Any, job: Job, *, write: bool) -> None:
    """Begin the check or the import of a job; returns at once for a large file.

    Raises:
        Refused: a step of this job is under way already.
    """
    if job.is_busy:
        raise Refused(_("这个文件正在处理。"), mend=_("请等它完成，或先停止。"))
    job.state, job.done, job.why = WRITING if write else CHECKING, 0, ""
    job.total = int(job.report["rows"]) if job.report else 0
    job.stop_path.unlink(missing_ok=True)
    job.save()
    if job.size <= AT_ONCE_BYTES:
        work(actor, job, write=write)
        return
    language = translation.get_language() or "zh-hans"
    threading.Thread(target=_beside, args=(actor.pk, job, write, language), daemon=True).start()


def _beside(actor_id: int, job: Job, write: bool, language: str) -> None:  # noqa: FBT001  a thread's arguments
    try:
        with translation.override(language):
            work(User.objects.get(pk=actor_id), job, write=write)
    finally:
        connections.close_all()


def work(actor: Any, job: Job, *, write: bool) -> None:
    """Do the step and keep its report; a refusal is kept as the reason."""
    told = 0.0

    def tell(_stage: str, done: int, _total: int) -> None:
        nonlocal told
        if job.stop_path.exists():
            raise Stopped(_("已按您的要求停止。"), mend=_("什么都没有写入。"))
        job.done = done
        if time.monotonic() - told > TELL_SECONDS:
            told = time.monotonic()
            job.save()

    try:
        report = import_file(
            actor, job.path, job.kind, mapping=job.mapping, constants=job.constants, prefix=job.prefix,
            name=job.name, dry_run=not write, skip_errors=job.skip_errors, publish=job.publish,
            progress=tell, total=job.total, encoding=job.encoding or None, failed_to=job.failed_path,
        )  # fmt: skip
        job.report = report.as_dict() | {"failed_file": "failed.csv" if report.failed_file else ""}
        job.state = DONE if report.written else CHECKED
        if write and not report.written:
            job.state, job.why = FAILED, _("有行未通过检查，什么都没有写入。")
    except Refused as refusal:
        job.state, job.why = FAILED, str(refusal)
    except Exception:
        logger.exception("import %s failed", job.token)
        job.state, job.why = FAILED, _("导入时出现意外错误，什么都没有写入；请联系管理员。")
    job.stop_path.unlink(missing_ok=True)
    job.save()
