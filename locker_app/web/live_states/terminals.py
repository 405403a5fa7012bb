"""Card terminals for those who run them, and who is inside."""

from typing import TypedDict

import reflex as rx

from locker_app.live.rooms import LiveState


class AlertRow(TypedDict):
    """Something about a terminal that wants attention."""

    id: int
    kind: str
    subject: str
    label: str
    person_id: int
    who: str
    text: str
    count: int
    at: int
    last_at: int


class CommandRow(TypedDict):
    """Something that a terminal was told."""

    id: int
    kind: str
    status: str
    label: str
    note: str
    made_at: int
    sent_at: int
    accepted_at: int
    ended_at: int


class TerminalRow(TypedDict):
    """A terminal as those see it who run it."""

    id: int
    name: str
    place: str
    kind: str
    mode: str
    state: str
    version: str
    reader: str
    bank_id: int
    bank_name: str
    state_at: int
    seen_at: int
    simulated: bool
    provisioned: bool
    pending: bool
    doors: int
    served: int
    says: str
    outbox: int
    oldest_s: int
    warm: str
    signal: str
    waits_for: str
    waits_for_id: int
    waits_until: int
    alerts: list[AlertRow]
    commands: list[CommandRow]


class NobodysRow(TypedDict):
    """A card that is nobody's."""

    id: int
    tail: str
    terminal_name: str
    seen_at: int


class Terminals(LiveState, rx.State):
    """The terminals of a site."""

    site_id: int = 0
    site_name: str = ""
    time_zone: str = ""
    broker: str = ""
    """mosquitto, embedded, outside or off; empty while nobody knows."""
    connected: bool = False
    broker_why: str = ""
    terminals: list[TerminalRow] = []
    pictures: dict[str, str] = {}
    """What the displays show, by the id of their terminal."""
    nobodys: list[NobodysRow] = []


class CandidateRow(TypedDict):
    """Somebody whose a card may be."""

    id: int
    name: str
    number: str


class Candidates(LiveState, rx.State):
    """Those whom this screen asked for, as a card may be theirs. Sent to it alone, and not kept."""

    rows: list[CandidateRow] = []
    asked: bool = False


class InsideRow(TypedDict):
    """Somebody who is inside."""

    visit_id: int
    person_id: int
    name: str
    number: str
    came_at: int
    due_at: int
    gate: str


class Inside(LiveState, rx.State):
    """Who is inside a site."""

    site_id: int = 0
    zone: str = ""
    has_gate: bool = False
    count: int = 0
    people: list[InsideRow] = []
