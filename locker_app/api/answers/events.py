"""Answers from the event log, and about the state of the installation."""

from datetime import datetime
from typing import Any, Literal

from pydantic import Field

from locker_app.api.answers.base import Answer
from locker_app.queries.events import EventView


class EventAnswer(Answer):
    """One past fact."""

    id: int
    at: datetime
    kind: str = Field(examples=["LockerAssigned"])
    refused: bool
    actor: str
    origin: str = Field(examples=["web"])
    site_id: int | None
    bank_name: str | None
    queue_name: str | None
    charger_name: str | None
    terminal_name: str | None
    ticket_number: int | None
    locker_label: str | None
    person_name: str | None
    person_number: str | None
    reason: str | None
    details: dict[str, Any]


class EventsAnswer(Answer):
    """A page of the event log, newest first."""

    events: list[EventAnswer]
    next_before: int | None = Field(description="Ask for the next page with it; null at the end.")

    @classmethod
    def of(cls, events: list[EventView], limit: int) -> "EventsAnswer":
        """The page; a full one has a next."""
        return cls(
            events=[EventAnswer.model_validate(event) for event in events],
            next_before=events[-1].id if len(events) == limit else None,
        )


class HealthAnswer(Answer):
    """Whether this installation works."""

    status: Literal["ok", "down"]
    database: bool = Field(description="Whether the database answers.")
    terminals: Literal["connected", "away", "off"] = Field(
        description="Whether the broker of card terminals is there. The rest works without it."
    )
    version: str = Field(examples=["0.1.0"])
