"""Topics: the names of what screens can watch, and which events touch which of them.

What is sent of each kind, and who may watch it, is in `live.kinds`.
"""

from collections.abc import Iterable
from typing import NamedTuple

from locker_app.db.log import Logged
from locker_app.domain.actors import Actor, ActorKind

ALL = 0
"""The key of a topic that is not about one thing."""

_OF_SUBJECT = (
    ("site_id", ("site_setup",)),
    ("bank_id", ("bank", "doors", "holders", "bank_setup")),
    ("queue_id", ("queue", "helm", "room")),
    ("person_id", ("person", "tickets", "stays", "person_card")),
    ("staff_id", ("staff",)),
)
"""The kinds whose topic of a subject any event about that subject touches, unless it is a refusal,
which changes nothing."""


OF_WHOLE_SITE = frozenset(
    {
        *("ChargingRulesChanged", "ChargerCreated", "ChargerChanged", "ChargerArchived"),
        "ChargerRestored",
        *("SiteRulesChanged", "SiteOpened", "SiteShut", "SiteArchived", "SiteRestored"),
        *("BankRulesChanged", "BankDoorsChanged", "BankRenumbered", "BankArchived", "BankRestored"),
    }
)
"""The kinds of events that may have changed everything at a site: its banks, its queues, what its
people have and how that is called, the door that is open on a board. They are rare."""


OF_OPENERS = frozenset(
    {
        *("TerminalCreated", "TerminalChanged", "TerminalArchived", "TerminalRestored"),
        *("TerminalProvisioned", "TerminalRevoked", "TerminalHeard"),
    }
)
"""The kinds of events after which a door may be one that can be opened from afar, or not any
more."""


_OF_PLACES = frozenset(
    {
        *("SiteCreated", "SiteRulesChanged", "SiteArchived", "SiteRestored"),
        *("BankCreated", "BankRulesChanged", "BankArchived", "BankRestored"),
        *("ChargerCreated", "ChargerChanged", "ChargerArchived", "ChargerRestored"),
        *("TerminalCreated", "TerminalChanged", "TerminalArchived", "TerminalRestored"),
    }
)
"""The kinds of events that change which sites, banks, charging spots and terminals there are, or
how they are called."""


_OF_CHARGING = ("chargers", "charger_desk")
"""The kinds whose topic of a site any event about its charging spots, their rules or the line for
them touches; and any of the site itself, unless it is a refusal."""
_LINE_OF_CHARGERS = frozenset(
    {"ChargingRulesChanged", "LineJoined", "LineSnoozed", "LineLeft", "LineClaimed"}
)
"""Those of them that are about no spot."""
_OF_SITE = frozenset({"SiteRulesChanged", "SiteArchived", "SiteRestored"})


_OF_PEOPLE = frozenset(
    {
        *("PersonAdded", "PersonChanged", "PersonArchived", "PersonUnarchived", "PersonErased"),
        *("PinChosen", "PinReset", "PeopleImported"),
    }
)
"""The kinds of events that change what the list of people shows."""


class Topic(NamedTuple):
    """One live projection; `str(topic)` names its room."""

    kind: str
    key: int

    def __str__(self) -> str:
        return f"{self.kind}:{self.key}"


def touched(events: Iterable[Logged]) -> set[Topic]:
    """The topics whose projections these events may have changed."""
    topics: set[Topic] = set()
    for event in events:
        topics.add(Topic("events", ALL))
        if event.site_id is not None:
            topics |= {Topic("events", event.site_id), Topic("feed", event.site_id)}
        if event.locker_id is not None:
            topics.add(Topic("door", event.locker_id))
        if event.kind == "Refused":
            continue
        if event.site_id is not None:
            topics |= {Topic("home", ALL), Topic("sites", ALL)}
            if event.terminal_id is not None:
                topics.add(Topic("terminals", event.site_id))
            if event.visit_id is not None or event.kind == "VisitRulesChanged":
                topics.add(Topic("inside", event.site_id))
            if event.charger_id or event.kind in _LINE_OF_CHARGERS | _OF_SITE:
                topics |= {Topic(kind, event.site_id) for kind in _OF_CHARGING}
        if event.kind in _OF_PLACES:
            topics.add(Topic("places", ALL))
        if event.staff_id is not None:
            topics.add(Topic("accounts", ALL))
        if event.kind in _OF_PEOPLE:
            topics.add(Topic("people", ALL))
        if event.import_id is not None:
            topics |= {Topic("imports", ALL), Topic("people_import", event.import_id)}
        if event.visitor_id is not None:
            topics |= {Topic("tickets", -event.visitor_id), Topic("stays", -event.visitor_id)}
        for subject, kinds in _OF_SUBJECT:
            key = getattr(event, subject)
            if key is not None:
                topics |= {Topic(kind, key) for kind in kinds}
    return topics


def tickets_topic(actor: Actor) -> Topic | None:
    """The topic of the tickets that this actor holds; None for who can hold none.

    The key is a person's id, or that of a visitor's session with a minus before it: both fill the
    same vars, and a screen watches at most one of them.
    """
    if actor.id is None or actor.kind not in (ActorKind.PERSON, ActorKind.VISITOR):
        return None
    return Topic("tickets", actor.id if actor.kind is ActorKind.PERSON else -actor.id)


def stays_topic(actor: Actor) -> Topic | None:
    """The topic of the charging spots that this actor has and waits for, as `tickets_topic`."""
    tickets = tickets_topic(actor)
    return None if tickets is None else Topic("stays", tickets.key)
