"""What the rest of the app knows of the broker."""

import hmac
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path


class Kind(StrEnum):
    """Whose program it is."""

    MOSQUITTO = "mosquitto"  # installed here, and our child
    EMBEDDED = "embedded"  # came with the Python packages, and our child
    OUTSIDE = "outside"  # somebody else runs it


class NoBroker(Exception):
    """Terminals can't be used. The message is a sentence that says why."""


@dataclass(frozen=True, slots=True)
class Broker:
    """Where the broker is, and the server's own account there.

    Of several processes of the server the first one connects as `user`; `rights.BRIDGES` has names
    for more of them, with the same password, where the broker is our child.
    """

    host: str
    port: int
    kind: Kind
    user: str
    password: str = field(repr=False)
    tls: bool = False
    ca_file: Path | None = None
    """Who vouches for the broker; without it those whom this machine trusts anyway."""
    manages_accounts: bool = True
    """Whether accounts that are made here reach the broker."""

    @property
    def development(self) -> bool:
        """Whether it forgets everything when it stops, so that it is only for trying things out."""
        return self.kind is Kind.EMBEDDED

    @property
    def words(self) -> str:
        """What to say about it in the panel."""
        return _WORDS[self.kind]

    def shared(self, topic_filter: str) -> str:
        """A subscription that the processes of the server share: each message comes to one of them.

        The group's name is a secret. Mosquitto lets anybody join any group and only then looks at
        rights, so that whoever knows the name makes messages vanish that were for the others.
        """
        group = hmac.new(self.password.encode(), b"group of the server", "sha256").hexdigest()
        return f"$share/{group[:32]}/{topic_filter}"


_WORDS = {
    Kind.MOSQUITTO: "Mosquitto, run by this server. Terminals on this machine can reach it.",
    Kind.EMBEDDED: "Development broker: it forgets everything when it stops, and only terminals "
    "on this machine can reach it. Install Mosquitto for real use.",
    Kind.OUTSIDE: "A broker that this server was told of.",
}
