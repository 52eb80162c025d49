"""Uploaded files on their way in: a private folder each, known to its owner alone, gone after a day."""

from __future__ import annotations

import json
import re
import secrets
import shutil
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext as _

from langqiao.apps.registry.exchange.report import ImportReport, RowError
from langqiao.kit.refusals import Invalid, Refused

KEPT_SECONDS = 24 * 3600
SILENT_SECONDS = 180  # a running job writes its state every few seconds
FILES_AT_MOST = 20  # waiting files of one person
_TOKEN = re.compile(r"[A-Za-z0-9_-]{16,64}")
_SUFFIX = re.compile(r"\.[A-Za-z0-9]{1,8}")

UPLOADED, CHECKING, CHECKED, WRITING, DONE, FAILED = (
    "uploaded",
    "checking",
    "checked",
    "writing",
    "done",
    "failed",
)


@dataclass
class Job:
    """One uploaded file and how far its import is.

    Attributes:
        state: ``uploaded`` → ``checking`` → ``checked`` → ``writing`` → ``done``; or ``failed``.
        done, total: rows handled in the present step, rows in all (0 when not known).
        report: the report of the last step, as plain data.
    """

    token: str
    owner: int
    name: str
    size: int
    made: float
    suffix: str = ""
    kind: str = ""
    encoding: str = ""
    mapping: dict[str, str] = field(default_factory=dict)
    constants: dict[str, str] = field(default_factory=dict)
    prefix: str = ""
    publish: bool = False
    skip_errors: bool = False
    state: str = UPLOADED
    done: int = 0
    total: int = 0
    why: str = ""
    report: dict[str, Any] | None = None

    @property
    def folder(self) -> Path:
        return root() / self.token

    @property
    def path(self) -> Path:
        """The uploaded file."""
        return self.folder / f"file{self.suffix}"

    @property
    def failed_path(self) -> Path:
        """The rows that failed."""
        return self.folder / "failed.csv"

    @property
    def stop_path(self) -> Path:
        """Stands while its owner wants the job stopped."""
        return self.folder / "stop"

    @property
    def is_busy(self) -> bool:
        """Whether a step is under way (and its process still says so)."""
        return self.state in (CHECKING, WRITING) and not self.is_lost

    @property
    def is_lost(self) -> bool:
        """Whether the process of the step has fallen silent; nothing of it was written."""
        if self.state not in (CHECKING, WRITING):
            return False
        return time.time() - (self.folder / "job.json").stat().st_mtime > SILENT_SECONDS

    @property
    def percent(self) -> int:
        """How far the step is, 0 when not known."""
        return min(100, 100 * self.done // self.total) if self.total else 0

    def save(self) -> None:
        """Keep the state; readers see the old or the new one."""
        fresh = self.folder / "job.new"
        fresh.write_text(json.dumps(asdict(self), ensure_ascii=False), encoding="utf-8")
        fresh.replace(self.folder / "job.json")

    def report_object(self) -> ImportReport | None:
        """The report as an object."""
        if self.report is None:
            return None
        plain = dict(self.report)
        errors = [RowError(**error) for error in plain.pop("errors")]
        return ImportReport(**plain, errors=errors)


def root() -> Path:
    """Folder of all waiting files."""
    folder = Path(settings.DATA_DIR) / "imports"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def keep(owner: Any, upload: UploadedFile[Any]) -> Job:
    """Keep an upload for its owner.

    Raises:
        Invalid: larger than the limit for uploads, or empty.
        Refused: too many of the owner's files wait already.
    """
    limit = int(settings.UPLOAD_MAX_BYTES)
    if (upload.size or 0) > limit:
        raise Invalid(
            _("文件有 %(size)d MB，超过网页上传的上限 %(limit)d MB。")
            % {"size": (upload.size or 0) >> 20, "limit": limit >> 20},
            mend=_("请拆分文件，或请管理员用命令 langqiao import 导入。"),
            field="file",
        )
    purge()
    if len(jobs_of(owner)) >= FILES_AT_MOST:
        raise Refused(
            _("您已有 %(count)d 个文件在等待。") % {"count": FILES_AT_MOST},
            mend=_("请先完成或放弃其中一些。"),
        )
    name = Path(upload.name or "").name[:120] or "table"
    suffix = Path(name).suffix
    job = Job(
        token=secrets.token_urlsafe(18),
        owner=owner.pk,
        name=name,
        size=upload.size or 0,
        made=time.time(),
        suffix=suffix.lower() if _SUFFIX.fullmatch(suffix) else "",
        prefix=Path(name).stem[:40],
    )
    job.folder.mkdir(mode=0o700)
    with job.path.open("xb") as file:
        job.path.chmod(0o600)
        for piece in upload.chunks():
            file.write(piece)
    job.save()
    return job


def job_of(owner: Any, token: str) -> Job | None:
    """The owner's job of that token; None for anybody else's, an old one or none."""
    job = _read(token)
    if job is None or job.owner != owner.pk or time.time() - job.made > KEPT_SECONDS:
        return None
    return job


def jobs_of(owner: Any) -> list[Job]:
    """The owner's jobs, the newest first."""
    found = [job for folder in root().iterdir() if (job := job_of(owner, folder.name))]
    return sorted(found, key=lambda job: -job.made)


def drop(job: Job) -> None:
    """Throw the file and its state away."""
    shutil.rmtree(job.folder, ignore_errors=True)


def purge() -> None:
    """Throw away what is older than a day, whosever it is."""
    for folder in root().iterdir():
        job = _read(folder.name)
        made = job.made if job else folder.stat().st_mtime
        if time.time() - made > KEPT_SECONDS and not (job and job.is_busy):
            shutil.rmtree(folder, ignore_errors=True)


def _read(token: str) -> Job | None:
    if not _TOKEN.fullmatch(token):
        return None
    try:
        return Job(**json.loads((root() / token / "job.json").read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None
