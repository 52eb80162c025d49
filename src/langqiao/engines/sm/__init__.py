"""Chinese commercial cryptography (商用密码) behind small interfaces.

SM3 (GB/T 32905-2016), which chains the ledger; SM4-GCM (GB/T 32907-2016, RFC 8998) with two back ends; SM2
signatures (GB/T 32918); HKDF and HMAC over SM3; ML-KEM-768 for hybrids. Sealed files are in ``sealed``.
"""

from __future__ import annotations

from langqiao.engines.sm.errors import SmError, TagError
from langqiao.engines.sm.sm3 import DIGEST_BYTES, Sm3, sm3, sm3_file, sm3_hex

__all__ = ["DIGEST_BYTES", "Sm3", "SmError", "TagError", "sm3", "sm3_file", "sm3_hex"]
