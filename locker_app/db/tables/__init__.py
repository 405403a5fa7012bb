"""All tables, as classes for the schema and as lower-case `Table` objects for statements.

Statements are SQLAlchemy Core over these tables: rows come back as plain tuples and no identity
map stands between a command and what the database decides.
"""

from sqlalchemy import Table
from sqlmodel import SQLModel

from locker_app.db.tables.cards import (
    Card,
    CardKey,
    CardLink,
    TapConfirm,
    Visit,
    Visiting,
)
from locker_app.db.tables.chargers import Booking, Charger, ChargerWait, Charging
from locker_app.db.tables.day_sums import DaySum, Summed
from locker_app.db.tables.events import Event, Request
from locker_app.db.tables.lockers import Assignment, Bank, Locker, Wait
from locker_app.db.tables.people import Invitation, Person, Session, SignIn, Staff, StaffRole
from locker_app.db.tables.people_import import PeopleImport, PeopleImportRow
from locker_app.db.tables.push import PushNext, PushSubscription
from locker_app.db.tables.queues import Desk, Queue, Ticket
from locker_app.db.tables.retention import Retention
from locker_app.db.tables.sites import ShortCode, Site
from locker_app.db.tables.terminals import Terminal, TerminalAlert, TerminalCommand

metadata = SQLModel.metadata


def _table(model: type[SQLModel]) -> Table:
    return metadata.tables[str(model.__tablename__)]


site = _table(Site)
short_code = _table(ShortCode)
bank = _table(Bank)
locker = _table(Locker)
assignment = _table(Assignment)
wait = _table(Wait)
person = _table(Person)
staff = _table(Staff)
staff_role = _table(StaffRole)
session = _table(Session)
invitation = _table(Invitation)
sign_in = _table(SignIn)
queue = _table(Queue)
ticket = _table(Ticket)
desk = _table(Desk)
charging = _table(Charging)
charger = _table(Charger)
booking = _table(Booking)
charger_wait = _table(ChargerWait)
terminal = _table(Terminal)
terminal_command = _table(TerminalCommand)
terminal_alert = _table(TerminalAlert)
card_key = _table(CardKey)
card = _table(Card)
card_link = _table(CardLink)
tap_confirm = _table(TapConfirm)
visiting = _table(Visiting)
visit = _table(Visit)
push_subscription = _table(PushSubscription)
push_next = _table(PushNext)
people_import = _table(PeopleImport)
people_import_row = _table(PeopleImportRow)
retention = _table(Retention)
day_sum = _table(DaySum)
summed = _table(Summed)
event = _table(Event)
request = _table(Request)

__all__ = [
    "Assignment",
    "Bank",
    "Booking",
    "Card",
    "CardKey",
    "CardLink",
    "Charger",
    "ChargerWait",
    "Charging",
    "DaySum",
    "Desk",
    "Event",
    "Invitation",
    "Locker",
    "PeopleImport",
    "PeopleImportRow",
    "Person",
    "PushNext",
    "PushSubscription",
    "Queue",
    "Request",
    "Retention",
    "Session",
    "ShortCode",
    "SignIn",
    "Site",
    "Staff",
    "StaffRole",
    "Summed",
    "TapConfirm",
    "Terminal",
    "TerminalAlert",
    "TerminalCommand",
    "Ticket",
    "Visit",
    "Visiting",
    "Wait",
    "assignment",
    "bank",
    "booking",
    "card",
    "card_key",
    "card_link",
    "charger",
    "charger_wait",
    "charging",
    "day_sum",
    "desk",
    "event",
    "invitation",
    "locker",
    "metadata",
    "people_import",
    "people_import_row",
    "person",
    "push_next",
    "push_subscription",
    "queue",
    "request",
    "retention",
    "session",
    "short_code",
    "sign_in",
    "site",
    "staff",
    "staff_role",
    "summed",
    "tap_confirm",
    "terminal",
    "terminal_alert",
    "terminal_command",
    "ticket",
    "visit",
    "visiting",
    "wait",
]
