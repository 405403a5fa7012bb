"""The screens that people see most, and their pictures as they were looked at and found good.

`python -m tests.edge.display.golden` draws the pictures anew: look at them before you commit them.
With a file name it also writes all of them there, in one sheet at three times their size.
"""

import sys
from pathlib import Path

from PIL import Image

from edge.display.draw import HEIGHT, WIDTH, draw, png
from edge.display.screen import Screen, Tone

FOLDER = Path(__file__).with_name("golden")
_NOW = "14:03"
_DESK = ("please see the desk",)

SCREENS: dict[str, Screen] = {
    "starting": Screen("Starting", ("version 1.2",), Tone.BUSY, link=False),
    "connecting": Screen("Connecting", (), Tone.BUSY, link=False, clock=_NOW),
    "ready": Screen("Tap your card", ("7 of 24 free",), clock=_NOW),
    "dimmed": Screen("Tap your card", ("7 of 24 free",), clock=_NOW, dim=True),
    "reading": Screen("Reading", (), Tone.BUSY, clock=_NOW),
    "locker": Screen("Locker 17", ("yours",), Tone.GOOD, clock=_NOW),
    "label": Screen("A17", ("yours since 9:30",), Tone.GOOD, clock=_NOW),
    "again": Screen("Locker 17 open", ("tap again to give", "it back"), Tone.GOOD, clock=_NOW),
    "given-back": Screen("Given back", ("Locker 17",), Tone.GOOD, clock=_NOW),
    "none-free": Screen(
        "No lockers free", ("next about 14:20", "or ask at the desk"), Tone.BAD, clock=_NOW
    ),
    "unknown": Screen("Unknown card", _DESK, Tone.BAD, clock=_NOW),
    "stuck": Screen("Locker stuck", _DESK, Tone.WARN, clock=_NOW),
    "hours": Screen("Outside hours", ("open from 08:00",), Tone.WARN, clock=_NOW),
    "offline": Screen(
        "Offline", ("your own locker", "opens by your card"), Tone.OFFLINE, False, _NOW, outbox=12
    ),
    "welcome": Screen("Welcome", ("12 inside",), Tone.GOOD, clock=_NOW),
    "goodbye": Screen("Goodbye", ("locker 17 is free again",), Tone.GOOD, clock=_NOW, outbox=3),
    "full-outbox": Screen(
        "Out of order", ("no room for taps", "see the desk"), Tone.BAD, False, outbox=100_000
    ),
    "code": Screen("Scan to set up", qr="https://cubby.example.org/go/AB2CD"),
    "german": Screen(
        "Schließfach geöffnet", ("Bitte Karte noch", "einmal auflegen"), Tone.GOOD, clock=_NOW
    ),
    "accents": Screen("ÄÖÜ Éa", ("ÁÈÊ ÇŞĄĘ ØÆŒ ß", "ÿïîì ģķļņ őű đðþ"), Tone.WARN, clock=_NOW),
    "polish": Screen("Łódź", ("Jürgen Århus Čeština", "ťŽůžã ñ ığ"), clock=_NOW),
    "strange": Screen("日本語 \u202eabc", ("<b>hi</b> & 5 € 😀", "x" * 300), Tone.BAD, clock=_NOW),
    "long": Screen("Donaudampfschifffahrtsgesellschaftskapitän", ("q",), clock=_NOW),
}


def kept(name: str) -> Image.Image:
    """The picture as it was found good."""
    with Image.open(FOLDER / f"{name}.png") as picture:
        return picture.convert("RGB")


def sheet(path: Path, scale: int = 3, columns: int = 5) -> None:
    """All screens in one picture, for looking at them."""
    rows = -(-len(SCREENS) // columns)
    width, height = WIDTH * scale + 8, HEIGHT * scale + 8
    whole = Image.new("RGB", (columns * width, rows * height), (64, 64, 64))
    for number, screen in enumerate(SCREENS.values()):
        large = draw(screen).resize((WIDTH * scale, HEIGHT * scale), Image.Resampling.NEAREST)
        whole.paste(large, (number % columns * width + 4, number // columns * height + 4))
    whole.save(path)


def main(arguments: list[str]) -> None:
    FOLDER.mkdir(exist_ok=True)
    for old in FOLDER.glob("*.png"):
        old.unlink()
    for name, screen in SCREENS.items():
        (FOLDER / f"{name}.png").write_bytes(png(screen))
    for path in arguments:
        sheet(Path(path))


if __name__ == "__main__":
    main(sys.argv[1:])
