"""Rules of cards: how they are named, and how the keys by which they are hashed are."""

import re

from locker_app.domain.queues import check_line

MAX_LABEL_LENGTH = 40
MAX_CARDS = 20
"""That one person can have in use."""
MAX_OF_NOBODY = 500
"""Cards that are nobody's, of which the last seen are kept."""
KEYS_IN_USE = 3
"""Of the keys that there were, so many are in use; a card that was not tapped since is unknown."""
TAIL = 4
"""More characters of a card are shown to nobody."""
NUMBER = r"^[a-z0-9]{1,8}\.[A-Z2-7]{26}$"
"""A card as terminals name it. As `edge.protocol` has it."""

_KID = re.compile(r"k([0-9]{1,7})")


def card_tail(number: str) -> str:
    """What may be shown of a card: its last four characters."""
    return number[-TAIL:]


def check_label(label: str) -> str:
    """What a card is called, tidied.

    Raises:
        BadInput: it can't be called so.
    """
    return check_line(label, MAX_LABEL_LENGTH, "label")


def next_kid(kids: list[str]) -> str:
    """The name of the next key after these."""
    found = [_KID.fullmatch(kid) for kid in kids]
    return f"k{max((int(one[1]) for one in found if one), default=0) + 1}"
