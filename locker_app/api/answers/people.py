"""Answers about people, for staff."""

from datetime import datetime
from typing import Literal

from pydantic import Field

from locker_app.api.answers.base import Answer
from locker_app.api.answers.me import ClaimAnswer, WaitAnswer
from locker_app.domain.people import version_of
from locker_app.queries.people_imports import ImportRow
from locker_app.queries.people_list import PersonRow
from locker_app.queries.scoped_people import PersonSeen

Status = Literal[
    "reading", "choosing", "ready", "hashing", "applying", "done", "discarded", "stopped"
]


class PersonRowAnswer(Answer):
    """A person in the list."""

    id: int
    number: str = Field(examples=["CS2021001"])
    name: str = Field(examples=["Rahul Sharma"])
    accessible: bool
    has_pin: bool = Field(description="Else they choose one when they sign in.")
    archived_at: datetime | None


class PeopleAnswer(Answer):
    """A page of the list: by name, or by number when a number is looked for."""

    people: list[PersonRowAnswer]
    next_after: int | None = Field(description="Ask for the next page with it; null at the end.")

    @classmethod
    def of(cls, rows: list[PersonRow], limit: int) -> "PeopleAnswer":
        """The page; a full one has a next."""
        return cls(
            people=[PersonRowAnswer.model_validate(row) for row in rows],
            next_after=rows[-1].id if len(rows) == limit else None,
        )


class OpenTicketAnswer(Answer):
    """A place in a line."""

    ticket_id: int
    queue_id: int
    queue_name: str
    number: int
    status: str
    joined_at: datetime


class PersonSeenAnswer(PersonRowAnswer):
    """A person, with what they have at the sites that you see."""

    near_last: bool
    locked_until: datetime | None = Field(description="After wrong PINs.")
    created_at: datetime
    version: str = Field(description="To change them with, only while this is still so.")
    lockers: list[ClaimAnswer]
    waits: list[WaitAnswer]
    tickets: list[OpenTicketAnswer]

    @classmethod
    def of(cls, seen: PersonSeen) -> "PersonSeenAnswer":
        """The person with what they have."""
        card = {name: getattr(seen.card, name) for name in seen.card.__slots__}
        return cls(
            **card,
            version=version_of(card["number"], card["name"], card["accessible"], card["near_last"]),
            lockers=[ClaimAnswer.of(claim) for claim in seen.claims],
            waits=[WaitAnswer.model_validate(wait) for wait in seen.waits],
            tickets=[OpenTicketAnswer.model_validate(ticket) for ticket in seen.tickets],
        )


class NewPersonAnswer(Answer):
    """Who was made known."""

    id: int


class ChangedAnswer(Answer):
    """Whether anything changed."""

    changed: bool


class NewImportAnswer(Answer):
    """The import of the file that was sent."""

    id: int


class ImportCardAnswer(Answer):
    """An import among others."""

    id: int
    file_name: str = Field(examples=["students.csv"])
    status: Status = Field(
        description="`choosing` waits for columns, `ready` for somebody to confirm it."
    )
    by: str = Field(description="Who has sent it; empty for the operator at the shell.")
    created_at: datetime
    finished_at: datetime | None
    total: int = Field(description="Records, once they are counted.")
    new: int
    changed: int
    wrong: int


class ImportsAnswer(Answer):
    """The last imports, the newest first."""

    imports: list[ImportCardAnswer]


class ImportAnswer(ImportCardAnswer):
    """One import."""

    progress: int = Field(description="Of what is done now: records, or PINs.")
    same: int
    back: int = Field(description="Of the changed, who comes back from the archive.")
    pins: int = Field(description="PINs to hash, before anybody is changed.")
    good_only: bool
    why: str = Field(description="Why it was stopped.")
    encoding: str = Field(examples=["utf-8"])
    guessed: bool = Field(description="Whether the encoding is a guess.")
    delimiter: str
    head: list[str] = Field(description="The cells of the first record.")
    columns: dict[str, int]
    has_head: bool


class ImportRowAnswer(Answer):
    """A row of a file: what it says, or what is wrong with it."""

    line: int
    kind: Literal["new", "changed", "same", "wrong"]
    number: str
    name: str
    accessible: bool | None
    has_pin: bool
    field: str = Field(description="Which field is wrong; empty for the row as a whole.")
    why: str
    said: str = Field(description="What stands there.")


class ImportRowsAnswer(Answer):
    """Rows of one kind, by their lines."""

    rows: list[ImportRowAnswer]
    next_after: int | None = Field(description="Ask for the next page with it; null at the end.")

    @classmethod
    def of(cls, rows: list[ImportRow], limit: int) -> "ImportRowsAnswer":
        """The page; a full one has a next."""
        return cls(
            rows=[ImportRowAnswer.model_validate(row) for row in rows],
            next_after=rows[-1].line if len(rows) == limit else None,
        )
