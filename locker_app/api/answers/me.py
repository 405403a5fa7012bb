"""Answers about whoever asks: the session, the account, the lockers that are theirs."""

from datetime import datetime
from typing import Literal

from pydantic import Field

from locker_app.api.answers.base import Answer, StatusWord, in_words
from locker_app.domain.actors import Role
from locker_app.queries.mine import Claim
from locker_app.queries.scoped import Me


class SessionAnswer(Answer):
    """A session that was opened."""

    token: str = Field(description="For `Authorization: Bearer`. A secret: keep it.")
    kind: Literal["person", "staff", "visitor"]
    expires_at: datetime


class EndedAnswer(Answer):
    """Whether a session was there to end."""

    ended: bool


class PersonAnswer(Answer):
    """The person who asks."""

    number: str = Field(examples=["CS2021001"])
    name: str = Field(examples=["Rahul Sharma"])
    accessible: bool
    near_last: bool


class RoleAnswer(Answer):
    """A role, at one site, or, without one, at all."""

    site_id: int | None
    role: Role


class StaffAnswer(Answer):
    """The staff member who asks."""

    login: str = Field(examples=["admin"])
    name: str
    roles: list[RoleAnswer]


class ClaimAnswer(Answer):
    """A locker that the person who asks has, or that is held for them."""

    assignment_id: int
    wait_id: int | None = Field(description="To decline with, while it is only held for you.")
    site_id: int
    bank_id: int
    bank_name: str
    place: str
    label: str = Field(description="What stands on the door.", examples=["A17"])
    status: StatusWord
    since: datetime | None
    due_at: datetime | None
    held_until: datetime | None
    reminded: bool

    @classmethod
    def of(cls, claim: Claim) -> "ClaimAnswer":
        """The claim in words."""
        return cls.model_validate(in_words(claim))


class WaitAnswer(Answer):
    """A place in a waiting list."""

    wait_id: int
    site_id: int
    bank_id: int
    bank_name: str
    ahead: int = Field(description="How many are before you.")


class MeAnswer(Answer):
    """Who asks, and what is theirs."""

    kind: Literal["person", "staff"]
    person: PersonAnswer | None = None
    staff: StaffAnswer | None = None
    lockers: list[ClaimAnswer]
    waits: list[WaitAnswer]

    @classmethod
    def of(cls, me: Me) -> "MeAnswer":
        """The one who looks, as they may see themselves."""
        staff = me.staff and StaffAnswer(
            login=me.staff.login,
            name=me.staff.name,
            roles=[RoleAnswer(site_id=site_id, role=role) for site_id, role in me.staff.roles],
        )
        return cls(
            kind="person" if staff is None else "staff",
            person=me.person and PersonAnswer.model_validate(me.person),
            staff=staff,
            lockers=[ClaimAnswer.of(claim) for claim in me.claims],
            waits=[WaitAnswer.model_validate(wait) for wait in me.waits],
        )


class PreferencesAnswer(Answer):
    """The preferences as they are now."""

    accessible: bool
    near_last: bool
