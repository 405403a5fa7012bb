"""Past facts, one small class each: what the event log keeps, the audit shows and the hub follows.

Fields whose names are columns of the log (`site_id`, `bank_id`, `locker_id`, `queue_id`,
`charger_id`, `terminal_id`, `person_id`, `staff_id`, `reason`) go there; the rest become its
details. Facts hold ids, never names: whoever is erased later leaves nothing in the log. Together
they are enough to rebuild the tables. Those of terminals, cards and visits are in
`domain.terminal_facts`; `domain.fact_kinds` has all.
"""

from dataclasses import dataclass
from datetime import datetime

from locker_app.domain.bookings import EndCause, LineOutcome
from locker_app.domain.lockers import ReleaseCause, WaitOutcome
from locker_app.domain.queues import CallCause, QueueMode, TicketStatus


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
class LimitExtended(AssignmentFact):
    """Staff let the holder keep the locker longer; what was overdue is not any more."""

    due_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldExtended(AssignmentFact):
    """Staff gave somebody longer to take the locker that is held for them."""

    held_until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class LockerTakenOutOfService(LockerFact):
    """Staff took a door out of service."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LockerBackInService(LockerFact):
    """Staff put a door back into service."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LockerNoted(LockerFact):
    """Staff wrote or changed the note on a door, which the log doesn't keep."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LockerNoteRemoved(LockerFact):
    """Staff took the note off a door."""


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
class QueueFact(Fact):
    """Something that happened to one queue."""

    queue_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueCreated(QueueFact):
    """A queue was set up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueRulesChanged(QueueFact):
    """Staff changed the rules of a queue; `changed` names which."""

    changed: str


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueModeChanged(QueueFact):
    """A queue was opened, closed, or takes no more tickets."""

    mode: QueueMode


