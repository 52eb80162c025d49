"""Verbs of papers (会议材料): add, remove, release."""

from __future__ import annotations

from typing import BinaryIO

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from langqiao.apps.accounts.models import User
from langqiao.apps.conference.domain.acts import keep_file
from langqiao.apps.conference.models import Matter, Paper, Session
from langqiao.apps.registry.domain.acts import TITLE_AT_MOST, clean, enter, lock, must_be_in
from langqiao.kit.permissions import require
from langqiao.kit.refusals import Invalid, Refused

PAPERS_AT_MOST = 100
State = Session.State


@transaction.atomic
def add_paper(
    actor: User | None,
    session: Session,
    *,
    file: BinaryIO,
    name: str,
    title: str = "",
    matter: Matter | None = None,
) -> Paper:
    """Add a paper (上传会议材料), read by those at the table; the ledger keeps its SM3 digest.

    Raises:
        NotAllowed: only the office may.
        Refused: the session is cancelled.
        Invalid: too many, the matter is not on its agenda, or a file that is not taken.
    """
    require(actor, "conference.run_session", session)
    lock(session)
    must_be_in(session, State.PLANNED, State.CALLED, State.OPEN, State.CLOSED)
    if session.papers.count() >= PAPERS_AT_MOST:
        raise Invalid(_("会议材料最多 100 份。"), field="file")
    if matter is not None and not session.agenda.filter(matter=matter).exists():
        raise Invalid(_("该议题不在本次会议的议程上。"), field="matter")
    paper = Paper(session=session, matter=matter, created_by=actor)
    paper.title = clean(title or name, "title", most=TITLE_AT_MOST, lines=False)
    keep_file(paper, file, name)
    try:
        _enter(actor, "add_paper", paper)
    except BaseException:
        paper.file.delete(save=False)
        raise
    return paper


@transaction.atomic
def remove_paper(actor: User | None, paper: Paper) -> None:
    """Remove a paper (删除会议材料) that has not been released; its file goes when this commits.

    Raises:
        NotAllowed: only the office may.
        Refused: it has been released.
    """
    require(actor, "conference.run_session", paper.session)
    lock(paper)
    if paper.released_at is not None:
        raise Refused(_("已公开的材料不能删除。"))
    storage, path = paper.file.storage, str(paper.file.name)
    _enter(actor, "remove_paper", paper)
    paper.delete()
    transaction.on_commit(lambda: storage.delete(path))


@transaction.atomic
def release_paper(actor: User | None, paper: Paper) -> Paper:
    """Release a paper (公开会议材料): everybody may read it.

    Raises:
        NotAllowed: only the office may.
    """
    require(actor, "conference.run_session", paper.session)
    lock(paper)
    if paper.released_at is None:
        paper.released_at = timezone.now()
        paper.save(update_fields=["released_at"])
        _enter(actor, "release_paper", paper)
    return paper


def _enter(actor: User | None, verb: str, paper: Paper) -> None:
    enter(
        actor,
        verb,
        paper.session,
        case=paper.session.case,
        data={"paper": paper.pk, "size": paper.size, "sm3": paper.digest},
        public=paper.released_at is not None,
    )
