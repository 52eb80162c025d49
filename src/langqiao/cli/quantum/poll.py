"""``langqiao quantum poll``: ask every site's KME for its pools and record what it said."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from langqiao.cli.shared import out, refusals, setup, stop

if TYPE_CHECKING:
    from langqiao.apps.quantum.domain.readings import Heard
    from langqiao.apps.quantum.models import Link, Site

TIMEOUT_SECONDS = 10.0


def poll(
    certificates: Annotated[
        Path, typer.Argument(help="证书文件夹：ca.crt 与 sae/*.crt、*.pem / folder with ca.crt and sae/")
    ],
    sae: Annotated[
        str, typer.Option(help="各站点的 SAE 标识，{slug} 为站点代号 / SAE of a site")
    ] = "SAE-{slug}-1",
) -> None:
    """读取各站点 KME 的密钥池并登记 / read every KME's key pools over mutual TLS and record them."""
    if "{slug}" not in sae:
        stop("--sae 须含 {slug} / --sae needs {slug}", code=2)
    setup()
    from django.utils import timezone

    from langqiao.apps.quantum.domain.readings import record_readings
    from langqiao.apps.quantum.models import Site
    from langqiao.apps.quantum.queries.network import is_up, links_at

    sites = Site.objects.filter(state=Site.State.ACTIVE).exclude(kme_url="").select_related("operator")
    if not sites:
        stop("没有登记 KME 地址的站点 / no site has a KME address")
    at = timezone.now()
    answered = 0
    with refusals():
        for site in sites:
            links = [link for link in links_at(site) if is_up(link)]
            rows = ask(site, links, certificates, sae, at)
            record_readings(None, site, rows)
            heard = sum(row.stored_bits is not None for row in rows)
            answered += heard > 0
            out.print(f"{site.slug:12} {heard}/{len(rows)}", highlight=False)
    out.print(f"{answered}/{len(sites)} KME")
    if answered < len(sites):
        raise typer.Exit(1)


def ask(site: Site, links: list[Link], certificates: Path, sae: str, at: datetime) -> list[Heard]:
    """What the site's KME says of its pool towards every neighbour; a silent one says nothing of any."""
    from langqiao.apps.quantum.domain.readings import Heard
    from langqiao.apps.quantum.queries.network import other_end
    from langqiao.kme.client import KmeClient
    from langqiao.kme.errors import KmeError

    own = sae.replace("{slug}", site.slug)
    place = certificates / "sae"
    silent = [Heard(link, at) for link in links]
    try:
        client = KmeClient(
            site.kme_url, place / f"{own}.crt", place / f"{own}.pem", certificates / "ca.crt",
            timeout=TIMEOUT_SECONDS,
        )  # fmt: skip
        with client:
            states = [
                (link, client.status(sae.replace("{slug}", other_end(link, site).slug))) for link in links
            ]
        return [
            Heard(
                link,
                at,
                stored_bits=int(state["stored_key_count"]) * int(state["key_size"]),
                capacity_bits=int(state["max_key_count"]) * int(state["key_size"]),
            )
            for link, state in states
        ]
    except (KmeError, KeyError, TypeError, ValueError) as fault:
        out.print(f"{site.slug}: {fault}", highlight=False)
        return silent
