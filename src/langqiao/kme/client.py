"""A small synchronous client of ETSI GS QKD 014, for SAEs: one connection, kept open.

>>> client = KmeClient("https://127.0.0.1:17001", "sae.crt", "sae.pem", "ca.crt")  # doctest: +SKIP
>>> key = client.get_keys("SAE-hefei-1", number=1, size=256)[0]  # doctest: +SKIP
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self
from urllib.parse import quote

import httpx

from langqiao.kme.errors import KmeError
from langqiao.kme.tls import client_context

TIMEOUT_SECONDS: Final = 30.0


@dataclass(frozen=True)
class DeliveredKey:
    """A key and its identifier."""

    key_id: str
    key: bytes = field(repr=False)


class KmeRefused(KmeError):
    """The KME answered with an Error body.

    Attributes:
        status: 400, 401 or 503.
        details: the body's details, name to value.
        retry_after: seconds, 0 where the KME named none.
    """

    def __init__(self, status: int, message: str, details: Mapping[str, Any], retry_after: int) -> None:
        super().__init__(message, kind="refused")
        self.status = status
        self.details = details
        self.retry_after = retry_after


class KmeClient:
    """A client with one SAE's certificate.

    Args:
        url: ``https://HOST:PORT`` of the SAE's own KME.
        cert: certificate of the SAE (PEM).
        key: its private key (PEM, mode 0600).
        ca: certificate of the authority that signed the KME's certificate.
        timeout: seconds for one request.

    Raises:
        KmeError: a file is missing, unusable, or open to others, or the address is none. Methods raise it,
            too, where the KME does not answer (``kind`` "connection") or not in the standard's form
            ("answer").
    """

    def __init__(
        self,
        url: str,
        cert: Path | str,
        key: Path | str,
        ca: Path | str,
        *,
        timeout: float = TIMEOUT_SECONDS,
    ) -> None:
        context = client_context(Path(cert), Path(key), Path(ca), minimum="1.2")
        try:
            self._http = httpx.Client(base_url=url, verify=context, timeout=timeout, trust_env=False)
        except httpx.InvalidURL as error:
            raise KmeError(f"{url!r} is no address https://HOST:PORT: {error}", kind="connection") from error

    def __repr__(self) -> str:
        return f"KmeClient({str(self._http.base_url)!r})"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection."""
        self._http.close()

    def status(self, sae: str) -> dict[str, Any]:
        """Return the Status object for the slave ``sae``.

        Raises:
            KmeRefused: 400 or 401.
        """
        return self._ask("GET", f"/api/v1/keys/{quote(sae, safe='')}/status")

    def get_keys(
        self,
        slave: str,
        *,
        number: int = 1,
        size: int | None = None,
        additional: Sequence[str] = (),
        mandatory: Sequence[Mapping[str, Any]] = (),
        optional: Sequence[Mapping[str, Any]] = (),
    ) -> list[DeliveredKey]:
        """Get new keys to share with ``slave`` (Get key).

        Args:
            slave: the other SAE.
            number: how many keys.
            size: bits of each, the KME's default where ``None``.
            additional: further SAEs that may fetch the same keys.
            mandatory: extensions that shall be met.
            optional: extensions that may be ignored.

        Raises:
            KmeRefused: the KME refused; 503 with ``retry_after`` where keys ran short.
        """
        body: dict[str, Any] = {"number": number}
        if size is not None:
            body["size"] = size
        for name, values in (
            ("additional_slave_SAE_IDs", additional),
            ("extension_mandatory", mandatory),
            ("extension_optional", optional),
        ):
            if values:
                body[name] = list(values)
        return self._keys("POST", f"/api/v1/keys/{quote(slave, safe='')}/enc_keys", body)

    def get_keys_by_id(self, master: str, ids: Sequence[str]) -> list[DeliveredKey]:
        """Fetch the keys that ``master`` was issued under these identifiers (Get key with key IDs).

        Raises:
            KmeRefused: 400, a key is not (or no longer) there; 401, it was issued to another SAE.
        """
        body = {"key_IDs": [{"key_ID": key_id} for key_id in ids]}
        return self._keys("POST", f"/api/v1/keys/{quote(master, safe='')}/dec_keys", body)

    def _keys(self, method: str, path: str, body: Mapping[str, Any]) -> list[DeliveredKey]:
        data = self._ask(method, path, body)
        try:
            return [
                DeliveredKey(str(row["key_ID"]), base64.b64decode(row["key"], validate=True))
                for row in data["keys"]
            ]
        except (KeyError, TypeError, ValueError) as error:
            raise KmeError("the KME's answer is no Key container", kind="answer") from error

    def _ask(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
        try:
            response = self._http.request(method, path, json=body)
        except httpx.HTTPError as error:
            raise KmeError(f"no answer from {self._http.base_url}: {error}", kind="connection") from error
        try:
            data = response.json()
        except ValueError:
            data = None
        if response.status_code == 200 and isinstance(data, dict):
            return data
        if response.status_code == 200:
            raise KmeError("the KME's answer is no JSON object", kind="answer")
        found = data if isinstance(data, dict) else {}
        message = found.get("message", f"status {response.status_code}")
        wait = response.headers.get("Retry-After", "")
        raise KmeRefused(
            response.status_code,
            str(message),
            _details(found.get("details")),
            int(wait) if wait.isascii() and wait.isdigit() else 0,
        )


def _details(rows: object) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for row in rows if isinstance(rows, list) else []:
        if isinstance(row, dict):
            found.update(row)
    return found
