"""Refusals: one small class each, whose docstring is the default message to the person.

A refusal is an expected answer ("Locker 17 is already yours"), never a log error. Adapters show
`str(error)`; machines read the stable `code`. What is unexpected is never one of these.
"""

import inspect
import re


class DomainError(Exception):
    """That did not work."""

    status = 409
    """HTTP status an adapter answers with (RFC 9110)."""

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message or inspect.getdoc(type(self)) or "")

    @property
    def code(self) -> str:
        """The stable name of this refusal, e.g. `none_free`; the same for ever once published."""
        return code_of(type(self))


def code_of(kind: type[DomainError]) -> str:
    """The stable code of a refusal class: its name in snake case."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", kind.__name__).lower()


class BadInput(DomainError):
    """Please check what you entered."""

    status = 422

    def __init__(self, message: str | None = None, *, field: str | None = None) -> None:
        super().__init__(message)
        self.field = field


class NotSignedIn(DomainError):
    """Please sign in first."""

    status = 401


class NotAllowed(DomainError):
    """Your account is not allowed to do this."""

    status = 403


class NotFound(DomainError):
    """This does not exist, or no longer."""

    status = 404


class UnknownNumber(DomainError):
    """This enrolment number is not known here. Check it, or ask at the desk."""

    status = 401


class PersonArchived(DomainError):
    """This enrolment number is not in use any more. Ask at the desk."""

    status = 401


class NumberTaken(DomainError):
    """Somebody else has this enrolment number."""


class PersonMoved(DomainError):
    """Somebody else has changed this person meanwhile. Close this, look again, then decide."""


class StillHolds(DomainError):
    """This person still has a locker, or one is held for them."""

    def __init__(self, labels: str = "") -> None:
        has = f"This person still has {labels}. " if labels else "This person still has a locker. "
        super().__init__(has + "Release it first, or say why it is released.")


class ImportMoved(DomainError):
    """This import has moved on meanwhile. Look again."""


class ImportHasErrors(DomainError):
    """Some rows are wrong. Mend the file, or import the good rows only."""


class NothingToImport(DomainError):
    """There is nothing in this file that would change anything."""


class WrongPin(DomainError):
    """Wrong PIN."""

    status = 401

    def __init__(self, tries_left: int) -> None:
        self.tries_left = tries_left
        tries = "1 try" if tries_left == 1 else f"{tries_left} tries"
        super().__init__(f"Wrong PIN. {tries} left before this number is locked for a while.")


class PinNotChosen(DomainError):
    """This number has no PIN yet. Choose one of 4 to 8 digits."""

    status = 401


class PinAlreadyChosen(DomainError):
    """This number already has a PIN. Enter it, or ask the desk to reset it."""


class PinsDiffer(DomainError):
    """The two PINs are not the same. Enter the same one twice."""

    status = 422


class PasswordsDiffer(DomainError):
    """The two passwords are not the same. Enter the same one twice."""

    status = 422


class NumberLocked(DomainError):
    """Too many wrong PINs: this number is locked for 15 minutes. Staff can reset it."""

    status = 429


class WrongPassword(DomainError):
    """Wrong name or password."""

    status = 401


class TooManyTries(DomainError):
    """Too many tries from here. Wait a minute, then try again."""

    status = 429

    def __init__(self, retry_after_seconds: int = 60) -> None:
        super().__init__()
        self.retry_after_seconds = retry_after_seconds


class ReasonNeeded(DomainError):
    """Please give a reason: it is kept in the history."""

    status = 422


class AlreadyHolds(DomainError):
    """You already have a locker."""

    def __init__(self, label: str) -> None:
        super().__init__(f"Locker {label} is already yours. Give it back to get another.")


class NoneFree(DomainError):
    """No locker is free here right now. Join the waiting list and the next one is held for you."""


class NoneAccessibleFree(DomainError):
    """No locker at accessible height is free. Take any locker, or join the waiting list."""


class NotHolding(DomainError):
    """This locker is not yours, or not any more."""


class NothingHeld(DomainError):
    """Nobody holds this locker right now."""


class DoorChanged(DomainError):
    """This locker has changed meanwhile, and nothing was done. Look again before you decide."""


class NoTimeLimit(DomainError):
    """This locker has no time limit: there is nothing to extend."""


class NoTerminal(DomainError):
    """This bank has no terminal that opens this door: it can't be opened from here."""


