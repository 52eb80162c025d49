"""What every verb of the conference shares: files, and whom to tell."""

from __future__ import annotations

from typing import BinaryIO

from django.conf import settings
from django.core.files import File
from django.db import transaction

from langqiao.apps.accounts.models import Membership, Role, User
from langqiao.apps.accounts.queries import members_of
from langqiao.apps.conference.models import Seat, Session
from langqiao.apps.conference.models.base import Filed
from langqiao.apps.conference.rules import DELEGATES
from langqiao.apps.registry.models import Organisation
from langqiao.kit.filetypes import check


def keep_file(holder: Filed, file: BinaryIO, name: str) -> None:
    """Judge a file by its content and save ``holder`` with it.

    Raises:
        Invalid: too large, empty, or of a kind that is not taken.
    """
    checked = check(file, name, most=settings.UPLOAD_MAX_BYTES)
    holder.name, holder.media_type = checked.name, checked.media_type
    holder.size, holder.digest = checked.size, checked.digest
    holder.file.save(checked.name, File(file), save=False)
    try:
        with transaction.atomic():
            holder.save()
    except BaseException:
        # The row is rolled back; the file is not the database's to roll back.
        holder.file.delete(save=False)
        raise


# -- whom to tell -------------------------------------------------------------------------------


def office_users() -> set[User]:
    """Users of the conference's office (联席办)."""
    offices = Membership.objects.filter(role=Role.OFFICE).values_list("organisation_id", flat=True)
    return members_of(set(offices), Role.OFFICE)


def liaisons_of(cities: set[str]) -> set[User]:
    """Liaisons (联络员) of the cities."""
    bureaus = Organisation.objects.filter(city__in=cities, memberships__role=Role.LIAISON)
    return members_of(set(bureaus.values_list("pk", flat=True)), Role.LIAISON)


def table(session: Session) -> set[User]:
    """Users who take a seat of the session (see ``rules.acts_for_seat``)."""
    seats: list[Seat] = list(session.seats.select_related("user"))
    named = {seat.user for seat in seats if seat.user is not None and seat.user.is_active}
    open_seats = [seat for seat in seats if seat.user_id is None]
    organisations = {seat.organisation_id for seat in open_seats if seat.organisation_id is not None}
    cities = {seat.city_id for seat in open_seats if seat.organisation_id is None and seat.city_id}
    managing = set(
        Membership.objects.filter(organisation__in=organisations, is_manager=True).values_list(
            "user_id", flat=True
        )
    )
    managers = {user for user in members_of(organisations) if user.pk in managing}
    return named | managers | members_of(organisations, *DELEGATES) | liaisons_of(cities)
