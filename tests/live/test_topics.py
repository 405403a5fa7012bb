"""Topics: what each fact touches, what each kind sends, and who may watch it."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from locker_app.db.log import Logged
from locker_app.domain import facts
from locker_app.domain import terminal_facts as said
from locker_app.domain.actors import NOBODY, SYSTEM, Actor, ActorKind, Role
from locker_app.domain.bookings import EndCause, LineOutcome
from locker_app.domain.fact_kinds import FACTS
from locker_app.domain.facts import Fact
from locker_app.domain.lockers import ReleaseCause, WaitOutcome
from locker_app.domain.queues import CallCause, QueueMode, TicketStatus
from locker_app.domain.terminals import AlertKind, CommandKind, CommandStatus, TerminalState
from locker_app.domain.visits import VisitEnd
from locker_app.live.kinds import KINDS
from locker_app.live.topics import ALL, Topic, touched
from locker_app.services.import_work import look_at
from locker_app.services.lockers import take_out_of_service
from locker_app.services.people_import import open_import
from locker_app.services.sealing import Seal
from locker_app.services.tickets import join_queue
from tests.world import World

AT = datetime(2026, 3, 2, tzinfo=UTC)
SITE, BANK, LOCKER, PERSON, STAFF, SESSION = 1, 2, 3, 4, 5, 6

_LOG = {("events", ALL), ("events", SITE), ("feed", SITE)}
_SITE = {("home", ALL), ("sites", ALL), ("site_setup", SITE)}
_NOWHERE = {("events", ALL)}
_NAMES = {("places", ALL)}
_PLACE = _SITE | {("bank", BANK), ("doors", BANK), ("holders", BANK), ("bank_setup", BANK)}
_DOOR = _LOG | _PLACE | {("door", LOCKER)}
_CLAIM = _DOOR | {
    ("person", PERSON),
    ("tickets", PERSON),
    ("stays", PERSON),
    ("person_card", PERSON),
}
_door: Any = {"site_id": SITE, "bank_id": BANK, "locker_id": LOCKER}
_claim: Any = {**_door, "person_id": PERSON, "assignment_id": 7}
_wait: Any = {"site_id": SITE, "bank_id": BANK, "person_id": PERSON, "wait_id": 8}
_bank: Any = {"site_id": SITE, "bank_id": BANK}
_person: Any = {"site_id": None, "person_id": PERSON}
_STAFF = {("staff", STAFF), ("accounts", ALL)}
_staff: Any = {"site_id": None, "staff_id": STAFF}
QUEUE, VISITOR = 10, 11
_LINE = _LOG | _SITE | {("queue", QUEUE), ("helm", QUEUE), ("room", QUEUE)}
_HELD = _LINE | {
    ("person", PERSON),
    ("tickets", PERSON),
    ("stays", PERSON),
    ("person_card", PERSON),
}
_VISITED = _LINE | {("tickets", -VISITOR), ("stays", -VISITOR)}
_ME = {("person", PERSON), ("tickets", PERSON), ("stays", PERSON), ("person_card", PERSON)}
_LIST = {("people", ALL)}
_IMPORT = {("imports", ALL), ("people_import", 1)}
_queue: Any = {"site_id": SITE, "queue_id": QUEUE}
_held: Any = {
    **_queue,
    "ticket_id": 12,
    "ticket_number": 3,
    "person_id": PERSON,
    "visitor_id": None,
}
_visited: Any = {**_held, "person_id": None, "visitor_id": VISITOR}

CHARGER = 13
_DESK = _LOG | _SITE | {("chargers", SITE), ("charger_desk", SITE)}
_charger: Any = {"site_id": SITE, "charger_id": CHARGER}
_booking: Any = {**_charger, "booking_id": 14, "person_id": PERSON, "visitor_id": None}
_visit: Any = {**_booking, "person_id": None, "visitor_id": VISITOR}
_place: Any = {"site_id": SITE, "wait_id": 15, "person_id": PERSON, "visitor_id": None}
_STAY = _DESK | _ME
_VISIT = _DESK | {("tickets", -VISITOR), ("stays", -VISITOR)}

TERMINAL = 16
_AT_TERMINAL = _LOG | _SITE | {("terminals", SITE)}
_INSIDE = {("inside", SITE)}
_tap: Any = {"site_id": SITE, "terminal_id": TERMINAL}
_at_door: Any = {**_door, "terminal_id": TERMINAL}
_AT_DOOR = _DOOR | {("terminals", SITE)}

CASES: list[tuple[Fact, set[tuple[str, int]]]] = [
    (facts.LockerAssigned(**_claim, due_at=None), _CLAIM),
    (facts.LockerReserved(**_claim, wait_id=8, held_until=AT), _CLAIM),
    (facts.LockerReleased(**_claim, cause=ReleaseCause.FORCED), _CLAIM),
    (facts.HoldEnded(**_claim, cause=ReleaseCause.LAPSED), _CLAIM),
    (facts.ReturnReminded(**_claim), _CLAIM),
    (facts.AssignmentOverdue(**_claim, notify_staff=True), _CLAIM),
    (facts.LimitExtended(**_claim, due_at=AT), _CLAIM),
    (facts.HoldExtended(**_claim, held_until=AT), _CLAIM),
    (facts.LockerNoted(**_door), _DOOR),
    (facts.LockerNoteRemoved(**_door), _DOOR),
    (facts.LockerTakenOutOfService(**_door, reason="hinge"), _DOOR),
    (facts.LockerBackInService(**_door), _DOOR),
    (facts.WaitJoined(**_wait, accessible=False), _LOG | _PLACE | _ME),
    (facts.WaitEnded(**_wait, outcome=WaitOutcome.LEFT), _LOG | _PLACE | _ME),
    (facts.SiteCreated(site_id=SITE), _LOG | _SITE | _NAMES),
    (facts.SiteRulesChanged(site_id=SITE, changed="name"), _DESK | _NAMES),
    (facts.SiteOpened(site_id=SITE), _LOG | _SITE),
    (facts.SiteShut(site_id=SITE), _LOG | _SITE),
    (facts.SiteArchived(site_id=SITE), _DESK | _NAMES),
    (facts.SiteRestored(site_id=SITE), _DESK | _NAMES),
    (facts.BankRulesChanged(**_bank, changed="name"), _LOG | _PLACE | _NAMES),
    (facts.BankDoorsChanged(**_bank, added="1", removed="", altered=""), _LOG | _PLACE),
    (facts.BankRenumbered(**_bank, first=5), _LOG | _PLACE),
    (facts.BankArchived(**_bank), _LOG | _PLACE | _NAMES),
    (facts.BankRestored(**_bank), _LOG | _PLACE | _NAMES),
    (facts.ChargingRulesChanged(site_id=SITE, changed="snoozes"), _DESK),
    (facts.ChargerCreated(**_charger), _DESK | _NAMES),
    (facts.ChargerChanged(**_charger, changed="name"), _DESK | _NAMES),
    (facts.ChargerArchived(**_charger), _DESK | _NAMES),
    (facts.ChargerRestored(**_charger), _DESK | _NAMES),
    (facts.ChargerTakenOutOfService(**_charger, reason="cable"), _DESK),
    (facts.ChargerBackInService(**_charger), _DESK),
    (facts.ChargerReported(**_charger, person_id=PERSON, visitor_id=None), _STAY),
    (facts.ChargerCleared(**_charger), _DESK),
    (facts.BookingMade(**_booking, starts_at=AT, leaves_at=AT), _STAY),
    (facts.BookingBegun(**_visit), _VISIT),
    (facts.BookingBlocked(**_visit), _VISIT),
    (facts.HolderCame(**_booking), _STAY),
    (facts.LeaveChanged(**_visit, leaves_at=AT), _VISIT),
    (facts.BookingMoved(**_booking, from_charger_id=9), _STAY),
    (facts.LeaveReminded(**_booking), _STAY),
    (facts.BookingOverstayed(**_visit), _VISIT),
    (facts.BookingEnded(**_booking, cause=EndCause.FORCED, reason="x"), _STAY),
    (facts.SpotOffered(**_visit, wait_id=15, held_until=AT), _VISIT),
    (facts.OfferEnded(**_booking, cause=EndCause.LAPSED), _STAY),
    (facts.BookingClaimed(**{**_booking, "visitor_id": VISITOR}), _STAY | _VISIT),
    (facts.LineJoined(**_place, first=False), _STAY),
    (facts.LineSnoozed(**_place, until=AT), _STAY),
    (facts.LineLeft(**_place, outcome=LineOutcome.LEFT), _STAY),
    (facts.LineClaimed(**{**_place, "visitor_id": VISITOR}), _STAY | _VISIT),
    (facts.HoldProlonged(**_claim, held_until=AT), _CLAIM),
    (facts.BankCreated(site_id=SITE, bank_id=BANK, lockers=5), _LOG | _PLACE | _NAMES),
    (facts.PersonAdded(**_person), _NOWHERE | _ME | _LIST),
    (facts.PersonChanged(**_person, changed="name"), _NOWHERE | _ME | _LIST),
    (facts.PersonArchived(**_person), _NOWHERE | _ME | _LIST),
    (facts.PersonUnarchived(**_person), _NOWHERE | _ME | _LIST),
    (facts.PersonErased(**_person), _NOWHERE | _ME | _LIST),
    (facts.PeopleImportOpened(site_id=None, import_id=1), _NOWHERE | _IMPORT),
    (facts.PeopleImportReread(site_id=None, import_id=1), _NOWHERE | _IMPORT),
    (facts.PeopleImportConfirmed(site_id=None, import_id=1, good_only=False), _NOWHERE | _IMPORT),
    (
        facts.PeopleImported(site_id=None, import_id=1, added=1, changed=2, left_out=3),
        _NOWHERE | _IMPORT | _LIST,
    ),
    (facts.PeopleImportEnded(site_id=None, import_id=1, outcome="stopped"), _NOWHERE | _IMPORT),
    (
        facts.NamesForgotten(
            site_id=SITE,
            before=AT,
            **dict.fromkeys(("events", "assignments", "waits", "tickets"), 1),
            **dict.fromkeys(("bookings", "places", "visits", "sessions"), 0),
        ),
        _LOG | _SITE,
    ),
    (facts.PinChosen(**_person), _NOWHERE | _ME | _LIST),
    (facts.PinReset(**_person, reason="forgotten"), _NOWHERE | _ME | _LIST),
    (
        facts.PreferencesChanged(**_person, accessible=True, near_last=False),
        _NOWHERE | _ME,
    ),
    (facts.PersonSignedIn(**_person, session_id=SESSION), _NOWHERE | _ME),
    (facts.StaffAdded(**_staff, role="admin"), _NOWHERE | _STAFF),
    (facts.StaffInvited(**_staff, invitation_id=9), _NOWHERE | _STAFF),
    (facts.StaffChanged(**_staff, changed="name"), _NOWHERE | _STAFF),
    (facts.StaffPasswordSet(**_staff), _NOWHERE | _STAFF),
    (facts.StaffDisabled(**_staff), _NOWHERE | _STAFF),
    (facts.StaffEnabled(**_staff), _NOWHERE | _STAFF),
    (facts.StaffSignedIn(**_staff, session_id=SESSION), _NOWHERE | _STAFF),
    (
        facts.SessionEnded(site_id=None, session_id=SESSION, person_id=PERSON),
        _NOWHERE | _ME,
    ),
    (
        facts.Refused(site_id=SITE, command="x", code="y", bank_id=BANK, locker_id=LOCKER),
        _LOG | {("door", LOCKER)},
    ),
    (facts.QueueCreated(**_queue), _LINE),
    (facts.QueueRulesChanged(**_queue, changed="name"), _LINE),
    (facts.QueueModeChanged(**_queue, mode=QueueMode.CLOSED), _LINE),
    (facts.QueuePaused(**_queue), _LINE),
    (facts.QueueResumed(**_queue), _LINE),
    (facts.QueueAnnounced(**_queue, text="x"), _LINE),
    (facts.QueueReset(**_queue, round=2, cleared=1), _LINE),
    (facts.DeskLabelled(**_queue, staff_id=STAFF, label="1"), _LINE | _STAFF),
    (facts.TicketTaken(**_held, group_number="7", round=1, place=3), _HELD),
    (facts.TicketTaken(**_visited, group_number="7", round=1, place=3), _VISITED),
    (facts.TicketCalled(**_held, server_id=STAFF, cause=CallCause.NEXT), _HELD),
    (facts.TicketCompleted(**_visited, server_id=STAFF), _VISITED),
    (facts.TicketNoShow(**_held, server_id=STAFF), _HELD),
    (facts.TicketPutBack(**_visited, place=3), _VISITED),
    (facts.TicketSteppedBack(**_held, place=3), _HELD),
    (facts.TicketSpaced(**_held, place=3), _HELD),
    (facts.TicketWithdrawn(**_held), _HELD),
    (facts.TicketRemoved(**_visited), _VISITED),
    (facts.TicketCleared(**_visited), _VISITED),
    (facts.TicketAsked(**_held), _HELD),
    (facts.TicketNoted(**_held), _HELD),
    (
        facts.TicketClaimed(**{**_held, "visitor_id": VISITOR}),
        _HELD | {("tickets", -VISITOR), ("stays", -VISITOR)},
    ),
    (said.TerminalCreated(**_tap, bank_id=BANK), _AT_TERMINAL | _PLACE | _NAMES),
    (said.TerminalChanged(**_tap, bank_id=None, cfg_version=2), _AT_TERMINAL | _NAMES),
    (said.TerminalCodeMade(**_tap, until=AT), _AT_TERMINAL),
    (said.TerminalProvisioned(**_tap), _AT_TERMINAL),
    (said.TerminalRevoked(**_tap, reason="stolen"), _AT_TERMINAL),
    (said.TerminalArchived(**_tap), _AT_TERMINAL | _NAMES),
    (said.TerminalRestored(**_tap), _AT_TERMINAL | _NAMES),
    (
        said.TerminalHeard(**_tap, state=TerminalState.ONLINE, boot=1, version="1"),
        _AT_TERMINAL,
    ),
    (
        said.CommandGiven(
            **_at_door, command_id=18, command=CommandKind.OPEN, person_id=PERSON, reason="x"
        ),
        _AT_DOOR | _ME,
    ),
    (said.CommandGiven(**_tap, command_id=18, command=CommandKind.SYNC), _AT_TERMINAL),
    (
        said.CommandMoved(
            **_at_door, command_id=18, command=CommandKind.OPEN, status=CommandStatus.DONE
        ),
        _AT_DOOR,
    ),
    (said.DoorOpened(**_at_door), _AT_DOOR),
    (said.DoorMoved(**_at_door, is_open=True), _AT_DOOR),
    (said.OpenedOffline(**_at_door, person_id=PERSON, happened_at=AT), _AT_DOOR | _ME),
    (said.AlertRaised(**_at_door, alert_id=19, alert=AlertKind.STUCK), _AT_DOOR),
    (said.AlertRaised(**_tap, alert_id=19, alert=AlertKind.GAP), _AT_TERMINAL),
    (said.AlertCleared(**_tap, alert_id=19, alert=AlertKind.GAP), _AT_TERMINAL),
    (said.CardTapped(**_tap, verdict="assigned", person_id=PERSON), _AT_TERMINAL | _ME),
    (said.CardTapped(**_tap, verdict="denied", code="unknown_card"), _AT_TERMINAL),
    (said.TapToConfirm(**_tap, person_id=PERSON, until=AT), _AT_TERMINAL | _ME),
    (said.TapConfirmEnded(**_tap, person_id=PERSON, outcome="over"), _AT_TERMINAL | _ME),
    (said.LinkAsked(**_tap, person_id=PERSON, until=AT), _AT_TERMINAL | _ME),
    (said.LinkEnded(**_tap, person_id=PERSON, outcome="linked"), _AT_TERMINAL | _ME),
    (said.CardLinked(**_tap, person_id=PERSON), _AT_TERMINAL | _ME),
    (said.CardLinked(**_person), _NOWHERE | _ME),
    (said.CardRevoked(**_person), _NOWHERE | _ME),
    (said.CardChanged(**_person), _NOWHERE | _ME),
    (said.CardKeyMade(site_id=None, kid="k1"), _NOWHERE),
    (said.VisitRulesChanged(site_id=SITE), _LOG | _SITE | _INSIDE),
    (
        said.VisitBegan(**_tap, visit_id=17, person_id=PERSON, came_at=AT, due_at=None),
        _AT_TERMINAL | _ME | _INSIDE,
    ),
    (
        said.VisitEnded(
            **{**_tap, "terminal_id": None},
            visit_id=17,
            person_id=PERSON,
            left_at=AT,
            cause=VisitEnd.TIME_UP,
        ),
        _LOG | _SITE | _ME | _INSIDE,
    ),
    (
        facts.TicketRestored(**_held, status=TicketStatus.WAITING, server_id=None, place=3),
        _HELD,
    ),
]


def _all_kinds() -> set[type[Fact]]:
    return set(FACTS.values())


def logged(fact: Fact) -> Logged:
    """The fact as the hub gets it."""
    names = ("site_id", "bank_id", "locker_id", "queue_id", "charger_id", "terminal_id")
    names += ("person_id", "staff_id", "session_id", "visitor_id", "import_id", "visit_id")
    given = {name: getattr(fact, name, None) for name in names}
    return Logged(id=1, kind=type(fact).__name__, **given)


def test_every_fact_says_what_it_touches() -> None:
    """A new fact fails this: what does it change on which screens?"""
    assert {type(fact) for fact, _ in CASES} == _all_kinds()


@pytest.mark.parametrize(("fact", "topics"), CASES, ids=lambda case: type(case).__name__)
def test_a_fact_touches(fact: Fact, topics: set[tuple[str, int]]) -> None:
    assert touched([logged(fact)]) == {Topic(*topic) for topic in topics}


def test_several_facts_touch_what_each_does() -> None:
    events = [logged(fact) for fact, _ in CASES]
    assert touched(events) == {Topic(*topic) for _, topics in CASES for topic in topics}


class Library:
    """A library with one of everything, and everybody in it."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.site, self.other_site = world.site(), world.site()
        self.bank = world.bank(self.site, limit_minutes=60)
        self.bank_elsewhere = world.bank(self.other_site)
        self.holder, self.other = world.people(2)
        taken = world.take(self.holder, self.bank)
        self.locker = taken.locker_id
        self.locker_elsewhere = world.locker_ids(self.bank_elsewhere)[0]
        self.everywhere = world.staff(Role.ADMIN)
        self.admin = world.staff(Role.ADMIN, self.site)
        self.admin_elsewhere = world.staff(Role.ADMIN, self.other_site)
        self.professor = world.staff(Role.PROFESSOR, self.site)
        self.viewer = world.staff(Role.VIEWER, self.site)
        broken = world.locker_ids(self.bank)[-1]
        world.run(self.everywhere, take_out_of_service, locker_id=broken, reason="hinge")
        self.queue = world.queue(self.site, room_pin="SESAME")
        self.visitor = world.visitor()
        for who, group in ((self.holder, "G77"), (self.visitor, "G78")):
            world.run(
                who,
                join_queue,
                queue_id=self.queue,
                group=group,
                question="Why hinge?",
                room_pin="sesame",
            )
        world.chargers(self.site, 2)
        self.queue_elsewhere = world.queue(self.other_site)
        upload = look_at("people.csv", b"number,name\nA1,Anna", Seal(("a key",)))
        self.people_import = world.run(self.everywhere, open_import, upload=upload)

    def keys(self) -> dict[str, int]:
        """A thing of each kind."""
        assert self.holder.id is not None
        assert self.admin.id is not None
        return {
            "home": ALL,
            "places": ALL,
            "bank": self.bank,
            "doors": self.bank,
            "holders": self.bank,
            "door": self.locker,
            "person": self.holder.id,
            "staff": self.admin.id,
            "events": self.site,
            "feed": self.site,
            "figures": self.site,
            "queue": self.queue,
            "helm": self.queue,
            "room": self.queue,
            "tickets": self.holder.id,
            "chargers": self.site,
            "stays": self.holder.id,
            "charger_desk": self.site,
            "sites": ALL,
            "site_setup": self.site,
            "bank_setup": self.bank,
            "accounts": ALL,
            "people": ALL,
            "person_card": self.holder.id,
            "imports": ALL,
            "people_import": self.people_import,
            "terminals": self.site,
            "inside": self.site,
        }

    def project(self, kind: str, key: int) -> dict[str, Any] | None:
        now = self.world.clock.now
        return self.world.db.read(lambda conn: KINDS[kind].project(conn, key, now))

    def may(self, actor: Actor, kind: str, key: int) -> bool:
        return self.world.db.read(lambda conn: KINDS[kind].may_watch(conn, actor, key))


