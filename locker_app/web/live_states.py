"""State classes that topics fill: their vars are the keys of a topic's projection.

The server keeps no values here for a client; see `live.rooms.LiveState`.
"""

from typing import Any, TypedDict

import reflex as rx

from locker_app.live.rooms import LiveState, Rooms


class BankRow(TypedDict):
    """How full a bank is, as the home page shows it."""

    id: int
    site_id: int
    name: str
    place: str
    total: int
    free: int
    held: int
    reserved: int
    overdue: int
    out_of_service: int
    waiting: int


class QueueRow(TypedDict):
    """How busy a queue is, as the home page shows it."""

    id: int
    site_id: int
    code: str
    name: str
    place: str
    mode: str
    paused: bool
    shown: int
    waiting: int
    serving: int
    minutes: int
    """About how long somebody would wait who came now; -1 while nobody knows."""


class PlaceRow(TypedDict):
    """A site with its banks and queues."""

    id: int
    name: str
    time_zone: str
    is_open: bool
    opens_at: int
    """When lockers are given out again, while they are not; 0 when no hour says so."""
    banks: list[BankRow]
    queues: list[QueueRow]


class ClaimRow(TypedDict):
    """A locker that is this person's, or held for them."""

    assignment_id: int
    wait_id: int
    site_id: int
    bank_id: int
    bank_name: str
    place: str
    time_zone: str
    label: str
    status: str
    since: int
    due_at: int
    held_until: int
    reminded: bool


class WaitRow(TypedDict):
    """This person's place in a waiting list."""

    wait_id: int
    site_id: int
    bank_id: int
    bank_name: str
    ahead: int


class TicketRow(TypedDict):
    """A ticket of mine."""

    ticket_id: int
    queue_id: int
    queue_name: str
    code: str
    round: int
    number: int
    group: str
    status: str
    question: str
    steps_left: int
    desk: str
    joined_at: int
    called_at: int
    ended_at: int


class Pulse(LiveState, rx.State):
    """What every screen hears: the server's beat, and in which session it is."""

    beat_at: int = 0
    session: int = -1
    """In whose right this screen watches: the session's id, 0 for nobody, -1 until told."""


class Home(LiveState, rx.State):
    """All sites with how full their banks are."""

    places: list[PlaceRow] = []
    ready: bool = False


class Bank(LiveState, rx.State):
    """One bank as everybody may see it."""

    bank_id: int = 0
    archived: bool = False
    is_open: bool = True
    """Whether the site gives lockers out now."""
    opens_at: int = 0
    closes_at: int = 0
    site_name: str = ""
    time_zone: str = ""
    hold_minutes: int = 0
    name: str = ""
    place: str = ""
    prefix: str = ""
    limit_minutes: int = 0
    numbers: list[int] = []
    accessible_numbers: list[int] = []
    doors: str = ""
    total: int = 0
    free: int = 0
    free_accessible: int = 0
    held: int = 0
    reserved: int = 0
    overdue: int = 0
    out_of_service: int = 0
    line: list[int] = []


class Doors(LiveState, rx.State):
    """The doors of the banks on a board, as everybody may see them. Which vars there are besides
    goes by the ids of the banks: see `live.board`. The browser finds them by their names."""

    ready: bool = False


class Holders(LiveState, rx.State):
    """Likewise who has which door, for staff. What it holds is shown while it is ready."""

    ready: bool = False


class Door(LiveState, rx.State):
    """One door with who has it and its last events, for staff."""

    locker_id: int = 0
    label: str = ""
    bank_id: int = 0
    bank_name: str = ""
    status: str = ""
    time_zone: str = ""
    assignment_id: int = 0
    person_name: str = ""
    person_number: str = ""
    since: int = 0
    until: int = 0
    service_reason: str = ""
    note: str = ""
    noted_at: int = 0
    noted_by: str = ""
    rows: list[list[Any]] = []


