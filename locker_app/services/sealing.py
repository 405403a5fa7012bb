"""Sealing: what has to lie in the database for a while and is nobody's to read there, such as the
PINs of a file that is about to be imported. The keys are those that sign tokens, which lie
elsewhere."""

import hashlib
import os
from dataclasses import dataclass

_NONCE_BYTES = 12


@dataclass(frozen=True, slots=True)
class Seal:
    """Seals with the first of the keys, and opens what any of them sealed."""

    keys: tuple[str, ...]

    def close(self, data: bytes) -> bytes:
        """The data, so that nobody can read or change it without the keys."""
        nonce = os.urandom(_NONCE_BYTES)
        return nonce + _cipher(self.keys[0]).encrypt(nonce, data, None)

    def open(self, sealed: bytes) -> bytes | None:
        """The data again; None when none of the keys sealed this."""
        from cryptography.exceptions import InvalidTag

        for key in self.keys:
            try:
                return _cipher(key).decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], None)
            except (InvalidTag, ValueError):
                continue
        return None

    def close_text(self, text: str) -> str:
        """As `close`, as letters."""
        return self.close(text.encode()).hex()

    def open_text(self, sealed: str) -> str | None:
        """As `open`, of what `close_text` made."""
        data = self.open(bytes.fromhex(sealed))
        return None if data is None else data.decode()


def _cipher(key: str):
    """Loaded when it is needed: the start of the server need not wait for it."""
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    return AESGCM(hashlib.sha256(b"cubby seal " + key.encode()).digest())