@pytest.fixture
def library(world: World) -> Library:
    return Library(world)


def test_what_is_sent_are_the_vars_of_the_state_that_is_bound(library: Library) -> None:
    """No more, or the browser would not know where to put it; no less, or it would stay old."""
    from locker_app.live.rooms import Rooms
    from locker_app.web.live_states import bind_topics

    rooms = Rooms(None)  # pyright: ignore[reportArgumentType]
    bind_topics(rooms)
    assert set(rooms._states) == set(KINDS) == set(library.keys())
    for kind, key in library.keys().items():
        sent = library.project(kind, key)
        assert sent is not None
        bound = rooms._states[kind][0]
        named = {name for name in sent if not _IN_BLOCKS.fullmatch(name)}
        assert named == set(bound.base_vars), kind


_IN_BLOCKS = re.compile(r"(head_\d+|(fixed|letters|rows)_\d+_\d+|now_\d+)")
"""Vars of the board and of charging spots: which there are goes by the banks and spots, and the
browser finds them by name."""


def test_what_does_not_exist_is_nothing(library: Library) -> None:
    kinds = ("bank", "doors", "holders", "door", "person", "staff", "queue", "helm", "room")
    for kind in (*kinds, "chargers", "terminals", "inside"):
        assert library.project(kind, 2**31 - 1) is None, kind