class TerminalAway(DomainError):
    """This terminal is not connected right now. Try again when it is."""


class TerminalRevoked(DomainError):
    """This terminal may not speak any more."""

    status = 403


class TerminalMoved(DomainError):
    """Somebody else has changed this terminal meanwhile. Look again before you decide."""


class NotSimulated(DomainError):
    """This terminal has a real reader: nobody can put a card on it from here."""


class CodeOver(DomainError):
    """This code is wrong, was used already, or is over 15 minutes old. Make a new one."""

    status = 403


class SaidOnce(DomainError):
    """This was done already, and what came of it is said only once. Make a new one."""


class UnknownCard(DomainError):
    """This card is nobody's here. Please see the desk."""

    status = 404


class CardIsRevoked(DomainError):
    """This card was blocked. Please see the desk."""

    status = 403


class CardTaken(DomainError):
    """This card is somebody else's. Revoke it there first."""


class TerminalBusy(DomainError):
    """This terminal is waiting for another person's card right now."""


class LinkOver(DomainError):
    """Nobody waits for this card any more."""


class VisitNeeded(DomainError):
    """Please tap in at the entrance first."""


class AlreadyInside(DomainError):
    """You are inside already. Please see the desk if you are not."""


class NotInside(DomainError):
    """This visit is over already."""


class ConfirmOver(DomainError):
    """The time to confirm this tap is over. Tap your card again."""


class NothingToConfirm(DomainError):
    """There is no tap to confirm."""


class AlreadyWaiting(DomainError):
    """You are already on the waiting list."""


class NotWaiting(DomainError):
    """You are not on the waiting list."""


class LockersFree(DomainError):
    """There is no need to wait: a locker is free. Take it."""


class HoldLapsed(DomainError):
    """The time to take this locker is over. Join the waiting list again."""


class HoldWaiting(DomainError):
    """A locker is being held for you. Take it, or let it go first."""


class AlreadyOutOfService(DomainError):
    """This locker is already out of service."""


class AlreadyInService(DomainError):
    """This locker is already in service."""


class GroupNotAllowed(DomainError):
    """This group is not on the list of this queue. Check the number, or ask."""

    status = 422

    def __init__(self, groups: str = "") -> None:
        known = f" It takes {groups}." if 0 < len(groups) <= 60 else ""
        super().__init__(f"This group is not on the list of this queue.{known}")


class WrongRoomPin(DomainError):
    """That is not the code of the room. Look at the display or the board there."""

    status = 403


class QueueClosed(DomainError):
    """This queue is closed. It takes no tickets now."""


class QueueDraining(DomainError):
    """This queue takes no more tickets: only those in line are still served."""


class QueueFull(DomainError):
    """The line is full. Try again when it has become shorter."""


class HasTicket(DomainError):
    """You have a ticket here already."""

    def __init__(self, number: int) -> None:
        self.number = number
        super().__init__(f"You are in line here already, with number {number}.")


class GroupHasTicket(DomainError):
    """Your group is in line already. Has it lost the ticket? Ask the staff to remove it."""

    # A number says no more than what hangs on the wall, and only who has it can look for it there.
    def __init__(self, number: int) -> None:
        self.number = number
        super().__init__(
            f"Your group is in line already, with number {number}. "
            "Has it lost the ticket? Ask the staff to remove it."
        )


class NotYourTicket(DomainError):
    """This ticket is not yours, or not open any more."""


class TicketMoved(DomainError):
    """This ticket has changed meanwhile. Look again."""


