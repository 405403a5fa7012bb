"""What a day at a site comes to, in sums that can be added to those of other days."""

from enum import StrEnum
from typing import NamedTuple


class What(StrEnum):
    """What a sum is of. `of` is a bank or a line, `at` an hour or the minutes that it took."""

    HOUR = "hour"
    """Seconds that lockers were held in the hour `at`; `many` are the seconds that it had: twice
    as many when the clocks are set back."""
    BANK = "bank"
    """Seconds that lockers of a bank were held; `many` were got."""
    ENDED = "ended"
    """Lockers of a bank that were given back or released."""
    OPEN = "open"
    """Lockers of a bank that were held when the day ended."""
    STAY = "stay"
    """Claims that ended, by minutes (of those that are many, by five or thirty); how long they
    were."""
    REFUSED = "refused"
    """Who was refused: at lockers (`of` is 0), or in a line; `name` is the code."""
    WAIT = "wait"
    """Waits for a locker that ended, by minutes; `name` is how."""
    JOINED = "joined"
    """Tickets that were taken in a line."""
    TICKET = "ticket"
    """Tickets of a line that ended; `name` is how."""
    LINE_WAIT = "line_wait"
    """Of those that ended, the waits until they were called, by minutes."""
    LINE_HELP = "line_help"
    """Of those that were helped, how long that took, by minutes."""
    SPOT_HOUR = "spot_hour"
    """Seconds that charging spots were used in the hour `at`; how long the hour was says `HOUR`."""
    SPOT = "spot"
    """Seconds that a charging spot was used; `many` stays began."""
    SPOT_ENDED = "spot_ended"
    """Bookings of charging spots that ended; `name` is why. Offers are none."""
    SPOT_STAY = "spot_stay"
    """Stays on charging spots that ended, by five minutes, or more of them."""
    SPOT_OVER = "spot_over"
    """Of these, those that were overstayed, likewise by how long after the time said they ended."""
    SPOT_WAIT = "spot_wait"
    """Waits for a charging spot that ended, by minutes; `name` is how."""
    SPOT_REFUSED = "spot_refused"
    """Who was refused at a charging spot; `name` is the code."""
    SPOT_FORECAST = "spot_forecast"
    """Stays that ended of which a range had been said, likewise by how far the forecast was off;
    `name` is whether they ended within the range, `in` or `out`."""


class Sum(NamedTuple):
    """One sum: so many of something, and so many seconds in all."""

    what: What
    day: int
    """As `date.toordinal`."""
    of: int
    at: int
    name: str
    many: int
    seconds: int

    @property
    def weekday(self) -> int:
        """From 0, Monday."""
        return (self.day + 6) % 7

    @property
    def week(self) -> int:
        """Its Monday, as `date.toordinal`."""
        return self.day - self.weekday
