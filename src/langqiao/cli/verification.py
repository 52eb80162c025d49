"""``langqiao verification …`` and ``langqiao conference …``: the demo of a call, reminders."""

from __future__ import annotations

from typing import Annotated

import typer

from langqiao.cli.shared import migrate, out, progress_bar, refusals, setup

verification_app = typer.Typer(help="概念验证 / concept verification", no_args_is_help=True)
conference_app = typer.Typer(help="联席会议 / the joint conference", no_args_is_help=True)


@verification_app.command("demo")
def verification_demo(
    until: Annotated[
        str,
        typer.Option(
            help="演示到哪一阶段为止 / stop after "
            "applications|screening|pool|assignment|review|defence|choice|conference|notice"
        ),
    ] = "notice",
) -> None:
    """演示一次征集：37 家申报、20 位专家、12 个名额 / a call from publication to the public notice.

    可随时中断，再次运行从原处继续；也可停在某一阶段，在浏览器里接着做。
    """
    setup()
    from langqiao.apps.registry.models import Organisation
    from langqiao.cli import call_demo, corridor_demo

    with refusals():
        with progress_bar() as show:
            migrate()
            if not Organisation.objects.filter(code="S-ORG-001").exists():
                corridor_demo.load(progress=show)
            call = call_demo.run(until=until, progress=show)
        for line in call_demo.summary(call):
            out.print(line, highlight=False, soft_wrap=True)
        out.print(f"示例用户的口令：{corridor_demo.password()}", highlight=False)


@verification_app.command("remind")
def verification_remind() -> None:
    """提醒尚未提交意见的评审专家 / remind reviewers whose reviews are open (for a daily timer)."""
    setup()
    from langqiao.apps.verification.domain.assigning import remind_reviewers
    from langqiao.apps.verification.models import Round, RoundState

    with refusals():
        told = sum(remind_reviewers(None, one) for one in Round.objects.filter(state=RoundState.REVIEWING))
    out.print(f"✓ 提醒 {told} 人次 / {told} reminders sent")


@conference_app.command("remind")
def conference_remind() -> None:
    """提醒督办任务的责任单位 / remind owners of tasks before and after the deadline (for a daily timer)."""
    setup()
    from django.utils import timezone

    from langqiao.apps.conference.domain.tasks import remind

    with refusals():
        sent = remind(None, today=timezone.localdate())
    out.print(
        f"✓ 临期 {sent.before} 项、逾期 {sent.after} 项，通知 {sent.people} 人次 / "
        f"{sent.before} tasks due, {sent.after} overdue, {sent.people} people told"
    )
