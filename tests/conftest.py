"""Fixtures for every test."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db.backends.base.base import BaseDatabaseWrapper
from django.utils import translation
from hypothesis import HealthCheck, settings

# No test asserts how long something takes, on a busy machine least of all.
settings.register_profile("langqiao", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("langqiao")


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder of real data beside the checkout; tests that need it skip when it is not there."""
    place = Path(
        os.environ.get("LANGQIAO_SHARED_DATA", Path(__file__).resolve().parents[2] / "shared" / "data")
    )
    if not place.is_dir():
        pytest.skip(
            "the folder shared/data is not beside the checkout (LANGQIAO_SHARED_DATA names another place)"
        )
    return place


@pytest.fixture(scope="session", autouse=True)
def _connections_outlive_requests() -> Iterator[None]:
    """Keep the connection that holds a test's transaction; a request that ends would drop it on PostgreSQL.

    Django's test client spares it for its own requests; a response closed by hand, or a request of
    another client (schemathesis), needs the same.
    """
    drop = BaseDatabaseWrapper.close_if_unusable_or_obsolete

    def drop_outside_transactions(connection: BaseDatabaseWrapper) -> None:
        if not connection.in_atomic_block:
            drop(connection)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(BaseDatabaseWrapper, "close_if_unusable_or_obsolete", drop_outside_transactions)
        yield


@pytest.fixture(autouse=True)
def _the_language_of_no_earlier_test() -> None:
    """Begin in Chinese: a page asked for in English leaves its language behind in the thread."""
    translation.deactivate()
