"""`python -m edge.reader`: tells what the reader sees, to try it and its wires.

A simulated reader takes numbers of cards from standard input, a line each.
"""

import argparse
import sys
import threading
import time
from collections.abc import Callable, Sequence

from edge.cards import NotACardNumber, format_uid, parse_uid
from edge.reader.chip import DEFAULT_GAIN_DB, GAINS_DB
from edge.reader.opening import KINDS, NoReader, open_reader
from edge.reader.sightings import Card, Trouble
from edge.reader.simulated import SimulatedReader
from edge.reader.watching import POLL_EVERY_S, Back, Dead, Event, Watch

TROUBLES = {
    Trouble.COLLISION: "more than one card",
    Trouble.RANDOM_ID: "a number that is another one each time, as of a phone",
    Trouble.UNREADABLE: "a card that can't be read to the end",
}


def told(event: Event) -> str:
    """A line for people."""
    match event:
        case Card(uid):
            return f"card {format_uid(uid)}, {len(uid)} bytes"
        case Dead(reason):
            return f"the reader is dead: {reason}"
        case Back():
            return "the reader works again"
        case Trouble():
            return TROUBLES[event]


def main(arguments: Sequence[str] | None = None) -> int:
    """Watch a reader until Ctrl-C; a simulated one until its input has ended."""
    parser = argparse.ArgumentParser(prog="python -m edge.reader", description=__doc__)
    parser.add_argument("--reader", choices=KINDS, default="auto")
    parser.add_argument("--gain", type=int, choices=GAINS_DB, default=DEFAULT_GAIN_DB, help="dB")
    asked = parser.parse_args(arguments)
    try:
        reader, why = open_reader(asked.reader, gain_db=asked.gain)
    except NoReader as hindrance:
        print(hindrance, file=sys.stderr)
        return 1
    print(why, flush=True)
    more = _feed(reader) if isinstance(reader, SimulatedReader) else lambda: True
    watch = Watch(reader)
    try:
        while more():
            for event in watch.step(time.monotonic()):
                print(told(event), flush=True)
            time.sleep(POLL_EVERY_S)
    except KeyboardInterrupt:
        pass
    finally:
        reader.close()
    return 0


def _feed(reader: SimulatedReader) -> Callable[[], bool]:
    """Put there what is typed. Return what tells whether anything is left to be seen."""
    feeding = threading.Thread(target=_put_lines, args=(reader,), daemon=True)
    feeding.start()
    return lambda: feeding.is_alive() or not reader.idle


def _put_lines(reader: SimulatedReader) -> None:
    for line in sys.stdin:
        try:
            reader.put(parse_uid(line))
        except NotACardNumber as refusal:
            print(refusal, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