class DoorPast(LiveState, rx.State):
    """The events of one door before its last ones that were asked for, for staff."""

    rows: list[list[Any]] = []
    exhausted: bool = False


class Outcome(LiveState, rx.State):
    """What became of what this screen asked for at some doors. Sent to it alone, and not kept."""

    key: str = ""
    """Of the request that it answers."""
    rows: list[list[Any]] = []
    """For each door: its id, what stands on it when it was done, else the refusal."""
    refusal: str = ""
    """Why none was tried."""


class Me(LiveState, rx.State):
    """The person who is signed in, with what is theirs."""

    signed_in: bool = False
    name: str = ""
    number: str = ""
    accessible: bool = False
    near_last: bool = False
    claims: list[ClaimRow] = []
    waits: list[WaitRow] = []
    lost_label: str = ""
    """The locker that was last taken back, by staff or because time was over; empty if none."""
    lost_bank: str = ""
    lost_cause: str = ""
    lost_reason: str = ""


class StaffMe(LiveState, rx.State):
    """The staff member who is signed in."""

    signed_in: bool = False
    login: str = ""
    name: str = ""
    roles: list[list[Any]] = []
    sign_ins: list[list[Any]] = []
    """When and from where they signed in last, the newest first."""
    may: list[str] = []
    """The rights that they have somewhere: what the menu shows. Whether they have one where it
    counts, the services know."""


class SiteSetUpRow(TypedDict):
    """A site among those to set up."""

    id: int
    name: str
    archived: bool
    banks: int


class BankSetUpRow(TypedDict):
    """A bank among those of a site to set up."""

    id: int
    name: str
    place: str
    prefix: str
    code: str
    archived: bool
    doors: int


class QueueSetUpRow(TypedDict):
    """A queue of a site to set up."""

    id: int
    name: str
    place: str
    code: str


class AccountRow(TypedDict):
    """A staff account, for admins."""

    id: int
    login: str
    name: str
    roles: list[list[Any]]
    disabled: bool
    waits: bool
    """Whether no password has been chosen yet."""
    invited_until: int
    sign_ins: list[list[Any]]
    version: str


class SitesToSetUp(LiveState, rx.State):
    """All sites, archived ones too, for admins."""

    sites: list[SiteSetUpRow] = []
    ready: bool = False


class SiteSetUp(LiveState, rx.State):
    """One site with its rules, banks and queues, for admins."""

    site_id: int = 0
    name: str = ""
    archived: bool = False
    rules: dict[str, Any] = {}
    banks: list[BankSetUpRow] = []
    queues: list[QueueSetUpRow] = []


class BankSetUp(LiveState, rx.State):
    """One bank with its rules and doors, for admins."""

    bank_id: int = 0
    site_id: int = 0
    site_name: str = ""
    name: str = ""
    code: str = ""
    archived: bool = False
    rules: dict[str, Any] = {}
    doors: dict[str, Any] = {}
    count: int = 0
    first: int = 1
    taken: int = 0
    """How many doors somebody has, or are on hold; with the next, which."""
    taken_numbers: str = ""
    waiting: int = 0


class Accounts(LiveState, rx.State):
    """All staff accounts, for admins of all sites."""

    rows: list[AccountRow] = []
    ready: bool = False


class People(LiveState, rx.State):
    """How many people there are, for staff who look them up."""

    people: int = 0
    archived: int = 0
    changed: int = 0
    """When the list may have become another one."""


class FoundRow(TypedDict):
    """A person in the list."""

    id: int
    number: str
    name: str
    accessible: bool
    has_pin: bool
    archived: bool


class Found(LiveState, rx.State):
    """Those of the people whom this screen asked for. Sent to it alone, and not kept."""

    rows: list[FoundRow] = []
    text: str = ""
    """What was looked for."""
    more: bool = False
    ready: bool = False


class PersonCard(LiveState, rx.State):
    """One person, for staff who look them up."""

    person_id: int = 0
    gone: bool = False
    number: str = ""
    name: str = ""
    accessible: bool = False
    near_last: bool = False
    has_pin: bool = False
    locked_until: int = 0
    created_at: int = 0
    archived_at: int = 0
    changed: int = 0


