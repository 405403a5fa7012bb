"""Answers about sites, banks and doors."""

from datetime import datetime

from pydantic import Field

from locker_app.api.answers.base import STATUS_WORDS, Answer, StatusWord, in_words
from locker_app.domain.lockers import LockerStatus, label
from locker_app.queries.lockers import BankView, Holder


class SiteAnswer(Answer):
    """A building or facility."""

    id: int
    name: str = Field(examples=["Central Library"])
    time_zone: str = Field(examples=["Europe/Vienna"])
    hold_minutes: int = Field(description="How long a locker is held for who waits.")


class BankCountsAnswer(Answer):
    """How full a bank is."""

    id: int
    site_id: int
    name: str
    place: str
    total: int
    free: int
    held: int
    reserved: int
    overdue: int
    out_of_service: int
    waiting: int


class DoorAnswer(Answer):
    """One door, as everybody may see it."""

    id: int
    number: int
    label: str = Field(examples=["A17"])
    accessible: bool
    status: StatusWord


class HolderAnswer(Answer):
    """Who has a door, or why it is out of service."""

    locker_id: int
    assignment_id: int | None
    status: StatusWord
    person_name: str | None
    person_number: str | None
    since: datetime | None
    until: datetime | None
    service_reason: str | None
    note: str = Field(description="Of staff, on this door; empty without one.")

    @classmethod
    def of(cls, holder: Holder) -> "HolderAnswer":
        """The holder in words."""
        return cls.model_validate(in_words(holder))


class BankAnswer(Answer):
    """A bank with its doors."""

    id: int
    site_id: int
    name: str
    place: str
    limit_minutes: int | None
    waiting: int
    lockers: list[DoorAnswer]
    holders: list[HolderAnswer] | None = Field(
        description="For staff who may see names; for everybody else null."
    )

    @classmethod
    def of(cls, bank: BankView, holders: list[Holder] | None) -> "BankAnswer":
        """The bank, door by door."""
        low = set(bank.accessible)
        doors = zip(bank.locker_ids, bank.numbers, bank.doors, strict=True)
        return cls(
            id=bank.id,
            site_id=bank.site_id,
            name=bank.name,
            place=bank.place,
            limit_minutes=bank.limit_minutes,
            waiting=len(bank.line),
            lockers=[
                DoorAnswer(
                    id=locker_id,
                    number=number,
                    label=label(bank.prefix, number),
                    accessible=number in low,
                    status=STATUS_WORDS[LockerStatus(letter)],
                )
                for locker_id, number, letter in doors
            ],
            holders=None if holders is None else [HolderAnswer.of(holder) for holder in holders],
        )
