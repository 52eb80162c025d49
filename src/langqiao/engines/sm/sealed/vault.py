"""A secret of this machine that wraps what a journal has to keep.

Keys from a KME are handed out once. To resume after a crash the journal must hold them, and it must not
hold them in the clear: it lies beside the film, on disks that are copied and sent. So they are sealed
under a key derived from a local secret, 32 random bytes in a file of mode 0600 that belongs elsewhere
(the home folder, not the film's disk).
"""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from pathlib import Path
from typing import Final

from langqiao.engines.sm.errors import SmError
from langqiao.engines.sm.kdf import hkdf_sm3
from langqiao.engines.sm.portable import PortableSm4Gcm
from langqiao.engines.sm.sealed.errors import SealedError
from langqiao.engines.sm.sm2 import write_private
from langqiao.engines.sm.sm4gcm import KEY_BYTES, NONCE_BYTES

SECRET_BYTES: Final = 32
_SALT_BYTES: Final = 16
_INFO: Final = b"langqiao/sealed/1 journal\0"


class Vault:
    """Wraps and unwraps under one local secret; printing it shows nothing."""

    def __init__(self, secret: bytes) -> None:
        if len(secret) != SECRET_BYTES:
            raise SealedError(f"the local secret has {SECRET_BYTES} bytes", kind="secret")
        self._secret = secret

    def __repr__(self) -> str:
        return "Vault()"

    @classmethod
    def at(cls, path: Path) -> Vault:
        """Read the local secret, or make one at the first use.

        Raises:
            SealedError: others can read the file, or it has another length (``kind`` is ``secret``).
            OSError: it can be neither read nor made.
        """
        try:
            stream = path.open("rb")
        except FileNotFoundError:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            draft = path.with_name(f"{path.name}.{os.getpid()}.{os.urandom(4).hex()}")
            write_private(draft, os.urandom(SECRET_BYTES))
            with suppress(FileExistsError):  # another process made it in the meantime: it is as good
                os.link(draft, path)  # whole, or not at all
            draft.unlink()
            stream = path.open("rb")
        with stream:
            if stat.S_IMODE(os.fstat(stream.fileno()).st_mode) & 0o077:
                raise SealedError(f"{path} can be read by others; `chmod 600` mends it", kind="secret")
            return cls(stream.read(SECRET_BYTES + 1))

    def _cipher(self, salt: bytes) -> tuple[PortableSm4Gcm, bytes]:
        okm = hkdf_sm3(self._secret, salt=salt, info=_INFO, length=KEY_BYTES + NONCE_BYTES)
        return PortableSm4Gcm(okm[:KEY_BYTES]), okm[KEY_BYTES:]

    def wrap(self, data: bytes, bound: bytes) -> bytes:
        """Return 16 bytes of salt, then SM4-GCM of the data under a key derived with it."""
        salt = os.urandom(_SALT_BYTES)
        cipher, nonce = self._cipher(salt)
        return salt + cipher.seal(nonce, data, bound)

    def unwrap(self, wrapped: bytes, bound: bytes) -> bytes:
        """Return the data.

        Raises:
            SealedError: wrapped under another secret, or changed (``kind`` is ``secret``).
        """
        cipher, nonce = self._cipher(wrapped[:_SALT_BYTES])
        try:
            return cipher.open(nonce, wrapped[_SALT_BYTES:], bound)
        except SmError as error:
            why = "the journal was changed, or was written under another local secret"
            raise SealedError(why, kind="secret") from error
