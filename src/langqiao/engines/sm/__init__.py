"""Chinese commercial cryptography (商用密码) behind one small interface.

Built so far: the SM3 hash (GB/T 32905-2016), which chains the ledger.
"""

from __future__ import annotations

from langqiao.engines.sm.sm3 import DIGEST_BYTES, Sm3, sm3, sm3_file, sm3_hex

__all__ = ["DIGEST_BYTES", "Sm3", "sm3", "sm3_file", "sm3_hex"]
