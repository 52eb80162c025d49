"""The document check by its page: points, verdicts, turning over, corrected versions."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from langqiao.apps.accounts.models import Role
from langqiao.apps.verification.domain.applications import revise_application, submit_application
from langqiao.apps.verification.models import ApplicationState
from tests.apps.verification.test_call_pages import signed_in, text
from tests.factories import verification as make
from tests.factories.accounts import make_member, make_office

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def kept_files(settings: Any, tmp_path: Any) -> None:
    settings.MEDIA_ROOT = tmp_path


def judged(verdict: str, *, failing: str = "", **values: Any) -> dict[str, Any]:
    found = {f"p_{row['key']}": "no" if row["key"] == failing else "yes" for row in make.POINTS}
    return {**found, "verdict": verdict, **values}


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_applications_are_checked_one_after_the_other(language: str) -> None:
    office = make_office()
    call = make.make_running(3, office, accepted=False)
    first, second, third = call.applications.order_by("number")
    client = signed_in(office, language)
    pages = [f"{row.get_absolute_url()}screening/" for row in (first, second, third)]
    response = client.get(pages[1])
    assert (response.context["previous"], response.context["next"]) == (first, third)
    assert make.MARKER in text(response)
    response = client.post(pages[0], judged("accept", then="next"))
    assert response["Location"] == pages[1]
    later = (timezone.localtime() + timedelta(days=4)).strftime("%Y-%m-%dT%H:%M")
    response = client.post(
        pages[1],
        judged(
            "return", failing="complete", n_complete="缺附件", note="请补交", correct_by=later, then="next"
        ),
    )
    assert response["Location"] == pages[2]
    response = client.post(pages[2], judged("reject", failing="eligible", note="不符合条件", then="next"))
    assert response["Location"] == call.get_absolute_url()
    states = [row.state for row in call.applications.order_by("number")]
    assert states == [ApplicationState.ACCEPTED, ApplicationState.RETURNED, ApplicationState.REJECTED]
    assert second.screenings.get().points == {
        "eligible": {"passed": True, "note": ""},
        "complete": {"passed": False, "note": "缺附件"},
    }
    for page in pages:
        assert client.get(page).status_code == 200


def test_what_does_not_fit_is_told_where_it_is() -> None:
    office = make_office()
    call = make.make_running(1, office, accepted=False)
    page = f"{call.applications.get().get_absolute_url()}screening/"
    client = signed_in(office)

    def faults(data: dict[str, Any]) -> set[str]:
        response = client.post(page, data)
        assert response.status_code == 422
        return set(response.context["form"].errors)

    assert faults({"verdict": "accept", "p_eligible": "yes"}) == {"p_complete"}
    assert faults(judged("accept", failing="eligible")) == {"p_eligible"}
    assert faults(judged("reject", failing="eligible")) == {"note"}
    assert faults(judged("return", note="请补正")) == {"correct_by"}
    assert faults(judged("")) == {"verdict"}
    assert not call.applications.get().screenings.exists()


def test_while_the_call_is_open_only_a_return_is_offered_and_changes_are_marked() -> None:
    office = make_office()
    application = make.make_submitted(make.make_call(office))
    page = f"{application.get_absolute_url()}screening/"
    client = signed_in(office)
    form = client.get(page).context["form"]
    assert [value for value, _label in form.fields["verdict"].choices] == ["return"]
    later = (timezone.localtime() + timedelta(days=4)).strftime("%Y-%m-%dT%H:%M")
    client.post(page, {"verdict": "return", "note": "请改", "correct_by": later, "p_complete": "no"})
    application.refresh_from_db()
    assert application.state == ApplicationState.RETURNED
    assert "等待申报单位补正" in text(client.get(page))
    assert not client.get(page).context["may_screen"]
    user = make.member_of(application.organisation)
    revise_application(user, application, values={"area": 900})
    submit_application(user, application)
    response = client.get(page)
    assert response.context["changed"] == {"area"}
    assert "有 1 项修改" in text(response)
    assert response.context["form"]["p_complete"].value() == "no"


def test_the_page_is_the_offices_alone() -> None:
    office = make_office()
    application = make.make_submitted(make.make_call(office))
    page = f"{application.get_absolute_url()}screening/"
    torn = make_member(application.organisation, Role.RESEARCHER, user=make_office())
    for user in (make.member_of(application.organisation), torn, make.make_applicant()[1]):
        assert signed_in(user).get(page).status_code == 404
        assert signed_in(user).post(page, judged("reject", note="x")).status_code == 404
    assert signed_in(None).get(page).status_code == 302
    draft = make.make_application(application.call)
    assert signed_in(office).get(f"{draft.get_absolute_url()}screening/").status_code == 404
