"""Verbs of the joint conference (联席会议): the only writers, each with its ledger entry."""

from __future__ import annotations

from langqiao.apps.conference.domain.ballots import cast_vote, close_ballot, open_ballot, recuse
from langqiao.apps.conference.domain.matters import (
    order_agenda,
    postpone_matter,
    propose_matter,
    put_on_agenda,
    return_matter,
    take_off_agenda,
)
from langqiao.apps.conference.domain.notices import (
    draft_notice,
    end_notice,
    handle_objection,
    object_to_notice,
    publish_notice,
    revise_notice,
    withdraw_notice,
)
from langqiao.apps.conference.domain.papers import add_paper, release_paper, remove_paper
from langqiao.apps.conference.domain.priorities import (
    drop_priority,
    publish_priorities,
    roll_over,
    tell_status,
    upsert_priorities,
    upsert_priority,
)
from langqiao.apps.conference.domain.projects import set_phase, upsert_project
from langqiao.apps.conference.domain.resolutions import publish_resolution, word_resolution
from langqiao.apps.conference.domain.sessions import (
    add_seat,
    call_session,
    cancel_session,
    close_session,
    mark_attendance,
    open_session,
    plan_session,
    publish_session,
    remove_seat,
    revise_session,
    write_minutes,
)
from langqiao.apps.conference.domain.tasks import (
    Reminders,
    cancel_task,
    give_task,
    remind,
    report_progress,
    revise_task,
)

__all__ = [
    "Reminders",
    "add_paper",
    "add_seat",
    "call_session",
    "cancel_session",
    "cancel_task",
    "cast_vote",
    "close_ballot",
    "close_session",
    "draft_notice",
    "drop_priority",
    "end_notice",
    "give_task",
    "handle_objection",
    "mark_attendance",
    "object_to_notice",
    "open_ballot",
    "open_session",
    "order_agenda",
    "plan_session",
    "postpone_matter",
    "propose_matter",
    "publish_notice",
    "publish_priorities",
    "publish_resolution",
    "publish_session",
    "put_on_agenda",
    "recuse",
    "release_paper",
    "remind",
    "remove_paper",
    "remove_seat",
    "report_progress",
    "return_matter",
    "revise_notice",
    "revise_session",
    "revise_task",
    "roll_over",
    "set_phase",
    "take_off_agenda",
    "tell_status",
    "upsert_priorities",
    "upsert_priority",
    "upsert_project",
    "withdraw_notice",
    "word_resolution",
    "write_minutes",
]
