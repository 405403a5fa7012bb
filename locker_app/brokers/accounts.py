"""Accounts of a broker: names with hashes of passwords, in the file that Mosquitto reads.

Only hashes are kept. A terminal's password is long and random, made by a computer: hashing it
slowly would protect nothing, and cost a moment whenever all terminals come back at once.
"""

import base64
import hashlib
import hmac
import logging
import os
import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from locker_app.brokers.rights import BRIDGE, BRIDGES, HOME_ASSISTANT, PREFIX, acl_file, check_name

log = logging.getLogger(__name__)

PASSWORDS = "passwords"
ACL = "acl"
_ROUNDS = 101  # as mosquitto_passwd has it
_MOST_ROUNDS = 1_000_000
_LENGTH = 64
_SALT_BYTES = 12


@dataclass(frozen=True, slots=True)
class Account:
    """Who may connect. `password_hash` is what `password_hash()` has made."""

    name: str
    password_hash: str


def new_password() -> str:
    """A password for a program: 192 random bits, of characters that need no quoting anywhere."""
    return secrets.token_urlsafe(24)


def password_hash(password: str) -> str:
    """A hash that Mosquitto understands: PBKDF2 with SHA-512, as `mosquitto_passwd` makes it."""
    salt = secrets.token_bytes(_SALT_BYTES)
    made = _pbkdf2(password, salt, _ROUNDS)
    return f"$7${_ROUNDS}${base64.b64encode(salt).decode()}${base64.b64encode(made).decode()}"


def password_fits(password: str, kept: str) -> bool:
    """Whether the password has this hash. A hash that can't be read fits nothing."""
    try:
        empty, kind, rounds, salt, made = kept.split("$")
        if (empty, kind) != ("", "7") or not 1 <= int(rounds) <= _MOST_ROUNDS:
            return False
        again = _pbkdf2(password, base64.b64decode(salt, validate=True), int(rounds))
        return hmac.compare_digest(again, base64.b64decode(made, validate=True))
    except ValueError:
        return False


def _pbkdf2(password: str, salt: bytes, rounds: int) -> bytes:
    raw = password.encode(errors="surrogatepass")
    return hashlib.pbkdf2_hmac("sha512", raw, salt, rounds, _LENGTH)


def password_file(accounts: Iterable[Account]) -> str:
    """The accounts as Mosquitto reads them, by name."""
    lines = sorted(f"{account.name}:{account.password_hash}\n" for account in accounts)
    if any(line.count("\n") > 1 or line.count(":") > 1 for line in lines):
        raise ValueError("a name or a hash of an account has a colon or a line's end in it")
    return "".join(lines)


def read_password_file(text: str) -> dict[str, str]:
    """Hashes by name."""
    pairs = (line.partition(":") for line in text.splitlines() if ":" in line)
    return {name: kept for name, _, kept in pairs}


def kept_hash(folder: Path, password: str, name: str = BRIDGE) -> str:
    """The hash that the files have, so that nothing changes by starting again; else a new one.
    Empty for no password."""
    if not password:
        return ""
    path = folder / PASSWORDS
    kept = read_password_file(path.read_text()).get(name, "") if path.exists() else ""
    return kept if password_fits(password, kept) else password_hash(password)


FOR_THE_OWNER = 0o600
FOR_THE_GROUP = 0o640
"""For a Mosquitto that runs as another account: docs/terminals-broker.md."""


def write_privately(path: Path, text: str, mode: int = FOR_THE_OWNER) -> None:
    """Put a file in place as a whole, for its owner only: nobody ever reads half of it."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    new = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            new.chmod(mode)  # whatever the process leaves out of what it makes
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        new.replace(path)
    finally:
        new.unlink(missing_ok=True)


class Accounts:
    """The accounts of one broker, in a folder: the server's own, Home Assistant's, terminals'."""

    def __init__(
        self,
        folder: Path,
        bridge_hash: str,
        *,
        home_assistant: str = "",
        prefix: str = PREFIX,
        reload: Callable[[], None] = lambda: None,
        mode: int = FOR_THE_OWNER,
    ) -> None:
        """
        Args:
            folder: where the files are, or shall be.
            bridge_hash: of the server's own password.
            home_assistant: the hash of its password; empty, and it has no account.
            prefix: Home Assistant's.
            reload: makes the broker read the files again.
            mode: of the files.
        """
        self._mode = mode
        self._folder, self._prefix, self._reload = folder, prefix, reload
        own = dict.fromkeys(BRIDGES, bridge_hash)
        if home_assistant:
            own[HOME_ASSISTANT] = home_assistant
        self._own = own

    def prepare(self) -> None:
        """Have files there to start a broker with: who had an account keeps it."""
        kept = self._kept()
        kept.pop(HOME_ASSISTANT, None)
        self._write(Account(*pair) for pair in (kept | self._own).items())

    def sync(self, terminals: Iterable[Account]) -> bool:
        """Have these terminals, and no others. Whoever is in no longer loses the connection.

        Returns:
            Whether something changed, and the broker was told.

        Raises:
            ValueError: a name can't be a terminal's; nothing was changed.
            OSError: the files can't be written.
        """
        accounts = [Account(check_name(each.name), each.password_hash) for each in terminals]
        accounts += [Account(*pair) for pair in self._own.items()]
        if not self._write(accounts):
            return False
        log.info("The broker has %d accounts now", len(accounts))
        self._reload()
        return True

    def _kept(self) -> dict[str, str]:
        path = self._folder / PASSWORDS
        return read_password_file(path.read_text()) if path.exists() else {}

    def _write(self, accounts: Iterable[Account]) -> bool:
        texts = {ACL: acl_file(self._prefix), PASSWORDS: password_file(accounts)}
        changed = [name for name, text in texts.items() if self._differs(name, text)]
        for name in changed:
            write_privately(self._folder / name, texts[name], self._mode)
        return bool(changed)

    def _differs(self, name: str, text: str) -> bool:
        path = self._folder / name
        return not path.exists() or path.read_text() != text
