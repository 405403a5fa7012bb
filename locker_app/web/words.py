"""Words that screens show for what the domain names by a letter or a class."""

from locker_app.domain.lockers import LockerStatus

STATUS_WORDS: dict[str, str] = {
    LockerStatus.FREE.value: "free",
    LockerStatus.HELD.value: "held",
    LockerStatus.RESERVED.value: "held for someone",
    LockerStatus.OVERDUE.value: "overdue",
    LockerStatus.OUT_OF_SERVICE.value: "out of service",
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
    "SiteCreated": "site set up",
    "BankCreated": "bank set up",
    "PersonAdded": "person added",
    "PinChosen": "chose a PIN",
    "PinReset": "PIN reset",
    "PreferencesChanged": "preferences changed",
    "PersonSignedIn": "signed in",
    "StaffAdded": "staff account made",
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
    "sign_in": "sign in",
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
