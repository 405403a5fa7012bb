"""What stands for a card outside of its terminal: a keyed hash of its number, never the number.

Card numbers are few enough to be tried one after the other, so a plain hash would give them away.
The key belongs to the site; its name (`kid`) stands before the hash, so that keys can be changed
while cards that were linked under the old one are still known.
"""

import base64
import hashlib
import hmac
import re
from collections.abc import Mapping

from edge.reader.sightings import UID_LENGTHS, Card, Trouble, judged

KID = re.compile(r"[a-z0-9]{1,8}")
SHORTEST_KEY = 16
"""Bytes. The panel makes 32."""
HASH_LETTERS = 26
"""Of base32: 130 bits."""
SHOWN_LETTERS = 4

_SEPARATORS = str.maketrans("", "", ":-. \t")
_CASCADE_TAG = 0x88


class NotACardNumber(ValueError):
    """What was typed can't be a card's number. The message is for whoever typed it."""


def card_id(kid: str, key: bytes, uid: bytes) -> str:
    """What stands for a card: `kid.` and 26 letters.

    Raises ValueError when the name of the key is none, or the key or the number has a wrong length.
    """
    if not KID.fullmatch(kid):
        raise ValueError(f"A key's name has 1 to 8 of a-z and 0-9: {kid!r} is none.")
    if len(key) < SHORTEST_KEY:
        raise ValueError(f"A card key has at least {SHORTEST_KEY} bytes, not {len(key)}.")
    digest = hmac.digest(key, Card(uid).uid, hashlib.sha256)
    return f"{kid}.{base64.b32encode(digest)[:HASH_LETTERS].decode()}"


def card_ids(keys: Mapping[str, bytes], uid: bytes) -> list[str]:
    """The same card by each key, in the order of the keys: the newest should come first."""
    return [card_id(kid, key, uid) for kid, key in keys.items()]


def shown(card: str) -> str:
    """As much of a card's id as people may see: its last four letters."""
    return card[-SHOWN_LETTERS:]


def parse_uid(text: str) -> bytes:
    """A card's number as people type it: hexadecimal, with colons, dashes, dots, spaces or none.

    Raises NotACardNumber, with a sentence that says what is wrong.
    """
    digits = text.strip().lower().removeprefix("0x").translate(_SEPARATORS)
    if not digits:
        raise NotACardNumber("Type the card's number, such as 04:A2:2B:1C:3D:4E:80.")
    if not re.fullmatch("[0-9a-f]+", digits):
        raise NotACardNumber("A card's number has only the digits 0 to 9 and the letters A to F.")
    if len(digits) not in [2 * length for length in UID_LENGTHS]:
        raise NotACardNumber(f"A card's number has 8, 14 or 20 digits, and this has {len(digits)}.")
    uid = bytes.fromhex(digits)
    if judged(uid) is Trouble.RANDOM_ID:
        raise NotACardNumber("Such a number, that begins with 08, is another one with each tap.")
    if uid[0] == _CASCADE_TAG:
        raise NotACardNumber("A number that begins with 88 is only the first part of a longer one.")
    return uid


def format_uid(uid: bytes) -> str:
    """A card's number as people write it: 04:A2:2B:1C. For the one who holds the card only."""
    return uid.hex(":").upper()
