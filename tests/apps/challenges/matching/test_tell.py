"""New records find their challenges and subscribers, who are told once."""

from __future__ import annotations

import pytest

from langqiao.apps.accounts.models import Notification, Role
from langqiao.apps.challenges import domain
from langqiao.apps.challenges.matching import follow
from langqiao.apps.registry import domain as registry
from tests.factories.challenges import make_firm, make_published, make_user
from tests.factories.registry import make_city, make_field

pytestmark = pytest.mark.django_db
TITLE = "碳化硅晶圆等离子体辅助减薄方法"
ABSTRACT = "等离子体软化表层后磨削，碳化硅晶圆减薄损伤层小于两微米，低损伤减薄工艺适合八英寸晶圆。"


@pytest.fixture
def background():
    for subject in ["风电叶片声学监测", "污泥干化热泵", "纺织染色废水回用", "桥梁索力监测", "茶叶杀青机"]:
        make_published(title=subject, summary=f"{subject}。", details=f"{subject}的改进。", keywords=[])
        registry.add_achievement(
            None, kind="patent", title=f"{subject}装置", abstract=f"{subject}装置与方法。"
        )
    follow.catch_up()
    Notification.objects.all().delete()


def told(user) -> list[str]:
    return list(Notification.objects.filter(user=user).values_list("text", flat=True))


def test_a_subscriber_is_told_once_of_a_fitting_achievement(background):
    subscriber = make_user(Role.ENTERPRISE)
    domain.subscribe(subscriber, wanted="achievements", text="碳化硅晶圆减薄 损伤层")
    record = registry.add_achievement(None, kind="technology", title=TITLE, abstract=ABSTRACT)
    follow.catch_up()
    assert [TITLE in text for text in told(subscriber)] == [True]
    registry.revise_achievement(None, record, trl=7)
    follow.catch_up()
    assert len(told(subscriber)) == 1


def test_a_subscriber_is_not_told_of_another_subject(background):
    subscriber = make_user(Role.ENTERPRISE)
    domain.subscribe(subscriber, wanted="achievements", text="基因测序文库")
    registry.add_achievement(None, kind="technology", title=TITLE, abstract=ABSTRACT)
    follow.catch_up()
    assert told(subscriber) == []


@pytest.mark.parametrize(("city", "field", "told_of"), [("hefei", "materials", 1), ("suzhou", "materials", 0),
                                                        ("hefei", "ai", 0)])  # fmt: skip
def test_city_and_field_of_a_subscription_count(background, city, field, told_of):
    subscriber = make_user(Role.ENTERPRISE)
    domain.subscribe(subscriber, wanted="achievements", city=make_city(city), field=make_field(field))
    registry.add_achievement(None, kind="technology", title=TITLE, abstract=ABSTRACT, city=make_city("hefei"),
                             field=make_field("materials"))  # fmt: skip
    follow.catch_up()
    assert len(told(subscriber)) == told_of


def test_a_firm_is_told_of_an_achievement_that_may_solve_its_challenge(background):
    organisation, member = make_firm()
    make_published(member, organisation, title="碳化硅晶圆低损伤减薄工艺", summary="碳化硅晶圆减薄损伤层过深。",
                   details="八英寸碳化硅晶圆减薄损伤层过深，需低损伤减薄工艺。")  # fmt: skip
    follow.catch_up()
    Notification.objects.all().delete()
    registry.add_achievement(None, kind="technology", title=TITLE, abstract=ABSTRACT)
    follow.catch_up()
    assert [TITLE in text for text in told(member)] == [True]


def test_a_subscriber_is_told_of_a_new_challenge_when_it_is_published(background):
    subscriber = make_user(Role.RESEARCHER)
    domain.subscribe(subscriber, wanted="challenges", text="碳化硅晶圆减薄")
    challenge = make_published(title="碳化硅晶圆低损伤减薄工艺")
    follow.catch_up()
    assert [challenge.title in text for text in told(subscriber)] == [True]


def test_a_large_import_tells_a_subscriber_in_one_summary(background):
    subscriber = make_user(Role.ENTERPRISE)
    domain.subscribe(subscriber, wanted="achievements", field=make_field("ai"))
    rows = [{"code": f"x:{n}", "kind": "paper", "title": f"论文{n}", "field": "ai"} for n in range(60)]
    registry.upsert_many(None, "achievements", rows)
    follow.catch_up()
    assert len(told(subscriber)) == 1
    assert "60" in told(subscriber)[0]
