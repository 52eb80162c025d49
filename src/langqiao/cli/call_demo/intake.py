"""The demo's call is published, applied to and checked (征集、申报、资料审查)."""

from __future__ import annotations

from io import BytesIO
from typing import Any

from django.db import transaction

from langqiao.apps.registry.models import Field, Organisation
from langqiao.apps.verification.domain.applications import draft_application, sign_promise, submit_application
from langqiao.apps.verification.domain.calls import draft_call, publish_call
from langqiao.apps.verification.domain.files import add_file
from langqiao.apps.verification.domain.screening import screen
from langqiao.apps.verification.domain.steps import advance, start_chain
from langqiao.apps.verification.models import ApplicationState, Call, CallState, Screening, StepKind
from langqiao.cli.call_demo.people import applicant
from langqiao.cli.call_demo.scene import CODE, Show, office, records, user


@transaction.atomic
def publish() -> Call:
    """Draft the call from the preset of recognising centres and publish it.

    It closes when the chain starts: the demo does not wait for a deadline.
    """
    actor = office()
    call = draft_call(
        actor,
        kind=Call.Kind.RECOGNISE,
        preset="recognise",
        title="九城概念验证中心认定（示例）",
        code=CODE,
        illustrative=True,
        places=12,
        reviews_per=5,
        choice={
            "rules": [
                {"kind": "at_least", "attribute": "city", "number": 1},
                {"kind": "at_most", "attribute": "city", "number": 3},
            ],
            "margin": 0.5,
        },
    )
    return publish_call(actor, call)


def apply(call: Call, show: Show) -> None:
    """Every applicant fills in the form, adds the files, signs the promises and submits."""
    rows = records("applicants")
    for number, row in enumerate(rows, 1):
        if call.state == CallState.OPEN:
            _apply(call, applicant(number), row)
        show(number, len(rows))


@transaction.atomic
def _apply(call: Call, username: str, row: dict[str, Any]) -> None:
    actor = user(username)
    home = Organisation.objects.get(code=row["organisation"])
    if call.applications.filter(organisation=home).exists():
        return
    application = draft_application(
        actor,
        call,
        organisation=home,
        title=row["title"],
        field=Field.objects.get(slug=row["field"]),
        values=row["values"],
        illustrative=True,
    )
    for wanted in call.wanted_files:
        text = f"{wanted['name']}（示例）\n{row['title']}\n本文件为演示数据，与真实机构无关。\n"
        add_file(
            actor,
            application,
            key=wanted["key"],
            file=BytesIO(text.encode()),
            name=f"{wanted['name']}（示例）.txt",
        )
    for promise in call.promises:
        sign_promise(actor, application, key=promise["key"])
    submit_application(actor, application)


def screen_all(call: Call, show: Show) -> None:
    """Close the intake, accept every application whose points all pass, and go on."""
    actor = office()
    if call.state == CallState.OPEN:
        start_chain(actor, call)
    step = call.current_step
    if step is None or step["kind"] != StepKind.DOCUMENTS:
        show(1, 1)
        return
    waiting = list(call.applications.filter(state=ApplicationState.SUBMITTED))
    points = {point["key"]: {"passed": True, "note": ""} for point in call.screening}
    for number, application in enumerate(waiting, 1):
        screen(actor, application, verdict=Screening.Verdict.ACCEPT, points=points)
        show(number, len(waiting))
    advance(actor, call)
