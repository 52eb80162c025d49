"""Sealed files (密封文件): large files under keys from the quantum network, checked whole or refused.

Format: docs/sealed-format.md. ``seal`` and ``open_sealed`` work by segments in constant memory and
resume where they stopped; ``verify`` checks a file without its keys; ``make_receipt`` acknowledges one
that was opened.
"""

from __future__ import annotations

from langqiao.engines.sm.sealed.checking import inspect, verify
from langqiao.engines.sm.sealed.errors import SealedError
from langqiao.engines.sm.sealed.opening import open_sealed
from langqiao.engines.sm.sealed.providers import KeyFile, KmeKeys, Patience
from langqiao.engines.sm.sealed.purse import KeysShort
from langqiao.engines.sm.sealed.receipt import Receipt, check_receipt, make_receipt
from langqiao.engines.sm.sealed.sealing import seal
from langqiao.engines.sm.sealed.trust import TrustedKeys
from langqiao.engines.sm.sealed.types import (
    Header,
    KeyProvider,
    Opened,
    Progress,
    Sealed,
    SealedInfo,
    SealKey,
    SealOptions,
)
from langqiao.engines.sm.sealed.vault import Vault

__all__ = [
    "Header",
    "KeyFile",
    "KeyProvider",
    "KeysShort",
    "KmeKeys",
    "Opened",
    "Patience",
    "Progress",
    "Receipt",
    "SealKey",
    "SealOptions",
    "Sealed",
    "SealedError",
    "SealedInfo",
    "TrustedKeys",
    "Vault",
    "check_receipt",
    "inspect",
    "make_receipt",
    "open_sealed",
    "seal",
    "verify",
]
