"""`python -m edge.relay 5 6`: opens one door after the other, to try relays and their wires."""

import argparse
import sys
import time
from collections.abc import Sequence

from edge.relay.gpio import GpioRelays
from edge.relay.relays import RelayDead

READY_WITHIN_S = 10.0
BETWEEN_S = 0.3


def main(arguments: Sequence[str] | None = None) -> int:
    """Give each relay a pulse."""
    parser = argparse.ArgumentParser(prog="python -m edge.relay", description=__doc__)
    parser.add_argument("pins", type=int, nargs="+", help="GPIO numbers")
    parser.add_argument("--seconds", type=float, default=0.5)
    parser.add_argument("--active-high", action="store_true", help="relays are on at a high level")
    asked = parser.parse_args(arguments)
    try:
        relays = GpioRelays(asked.pins, active_low=not asked.active_high)
    except ValueError as refusal:
        parser.error(str(refusal))
    try:
        if not relays.wait_until_ready(READY_WITHIN_S):
            raise RelayDead(relays.trouble)
        for pin in asked.pins:
            print(f"GPIO {pin}", flush=True)
            relays.open(pin, asked.seconds)
            time.sleep(asked.seconds + BETWEEN_S)
    except (RelayDead, ValueError) as trouble:
        print(trouble, file=sys.stderr)
        return 1
    finally:
        relays.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