@dataclass(frozen=True, slots=True, kw_only=True)
class QueuePaused(QueueFact):
    """Staff take a break: nobody is called, tickets are still given."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueResumed(QueueFact):
    """The break is over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueAnnounced(QueueFact):
    """Staff told everybody in the line something, or took it away."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueReset(QueueFact):
    """All tickets were cleared and numbers begin at 1 again."""

    round: int
    cleared: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskLabelled(QueueFact):
    """A staff member said at which desk they serve."""

    staff_id: int
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketFact(QueueFact):
    """Something that happened to one ticket; whose it is, by person or by visitor's session."""

    ticket_id: int
    ticket_number: int
    person_id: int | None
    visitor_id: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketTaken(TicketFact):
    """Somebody joined the line."""

    group_number: str
    round: int
    place: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketCalled(TicketFact):
    """It is this ticket's turn: at whose desk, or, for the first of a round, at none yet."""

    server_id: int | None
    cause: CallCause


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketCompleted(TicketFact):
    """Staff helped the holder."""

    server_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketNoShow(TicketFact):
    """The holder was called and did not come."""

    server_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketPutBack(TicketFact):
    """Staff put the ticket back into the line."""

    place: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketSteppedBack(TicketFact):
    """The holder let the next one by."""

    place: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketSpaced(TicketFact):
    """Room was made between places in the line; who comes after whom is as before."""

    place: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketWithdrawn(TicketFact):
    """The holder left the line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketRemoved(TicketFact):
    """Staff took the ticket out of the line: its holder can't, or doesn't come."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketCleared(TicketFact):
    """The queue was reset."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketAsked(TicketFact):
    """The holder wrote, changed or removed the question, which the log doesn't keep."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketNoted(TicketFact):
    """Staff wrote, changed or removed a note, which the log doesn't keep."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketClaimed(TicketFact):
    """A visitor signed in: the ticket is that person's now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketRestored(TicketFact):
    """A press was undone: the ticket is again as it was."""

    status: TicketStatus
    server_id: int | None
    place: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteCreated(Fact):
    """A site was set up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BankCreated(Fact):
    """A bank was set up with its lockers."""

    bank_id: int
    lockers: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteRulesChanged(Fact):
    """Somebody changed the rules of a site; `changed` names which."""

    changed: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteOpened(Fact):
    """The hours of a site began: lockers are given out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteShut(Fact):
    """The hours of a site ended: lockers are only given back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteArchived(Fact):
    """A site is in use no more. What happened there stays known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteRestored(Fact):
    """A site that was archived is in use again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BankFact(Fact):
    """Something about a bank as a whole."""

    bank_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BankRulesChanged(BankFact):
    """Somebody changed the rules of a bank; `changed` names which."""

    changed: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BankDoorsChanged(BankFact):
    """Doors were added, removed, or are of another height or size: which, by their numbers."""

    added: str
    removed: str
    altered: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BankRenumbered(BankFact):
    """The doors of a bank have other numbers, in the same order, from the first on."""

    first: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BankArchived(BankFact):
    """A bank is in use no more. What happened there stays known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BankRestored(BankFact):
    """A bank that was archived is in use again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldProlonged(AssignmentFact):
    """A hold lasts longer than was said: the hours of its site were changed."""

    held_until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargingRulesChanged(Fact):
    """Somebody changed the rules of a site's charging spots; `changed` names which."""

    changed: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargerFact(Fact):
    """Something that happened to one charging spot."""

    charger_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargerCreated(ChargerFact):
    """A charging spot was set up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargerChanged(ChargerFact):
    """Somebody changed what is said about a charging spot; `changed` names which."""

    changed: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargerArchived(ChargerFact):
    """A charging spot is in use no more. What happened there stays known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargerRestored(ChargerFact):
    """A charging spot that was archived is in use again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargerTakenOutOfService(ChargerFact):
    """Staff took a charging spot out of service."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargerBackInService(ChargerFact):
    """Staff put a charging spot back into service."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargerReported(ChargerFact):
    """Somebody found the spot taken though it was theirs or free: staff should look."""

    person_id: int | None
    visitor_id: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargerCleared(ChargerFact):
    """Staff have seen to a report: the spot is given again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BookingFact(ChargerFact):
    """Something that happened to one booking; whose it is, by person or by visitor's session."""

    booking_id: int
    person_id: int | None
    visitor_id: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class BookingMade(BookingFact):
    """Somebody booked a spot, for now or for later, or accepted the one offered."""

    starts_at: datetime
    leaves_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class BookingBegun(BookingFact):
    """The stay began."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BookingBlocked(BookingFact):
    """The stay should begin, and somebody is still there: its holder can wait, or move."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HolderCame(BookingFact):
    """The holder said that they are there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaveChanged(BookingFact):
    """The holder said another time to leave."""

    leaves_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class BookingMoved(BookingFact):
    """It is on this spot now, and was on another one."""

    from_charger_id: int
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaveReminded(BookingFact):
    """The holder was told that the time is nearly up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BookingOverstayed(BookingFact):
    """Time and grace are over, and nobody has stopped it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BookingEnded(BookingFact):
    """The spot is nobody's any more; `cause` says why."""

    cause: EndCause
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SpotOffered(BookingFact):
    """A free spot is held for the next in line."""

    wait_id: int
    held_until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferEnded(BookingFact):
    """A spot held for somebody was not accepted; `cause` says why."""

    cause: EndCause
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BookingClaimed(BookingFact):
    """A visitor signed in: the booking, or the offer, is that person's now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LineFact(Fact):
    """Something about one place in the line for the spots of a site."""

    wait_id: int
    person_id: int | None
    visitor_id: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LineJoined(LineFact):
    """Somebody waits for a charging spot; `first` before all others."""

    first: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class LineSnoozed(LineFact):
    """Somebody let an offer go by and keeps the place."""

    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class LineLeft(LineFact):
    """Somebody waits for a charging spot no more; `outcome` says how."""

    outcome: LineOutcome
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LineClaimed(LineFact):
    """A visitor signed in: the place in the line is that person's now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonFact(Fact):
    """Something about one person."""

    person_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonAdded(PersonFact):
    """A person became known here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonChanged(PersonFact):
    """Staff changed what is known of a person; `changed` says which fields, not to what."""

    changed: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonArchived(PersonFact):
    """A person signs in here no more, and is kept for the history."""

    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonUnarchived(PersonFact):
    """A person came back from the archive."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonErased(PersonFact):
    """Name, number and all that said who this was are gone; what happened stays, and nobody's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportFact(Fact):
    """Something about one import of people."""

    import_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PeopleImportOpened(ImportFact):
    """Staff sent a file of people, which is looked through."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PeopleImportReread(ImportFact):
    """Staff have said how a file of people is to be read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PeopleImportConfirmed(ImportFact):
    """Staff want it done; `good_only` without the rows in which something is wrong."""

    good_only: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PeopleImported(ImportFact):
    """The people of a file are known here now, all of them at this moment."""

    added: int
    changed: int
    left_out: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PeopleImportEnded(ImportFact):
    """Nothing came of it: `outcome` is discarded or stopped."""

    outcome: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NamesForgotten(Fact):
    """What happened before a time says no longer to whom: how many rows of each kind."""

    before: datetime
    events: int
    assignments: int
    waits: int
    tickets: int
    bookings: int
    places: int
    visits: int
    sessions: int


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
class StaffPasswordSet(StaffFact):
    """A staff account has a new password."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffInvited(StaffFact):
    """Somebody made a link by which a staff member chooses a password."""

    invitation_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffChanged(StaffFact):
    """A staff account has another name, other roles, or another password; `changed` says which."""

    changed: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffDisabled(StaffFact):
    """A staff account can't sign in any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffEnabled(StaffFact):
    """A staff account that was disabled can sign in again."""


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
    queue_id: int | None = None
    charger_id: int | None = None
    terminal_id: int | None = None
    person_id: int | None = None
    staff_id: int | None = None
    reason: str | None = None
