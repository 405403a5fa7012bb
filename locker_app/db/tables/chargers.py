"""Charging spots, who has one booked, and who waits for one. The database minds that no two open
bookings of a spot overlap: by an exclusion constraint on PostgreSQL, by triggers on SQLite
(`alembic/versions/0010_chargers.py`), and by the partial unique indexes."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, false, text
from sqlalchemy.dialects.postgresql import ExcludeConstraint
from sqlmodel import Field, SQLModel

from locker_app.db.types import UtcDateTime

_OPEN = text("ended_at IS NULL")
_THERE = text("ended_at IS NULL AND status IN ('offered', 'active', 'overstayed')")
_DUE = text("ended_at IS NULL AND due_at IS NOT NULL")
_IN_USE = text("archived_at IS NULL")
_OFFERED = text("ended_at IS NULL AND booking_id IS NOT NULL")
_SNOOZED = text("ended_at IS NULL AND snoozed_until IS NOT NULL")
_NAMED = text("ended_at IS NOT NULL AND holder <> ''")
_VISITORS = text("visitor_id IS NOT NULL")


def _partial(name: str, *columns: str, where: object, unique: bool = False) -> Index:
    return Index(name, *columns, unique=unique, sqlite_where=where, postgresql_where=where)


class Charging(SQLModel, table=True):
    """The rules of all charging spots of a site: `domain.chargers.ChargingRules` says what each
    means. Made with the first spot."""

    site_id: int = Field(sa_column_args=[ForeignKey("site.id")], primary_key=True)
    max_stay_minutes: int
    book_later: bool = Field(default=True)
    sign_in_needed: bool = Field(default=False)
    bookings_per_holder: int
    at_end: str
    grace_minutes: int
    overstay_minutes: int
    reminder_minutes: int
    check_in_minutes: int | None = None
    offer_minutes: int
    snoozes: int
    snooze_minutes: int
    extend_while_waiting_minutes: int
    day_minutes: int | None = None
    week_minutes: int | None = None
    cooling_off_minutes: int
    priority: str


class Charger(SQLModel, table=True):
    """One charging spot."""

    __table_args__ = (
        _partial("one_charger_of_a_name", "site_id", "name", where=_IN_USE, unique=True),
        UniqueConstraint("code"),
    )

    id: int | None = Field(default=None, primary_key=True)
    site_id: int = Field(foreign_key="site.id", index=True)
    name: str
    """What stands on the post, such as `3` or `North 2`."""
    place: str = ""
    details: str = ""
    """What it gives, such as `Type 2, 11 kW`."""
    position: int
    """The order in which spots are listed and given."""
    code: str
    """In the short address, `/go/<code>`, on the post."""
    out_of_service_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    out_of_service_reason: str | None = None
    reported_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    """Since when it is said to be taken though nobody has it booked. Such a spot is not given."""
    archived_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    created_at: datetime = Field(sa_type=UtcDateTime)


class Booking(SQLModel, table=True):
    """Somebody's claim on a spot until `leaves_at`; also a spot that is offered to the next in
    line (`offered`), so that what guards bookings guards offers as well.

    Open bookings of a spot never overlap in `[here_at, leaves_at)`. Who stays longer than that is
    still there: one index lets one only be there at a time.
    """

    __table_args__ = (
        _partial("one_there_per_charger", "charger_id", where=_THERE, unique=True),
        _partial("open_bookings_of_charger", "charger_id", "here_at", where=_OPEN),
        _partial("open_bookings_per_holder", "site_id", "holder", "slot", where=_OPEN, unique=True),
        _partial("bookings_due", "due_at", where=_DUE),
        _partial("bookings_due_at_site", "site_id", "due_at", where=_DUE),
        Index("bookings_of_holder", "holder", "site_id", "ended_at"),
        Index("ended_bookings_of_site", "site_id", "ended_at"),
        Index("begun_bookings_of_site", "site_id", "starts_at"),
        _partial("bookings_to_forget", "site_id", "ended_at", where=_NAMED),
        _partial("bookings_of_visitor", "visitor_id", where=_VISITORS),
        CheckConstraint(
            "(status = 'ended') = (ended_at IS NOT NULL)", name="booking_open_or_ended"
        ),
        CheckConstraint("leaves_at > here_at AND here_at >= starts_at", name="booking_lasts"),
        CheckConstraint("slot >= 1", name="booking_slot_from_one"),
        ExcludeConstraint(
            (text("int4range(charger_id, charger_id, '[]')"), "&&"),
            (text("tstzrange(here_at, leaves_at, '[)')"), "&&"),
            where=_OPEN,
            name="bookings_do_not_overlap",
        ).ddl_if(dialect="postgresql"),
    )

    id: int | None = Field(default=None, primary_key=True)
    site_id: int = Field(foreign_key="site.id")
    charger_id: int = Field(foreign_key="charger.id")
    """Where it is now; a move changes it in place, the log says from where."""
    holder: str
    """Who has it, as that of a ticket; empty when it has ended and names are kept no longer."""
    slot: int = 1
    """Which of the bookings that a holder may have at the site: 1 up to the site's setting."""
    person_id: int | None = Field(default=None, foreign_key="person.id")
    visitor_id: int | None = Field(default=None, foreign_key="session.id")
    shown_as: str = ""
    """A name or plate that the holder wants neighbours to see."""
    status: str
    """`domain.bookings.BookingStatus`."""
    made_at: datetime = Field(sa_type=UtcDateTime)
    starts_at: datetime = Field(sa_type=UtcDateTime)
    """When the stay begins or began; of an offer, when it was made."""
    here_at: datetime = Field(sa_type=UtcDateTime)
    """Since when it is on this spot: `starts_at`, or the last move."""
    leaves_at: datetime = Field(sa_type=UtcDateTime)
    """Until when it is theirs, as last said; of an offer, until when it can be accepted."""
    stated_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    """When the holder said first that they would leave: what the forecast goes by."""
    came_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    """Since when the holder is known to be there."""
    reminded_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    overstayed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    due_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    """When the clock does something with it next: `domain.bookings.next_step`."""
    ended_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    end_cause: str | None = None
    likely_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    """When it was forecast, as the stay began, that the spot comes free; with the 80 % range."""
    low_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    high_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class ChargerWait(SQLModel, table=True):
    """Somebody's place in the line for any spot of a site."""

    __tablename__ = "charger_wait"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (
        _partial("one_charger_wait_per_holder", "site_id", "holder", where=_OPEN, unique=True),
        _partial("one_charger_wait_per_offer", "booking_id", where=_OFFERED, unique=True),
        _partial("charger_waits_snoozed", "snoozed_until", where=_SNOOZED),
        Index("charger_waits_of_holder", "holder", "ended_at"),
        Index("charger_waits_ended_at_site", "site_id", "ended_at"),
        _partial("charger_waits_to_forget", "site_id", "ended_at", where=_NAMED),
        _partial("charger_waits_of_visitor", "visitor_id", where=_VISITORS),
    )

    id: int | None = Field(default=None, primary_key=True)
    site_id: int = Field(foreign_key="site.id")
    holder: str
    person_id: int | None = Field(default=None, foreign_key="person.id")
    visitor_id: int | None = Field(default=None, foreign_key="session.id")
    first: bool = Field(default=False, sa_column_kwargs={"server_default": false()})
    """Comes before all others: a spot that this holder had could not be used."""
    joined_at: datetime = Field(sa_type=UtcDateTime)
    booking_id: int | None = Field(default=None, foreign_key="booking.id")
    """The offer, while there is one."""
    snoozes: int = 0
    """How often the holder has let an offer go by."""
    snoozed_until: datetime | None = Field(default=None, sa_type=UtcDateTime)
    ended_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    outcome: str | None = None
    """`domain.bookings.LineOutcome`."""
