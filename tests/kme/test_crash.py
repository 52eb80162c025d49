"""KMEs that are killed deliver no key twice and count what was lost."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.kme.conftest import free_ports
from tests.kme.crash import crash

# A client whose handshake a kill cuts leaves the socket to the collector (httpcore's doing, not ours).
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")


def test_a_few_kills(tmp_path: Path) -> None:
    outcome = crash(tmp_path / "net", free_ports(2), kills=3, seed=7, workers=2, stock=1024)
    assert not outcome.faults
    assert outcome.issued
    assert outcome.missing <= outcome.counted


@pytest.mark.crash
def test_a_thousand_kills(tmp_path: Path) -> None:
    outcome = crash(tmp_path / "net", free_ports(2), kills=1000, seed=1)
    assert not outcome.faults
    assert outcome.fetched
