"""QR codes for the display. The library that makes them may be missing: then there are none."""

from functools import lru_cache

# Of the 64 rows a code of 29 modules leaves 3 at each side, at two pixels for a module.
_MOST_MODULES = 29


@lru_cache(maxsize=16)
def modules(text: str) -> list[list[bool]] | None:
    """The code of `text`, row by row, True for dark; None if it is too large or can't be made."""
    try:
        from qrcode import constants
        from qrcode.main import QRCode
    except ImportError:
        return None
    code = QRCode(error_correction=constants.ERROR_CORRECT_L, border=0)
    code.add_data(text)
    code.make(fit=True)
    made = [[bool(dark) for dark in cells] for cells in code.get_matrix()]
    return made if len(made) <= _MOST_MODULES else None
