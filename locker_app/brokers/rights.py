"""Who may publish and read what. Both brokers follow this one table: Mosquitto as a file, the
embedded one by `may_write` and `may_read`.

A terminal's name stands in each topic that it may use, so that it can only speak for itself. Its
site may be any: a terminal need not know it beforehand, and whoever reads checks that it is the
right one.
"""

import re
from dataclasses import dataclass

BRIDGE = "cubby"
"""The server's own account."""
BRIDGES = (BRIDGE, *(f"{BRIDGE}-{number}" for number in range(2, 9)))
"""One for each process of the server, as two connections can't have the same name."""
HOME_ASSISTANT = "home-assistant"
ROOT = "cubby/1"
STATES = "cubby/ha"
"""Where the states for Home Assistant are."""
PREFIX = "homeassistant"

_WRITES = ("avail", "info", "evt/#", "res", "display", "tele")
_READS = ("ack", "cmd/#", "cfg", "grants", "idle")
_NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?")
_SERVER = "srv"
"""Where a terminal's name would stand, in what the server says to all."""


@dataclass(frozen=True, slots=True)
class Rights:
    """Filters of topics that an account may publish below, and read."""

    writes: tuple[str, ...]
    reads: tuple[str, ...]


def check_name(name: str) -> str:
    """A name that a terminal's account can have: small letters, digits and dashes.

    Raises:
        ValueError: it can't be a terminal's.
    """
    if not _NAME.fullmatch(name) or name in {*BRIDGES, HOME_ASSISTANT, _SERVER}:
        raise ValueError(f"no name for a terminal's account: {name!r}")
    return name


def rights_of(name: str, prefix: str = PREFIX) -> Rights:
    """What an account may do.

    Args:
        name: of the account.
        prefix: Home Assistant's, below which it finds new devices.
    """
    if name in BRIDGES:
        everything = (f"{ROOT}/#", f"{STATES}/#", f"{prefix}/#")
        return Rights(everything, _once(*everything, f"{PREFIX}/status"))
    if name == HOME_ASSISTANT:
        births = _once(f"{prefix}/status", f"{PREFIX}/status")
        return Rights(births, (f"{prefix}/#", f"{STATES}/#"))
    return _of_terminal(name)


def _once(*topics: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(topics))


def _of_terminal(name: str) -> Rights:
    own = f"{ROOT}/+/{name}"
    return Rights(
        tuple(f"{own}/{topic}" for topic in _WRITES),
        (*(f"{own}/{topic}" for topic in _READS), f"{ROOT}/+/{_SERVER}/state"),
    )


def may_write(rights: Rights, topic: str) -> bool:
    """Whether something may be published there."""
    plain = topic and "+" not in topic and "#" not in topic
    return bool(plain) and any(covers(allowed, topic) for allowed in rights.writes)


def may_read(rights: Rights, topic_filter: str) -> bool:
    """Whether it may be subscribed to: all that the filter could ever match is allowed."""
    return any(covers(allowed, topic_filter) for allowed in rights.reads)


def covers(allowed: str, asked: str) -> bool:
    """Whether a filter matches at least all that another filter, or topic, does."""
    mine, theirs = allowed.split("/"), asked.split("/")
    for place, level in enumerate(mine):
        if level == "#":
            return True
        if place == len(theirs) or theirs[place] == "#":
            return False
        if level not in ("+", theirs[place]):
            return False
    return len(mine) == len(theirs)


def acl_file(prefix: str = PREFIX) -> str:
    """The rights as Mosquitto reads them. Nothing in it depends on which terminals there are."""
    lines = ["# Written by Cubby: what is changed here is lost."]
    for name in (*BRIDGES, HOME_ASSISTANT):
        lines += ["", f"user {name}", *_lines("topic", rights_of(name, prefix))]
    lines += ["", *_lines("pattern", _of_terminal("%u"))]
    return "\n".join(lines) + "\n"


def _lines(kind: str, rights: Rights) -> list[str]:
    return [f"{kind} write {topic}" for topic in rights.writes] + [
        f"{kind} read {topic}" for topic in rights.reads
    ]
