"""Mutual TLS: the client's certificate is its identity."""

from __future__ import annotations

import datetime as dt
import ssl
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.x509.oid import NameOID

from langqiao.kme.config import Config
from langqiao.kme.errors import KmeError
from langqiao.kme.files import check_private


def server_context(config: Config) -> ssl.SSLContext:
    """Return the server's side: TLS 1.3 (or 1.2 where configured), a client certificate is required.

    Raises:
        KmeError: a file is missing or unusable, the private key is open to others, or the certificate is not
            that of this KME or not valid now.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.verify_mode = ssl.CERT_REQUIRED
    context.num_tickets = 0  # no resumption: every connection shows its certificate
    _filled(context, config.certificate, config.private_key, config.authority, config.tls_minimum)
    _check_own(config)
    return context


def _check_own(config: Config) -> None:
    """See that the KME's own certificate is one its peers will take for this KME's, today."""
    place = f"{config.path}, [tls]: certificate {config.certificate}"
    try:
        found = x509.load_pem_x509_certificate(config.certificate.read_bytes())
    except (OSError, ValueError) as error:
        raise KmeError(f"{place}: {error}", kind="tls") from error
    names = [str(name.value) for name in found.subject.get_attributes_for_oid(NameOID.COMMON_NAME)]
    if names != [config.id]:
        raise KmeError(
            f"{place} is that of {', '.join(names) or 'nobody'}, and [kme] id is {config.id}: name the"
            f" certificate and private key of {config.id}, or correct the id",
            kind="tls",
        )
    now, since, until = dt.datetime.now(dt.UTC), found.not_valid_before_utc, found.not_valid_after_utc
    if now > until:
        raise KmeError(
            f"{place} expired at {until:%Y-%m-%d %H:%M} UTC: have the authority issue a new one", kind="tls"
        )
    if now < since:
        raise KmeError(
            f"{place} is not valid before {since:%Y-%m-%d %H:%M} UTC: set this machine's clock, or have the"
            " authority issue a new one",
            kind="tls",
        )


def client_context(
    certificate: Path, private_key: Path, authority: Path, *, minimum: str = "1.3"
) -> ssl.SSLContext:
    """Return the client's side: the server's name and chain are checked.

    Raises:
        KmeError: a file is missing or unusable, or the private key is open to others.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    return _filled(context, certificate, private_key, authority, minimum)


def _filled(
    context: ssl.SSLContext, certificate: Path, private_key: Path, authority: Path, minimum: str
) -> ssl.SSLContext:
    versions = {"1.2": ssl.TLSVersion.TLSv1_2, "1.3": ssl.TLSVersion.TLSv1_3}
    context.minimum_version = versions[minimum]
    check_private(private_key)
    try:
        context.load_cert_chain(certificate, private_key)
        context.load_verify_locations(authority)
    except (OSError, ValueError) as error:
        raise KmeError(f"{certificate}, {private_key} or {authority}: {error}", kind="tls") from error
    return context


def common_name(certificate: Mapping[str, Any] | None) -> str:
    """Return the one common name of a peer's certificate; an empty string where there is not just one."""
    subject = (certificate or {}).get("subject", ())
    names = [value for group in subject for name, value in group if name == "commonName"]
    return names[0] if len(names) == 1 else ""
