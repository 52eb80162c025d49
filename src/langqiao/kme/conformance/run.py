"""Runs the checks and keeps their outcomes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from langqiao.kme.conformance.wire import Wire
from langqiao.kme.errors import KmeError
from langqiao.kme.tls import client_context

Verdict = Literal["pass", "fail", "skip"]
TIMEOUT_SECONDS: Final = 10.0


@dataclass(frozen=True)
class Target:
    """What is examined.

    Attributes:
        url: KME of the master SAE. master, slave: identifiers of two SAEs. certificate, private_key,
        authority: files of the master. slave_url, slave_certificate, slave_private_key: the slave's side;
        without them checks of dec_keys skip. others: further SAEs of the network for multicast.
        outsider_certificate, outsider_private_key: a third SAE at the slave's KME; it must get 401.
    """

    url: str
    master: str
    slave: str
    certificate: Path
    private_key: Path
    authority: Path
    slave_url: str = ""
    slave_certificate: Path | None = None
    slave_private_key: Path | None = None
    others: tuple[str, ...] = ()
    outsider_certificate: Path | None = None
    outsider_private_key: Path | None = None


@dataclass(frozen=True)
class Outcome:
    """One check: clause of the standard, what it looks at, verdict, and the fault in words."""

    clause: str
    name: str
    verdict: Verdict
    fault: str = ""


class Skip(Exception):
    """The check does not apply to this KME or lacks a certificate."""


class Bench:
    """The target with open wires and what its Status says; checks use it.

    Raises:
        KmeError: a certificate cannot be used.
    """

    def __init__(self, target: Target) -> None:
        self.target = target
        self.master = self._wire(target.url, target.certificate, target.private_key)
        self.limits: dict[str, int] = {}

    def _wire(self, url: str, certificate: Path, private_key: Path) -> Wire:
        context = client_context(certificate, private_key, self.target.authority, minimum="1.2")
        return Wire(url, context, TIMEOUT_SECONDS)

    @property
    def slave(self) -> Wire:
        """The slave's wire.

        Raises:
            Skip: its certificate was not given.
        """
        target = self.target
        if not (target.slave_url and target.slave_certificate and target.slave_private_key):
            raise Skip("needs --slave-url, --slave-cert and --slave-key")
        return self._wire(target.slave_url, target.slave_certificate, target.slave_private_key)

    @property
    def outsider(self) -> Wire:
        """The wire of an SAE at the slave's KME that no Get key names.

        Raises:
            Skip: its certificate was not given.
        """
        target = self.target
        if not (target.slave_url and target.outsider_certificate and target.outsider_private_key):
            raise Skip("needs --outsider-cert and --outsider-key")
        return self._wire(target.slave_url, target.outsider_certificate, target.outsider_private_key)


Check = Callable[[Bench], str]
"""Returns a fault in words, or an empty text."""


def conformance(target: Target) -> Iterator[Outcome]:
    """Run every check; a check that raises has failed, for a KME must answer everything.

    Raises:
        KmeError: a certificate of the target cannot be used.
    """
    from langqiao.kme.conformance import hostile, methods

    bench = Bench(target)
    for clause, name, check in (*methods.CHECKS, *hostile.CHECKS):
        try:
            fault = check(bench)
        except Skip as skip:
            yield Outcome(clause, name, "skip", str(skip))
            continue
        except KmeError as error:
            fault = str(error)
        except (KeyError, TypeError, AttributeError, IndexError) as error:
            fault = f"the answer lacks something: {error!r}"
        yield Outcome(clause, name, "fail" if fault else "pass", fault)
