"""Past facts, one small class each: what the event log keeps, the audit shows and the hub follows.

Fields whose names are columns of the log (`site_id`, `bank_id`, `locker_id`, `person_id`,
`staff_id`, `reason`) go there; the rest become its details. Facts hold ids, never names: whoever
is erased later leaves nothing in the log. Together they are enough to rebuild the tables.
"""

from dataclasses import dataclass
from datetime import datetime

from locker_app.domain.lockers import ReleaseCause, WaitOutcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """Something that happened, at a site or at none in particular."""

    site_id: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LockerFact(Fact):
    """Something that happened to one locker."""

    bank_id: int
    locker_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AssignmentFact(LockerFact):
    """Something that happened to one person's claim on one locker."""

    person_id: int
    assignment_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LockerAssigned(AssignmentFact):
    """A person got a locker, directly or by taking one held for them."""

    due_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LockerReserved(AssignmentFact):
    """A free locker is held for the person first in the waiting list."""

    wait_id: int
    held_until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class LockerReleased(AssignmentFact):
    """A locker is nobody's any more; `cause` says why."""

    cause: ReleaseCause
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldEnded(AssignmentFact):
    """A locker held for somebody was not taken in time, or was declined."""

    cause: ReleaseCause
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnReminded(AssignmentFact):
    """The holder was told that the time is nearly up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AssignmentOverdue(AssignmentFact):
    """The time limit passed with the locker still held."""

    notify_staff: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class LockerTakenOutOfService(LockerFact):
    """Staff took a door out of service."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LockerBackInService(LockerFact):
    """Staff put a door back into service."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitJoined(Fact):
    """A person joined a bank's waiting list."""

    bank_id: int
    person_id: int
    wait_id: int
    accessible: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitEnded(Fact):
    """A person left a bank's waiting list; `outcome` says how."""

    bank_id: int
    person_id: int
    wait_id: int
    outcome: WaitOutcome


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteCreated(Fact):
    """A site was set up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BankCreated(Fact):
    """A bank was set up with its lockers."""

    bank_id: int
    lockers: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonFact(Fact):
    """Something about one person."""

    person_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonAdded(PersonFact):
    """A person became known here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PinChosen(PersonFact):
    """A person chose or changed the PIN."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PinReset(PersonFact):
    """Staff reset a person's PIN and lifted its lock."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PreferencesChanged(PersonFact):
    """A person changed what kind of locker is preferred."""

    accessible: bool
    near_last: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonSignedIn(PersonFact):
    """A person signed in from one browser."""

    session_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffFact(Fact):
    """Something about one staff account."""

    staff_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffAdded(StaffFact):
    """A staff account was made."""

    role: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffSignedIn(StaffFact):
    """A staff member signed in from one browser."""

    session_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionEnded(Fact):
    """One browser's session is over: signed out, or revoked."""

    session_id: int
    person_id: int | None = None
    staff_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused(Fact):
    """A command was refused: which, and by what code."""

    command: str
    code: str
    bank_id: int | None = None
    locker_id: int | None = None
    person_id: int | None = None
    staff_id: int | None = None
    reason: str | None = None
