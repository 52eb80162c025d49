"""SM4-GCM by libgcrypt through ctypes, several times as fast as the portable back end.

The library is found by the system's loader or named by ``LANGQIAO_LIBGCRYPT``. Versions before 1.11 lack the
bulk GCM code for SM4 (Debian 12 ships 1.10.1) and are refused unless ``LANGQIAO_LIBGCRYPT_ANY=1`` says
that any will do. Constants and prototypes are those of gcrypt.h, stable under version 20 of its binary
interface.
"""

from __future__ import annotations

import ctypes
import ctypes.util
import os
import re
from functools import cache
from typing import Final

from langqiao.engines.sm.errors import SmError, TagError
from langqiao.engines.sm.sm4gcm import NONCE_BYTES, TAG_BYTES, Readable, check_arguments

PATH_VARIABLE: Final = "LANGQIAO_LIBGCRYPT"
ANY_VARIABLE: Final = "LANGQIAO_LIBGCRYPT_ANY"
OLDEST: Final = (1, 11)
"""The first version with bulk SM4-GCM."""

_SM4: Final = 318
_GCM: Final = 9
_DISABLE_SECURE_MEMORY: Final = 37
_INITIALISED: Final = 38
_IS_INITIALISED: Final = 40
_CHECKSUM: Final = 10
"""GPG_ERR_CHECKSUM, the low 16 bits of an error: the tag is wrong."""


def _version(library: ctypes.CDLL) -> str:
    library.gcry_check_version.restype = ctypes.c_char_p
    library.gcry_check_version.argtypes = [ctypes.c_char_p]
    return (library.gcry_check_version(None) or b"").decode("ascii", "replace")


@cache
def library(path: str | None = None, any_version: bool | None = None) -> ctypes.CDLL:  # noqa: FBT001 - cached, so positional
    """Return the loaded and initialised library.

    Raises:
        SmError: it is not there, cannot be loaded, or is older than 1.11 (``kind`` is ``engine``).
    """
    place = path or os.environ.get(PATH_VARIABLE) or ctypes.util.find_library("gcrypt")
    if not place:
        raise SmError(f"libgcrypt is not installed; {PATH_VARIABLE} can name it", kind="engine")
    try:
        found = ctypes.CDLL(place)
        version = _version(found)
    except (OSError, AttributeError) as error:
        raise SmError(f"libgcrypt cannot be loaded from {place}: {error}", kind="engine") from error
    numbers = re.match(r"(\d+)\.(\d+)", version)
    allowed = os.environ.get(ANY_VARIABLE) == "1" if any_version is None else any_version
    if not allowed and (numbers is None or (int(numbers[1]), int(numbers[2])) < OLDEST):
        raise SmError(
            f"libgcrypt {version or '?'} is older than 1.11, the first with bulk SM4-GCM; "
            f"{ANY_VARIABLE}=1 allows it",
            kind="engine",
        )
    handle, size, text = ctypes.c_void_p, ctypes.c_size_t, ctypes.c_void_p
    for name, arguments in {
        "gcry_control": [ctypes.c_int, ctypes.c_int],
        "gcry_cipher_open": [ctypes.POINTER(handle), ctypes.c_int, ctypes.c_int, ctypes.c_uint],
        "gcry_cipher_setkey": [handle, text, size],
        "gcry_cipher_setiv": [handle, text, size],
        "gcry_cipher_authenticate": [handle, text, size],
        "gcry_cipher_encrypt": [handle, text, size, text, size],
        "gcry_cipher_decrypt": [handle, text, size, text, size],
        "gcry_cipher_gettag": [handle, text, size],
        "gcry_cipher_checktag": [handle, text, size],
        "gcry_cipher_close": [handle],
    }.items():
        function = getattr(found, name)
        function.argtypes, function.restype = arguments, ctypes.c_uint
    found.gcry_cipher_close.restype = None
    if not found.gcry_control(_IS_INITIALISED, 0):
        found.gcry_control(_DISABLE_SECURE_MEMORY, 0)
        found.gcry_control(_INITIALISED, 0)
    return found


