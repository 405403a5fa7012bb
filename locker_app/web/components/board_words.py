"""What the staff board says: its tools, and the questions before something is done to doors."""

from typing import Any

from locker_app.domain.actors import Right
from locker_app.services.many import Act

NOTE = "note_locker"
"""What is done to one door alone."""

RIGHT_TO: dict[str, Right] = {
    Act.RELEASE.value: Right.FORCE_RELEASE,
    Act.EXTEND.value: Right.EXTEND_TIME,
    Act.OUT.value: Right.SERVICE_LOCKERS,
    Act.BACK.value: Right.SERVICE_LOCKERS,
    NOTE: Right.NOTE_LOCKERS,
    Act.OPEN.value: Right.OPEN_DOORS,
}
"""Whom the board offers what. Whether they may, the service knows."""

ACTS: dict[str, dict[str, Any]] = {
    Act.RELEASE.value: {
        "name": Act.RELEASE.value,
        "short": "Release",
        "long": "Force release",
        "one": "Locker {label} is taken from {who} at once.",
        "many": "{count} lockers are taken from whoever has them, at once.",
        "button": "Release it",
        "buttons": "Release {count} lockers",
        "done": "Released: {count}.",
        "did": "{label} released.",
        "tone": "danger",
        "reason": True,
        "hold": {  # said instead where the locker is only held for somebody
            "long": "End the hold",
            "one": "Locker {label} is held for {who} no longer. The next who waits gets it.",
            "button": "End it",
            "did": "{label} is not held any more.",
        },
    },
    Act.EXTEND.value: {
        "name": Act.EXTEND.value,
        "short": "Longer",
        "long": "Give longer",
        "one": "{who} gets more time for locker {label}. A time that has passed counts from now.",
        "many": "{count} lockers get more time. A time that has passed counts from now.",
        "button": "Give longer",
        "buttons": "Give {count} longer",
        "done": "Given longer: {count}.",
        "did": "{label} has more time.",
        "tone": "second",
        "minutes": [
            [10, "10 min"],
            [30, "30 min"],
            [60, "1 h"],
            [120, "2 h"],
            [1440, "1 day"],
            [10080, "1 week"],
        ],
    },
    Act.OUT.value: {
        "name": Act.OUT.value,
        "short": "Out of service",
        "long": "Out of service",
        "one": "Nobody gets locker {label} until it is back. {who} keeps it until giving it back.",
        "free": "Nobody gets locker {label} until it is back.",
        "many": "Nobody gets these {count} lockers until they are back. "
        "Who has one keeps it until giving it back.",
        "button": "Take out of service",
        "buttons": "Take {count} out of service",
        "done": "Taken out of service: {count}.",
        "did": "{label} is out of service.",
        "tone": "second",
        "reason": True,
    },
    Act.BACK.value: {
        "name": Act.BACK.value,
        "short": "Back in service",
        "long": "Back in service",
        "one": "Locker {label} is given again, first to who waits.",
        "many": "{count} lockers are given again, first to who waits.",
        "button": "Put it back",
        "buttons": "Put {count} back in service",
        "done": "Back in service: {count}.",
        "did": "{label} is back in service.",
        "tone": "second",
    },
    Act.OPEN.value: {
        "name": Act.OPEN.value,
        "short": "Open",
        "long": "Open the door",
        "one": "Locker {label} is opened now, by its terminal. {who} has it, so say why.",
        "free": "Locker {label} is opened now, by its terminal.",
        "many": "",
        "button": "Open it now",
        "buttons": "",
        "done": "",
        "did": "{label}: its terminal is told to open it.",
        "tone": "second",
        "reasonIfHeld": True,
    },
    NOTE: {
        "name": NOTE,
        "short": "Note",
        "long": "Note on the door",
        "one": "What staff should know of locker {label}. Nobody else sees it.",
        "many": "",
        "button": "Keep the note",
        "buttons": "",
        "done": "",
        "did": "{label}: the note is kept.",
        "tone": "second",
        "note": True,
    },
}
MANY = [act.value for act in Act if act.value in ACTS and act is not Act.OPEN]
"""In the order in which they are offered for a selection. Doors are opened one by one: whoever does
it looks whether that one stands open."""

BOARD = {
    "find": "Number, name or enrolment number",
    "findDoor": "Locker number",
    "plain": "Your account sees which lockers are free, not who has which.",
    "list": "List",
    "choose": "Select",
    "filter": "Which doors are shown",
    "all": "all",
    "found": "{count} of {total} lockers",
    "free": "{free} of {total} free",
    "waiting": "{waiting} waiting",
    "doors": "Doors of {bank}",
    "results": "Lockers",
    "low": "accessible height",
    "noted": "with a note",
    "nothing": "No locker is like that.",
    "noneHere": "None here.",
    "more": "{count} more",
    "since": "since",
    "until": "until",
    "selection": "What is selected",
    "selected": "{count} selected",
    "notShown": "({count} not shown now)",
    "allShown": "All {count} shown",
    "clear": "Clear",
}

QUESTION = {
    "reason": "Reason",
    "reasonHint": "It is kept in the history.",
    "reasonNeeded": "Please give a reason: it is kept in the history.",
    "note": "Note",
    "noteHint": "Only staff see it. Empty removes it.",
    "howMuch": "How much longer",
    "cancel": "Cancel",
    "close": "Close",
    "nobody": "nobody",
    "gone": "not there any more",
    "leftOne": "One more that you selected is left out: there is nothing to do at it.",
    "left": "{count} more that you selected are left out: there is nothing to do at them.",
    "nothingToDo": "There is nothing to do at these lockers any more.",
    "changedOne": "Locker {label} has changed meanwhile. Now: {now}.",
    "changed": "{count} of {total} have changed meanwhile. They would be refused.",
    "askAnew": "Ask about it as it is now",
    "askAnewMany": "Ask about them as they are now",
    "progress": "{done} of {total} done",
    "noAnswer": "The server did not answer. Look at the lockers: it may have been done.",
    "stop": "Stop here",
    "refused": "Refused: {count}.",
    "notTried": "Not tried: {count}.",
    "refusals": "What was refused, and why",
}