class HasRow(TypedDict):
    """Something that a person has: a locker, a place in a waiting list or in a line."""

    kind: str
    """locker, held, list or line."""
    label: str
    where: str
    href: str
    since: int
    until: int
    zone: str


class PersonHas(LiveState, rx.State):
    """What a person has and what happened, where the one who looks may see that. Sent to that
    screen alone, and not kept."""

    has: list[HasRow] = []
    rows: list[list[Any]] = []
    ready: bool = False


class ImportCardRow(TypedDict):
    """An import of people among others."""

    id: int
    file_name: str
    status: str
    by: str
    created_at: int
    finished_at: int
    total: int
    new: int
    changed: int
    wrong: int


class Imports(LiveState, rx.State):
    """The last imports of people, for those who manage them."""

    rows: list[ImportCardRow] = []
    ready: bool = False


class PeopleImport(LiveState, rx.State):
    """One import of people, for those who manage them."""

    import_id: int = 0
    gone: bool = False
    file_name: str = ""
    status: str = ""
    by: str = ""
    created_at: int = 0
    finished_at: int = 0
    total: int = 0
    progress: int = 0
    new: int = 0
    changed: int = 0
    same: int = 0
    wrong: int = 0
    back: int = 0
    pins: int = 0
    good_only: bool = False
    why: str = ""
    encoding: str = ""
    encoding_name: str = ""
    guessed: bool = False
    delimiter: str = ""
    head: list[str] = []
    columns: dict[str, int] = {}
    has_head: bool = True
    attempt: int = 0
    before: int = 0
    turn: int = 0
    """Another one when other rows are to be shown."""


class ImportRows(LiveState, rx.State):
    """Rows of an import that this screen asked for. Sent to it alone, and not kept."""

    rows: list[list[Any]] = []
    """Line, number, name, accessible ("", "yes", "no"), whether there is a PIN, field, why, what
    stands there."""
    more: bool = False
    ready: bool = False


class Events(LiveState, rx.State):
    """The newest events, for staff."""

    rows: list[list[Any]] = []


class Feed(LiveState, rx.State):
    """The latest events of a site, for staff."""

    rows: list[list[Any]] = []


class OlderEvents(LiveState, rx.State):
    """The events before the newest that were asked for, for staff."""

    rows: list[list[Any]] = []
    exhausted: bool = False
    full: bool = False
    """Whether there are more than one screen adds up."""


class Line(LiveState, rx.State):
    """One queue as everybody may see it: numbers, no people."""

    queue_id: int = 0
    code: str = ""
    name: str = ""
    place: str = ""
    site_name: str = ""
    time_zone: str = ""
    mode: str = ""
    paused: bool = False
    announcement: str = ""
    announced_at: int = 0
    round: int = 0
    given: int = 0
    shown: int = 0
    serving: list[list[Any]] = []
    """The numbers whose turn it is, each with the label of its desk."""
    line: list[int] = []
    """The numbers that wait, in the order in which they are called."""
    done: list[int] = []
    sign_in_needed: bool = False
    wants_room_pin: bool = False
    groups: str = ""
    tickets_per_person: int = 1
    capacity: int = 0
    steps_back: int = 0
    serve_at_once: bool = False
    opens_at: int = 0
    pace: dict[str, Any] = {}
    """What an estimate is made of in the browser: `domain.waits.Pace`."""


