"""The joint conference (联席会议): sessions, matters, decisions, tasks, notices, priorities, projects."""

from __future__ import annotations

from langqiao.apps.conference.models.decisions import (
    BALLOT_TRANSITIONS,
    MATTER_TRANSITIONS,
    UNDECIDED,
    AgendaItem,
    Ballot,
    Matter,
    Recusal,
    Resolution,
    ResolutionCounter,
    Vote,
)
from langqiao.apps.conference.models.notices import (
    NOTICE_TRANSITIONS,
    OBJECTION_TRANSITIONS,
    SHOWN_NOTICES,
    Notice,
    Objection,
)
from langqiao.apps.conference.models.priorities import PRIORITY_TRANSITIONS, CityStatus, Priority
from langqiao.apps.conference.models.projects import Phase, Project
from langqiao.apps.conference.models.sessions import (
    SESSION_TRANSITIONS,
    SHOWN_SESSIONS,
    Paper,
    Seat,
    Session,
)
from langqiao.apps.conference.models.tasks import OPEN_TASKS, TASK_TRANSITIONS, Progress, Task

__all__ = [
    "BALLOT_TRANSITIONS",
    "MATTER_TRANSITIONS",
    "NOTICE_TRANSITIONS",
    "OBJECTION_TRANSITIONS",
    "OPEN_TASKS",
    "PRIORITY_TRANSITIONS",
    "SESSION_TRANSITIONS",
    "SHOWN_NOTICES",
    "SHOWN_SESSIONS",
    "TASK_TRANSITIONS",
    "UNDECIDED",
    "AgendaItem",
    "Ballot",
    "CityStatus",
    "Matter",
    "Notice",
    "Objection",
    "Paper",
    "Phase",
    "Priority",
    "Progress",
    "Project",
    "Recusal",
    "Resolution",
    "ResolutionCounter",
    "Seat",
    "Session",
    "Task",
    "Vote",
]