def test_who_may_watch_what(library: Library) -> None:
    """Everybody: places and doors. Names: staff with the right at that site. One's own: oneself."""
    keys = library.keys()
    everybody = {
        "nobody": NOBODY,
        "system": SYSTEM,
        "holder": library.holder,
        "other": library.other,
        "everywhere": library.everywhere,
        "admin": library.admin,
        "elsewhere": library.admin_elsewhere,
        "professor": library.professor,
        "viewer": library.viewer,
        "visitor": library.visitor,
    }
    may = {
        kind: {name for name, actor in everybody.items() if library.may(actor, kind, key)}
        for kind, key in keys.items()
    }
    staff = {"everywhere", "admin"}
    assert may == {
        "home": set(everybody),
        "places": set(everybody),
        "bank": set(everybody),
        "doors": set(everybody),
        "holders": staff,
        "door": staff,
        "person": {"holder"},
        "staff": {"admin"},
        "events": staff,
        "feed": staff,
        "figures": staff | {"professor", "viewer"},
        "queue": set(everybody),
        "helm": staff | {"professor"},
        "room": staff | {"professor"},
        "tickets": {"holder"},
        "chargers": set(everybody),
        "stays": {"holder"},
        "charger_desk": staff,
        "sites": staff | {"elsewhere"},
        "site_setup": staff,
        "bank_setup": staff,
        "accounts": {"everywhere"},
        "people": staff | {"elsewhere"},
        "person_card": staff | {"elsewhere"},
        "imports": {"everywhere"},
        "people_import": {"everywhere"},
        "terminals": staff,
        "inside": staff,
    }


