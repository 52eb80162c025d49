"""Forms: permission, errors at their field, the verb's record, and the way back."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from langqiao.apps.accounts.models import Role
from langqiao.apps.ledger.models import Entry
from langqiao.apps.registry.forms import LAYOUTS, form_class
from langqiao.apps.registry.models import Achievement, Organisation, OrganisationRole, Person
from tests.factories.accounts import make_liaison, make_member, make_office, make_user
from tests.factories.registry import (
    make_achievement,
    make_city,
    make_facility,
    make_field,
    make_finance,
    make_organisation,
    make_person,
    make_product,
    make_programme,
    make_talent_demand,
    make_training,
)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def corridor():
    make_city("songjiang")
    make_field("materials")


def test_a_stranger_is_asked_to_sign_in_and_a_visitor_is_refused(client: Client):
    page = reverse("achievement_new")
    assert client.get(page).headers["Location"].startswith(reverse("account_login"))
    client.force_login(make_user())
    refused = client.get(page)
    assert refused.status_code == 403
    assert "只有权属单位成员" in refused.content.decode()


def test_a_researcher_registers_an_achievement_of_their_own_organisation(client: Client):
    ours = make_organisation(name="甲所", code="O-1")
    make_person(name="骆某", code="P-1")
    client.force_login(make_member(ours, Role.RESEARCHER))
    assert 'value="O-1"' in client.get(reverse("achievement_new")).content.decode()
    posted = {
        "title": "晶界扩散",
        "kind": "patent",
        "owner": "O-1",
        "city": "songjiang",
        "field": "materials",
        "keywords": "扩散；磁钢",
        "people": "P-1",
        "trl": "6",
        "date": "2024-03-18",
    }
    response = client.post(reverse("achievement_new"), posted)
    made = Achievement.objects.get()
    assert response.headers["Location"] == made.get_absolute_url()
    assert (made.owner, made.trl, made.keywords, made.people.get().name) == (
        ours,
        6,
        ["扩散", "磁钢"],
        "骆某",
    )
    assert Entry.objects.get().verb == "add_achievement"


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"title": ""}, "title"),
        ({"trl": "12"}, "trl"),
        ({"date": "18 March"}, "date"),
        ({"people": "无此人"}, "people"),
        ({"kind": "poem"}, "kind"),
        ({"source_url": "javascript:alert(1)"}, "source_url"),
    ],
)
def test_an_error_stands_at_its_field_and_nothing_is_written(client: Client, changed, field):
    ours = make_organisation(name="甲所", code="O-1")
    client.force_login(make_member(ours))
    posted = {"title": "甲", "kind": "patent", "owner": "O-1", **changed}
    response = client.post(reverse("achievement_new"), posted)
    assert response.status_code == 422
    assert list(response.context["form"].errors) == [field]
    assert f'id="id_{field}-errors"' in response.content.decode()
    assert (Achievement.objects.count(), Entry.objects.count()) == (0, 0)


def test_another_organisation_cannot_be_chosen_by_a_member(client: Client):
    make_organisation(name="乙所", code="O-2")
    client.force_login(make_member(make_organisation(code="O-1")))
    posted = {"title": "甲", "kind": "patent", "owner": "O-2"}
    assert list(client.post(reverse("achievement_new"), posted).context["form"].errors) == ["owner"]


@pytest.mark.parametrize("kind", sorted(LAYOUTS))
def test_saving_a_form_unchanged_changes_nothing(client: Client, kind):
    organisation = make_organisation(
        name="甲", code="O-1", fields=[make_field()], credit_code="91110000600037341L"
    )
    of = {"organisation": organisation, "city": make_city()}
    record = {
        "organisations": lambda: organisation,
        "people": lambda: make_person(expertise=["a", "b"], **of),
        "achievements": lambda: make_achievement(
            owner=organisation,
            keywords=["Al, Mg", "乙、丙"],
            people=[make_person(code="P-1"), make_person(name="Luo, M.")],
            date="2024-03-18",
            trl=4,
        ),
        "facilities": lambda: make_facility(fields=[make_field()], **of),
        "finance": lambda: make_finance(
            organisation=organisation, cities=[make_city()], stages=["pilot"], amount_min="1.50"
        ),
        "talent_demand": lambda: make_talent_demand(number=3, skills=["烧结"], **of),
        "training": lambda: make_training(places=0, **of),
        "products": lambda: make_product(organisation=organisation, tier="upstream"),
        "programmes": lambda: make_programme(lead=organisation, date="2018-11"),
    }[kind]()
    client.force_login(make_office())
    page = reverse(f"{record.page}_edit", args=[record.pk])
    form = client.get(page).context["form"]
    posted = {name: value for name in form.fields if (value := form.initial.get(name)) not in (None, "")}
    response = client.post(page, posted)
    assert response.status_code == 302, response.context["form"].errors
    assert Entry.objects.count() == 0


def test_an_edit_that_changes_one_thing_records_one_thing(client: Client):
    liaison = make_liaison(make_city())
    organisation = make_organisation(name="甲", city=make_city())
    client.force_login(liaison)
    page = reverse("organisation_edit", args=[organisation.pk])
    client.post(page, {"name": "甲", "kind": "enterprise", "city": "songjiang", "website": "example.org"})
    organisation.refresh_from_db()
    assert organisation.website == "https://example.org"
    assert Entry.objects.get().data == '{"changes":{"website":["","https://example.org"]}}'


def test_a_liaison_of_another_city_is_refused(client: Client):
    client.force_login(make_liaison(make_city("hefei")))
    organisation = make_organisation(name="甲", city=make_city())
    page = reverse("organisation_edit", args=[organisation.pk])
    assert client.get(page).status_code == client.post(page, {"name": "乙"}).status_code == 403
    new = {"name": "丙", "kind": "park", "city": "songjiang"}
    assert client.post(reverse("organisation_new"), new).status_code == 403
    assert Organisation.objects.filter(name="丙").count() == 0


def test_a_member_adds_a_person_of_their_organisation(client: Client):
    ours = make_organisation(name="甲所")
    client.force_login(make_member(ours, Role.RESEARCHER))
    client.post(reverse("person_new"), {"name": "骆某", "organisation": "甲所", "expertise": "磁钢"})
    assert (Person.objects.get().organisation, Person.objects.get().expertise) == (ours, ["磁钢"])


def test_the_office_retires_with_a_reason_and_the_address_stays(client: Client):
    client.force_login(make_office())
    achievement = make_achievement(title="旧成果")
    page = reverse("achievement_retire", args=[achievement.pk])
    assert "注销原因" in client.get(page).content.decode()
    assert client.post(page, {"why": ""}).status_code == 422
    assert client.post(page, {"why": "重复登记"}).headers["Location"] == reverse("achievement_list")
    gone = client.get(achievement.get_absolute_url())
    assert gone.status_code == 410
    assert "重复登记" in gone.content.decode()
    assert "旧成果" not in client.get(reverse("achievement_list")).content.decode()
    assert client.get(reverse("achievement_edit", args=[achievement.pk])).status_code == 404


def test_roles_are_given_and_ended_on_the_organisations_page(client: Client):
    client.force_login(make_office())
    organisation = make_organisation()
    add = reverse("organisation_role_add", args=[organisation.pk])
    client.post(add, {"role": "联盟牵头单位", "valid_from": "2018-11-01"})
    role = OrganisationRole.objects.get()
    assert "联盟牵头单位" in client.get(organisation.get_absolute_url()).content.decode()
    client.post(reverse("organisation_role_end", args=[organisation.pk, role.pk]))
    role.refresh_from_db()
    assert role.valid_to is not None
    assert client.post(add, {"role": ""}).status_code == 422
    other = make_organisation()
    assert client.post(reverse("organisation_role_end", args=[other.pk, role.pk])).status_code == 404


def test_a_manager_links_an_account_on_the_persons_page(client: Client):
    ours = make_organisation()
    person, user = make_person(organisation=ours), make_user(username="luo")
    address = reverse("person_link", args=[person.pk])
    assert address not in client.get(person.get_absolute_url()).content.decode()
    client.force_login(make_member(ours, Role.VISITOR, is_manager=True))
    assert address in client.get(person.get_absolute_url()).content.decode()
    assert client.post(address, {"username": "nobody"}).status_code == 422
    client.post(address, {"username": "luo"})
    person.refresh_from_db()
    assert person.user == user
    client.force_login(user)
    assert client.get(reverse("person_edit", args=[person.pk])).status_code == 200
    assert client.post(address, {"username": ""}).status_code == 403


def test_every_kind_has_a_form():
    for kind in LAYOUTS:
        assert set(LAYOUTS[kind]) < set(form_class(kind)(make_office()).fields)
