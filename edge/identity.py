"""Who this terminal is: what it got when it was provisioned. One file that only its owner reads."""

import base64
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from edge.files import write_whole
from edge.protocol import NAME


class NotProvisioned(Exception):
    """There is no identity, or none that can be used. The text says which."""


def _is_key(text: str) -> str:
    if len(base64.b64decode(text, validate=True)) < 16:
        raise ValueError("a key has at least 16 bytes")
    return text


Key = Annotated[str, Field(max_length=200), AfterValidator(_is_key)]
"""Base64 of at least 16 bytes."""


class _Part(BaseModel):
    model_config = ConfigDict(strict=True, frozen=True, extra="ignore")


class Broker(_Part):
    """Where the messages go."""

    host: Annotated[str, Field(min_length=1, max_length=253)]
    port: Annotated[int, Field(ge=1, le=65_535)]
    tls: bool = False
    ca: Annotated[str, Field(max_length=65_536)] | None = None
    """PEM of who signed the broker's certificate; without it those that the system trusts."""


class CardKey(_Part):
    """By which cards are told apart, and its name."""

    kid: Annotated[str, Field(pattern=r"^[a-z0-9]{1,8}$")]
    key: Key


class Provisioned(_Part):
    """The server's answer to a code that is good."""

    terminal: Annotated[str, Field(pattern=f"^{NAME}$")]
    password: Annotated[str, Field(min_length=1, max_length=200)]
    site: Annotated[str, Field(pattern=f"^{NAME}$")]
    name: Annotated[str, Field(max_length=200)]
    broker: Broker
    card_keys: Annotated[list[CardKey], Field(min_length=1, max_length=16)]
    grant_key: Key


class CardKeys(_Part):
    """The server's answer to who asks for the card keys."""

    card_keys: Annotated[list[CardKey], Field(min_length=1, max_length=16)]


class Identity(Provisioned):
    """What is kept of it."""

    server: Annotated[str, Field(max_length=500)]
    """Its URL."""
    server_ca: Annotated[str, Field(max_length=65_536)] | None = None
    """PEM of who signed the server's certificate, if it was named."""

    @property
    def signing_key(self) -> bytes:
        """By which grants are known to be the server's."""
        return base64.b64decode(self.grant_key)

    def keys(self, kids: Sequence[str]) -> dict[str, bytes]:
        """The card keys of these names that are here, in this order; if none is, all of them."""
        here = {one.kid: base64.b64decode(one.key) for one in self.card_keys}
        wanted = {kid: here[kid] for kid in kids if kid in here}
        return wanted or here


def load(path: Path) -> Identity:
    """The identity. Raises NotProvisioned."""
    try:
        return Identity.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        raise NotProvisioned("It was not provisioned yet.") from None
    except OSError as error:
        raise NotProvisioned(f"{path} can't be read: {error.strerror}.") from None
    except (ValidationError, ValueError):  # and nothing of what is in it, which is secret
        raise NotProvisioned(f"{path} is damaged.") from None


def save(path: Path, identity: Identity) -> None:
    """Keep it. Raises OSError."""
    write_whole(path, identity.model_dump_json(indent=1).encode())