@pytest.mark.parametrize(("kind", "key"), [("person_card", 2**31 - 1), ("people_import", 99)])
def test_what_is_gone_is_said_to_be(library: Library, kind: str, key: int) -> None:
    sent = library.project(kind, key)
    assert sent is not None
    assert sent["gone"]
    assert sent.get("name", "") == ""


def test_staff_of_a_site_see_no_other(library: Library) -> None:
    assert not library.may(library.admin, "holders", library.bank_elsewhere)
    assert not library.may(library.admin, "door", library.locker_elsewhere)
    assert not library.may(library.admin, "events", library.other_site)
    assert not library.may(library.admin, "feed", library.other_site)
    assert not library.may(library.admin, "helm", library.queue_elsewhere)
    assert not library.may(library.professor, "room", library.queue_elsewhere)
    assert not library.may(library.admin, "events", ALL)
    assert library.may(library.everywhere, "events", ALL)


@pytest.mark.parametrize("key", [-1, ALL, 2**31 - 1])
def test_nobody_may_watch_what_does_not_exist(library: Library, key: int) -> None:
    kinds = (
        "bank",
        "doors",
        "holders",
        "door",
        "person",
        "staff",
        "queue",
        "helm",
        "room",
        "tickets",
        "chargers",
        "stays",
    )
    for kind in kinds:
        assert not library.may(library.everywhere, kind, key), kind


