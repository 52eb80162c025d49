"""The admin shows the registry and changes nothing."""

from __future__ import annotations

import pytest
from django.apps import apps
from django.contrib import admin
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from langqiao.apps.accounts.models import User
from tests.factories.registry import make_achievement, make_field, make_organisation

pytestmark = pytest.mark.django_db
SHOWN = sorted(
    m._meta.model_name for m in apps.get_app_config("registry").get_models() if m in admin.site._registry
)


@pytest.fixture
def staff(client: Client) -> Client:
    client.force_login(User.objects.create_superuser("root", "root@example.org", "langqiao"))
    return client


@pytest.mark.parametrize("model", SHOWN)
def test_every_model_has_a_list_and_no_way_to_add(staff: Client, model):
    assert staff.get(reverse(f"admin:registry_{model}_changelist")).status_code == 200
    assert staff.get(reverse(f"admin:registry_{model}_add")).status_code == 403


def test_a_record_is_shown_and_not_changed(staff: Client):
    organisation = make_organisation(name="甲", fields=[make_field()])
    page = reverse("admin:registry_organisation_change", args=[organisation.pk])
    assert "甲" in staff.get(page).content.decode()
    assert staff.post(page, {"name": "乙"}).status_code == 403
    organisation.refresh_from_db()
    assert organisation.name == "甲"


def test_retired_records_are_listed_too(staff: Client):
    make_achievement(title="旧成果", retired_at=timezone.now(), retired_why="重复")
    assert "旧成果" in staff.get(reverse("admin:registry_achievement_changelist")).content.decode()
