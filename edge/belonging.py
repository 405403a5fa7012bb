"""Who the terminal is while it runs: new card keys, and an identity that somebody replaced."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edge import identity as identities
from edge.identity import CardKey, Identity
from edge.workers import ask_for_keys

log = logging.getLogger(__name__)

KEYS_EVERY_S = 60.0


@dataclass(frozen=True, slots=True)
class KeysCame:
    """The server gave the card keys."""

    keys: list[CardKey]


class Belonging:
    """The identity, and its file."""

    def __init__(self, identity: Identity, file: Path, put: Callable[[Any], None]) -> None:
        self.identity = identity
        self._file, self._put = file, put
        self._asked_at = float("-inf")
        self._seen = self._stat()

    def look_for_keys(self, kids: Sequence[str], now: float) -> None:
        """Fetch the keys if one that is named isn't here; not more than once a minute."""
        if set(kids) <= {one.kid for one in self.identity.card_keys}:
            return
        if now - self._asked_at >= KEYS_EVERY_S:
            self._asked_at = now
            ask_for_keys(self.identity, lambda keys: self._put(KeysCame(keys)))

    def take_keys(self, keys: list[CardKey]) -> bool:
        """Use these card keys from now on; whether they are others than before."""
        if keys == self.identity.card_keys:
            return False
        self.identity = self.identity.model_copy(update={"card_keys": keys})
        try:
            identities.save(self._file, self.identity)
            self._seen = self._stat()
        except OSError as error:
            log.error("The new card keys are not kept: %s", error)
        log.info("The card keys are now %s", ", ".join(one.kid for one in keys))
        return True

    def was_replaced(self) -> bool:
        """Whether somebody provisioned it anew since the last look."""
        seen = self._stat()
        if seen == self._seen:
            return False
        self._seen = seen
        try:
            return identities.load(self._file) != self.identity
        except identities.NotProvisioned:
            return False

    def _stat(self) -> tuple[int, int] | None:
        try:
            found = self._file.stat()
        except OSError:
            return None
        return found.st_mtime_ns, found.st_ino