def test_an_id_is_not_enough(library: Library) -> None:
    """A staff member has the same id as a person."""
    staff_with_that_id = Actor(ActorKind.STAFF, library.holder.id)
    assert not library.may(staff_with_that_id, "person", library.keys()["person"])


def test_a_public_projection_names_nobody(library: Library) -> None:
    world = library.world
    secrets = ["Person", "CS00", "hinge", "Staff", "G77", "G78", "SESAME"]
    world.clock.now += timedelta(hours=2)  # overdue by now
    for kind, key in library.keys().items():
        if not KINDS[kind].private:
            text = str(library.project(kind, key))
            assert [word for word in secrets if word in text] == [], kind


def test_tickets_are_for_their_holder(library: Library) -> None:
    """A visitor's browser has the id of its session, which may be that of a person as well."""
    holder, visitor = library.holder.id or 0, library.visitor.id or 0
    assert library.may(library.visitor, "tickets", -visitor)
    assert not library.may(library.visitor, "tickets", visitor)
    assert not library.may(library.visitor, "tickets", holder)
    assert not library.may(library.holder, "tickets", -holder)
    assert not library.may(Actor(ActorKind.STAFF, holder), "tickets", holder)
    for key, group in ((holder, "G77"), (-visitor, "G78")):
        (row,) = (library.project("tickets", key) or {})["rows"]
        assert (row["group"], row["question"]) == (group, "Why hinge?")
