"""SM4-GCM and SM4-GMAC by PyCA cryptography (OpenSSL): the back end that is always there."""

from __future__ import annotations

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from langqiao.engines.sm.errors import TagError
from langqiao.engines.sm.sm4gcm import NONCE_BYTES, TAG_BYTES, Readable, check_arguments


class PortableSm4Gcm:
    """One key; see :class:`langqiao.engines.sm.sm4gcm.Sm4Gcm`."""

    def __init__(self, key: bytes) -> None:
        check_arguments(bytes(NONCE_BYTES), key)
        self._algorithm = algorithms.SM4(key)

    def __repr__(self) -> str:
        return "PortableSm4Gcm()"

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
        """Write ciphertext and tag; OpenSSL wants room for a block more, which is where the tag goes."""
        check_arguments(nonce)
        worker = Cipher(self._algorithm, modes.GCM(nonce)).encryptor()
        worker.authenticate_additional_data(aad)
        length = worker.update_into(data, out)
        worker.finalize()
        out[length : length + TAG_BYTES] = worker.tag

    def open_into(self, nonce: bytes, sealed: Readable, aad: bytes, out: memoryview) -> int:
        """Write the plaintext and return its length, or raise TagError."""
        check_arguments(nonce)
        view = memoryview(sealed)
        if len(view) < TAG_BYTES:
            raise TagError
        worker = Cipher(self._algorithm, modes.GCM(nonce, bytes(view[-TAG_BYTES:]))).decryptor()
        worker.authenticate_additional_data(aad)
        length = worker.update_into(view[:-TAG_BYTES], out)
        try:
            worker.finalize()
        except InvalidTag as error:
            raise TagError from error
        return length


def sm4_gmac(key: bytes, nonce: bytes, data: Readable) -> bytes:
    """Return the 16-byte GMAC (NIST SP 800-38D) of ``data``: SM4-GCM with nothing to encrypt.

    Several gigabytes a second, since only the polynomial hash runs over the data.

    Raises:
        SmError: key or nonce has another length.
    """
    check_arguments(nonce, key)
    worker = Cipher(algorithms.SM4(key), modes.GCM(nonce)).encryptor()
    worker.authenticate_additional_data(data)
    worker.finalize()
    return worker.tag
