"""Users and their memberships."""

from __future__ import annotations

from datetime import date
from itertools import count
from typing import Any

from langqiao.apps.accounts.models import Membership, Role, User
from langqiao.apps.accounts.queries import forget_memberships

_numbers = count(1)


def make_user(*, username: str = "", **values: Any) -> User:
    """A user without any membership; the password is ``langqiao``."""
    number = next(_numbers)
    name = username or f"user{number}"
    return User.objects.create_user(
        name, email=f"{name}@example.org", password="langqiao", **{"display_name": f"用户{number}", **values}
    )


def make_member(
    organisation: Any,
    role: Role = Role.ENTERPRISE,
    *,
    user: User | None = None,
    is_manager: bool = False,
    valid_to: date | None = None,
) -> User:
    """A user (a new one unless given) who acts for ``organisation`` in ``role`` since 2020."""
    user = user or make_user()
    Membership.objects.create(
        user=user,
        organisation=organisation,
        role=role,
        is_manager=is_manager,
        valid_from=date(2020, 1, 1),
        valid_to=valid_to,
    )
    forget_memberships(user)
    return user


def make_office(**values: Any) -> User:
    """A user of the joint conference's office (联席办)."""
    from tests.factories.registry import make_organisation

    office = make_organisation(name=f"联席会议办公室{next(_numbers)}", kind="government")
    return make_member(office, Role.OFFICE, user=make_user(**values))


def make_liaison(city: Any, **values: Any) -> User:
    """A liaison (联络员) of a city."""
    from tests.factories.registry import make_organisation

    bureau = make_organisation(name=f"科技局{next(_numbers)}", kind="government", city=city)
    return make_member(bureau, Role.LIAISON, user=make_user(**values))
