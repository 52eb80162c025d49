"""The demo's quantum network: loaded once, everything illustrative but what was published; the poll."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.db.models import Max, Min
from typer.testing import CliRunner

from langqiao.apps.ledger.models import Entry
from langqiao.apps.quantum.models import Delivery, Demand, Endpoint, Link, Reading, Scenario, Site
from langqiao.apps.quantum.queries.alarms import alarms_of
from langqiao.apps.quantum.queries.network import links_with_sites, pools
from langqiao.apps.quantum.queries.plans import worked_out
from langqiao.apps.registry.domain import load_corridor
from langqiao.cli import app
from langqiao.cli.quantum_demo import load
from tests.factories import quantum as make
from tests.kme.conftest import (
    Maker,
    kme_id,
    line_folder,  # noqa: F401  a fixture
    network,  # noqa: F401  a fixture
)

pytestmark = pytest.mark.django_db


def test_the_network_is_loaded_once() -> None:
    load_corridor(None)
    load(progress=lambda _report: None)
    entries = Entry.objects.count()
    load(progress=lambda _report: None)
    assert Entry.objects.count() == entries
    assert (Site.objects.count(), Link.objects.count(), Endpoint.objects.count()) == (9, 10, 2)
    assert list(Scenario.objects.filter(illustrative=False).values_list("code", flat=True).order_by("code")) == [
        "Q-SCN-001", "Q-SCN-002",
    ]  # fmt: skip
    assert not Site.objects.filter(illustrative=False).exists()
    assert not Link.objects.exclude(illustrative=True, basis="assumed").exists()
    states = dict(Demand.objects.values_list("code", "state"))
    assert states == {
        "Q-DMD-001": "admitted", "Q-DMD-002": "admitted", "Q-DMD-003": "proposed", "Q-DMD-004": "refused",
    }  # fmt: skip
    assert not worked_out().found.unmet
    assert dict(Delivery.objects.values_list("code", "state")) == {
        "Q-DLV-001": "received", "Q-DLV-002": "sealed", "Q-DLV-003": "announced",
    }  # fmt: skip
    assert Reading.objects.filter(reachable=False).count() == 2
    rates = Reading.objects.filter(reachable=True).aggregate(low=Min("qber"), high=Max("qber"))
    assert 0.005 < rates["low"] < rates["high"] < 0.03
    rises = [str(one.what) for one in alarms_of(pools(links_with_sites())) if "误码率" in str(one.what)]
    assert rises == ["芜湖站–合肥站：合肥站一端量子误码率上升"]


def test_the_poll_says_what_is_missing(tmp_path: Path) -> None:
    assert CliRunner().invoke(app, ["quantum", "poll", str(tmp_path)]).exit_code == 1
    link = make.make_link()
    Site.objects.filter(pk=link.a_id).update(kme_url="https://127.0.0.1:9")
    assert CliRunner().invoke(app, ["quantum", "poll", str(tmp_path)]).exit_code == 1
    reading = Reading.objects.get()
    assert (reading.reachable, reading.site_id) == (False, link.a_id)
    assert Entry.objects.get().verb == "lose_site"
    assert CliRunner().invoke(app, ["quantum", "poll", str(tmp_path), "--sae", "x"]).exit_code == 2


def test_the_poll_reads_real_kmes(network: Maker) -> None:  # noqa: F811  the fixture
    running = network("east", "middle")
    directory = running.config("east").directory
    east, middle = (
        make.make_site("east", city=make.make_city()),
        make.make_site("middle", city=make.make_city()),
    )
    link = make.make_link(east, middle)
    for site in (east, middle):
        Site.objects.filter(pk=site.pk).update(kme_url=directory.kmes[kme_id(site.slug)].url)
    found = CliRunner().invoke(app, ["quantum", "poll", str(running.folder)])
    assert found.exit_code == 0, found.output
    readings = list(Reading.objects.order_by("site"))
    assert [(one.link, one.site, one.reachable) for one in readings] == [
        (link, east, True),
        (link, middle, True),
    ]
    assert all(one.stored_bits and one.capacity_bits for one in readings)
    running.stop("middle")
    assert CliRunner().invoke(app, ["quantum", "poll", str(running.folder)]).exit_code == 1
    assert Reading.objects.filter(site=middle, reachable=False).count() == 1
    assert Entry.objects.get().verb == "lose_site"
