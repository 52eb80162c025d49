"""The demo of a call: 37 illustrative applicants (示例) in nine cities, 20 experts, 12 places.

Everything goes through the domain's verbs, by the people who would do it. Each stage begins where the
database stands, so that a run that was stopped goes on, and a stage can be left to be done by hand in
the browser.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from django.urls import reverse

from langqiao.apps.verification.domain.steps import hindrance
from langqiao.apps.verification.models import Call
from langqiao.cli.call_demo import deciding, intake, people, reviewing
from langqiao.cli.call_demo.scene import CODE, Show, the_call
from langqiao.engines.matching.types import Progress
from langqiao.kit.refusals import Refused


@dataclass(frozen=True, slots=True)
class Stage:
    """A stretch of the demo: its name on the command line, its words, and what plays it."""

    name: str
    words: str
    play: Callable[[Call, Show], None]


STAGES: Sequence[Stage] = (
    Stage("applications", "申报", intake.apply),
    Stage("screening", "资料审查", intake.screen_all),
    Stage("pool", "组建专家库", reviewing.gather),
    Stage("assignment", "分配评审", reviewing.assign),
    Stage("review", "专家评审", reviewing.review),
    Stage("defence", "现场答辩", reviewing.defend),
    Stage("choice", "遴选", deciding.choose),
    Stage("conference", "会议研究", deciding.decide),
    Stage("notice", "张榜公示", deciding.announce),
)
NAMES = tuple(stage.name for stage in STAGES)


def run(*, until: str, progress: Callable[[Progress], None]) -> Call:
    """Play the demo up to and with the stage ``until``; returns the call as it then stands.

    Raises:
        Refused: the demo's records are missing, or a verb refuses an act.
    """
    if until not in NAMES:
        raise Refused(f"没有“{until}”这一阶段。", mend=f"可选：{'、'.join(NAMES)}。")
    people.add()
    call = the_call() or intake.publish()
    for stage in STAGES:
        stage.play(call, _shown(stage.words, progress))
        call.refresh_from_db()
        if stage.name == until:
            break
    return call


def _shown(words: str, progress: Callable[[Progress], None]) -> Show:
    return lambda done, total: progress(Progress(words, done, total))


def summary(call: Call) -> list[str]:
    """Where the call stands and where to look, a line each."""
    lines = [f"{call.case}  {call.title}", f"征集页面  {call.get_absolute_url()}"]
    if call.current_step is not None:
        why = hindrance(call)
        lines.append(f"现在：{why}" if why else "现在：可以进入下一步")
    lines += [f"评审轮次  {round.get_absolute_url()}" for round in call.rounds.all()]
    lines += [f"遴选方案  {run.get_absolute_url()}" for run in call.choices.filter(state="adopted")]
    lines.append(f"校准与遴选  {reverse('call_choice', args=[call.pk])}")
    if call.resolution:
        lines.append(f"决议  {call.resolution}  {call.resolution_url}")
    if call.notice_url:
        lines.append(f"公示  {call.notice_url}")
    return lines


__all__ = ["CODE", "NAMES", "run", "summary"]
