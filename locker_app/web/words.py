"""Words that screens show for what the domain names by a letter or a class."""

import inspect
import re

from locker_app.domain import errors
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

EVENT_WORDS: dict[str, str] = {
    "LockerAssigned": "got a locker",
    "LockerReserved": "locker held for the next in line",
    "LockerReleased": "locker released",
    "HoldEnded": "hold ended",
    "ReturnReminded": "reminded to give it back",
    "AssignmentOverdue": "overdue",
    "LockerTakenOutOfService": "taken out of service",
    "LockerBackInService": "back in service",
    "WaitJoined": "joined the waiting list",
    "WaitEnded": "left the waiting list",
    "QueueCreated": "queue set up",
    "QueueRulesChanged": "rules of the queue changed",
    "QueueModeChanged": "queue opened or closed",
    "QueuePaused": "break began",
    "QueueResumed": "break ended",
    "QueueAnnounced": "announcement",
    "QueueReset": "queue reset",
    "DeskLabelled": "desk named",
    "TicketTaken": "took a ticket",
    "TicketCalled": "ticket called",
    "TicketCompleted": "ticket done",
    "TicketNoShow": "did not come",
    "TicketPutBack": "put back into the line",
    "TicketSteppedBack": "let the next one by",
    "TicketSpaced": "room made in the line",
    "TicketWithdrawn": "left the line",
    "TicketRemoved": "removed from the line",
    "TicketCleared": "ticket cleared by a reset",
    "TicketAsked": "question changed",
    "TicketNoted": "note changed",
    "TicketClaimed": "ticket taken along when signing in",
    "TicketRestored": "press undone",
    "SiteCreated": "site set up",
    "BankCreated": "bank set up",
    "PersonAdded": "person added",
    "PinChosen": "chose a PIN",
    "PinReset": "PIN reset",
    "PreferencesChanged": "preferences changed",
    "PersonSignedIn": "signed in",
    "StaffAdded": "staff account made",
    "StaffPasswordSet": "new password for staff",
    "StaffSignedIn": "staff signed in",
    "SessionEnded": "signed out",
    "Refused": "refused",
}

CODE_WORDS: dict[str, str] = {
    "already_holds": "has one already",
    "already_waiting": "waits already",
    "none_free": "none was free",
    "none_accessible_free": "none at accessible height was free",
    "lockers_free": "one was free",
    "not_holding": "not theirs",
    "not_waiting": "was not waiting",
    "nothing_held": "nobody had it",
    "hold_lapsed": "the time was over",
    "hold_waiting": "one was held for them",
    "already_out_of_service": "already out of service",
    "already_in_service": "already in service",
    "group_not_allowed": "group not on the list",
    "wrong_room_pin": "wrong code of the room",
    "queue_closed": "was closed",
    "queue_draining": "took no more tickets",
    "queue_full": "line was full",
    "has_ticket": "has a ticket already",
    "group_has_ticket": "group was in line already",
    "not_your_ticket": "not their ticket",
    "ticket_moved": "ticket had changed",
    "no_steps_left": "no steps back left",
    "last_in_line": "was last in line",
    "at_work": "was helping somebody",
    "rules_changed": "others had changed them",
    "nothing_to_undo": "nothing to undo",
    "open": "open",
    "draining": "only those in line",
    "closed": "closed",
    "first": "first of the round",
    "next": "next in line",
    "chosen": "out of order",
    "not_signed_in": "not signed in",
    "not_allowed": "no right to",
    "reason_needed": "no reason given",
    "unknown_number": "number not known",
    "wrong_pin": "wrong PIN",
    "wrong_password": "wrong password",
    "number_locked": "locked after wrong tries",
    "pin_already_chosen": "has a PIN already",
    "not_found": "no such thing",
    "bad_input": "not valid",
    "given_back": "given back",
    "forced": "by staff",
    "overdue": "time was over",
    "lapsed": "not taken in time",
    "declined": "declined",
}

COMMAND_WORDS: dict[str, str] = {
    "take_locker": "get a locker",
    "give_back": "give back",
    "force_release": "force release",
    "take_out_of_service": "take out of service",
    "put_back_in_service": "put back in service",
    "join_waiting": "join the waiting list",
    "leave_waiting": "leave the waiting list",
    "take_held": "take a held locker",
    "join_queue": "take a ticket",
    "visit_and_join": "take a ticket",
    "open_visit": "come to the line",
    "leave_queue": "leave the line",
    "step_back": "let the next one by",
    "ask": "ask a question",
    "complete_and_call_next": "complete and call next",
    "complete": "complete",
    "call": "call a ticket",
    "no_show": "note a no-show",
    "put_back": "put a ticket back",
    "remove": "remove a ticket",
    "undo": "undo a press",
    "note": "write a note",
    "label_desk": "name a desk",
    "create_queue": "set up a queue",
    "change_rules": "change a queue’s rules",
    "set_mode": "open or close a queue",
    "pause": "take a break",
    "announce": "announce something",
    "reset_queue": "reset a queue",
    "sign_in": "sign in",
    "sign_out": "sign out",
    "sign_out_everywhere": "sign out everywhere",
    "renew": "stay signed in",
    "settle_person_sign_in": "sign in",
    "settle_staff_sign_in": "sign in as staff",
    "choose_first_pin": "choose a PIN",
    "subscribe": "be told while the page is closed",
    "unsubscribe": "be told no longer",
    "add_person": "add a person",
    "add_staff": "make a staff account",
    "set_staff_password": "give staff a new password",
    "create_site": "set up a site",
    "create_bank": "set up a bank of lockers",
    "create_sample": "set up the sample library",
    "run_due": "do what is due",
    "forget_old_answers": "forget old answers",
    "drop_ended": "tell no more browsers whose session ended",
    "drop_gone": "tell no more browsers that are gone",
    "tell_next": "tell browsers whose page is closed",
    "reset_pin": "reset a PIN",
    "change_preferences": "change preferences",
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


def why_not_joined(code: str, number: str) -> str:
    """Why a ticket was refused, by the code and the ticket's number in the address, if they are
    any."""
    if code == "group_has_ticket" and _NUMBER.fullmatch(number):
        return str(errors.GroupHasTicket(int(number)))
    if code == "has_ticket" and _NUMBER.fullmatch(number):
        return str(errors.HasTicket(int(number)))
    return JOIN_REFUSALS.get(code, "That did not work.")
