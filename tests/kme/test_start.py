"""A KME does not start with another's certificate, one that is not valid now, or where it cannot listen."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Callable

import pytest

from langqiao.kme.errors import KmeError
from langqiao.kme.initialise import HOSTS, kme_id
from langqiao.kme.pki import Authority
from langqiao.kme.server import running
from tests.kme.conftest import Network

Maker = Callable[..., Network]


def start(net: Network) -> None:
    """Start the KME of the east and end it."""

    async def once() -> None:
        async with running(net.config("east")):
            pass

    asyncio.run(once())


def edit(net: Network, old: str, new: str) -> None:
    place = net.config("east").path
    text = place.read_text()
    assert old in text
    place.write_text(text.replace(old, new))


def test_another_kmes_certificate_is_refused(network: Maker) -> None:
    net = network()
    other = kme_id("middle")
    edit(net, f'"{kme_id("east")}.crt"', f'"../{other}/{other}.crt"')
    edit(net, f'"{kme_id("east")}.pem"', f'"../{other}/{other}.pem"')
    with pytest.raises(
        KmeError, match=r"\[tls\].*is that of KME-middle, and \[kme\] id is KME-east"
    ) as refused:
        start(net)
    assert (refused.value.kind, "correct the id" in str(refused.value)) == ("tls", True)


@pytest.mark.parametrize(
    ("since", "until", "why"),
    [(-2, -1, "expired at .* have the authority issue"), (1, 2, "not valid before .* this machine's clock")],
)
def test_a_certificate_of_another_time_is_refused(network: Maker, since: int, until: int, why: str) -> None:
    net, now, day = network(), dt.datetime.now(dt.UTC), dt.timedelta(days=1)
    authority = Authority("another time")
    authority._from, authority._until = now + since * day, now + until * day
    authority.issue(net.config("east").path.parent, kme_id("east"), hosts=HOSTS)
    with pytest.raises(KmeError, match=why):
        start(net)
    with pytest.raises(KmeError, match=rf"certificate .*{kme_id('east')}\.crt"):
        start(net)


def test_a_host_that_leads_nowhere_is_named(network: Maker) -> None:
    net = network()
    edit(net, 'host = "127.0.0.1"', 'host = "no such host"')
    with pytest.raises(KmeError, match=r"kme\.toml, \[kme\]: host 'no such host' leads nowhere"):
        start(net)
    edit(net, 'host = "no such host"', 'host = "127.0.0.1"')
    start(net)