class NoStepsLeft(DomainError):
    """You can't step back any more here. Leave the line if you can't come."""


class LastInLine(DomainError):
    """You are the last in line already: nobody is there to let by."""


class AtWork(DomainError):
    """You are serving somebody. Complete that ticket first."""


class RulesChanged(DomainError):
    """Somebody else has changed these settings meanwhile. Load the page again to see them."""


class NothingToUndo(DomainError):
    """There is nothing to undo any more."""


class SiteClosed(DomainError):
    """No lockers are given out now: it is closed. Giving back is always possible."""

    def __init__(self, opens: str = "") -> None:
        again = f" It opens {opens}." if opens else ""
        super().__init__(
            f"No lockers are given out now: it is closed.{again} Giving back is always possible."
        )


class SpotTaken(DomainError):
    """This spot is taken for that time. Choose another one, or join the line."""

    def __init__(self, free_until: str = "") -> None:
        why = (
            f"This spot is booked from {free_until}. Leave by then, or choose another one."
            if free_until
            else None
        )
        super().__init__(why)


class SpotOut(DomainError):
    """This spot can't be used now. Choose another one."""


class SpotsFree(DomainError):
    """There is no need to wait: a spot is free. Take it."""


class HasBooking(DomainError):
    """You have a spot already. Stop that first, or move it here."""


class NotYourBooking(DomainError):
    """This booking is not yours."""


class BookingOver(DomainError):
    """This booking is over."""


class StayTooLong(DomainError):
    """That is longer than one may stay here."""

    status = 422
    field = "leaves_at"

    def __init__(self, until: str = "") -> None:
        super().__init__(f"You may stay until {until} at the longest." if until else None)


class TooShort(DomainError):
    """Choose a time to leave that is still to come."""

    status = 422
    field = "leaves_at"


class OthersWait(DomainError):
    """Others wait for a spot, so this stay can't be extended now."""

    def __init__(self, until: str = "") -> None:
        super().__init__(
            f"Others wait for a spot: you may stay until {until} at the longest." if until else None
        )


class LimitReached(DomainError):
    """You have used up what one may book here for now."""

    def __init__(self, message: str = "", period: str = "") -> None:
        super().__init__(message or None)
        self.period = period
        """Of which the limit is, `day` or `week`; empty when nobody asks."""


class CoolingOff(DomainError):
    """Your last stay ended a moment ago. Let others have a turn first."""

    def __init__(self, until: str = "") -> None:
        super().__init__(
            f"Your last stay ended a moment ago. You can book again at {until}." if until else None
        )


class NoLater(DomainError):
    """Spots can be booked here from now on, or for later today where the site allows that."""

    status = 422
    field = "starts_at"


class OfferOver(DomainError):
    """The time to accept this spot is over. It was offered to the next in line."""


class InLineAlready(DomainError):
    """You are in line for a spot here already."""


class NotInLine(DomainError):
    """You are not in line here, or not any more."""


class NoSnoozesLeft(DomainError):
    """You can't let another offer go by. Accept this one, or leave the line."""


class NothingBooked(DomainError):
    """Nobody has this spot right now."""


class NotOverstayed(DomainError):
    """This spot is booked, and its time is not over. Tell the staff if it stands empty."""


class NotReported(DomainError):
    """Nothing is reported about this spot, or it was seen to already."""


class ReportedOften(DomainError):
    """You have reported several spots today already. Please tell the staff."""

    status = 429


class ChargerMoved(DomainError):
    """This spot has changed meanwhile, and nothing was done. Look again before you decide."""


class WouldStrand(DomainError):
    """Somebody has, or waits for, what this would take away."""


class LastAdmin(DomainError):
    """This is the last admin of all sites who can sign in. Make another one first."""


class InvitationOver(DomainError):
    """This link has been used, or is too old. Ask whoever sent it for a new one."""

    status = 410


class KeyReused(DomainError):
    """This idempotency key was used for a different request. Send a new key."""

    status = 422
