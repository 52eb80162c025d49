"""Back ends of SM4-GCM: the portable one always; libgcrypt of any version where it can be loaded."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from langqiao.engines.sm.errors import SmError
from langqiao.engines.sm.libgcrypt import ANY_VARIABLE, library


@pytest.fixture
def any_libgcrypt(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let an old libgcrypt pass; skip where there is none."""
    monkeypatch.setenv(ANY_VARIABLE, "1")
    library.cache_clear()
    try:
        library()
    except SmError as error:
        pytest.skip(str(error))
    yield
    library.cache_clear()


@pytest.fixture(params=["portable", "libgcrypt"])
def engine(request: pytest.FixtureRequest) -> str:
    if request.param == "libgcrypt":
        request.getfixturevalue("any_libgcrypt")
    return request.param
