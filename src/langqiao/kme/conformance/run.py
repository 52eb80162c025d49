"""Runs the checks and keeps their outcomes."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from langqiao.kme.conformance import shapes
from langqiao.kme.conformance.wire import (
    ENDED,
    GARBLED,
    SILENT,
    UNREACHED,
    UNTRUSTED,
    Answer,
    Wire,
    keys_path,
)
from langqiao.kme.errors import KmeError
from langqiao.kme.tls import client_context

Verdict = Literal["pass", "fail", "skip"]
TIMEOUT_SECONDS: Final = 10.0
PATIENCE_SECONDS: Final = 120.0
TRIES: Final = 6

MENDS: Final = {
    UNREACHED: "start the KME, or correct the address",
    UNTRUSTED: "name the authority that signed the KME's certificate, and the host as the certificate does",
    ENDED: "name a certificate and private key that the KME's authority signed",
    SILENT: f"it shall answer within {TIMEOUT_SECONDS:g} seconds",
    GARBLED: "give the address at which a KME speaks HTTPS",
}
"""What to do where not even Get status is answered, by kind of KmeError."""


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


class Unfit(Exception):
    """An answer that a check builds upon is not what the standard says; the text names the fault."""


class Bench:
    """The target with open wires and what its Status says; checks use it.

    Attributes:
        patience: seconds that may still be spent on waiting, for all checks together.

    Raises:
        KmeError: a certificate cannot be used.
    """

    def __init__(self, target: Target) -> None:
        self.target = target
        self.master = self._wire(target.url, target.certificate, target.private_key)
        self.limits: dict[str, int] = {}
        self.patience = PATIENCE_SECONDS

    def patiently(self, ask: Callable[[], Answer]) -> Answer:
        """Ask again while the KME puts it off (503: short of keys), as Retry-After says, a few times at most.

        Raises:
            Skip: it goes on doing so.
        """
        for left in reversed(range(TRIES)):
            answer = ask()
            if answer.status != 503 or shapes.error(answer, 503):
                return answer
            wait = shapes.retry_after(answer)
            if wait > self.patience or not left:
                break
            self.patience -= wait
            time.sleep(wait)
        raise Skip(f"put off with 503: {answer.json['message']}; Retry-After {wait} s")

    def reach(self) -> None:
        """See that the KMEs answer Get status at all.

        Raises:
            KmeError: one does not; the text says why, and what to do.
        """
        target = self.target
        ends = [(target.url, self.master, target.slave)]
        with suppress(Skip):
            ends.append((target.slave_url, self.slave, target.master))
        for url, wire, sae in ends:
            try:
                wire.ask("GET", keys_path(sae, "status"))
            except KmeError as error:
                raise KmeError(f"{url}: {error}; {MENDS[error.kind]}", kind=error.kind) from error

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
        KmeError: a certificate of the target cannot be used, or a KME does not answer Get status at all.
    """
    from langqiao.kme.conformance import hostile, methods

    bench = Bench(target)
    bench.reach()
    for clause, name, check in (*methods.CHECKS, *hostile.CHECKS):
        try:
            fault = check(bench)
        except Skip as skip:
            yield Outcome(clause, name, "skip", str(skip))
            continue
        except (KmeError, Unfit) as error:
            fault = str(error)
        except (KeyError, TypeError, AttributeError, IndexError) as error:
            fault = f"the answer lacks something: {error!r}"
        yield Outcome(clause, name, "fail" if fault else "pass", fault)
