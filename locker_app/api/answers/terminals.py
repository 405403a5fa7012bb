"""Answers to devices that are, or become, card terminals."""

from typing import Self

from pydantic import Field

from locker_app.api.answers.base import Answer
from locker_app.brokers.address import Address
from locker_app.services.provisioning import Provisioned


class CardKeyAnswer(Answer):
    """A key by which the numbers of cards are hashed."""

    kid: str = Field(examples=["k1"])
    key: str = Field(description="Base64. A secret.")


class CardKeysAnswer(Answer):
    """The card keys in use, the newest first."""

    card_keys: list[CardKeyAnswer]

    @classmethod
    def of(cls, keys: list[tuple[str, str]]) -> Self:
        """From pairs of kid and key."""
        return cls(card_keys=[CardKeyAnswer(kid=kid, key=key) for kid, key in keys])


class BrokerAnswer(Answer):
    """Where the terminal connects to."""

    host: str
    port: int
    tls: bool
    ca: str | None = Field(
        description="PEM of who vouches for the broker; null: whom the device trusts anyway."
    )


class ProvisionedAnswer(CardKeysAnswer):
    """Who a device is from now on. All of it is secret, and said this once."""

    terminal: str = Field(
        description="User name, client id, and part of each topic.", examples=["t-kxwqmhzb"]
    )
    password: str
    site: str = Field(examples=["1"])
    name: str = Field(examples=["Lockers, ground floor"])
    broker: BrokerAnswer
    grant_key: str = Field(description="Base64. Grants for times without the server are signed.")

    @classmethod
    def made(cls, given: Provisioned, address: Address) -> Self:
        """From what provisioning gives, and where the broker is."""
        return cls(
            terminal=given.terminal,
            password=given.password,
            site=given.site,
            name=given.name,
            broker=BrokerAnswer.model_validate(address),
            card_keys=CardKeysAnswer.of(given.card_keys).card_keys,
            grant_key=given.grant_key,
        )
