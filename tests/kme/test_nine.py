"""Nine KMEs of the nine cities, one process each: all 72 directed pairs exchange keys at once."""

from __future__ import annotations

import itertools
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from langqiao.kme.client import KmeClient
from langqiao.kme.initialise import initialise, nine_cities, sae_id
from langqiao.kme.store.admin import verify_store
from langqiao.kme.supervisor import up, view
from tests.kme.conftest import free_ports, until


@pytest.mark.slow
def test_seventy_two_pairs_at_once(tmp_path: Path) -> None:
    plan, ports = nine_cities(saes=1), free_ports(18)
    folder = tmp_path / "net"
    initialise(folder, plan, ports=ports[:9], health_ports=ports[9:], stock=2048)
    slugs = [city.slug for city in plan.cities]
    with up(folder) as members:
        urls = {member.config.id: member.config.directory.kmes[member.config.id].url for member in members}
        clients = {}
        for slug in slugs:
            sae = folder / "sae" / sae_id(slug)
            files = (sae.with_suffix(".crt"), sae.with_suffix(".pem"), folder / "ca.crt")
            clients[slug] = KmeClient(urls[f"KME-{slug}"], *files)
        pairs = list(itertools.permutations(slugs, 2))
        until(
            lambda: all(clients[a].status(sae_id(b))["stored_key_count"] >= 8 for a, b in pairs), seconds=300
        )

        def exchange(pair: tuple[str, str]) -> bool:
            master, slave = pair
            keys = clients[master].get_keys(sae_id(slave), number=4)
            return clients[slave].get_keys_by_id(sae_id(master), [key.key_id for key in keys]) == keys

        with ThreadPoolExecutor(len(pairs)) as threads:
            assert list(threads.map(exchange, pairs)) == [True] * 72
        assert {view(member).state for member in members} <= {"ok", "degraded"}
        for client in clients.values():
            client.close()
        configs = [member.config for member in members]
    for config in configs:
        report = verify_store(config.store, config.master_key())
        assert (report.faults, report.lost) == ((), 0)
