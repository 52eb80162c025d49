"""The recipient's signed acknowledgement (回执): this file, opened whole, at this time.

A receipt is one JSON object. The SM2 signature covers its canonical form (keys in order, no spaces,
UTF-8) without the signature, after a fixed prefix. It names the manifest digest, which in turn stands
for every byte of the sealed file.
"""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Final

from langqiao.engines.sm.sealed.errors import SealedError
from langqiao.engines.sm.sealed.trust import TrustedKeys
from langqiao.engines.sm.sealed.types import SealedInfo
from langqiao.engines.sm.sm2 import Sm2PrivateKey

FORMAT: Final = "langqiao-receipt-1"
_PREFIX: Final = b"langqiao/sealed/1 receipt\0"
_LIMIT: Final = 16_384
_HEX: Final = {"file_id": 32, "header_digest": 64, "manifest_digest": 64, "key": 64, "signature": 128}
_TIME: Final = "%Y-%m-%dT%H:%M:%SZ"


@dataclass(frozen=True)
class Receipt:
    """What the recipient signed. Digests are lower-case hexadecimal, ``opened`` is UTC, sizes are bytes."""

    file_id: str
    header_digest: str
    manifest_digest: str
    size: int
    sender: str
    recipient: str
    opened: str
    key: str
    signature: str = ""

    def message(self) -> bytes:
        """Return the bytes under the signature."""
        values = {**asdict(self), "format": FORMAT}
        del values["signature"]
        return (
            _PREFIX + json.dumps(values, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
        )

    def to_json(self) -> str:
        """Return the receipt as a file holds it."""
        return json.dumps({"format": FORMAT, **asdict(self)}, ensure_ascii=False, indent=1) + "\n"

    @classmethod
    def from_json(cls, text: str | bytes) -> Receipt:
        """Read a receipt. The signature is not checked.

        Raises:
            SealedError: it is no receipt (``kind`` is ``receipt``).
        """
        if len(text) > _LIMIT:
            raise SealedError("a receipt is shorter", kind="receipt")
        try:
            values = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise SealedError("the receipt is no JSON", kind="receipt") from error
        names = {"format", *cls.__dataclass_fields__}
        if not isinstance(values, dict) or set(values) != names or values.pop("format") != FORMAT:
            raise SealedError(f"the file is no {FORMAT}", kind="receipt")
        size = values.pop("size")
        if (
            type(size) is not int
            or not 0 <= size < 1 << 63
            or not all(isinstance(v, str) for v in values.values())
        ):
            raise SealedError("a field of the receipt has another type", kind="receipt")
        for name, digits in _HEX.items():
            if not re.fullmatch(rf"[0-9a-f]{{{digits}}}", values[name]):
                raise SealedError(f"the receipt's {name} is malformed", kind="receipt")
        try:
            datetime.strptime(values["opened"], _TIME).replace(tzinfo=UTC)
            (values["sender"] + values["recipient"]).encode()
        except ValueError as error:
            raise SealedError("a text of the receipt is malformed", kind="receipt") from error
        return cls(size=size, **values)


def make_receipt(info: SealedInfo, signer: Sm2PrivateKey, *, opened: datetime | None = None) -> Receipt:
    """Return the recipient's receipt for a file that was opened whole (``Opened.info``)."""
    at = (opened or datetime.now(UTC)).astimezone(UTC).strftime(_TIME)
    header = info.header
    bare = Receipt(
        file_id=header.file_id.hex(), header_digest=info.header_digest.hex(),
        manifest_digest=info.manifest_digest.hex(), size=header.size, sender=header.sender,
        recipient=header.recipient, opened=at, key=signer.public.fingerprint.hex(),
    )  # fmt: skip
    return Receipt(**{**asdict(bare), "signature": signer.sign(bare.message()).hex()})


def check_receipt(receipt: Receipt, trusted: TrustedKeys, info: SealedInfo | None = None) -> None:
    """Check that the recipient signed this receipt, and, where ``info`` is given, that it is for this file.

    Raises:
        SealedError: the recipient's key is not trusted (``untrusted``), the signature does not fit or
            the receipt is for another file (``receipt``).
    """
    key = trusted.find(receipt.recipient, bytes.fromhex(receipt.key))
    if not key.verify(bytes.fromhex(receipt.signature), receipt.message()):
        raise SealedError("the recipient's signature does not fit the receipt", kind="receipt")
    if info is not None:
        header = info.header
        stated = (
            receipt.header_digest,
            receipt.manifest_digest,
            receipt.size,
            receipt.sender,
            receipt.recipient,
        )
        actual = (
            info.header_digest.hex(),
            info.manifest_digest.hex(),
            header.size,
            header.sender,
            header.recipient,
        )
        if stated != actual:
            raise SealedError("the receipt is for another file", kind="receipt")
