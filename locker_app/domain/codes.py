"""Codes of short addresses, `/go/<code>`: one alphabet, without letters that look like others."""

import re
from enum import StrEnum

CODE_LETTERS = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
"""None of them is taken for another, when it is read from paper or a screen and typed."""
CODE_LENGTH = 6
_CODE = re.compile(rf"[{CODE_LETTERS}]{{{CODE_LENGTH}}}")


class CodeKind(StrEnum):
    """What a code stands for."""

    QUEUE = "queue"
    BANK = "bank"
    CHARGER = "charger"


def read_code(text: str) -> str | None:
    """The code that somebody typed or scanned, in capitals; None when it can't be one."""
    code = "".join(text.split()).upper()
    return code if _CODE.fullmatch(code) else None
