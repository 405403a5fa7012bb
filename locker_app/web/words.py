"""Words that screens show for what the domain names by a letter or a class."""

import inspect
import re

from locker_app.domain import errors
from locker_app.domain.bookings import duration
from locker_app.domain.chargers import ChargingRules
from locker_app.domain.errors import code_of
from locker_app.domain.lockers import LockerStatus
from locker_app.domain.queues import QueueMode, TicketStatus

_NUMBER = re.compile(r"[1-9][0-9]{0,5}")

STATUS_WORDS: dict[str, str] = {
    LockerStatus.FREE.value: "free",
    LockerStatus.HELD.value: "held",
    LockerStatus.RESERVED.value: "held for someone",
    LockerStatus.OVERDUE.value: "overdue",
    LockerStatus.OUT_OF_SERVICE.value: "out of service",
}

ONLY_HERE = (
    "Phones can’t open this address: it means this machine alone. Start Cubby with "
    "CUBBY_HOST=0.0.0.0, or open this page by the address that others use."
)

ONLY_HERE_FOR_DEVICES = (
    "Other devices can’t open this address: it means this machine alone, which is right for a "
    "terminal that runs on it. For others start Cubby with CUBBY_HOST=0.0.0.0, or open this page "
    "by the address that they use."
)

TICKET_WORDS: dict[str, str] = {
    TicketStatus.WAITING.value: "waiting",
    TicketStatus.SERVING.value: "being helped",
    TicketStatus.DONE.value: "done",
    TicketStatus.NO_SHOW.value: "did not come",
    TicketStatus.WITHDRAWN.value: "left the line",
    TicketStatus.REMOVED.value: "removed by staff",
    TicketStatus.CLEARED.value: "cleared by a reset",
}

MODE_WORDS: dict[str, str] = {
    QueueMode.OPEN.value: "open",
    QueueMode.DRAINING.value: "finishing",
    QueueMode.CLOSED.value: "closed",
}

MODE_HINTS: dict[str, str] = {
    QueueMode.OPEN.value: "Everybody can take a ticket.",
    QueueMode.DRAINING.value: "No new tickets. Those in line are still helped.",
    QueueMode.CLOSED.value: "No new tickets. Those in line keep their place.",
}

SIGN_IN_REFUSALS: dict[str, str] = {
    "wrong_pin": "Wrong PIN. After five wrong ones in a row the number is locked for a while.",
    "number_locked": "Too many wrong tries: locked for 15 minutes. Staff can lift it at the desk.",
    "unknown_number": "This enrolment number is not known here. Check it, or ask at the desk.",
    "pin_not_chosen": "This number has no PIN yet. Choose one of 4 to 8 digits.",
    "pin_already_chosen": "This number already has a PIN. Enter it, or ask the desk to reset it.",
    "pins_differ": "The two PINs are not the same. Please type it again.",
    "wrong_password": "Wrong name or password.",
    "too_many_tries": "Too many tries from here. Wait a minute, then try again.",
    "bad_input": "A PIN has 4 to 8 digits, and is harder to guess than 1111 or 1234.",
    "not_signed_in": "Please sign in first.",
    "signed_out": "You are signed out.",
}

PASSWORD_REFUSALS: dict[str, str] = {
    "passwords_differ": "The two passwords are not the same. Please type it again.",
    "bad_input": "A password has 10 to 200 characters.",
    "wrong_password": "The old password is not right.",
    "number_locked": "Too many wrong tries: wait 15 minutes, then try again.",
    "too_many_tries": "Too many tries from here. Wait a minute, then try again.",
    "invitation_over": "This link has been used, or is too old. Ask for a new one.",
    "not_signed_in": "Please sign in first.",
    "changed": "Your password is changed. You are signed out on all other devices.",
}

JOIN_REFUSALS: dict[str, str] = {
    **{
        code_of(kind): inspect.getdoc(kind) or ""
        for kind in (
            *(errors.GroupNotAllowed, errors.WrongRoomPin, errors.QueueClosed, errors.HasTicket),
            *(errors.QueueDraining, errors.QueueFull, errors.GroupHasTicket, errors.NotAllowed),
            *(errors.NotSignedIn, errors.TooManyTries),
        )
    },
    "bad_input": "Please check what you entered: a group number has up to 20 letters and digits.",
}
"""Why a ticket was refused, by the code in the address: in words of ours alone, as anybody can
make up an address."""


BOOK_REFUSALS: dict[str, str] = {
    **{
        code_of(kind): inspect.getdoc(kind) or ""
        for kind in (
            *(errors.SpotTaken, errors.SpotOut, errors.SpotsFree, errors.HasBooking),
            *(errors.StayTooLong, errors.TooShort, errors.LimitReached, errors.CoolingOff),
            *(errors.NoLater, errors.InLineAlready, errors.NotAllowed, errors.NotSignedIn),
            *(errors.NotFound, errors.TooManyTries, errors.NothingBooked, errors.NotOverstayed),
        )
    },
    "bad_input": "Please check what you entered: choose when you leave.",
}
"""Why a charging spot was not booked, or the line not joined, by the code in the address."""


def why_not_booked(code: str, period: str, rules: ChargingRules | None) -> str:
    """Why a charging spot was not booked, or the line not joined, with the site's limit where that
    is why; `period` is that of the limit, `day` or `week`."""
    if rules is not None:
        limits = {"day": rules.day_minutes, "week": rules.week_minutes}
        most = limits.get(period)
        if code == "limit_reached" and most:
            return f"You may book {duration(most)} in one {period} here. Choose a shorter time."
        if code == "stay_too_long":
            return f"You may stay for {duration(rules.max_stay_minutes)} here at the longest."
    return BOOK_REFUSALS.get(code, "That did not work.")


def why_not_joined(code: str, number: str) -> str:
    """Why a ticket was refused, by the code and the ticket's number in the address, if they are
    any."""
    if code == "group_has_ticket" and _NUMBER.fullmatch(number):
        return str(errors.GroupHasTicket(int(number)))
    if code == "has_ticket" and _NUMBER.fullmatch(number):
        return str(errors.HasTicket(int(number)))
    return JOIN_REFUSALS.get(code, "That did not work.")
