"""State classes that topics fill: their vars are the keys of a topic's projection.

The server keeps no values here for a client; see `live.rooms.LiveState`.

One module for each subject; all are named here.
"""

from locker_app.live.rooms import Rooms
from locker_app.web.live_states.board import Door, DoorPast, Doors, Feed, Holders, Outcome
from locker_app.web.live_states.charger_desk import (
    ChargerDesk,
    DeskLaterRow,
    DeskPlaceRow,
    DeskSpotRow,
)
from locker_app.web.live_states.charging import (
    Chargers,
    ChargersRow,
    LineRow,
    StayNewsRow,
    StayRow,
    Stays,
)
from locker_app.web.live_states.everywhere import (
    ClaimRow,
    Me,
    Pulse,
    StaffMe,
    TicketRow,
    Tickets,
    WaitRow,
)
from locker_app.web.live_states.figures import Figures, SiteFigures
from locker_app.web.live_states.happenings import Events, OlderEvents
from locker_app.web.live_states.lines import Helm, Line, LookBack, Room
from locker_app.web.live_states.people import (
    Found,
    FoundRow,
    HasRow,
    ImportCardRow,
    ImportRows,
    Imports,
    People,
    PeopleImport,
    PersonCard,
    PersonHas,
)
from locker_app.web.live_states.places import (
    Bank,
    BankName,
    BankRow,
    Home,
    PlaceRow,
    Places,
    QueueRow,
    SiteName,
)
from locker_app.web.live_states.setup import (
    AccountRow,
    Accounts,
    BankSetUp,
    BankSetUpRow,
    ChargerSetUpRow,
    QueueSetUpRow,
    SiteSetUp,
    SiteSetUpRow,
    SitesToSetUp,
    TerminalSetUpRow,
)
from locker_app.web.live_states.terminals import (
    Candidates,
    Inside,
    InsideRow,
    TerminalRow,
    Terminals,
)

__all__ = [
    "AccountRow",
    "Accounts",
    "Bank",
    "BankName",
    "BankRow",
    "BankSetUp",
    "BankSetUpRow",
    "Candidates",
    "ChargerDesk",
    "ChargerSetUpRow",
    "Chargers",
    "ChargersRow",
    "ClaimRow",
    "DeskLaterRow",
    "DeskPlaceRow",
    "DeskSpotRow",
    "Door",
    "DoorPast",
    "Doors",
    "Events",
    "Feed",
    "Figures",
    "Found",
    "FoundRow",
    "HasRow",
    "Helm",
    "Holders",
    "Home",
    "ImportCardRow",
    "ImportRows",
    "Imports",
    "Inside",
    "InsideRow",
    "Line",
    "LineRow",
    "LookBack",
    "Me",
    "OlderEvents",
    "Outcome",
    "People",
    "PeopleImport",
    "PersonCard",
    "PersonHas",
    "PlaceRow",
    "Places",
    "Pulse",
    "QueueRow",
    "QueueSetUpRow",
    "Room",
    "SiteFigures",
    "SiteName",
    "SiteSetUp",
    "SiteSetUpRow",
    "SitesToSetUp",
    "StaffMe",
    "StayNewsRow",
    "StayRow",
    "Stays",
    "TerminalRow",
    "TerminalSetUpRow",
    "Terminals",
    "TicketRow",
    "Tickets",
    "WaitRow",
    "bind_topics",
]


def bind_topics(rooms: Rooms) -> None:
    """Tell the rooms which State class each kind of topic fills."""
    rooms.bind_pulse(Pulse)
    for kind, state in (
        ("home", Home),
        ("places", Places),
        ("bank", Bank),
        ("doors", Doors),
        ("holders", Holders),
        ("person", Me),
        ("staff", StaffMe),
        ("queue", Line),
        ("room", Room),
        ("feed", Feed),
        ("tickets", Tickets),
        ("chargers", Chargers),
        ("stays", Stays),
        ("sites", SitesToSetUp),
        ("charger_desk", ChargerDesk),
        ("site_setup", SiteSetUp),
        ("bank_setup", BankSetUp),
        ("accounts", Accounts),
        ("imports", Imports),
        ("inside", Inside),
    ):
        rooms.bind(kind, state)
    rooms.bind("door", Door, DoorPast)
    rooms.bind("terminals", Terminals, Candidates)
    rooms.bind("events", Events, OlderEvents)
    rooms.bind("helm", Helm, LookBack)
    rooms.bind("figures", Figures, SiteFigures)
    rooms.bind("people", People, Found)
    rooms.bind("person_card", PersonCard, PersonHas)
    rooms.bind("people_import", PeopleImport, ImportRows)