class Helm(LiveState, rx.State):
    """One queue as those see it who work it off: groups, names, questions, and its rules."""

    queue_id: int = 0
    name: str = ""
    place: str = ""
    code: str = ""
    site_name: str = ""
    time_zone: str = ""
    mode: str = ""
    paused: bool = False
    announcement: str = ""
    shown: int = 0
    becomes: str = ""
    """What the clock does with it next: opens, closes, resets; empty when it does nothing."""
    becomes_at: int = 0
    line: list[list[Any]] = []
    """The waiting, in order: ticket's id, number, group, status, who, question, joined at, called
    at, staff's id, staff's name, note, steps back, visits of the group today, ended at."""
    serving: list[list[Any]] = []
    """Likewise, oldest first."""
    ended: list[list[Any]] = []
    """Likewise, newest first."""
    desks: list[list[Any]] = []
    """Staff's id, name, label, number served, until when a press can be undone, and the numbers
    of the tickets that it ended and called."""
    rules: dict[str, Any] = {}
    """By the names of `domain.queues.QueueRules`; hours as a line for each weekday."""


class LookBack(LiveState, rx.State):
    """What became of a queue's tickets on some days, as its staff asked for."""

    queue_id: int = 0
    first: str = ""
    last: str = ""
    tickets: int = 0
    done: int = 0
    no_shows: int = 0
    left: int = 0
    cleared: int = 0
    waits: list[int] = []
    """In seconds: mean, median, what nine of ten did not exceed, longest; empty without any."""
    services: list[int] = []
    bars: list[list[Any]] = []
    """Of waits: name, count, share of the longest bar in percent."""
    by_hour: list[list[Any]] = []
    """Hour, tickets, helped, no-shows, left or cleared, mean wait, mean service, share of the
    longest bar."""
    by_day: list[list[Any]] = []
    by_group: list[list[Any]] = []
    by_staff: list[list[Any]] = []
    groups: int = 0
    estimates: list[int] = []
    """Of the last waits: how many were inside what was said, of how many, and by how many seconds
    half of them were off, or less; empty without any."""


class Figures(LiveState, rx.State):
    """The site whose statistics are looked at."""

    watched_site_id: int = 0


class SiteFigures(LiveState, rx.State):
    """How a site was used on some days, as its staff asked for."""

    site_id: int = 0
    first: str = ""
    last: str = ""
    assigned: int = 0
    refused: int = 0
    open: int = 0
    median_stay: str = ""
    tables: dict[str, list[list[Any]]] = {}
    """By the names of `queries.statistics_tables`; those without anything in them are empty."""
    hours: list[dict[str, Any]] = []
    days: list[dict[str, Any]] = []
    stays: list[dict[str, Any]] = []
    waits: list[dict[str, Any]] = []
    refusals: list[dict[str, Any]] = []
    banks: list[dict[str, Any]] = []
    lines: list[dict[str, Any]] = []
    week: list[list[Any]] = []
    """For each weekday its name and its hours, each as words and as percent of the fullest."""
    said: dict[str, str] = {}
    """What a picture shows, in a sentence."""


class Room(LiveState, rx.State):
    """What is only said in the room where a queue is served, for staff to show there."""

    queue_id: int = 0
    room_pin: str = ""


class Tickets(LiveState, rx.State):
    """The tickets of who looks: a person, or a visitor's browser."""

    rows: list[TicketRow] = []


def bind_topics(rooms: Rooms) -> None:
    """Tell the rooms which State class each kind of topic fills."""
    rooms.bind_pulse(Pulse)
    for kind, state in (
        ("home", Home),
        ("bank", Bank),
        ("doors", Doors),
        ("holders", Holders),
        ("person", Me),
        ("staff", StaffMe),
        ("queue", Line),
        ("room", Room),
        ("feed", Feed),
        ("tickets", Tickets),
        ("sites", SitesToSetUp),
        ("site_setup", SiteSetUp),
        ("bank_setup", BankSetUp),
        ("accounts", Accounts),
        ("imports", Imports),
    ):
        rooms.bind(kind, state)
    rooms.bind("door", Door, DoorPast)
    rooms.bind("events", Events, OlderEvents)
    rooms.bind("helm", Helm, LookBack)
    rooms.bind("figures", Figures, SiteFigures)
    rooms.bind("people", People, Found)
    rooms.bind("person_card", PersonCard, PersonHas)
    rooms.bind("people_import", PeopleImport, ImportRows)
