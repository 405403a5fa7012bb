"""Text from elsewhere, made fit to be shown: no control or direction characters, not too long.

What letters look like is not here (`fonts`), nor how they are laid out (`layout`).
"""

import re
import unicodedata
from functools import lru_cache
from itertools import takewhile

_MARKS_KEPT = 2
_ELLIPSIS = "…"
# What compatibility forms (NFKC) leave alone, or would turn into what is harder to read.
_PLAIN = str.maketrans(
    {
        "‘": "'", "’": "'", "‚": "'", "‛": "'", "ʼ": "'", "´": "'", "′": "'",
        "“": '"', "”": '"', "„": '"', "‟": '"', "″": '"',
        "‐": "-", "‑": "-", "−": "-", "‒": "–", "—": "–", "―": "–", "⁄": "/",
        "•": "·", "×": "x", "ẞ": "SS", "ŋ": "n", "Ŋ": "N", "ſ": "s", "ĸ": "k",
        "ħ": "h", "Ħ": "H", "ŧ": "t", "Ŧ": "T", "Ð": "Đ", "✔": "✓", "➔": "→",
    }
)  # fmt: skip


def _plain(character: str) -> str:
    """`character` in letters that are simplest to show: none for what only steers a screen."""
    if character == _ELLIPSIS:
        return character
    shown = []
    for part in unicodedata.normalize("NFKC", character).translate(_PLAIN):
        category = unicodedata.category(part)
        if category in ("Cc", "Zs", "Zl", "Zp"):
            shown.append(" ")
        elif category == "Cs":
            shown.append("▯")  # half a character: it can't even be written as UTF-8
        elif category != "Cf" and not unicodedata.name(part, "").startswith("VARIATION SELECTOR"):
            shown.append(part)
    return "".join(shown)


def clusters(text: str) -> list[str]:
    """`text` in what is drawn as one: a character with the marks that belong to it."""
    found: list[str] = []
    for character in text:
        if unicodedata.combining(character) or unicodedata.category(character) in ("Mn", "Me"):
            # A mark without a letter belongs to nothing; a pile of them would hide the row above.
            if found and found[-1] != " " and len(found[-1]) <= _MARKS_KEPT:
                found[-1] += character
        else:
            found.append(character)
    return found


def clean(text: object, limit: int) -> str:
    """`text` in one line of at most `limit` characters, the last of them "…" if it was longer."""
    # Nothing is read beyond what could be shown: one character can stand for at most 18 others.
    return _cleaned(("" if text is None else str(text))[: limit * 8], limit)


@lru_cache(maxsize=256)
def _cleaned(text: str, limit: int) -> str:
    """Kept, as a display shows the same few lines again and again."""
    start = text.translate(_PLAIN)
    kept = clusters(unicodedata.normalize("NFC", "".join(map(_plain, start))))
    line = re.sub(" +", " ", "".join(kept)).strip()
    whole = clusters(line)
    if len(whole) <= limit:
        return line
    return "".join(whole[: limit - 1]).rstrip() + _ELLIPSIS


def decompose(cluster: str) -> tuple[str, tuple[str, ...]]:
    """The letter of `cluster` and the marks on it, in the order in which they are written."""
    parts = unicodedata.normalize("NFD", cluster)
    marks = tuple(takewhile(unicodedata.combining, parts[1:]))
    return parts[:1], marks