def version() -> str:
    """Return the version of the library that :func:`library` loads.

    Raises:
        SmError: see :func:`library`.
    """
    return _version(library())


def _address(buffer: Readable) -> tuple[object, int]:
    """Return something ctypes takes as an address, and the length; nothing is copied from writable memory."""
    if isinstance(buffer, bytes):
        return ctypes.c_char_p(buffer), len(buffer)
    view = memoryview(buffer)
    if view.readonly:
        return ctypes.c_char_p(bytes(view)), len(view)
    return (ctypes.c_char * len(view)).from_buffer(view), len(view)


class LibgcryptSm4Gcm:
    """One key; see :class:`langqiao.engines.sm.sm4gcm.Sm4Gcm`. Every call opens a handle of its own."""

    def __init__(self, key: bytes) -> None:
        check_arguments(bytes(NONCE_BYTES), key)
        self._library = library()
        self._key = key

    def __repr__(self) -> str:
        return "LibgcryptSm4Gcm()"

    def _check(self, code: int) -> None:
        if code & 0xFFFF == _CHECKSUM:
            raise TagError
        if code:
            raise SmError(f"libgcrypt refused with code {code & 0xFFFF}", kind="engine")

    def _run(self, nonce: bytes, data: Readable, aad: bytes, out: memoryview, tag: bytes | None) -> bytes:
        """Encrypt (no ``tag``) or decrypt and check; return the tag."""
        lib, handle = self._library, ctypes.c_void_p()
        self._check(lib.gcry_cipher_open(ctypes.byref(handle), _SM4, _GCM, 0))
        try:
            self._check(lib.gcry_cipher_setkey(handle, self._key, len(self._key)))
            self._check(lib.gcry_cipher_setiv(handle, nonce, len(nonce)))
            self._check(lib.gcry_cipher_authenticate(handle, aad, len(aad)))
            source, length = _address(data)
            target, room = _address(out)
            work = lib.gcry_cipher_encrypt if tag is None else lib.gcry_cipher_decrypt
            self._check(work(handle, target, room, source, length))
            if tag is not None:
                self._check(lib.gcry_cipher_checktag(handle, tag, len(tag)))
                return tag
            made = ctypes.create_string_buffer(TAG_BYTES)
            self._check(lib.gcry_cipher_gettag(handle, made, TAG_BYTES))
            return made.raw
        finally:
            lib.gcry_cipher_close(handle)

    def seal(self, nonce: bytes, data: Readable, aad: bytes) -> bytes:
        """Return ciphertext and tag."""
        out = bytearray(len(data) + TAG_BYTES)
        self.seal_into(nonce, data, aad, memoryview(out))
        return bytes(out)

    def open(self, nonce: bytes, sealed: Readable, aad: bytes) -> bytes:
        """Return the plaintext, or raise TagError."""
        out = memoryview(bytearray(max(len(sealed), TAG_BYTES)))
        return bytes(out[: self.open_into(nonce, sealed, aad, out)])

    def seal_into(self, nonce: bytes, data: Readable, aad: bytes, out: memoryview) -> None:
        """Write ciphertext and tag."""
        check_arguments(nonce)
        length = len(data)
        out[length : length + TAG_BYTES] = self._run(nonce, data, aad, out, None)

    def open_into(self, nonce: bytes, sealed: Readable, aad: bytes, out: memoryview) -> int:
        """Write the plaintext and return its length, or raise TagError."""
        check_arguments(nonce)
        view = memoryview(sealed)
        if len(view) < TAG_BYTES:
            raise TagError
        self._run(nonce, view[:-TAG_BYTES], aad, out, bytes(view[-TAG_BYTES:]))
        return len(view) - TAG_BYTES
