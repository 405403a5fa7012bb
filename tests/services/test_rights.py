"""Who may do what: every command with every kind of actor.

A command that is added later fails here until it has its line below.
"""

import importlib
import inspect
import pkgutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import insert

from edge.protocol import FaultOf
from locker_app import services
from locker_app.db.tables import (
    card,
    charger,
    charger_wait,
    event,
    person,
    terminal,
    terminal_alert,
    ticket,
    visit,
)
from locker_app.domain.actors import NOBODY, SYSTEM, Actor, ActorKind, Role
from locker_app.domain.banks import BankRules, DoorPlan
from locker_app.domain.chargers import ChargerPlan, ChargingRules
from locker_app.domain.errors import DomainError
from locker_app.domain.event_words import COMMAND_WORDS
from locker_app.domain.queues import QueueMode, QueueRules
from locker_app.domain.sites import SiteRules
from locker_app.domain.terminals import (
    AlertKind,
    CommandKind,
    CommandStatus,
    TapMode,
    TerminalKind,
    TerminalPlan,
    TerminalState,
)
from locker_app.domain.visits import VisitRules
from locker_app.services import (
    alerts,
    banks,
    bookings,
    cards,
    charger_desk,
    charger_line,
    chargers,
    confirms,
    day_sums,
    desks,
    doors,
    expiry,
    import_steps,
    leaving,
    lockers,
    people,
    people_import,
    presses,
    provisioning,
    push,
    queues,
    retention,
    serving,
    sessions,
    setup,
    sites,
    spot_reports,
    staff,
    taps,
    terminal_reports,
    terminals,
    tickets,
    visitors,
    visits,
    waiting,
)
from locker_app.services import commands as commands_
from tests.world import World

Command = Callable[..., Any]

LATER = datetime(2026, 3, 2, 9, tzinfo=UTC)
GATE = TerminalPlan("New", TerminalKind.GATE, TapMode.GATE)
GATE_CHANGED = TerminalPlan("Changed", TerminalKind.GATE, TapMode.OUT)

OF_PERSONS: dict[Command, dict[str, Any]] = {
    lockers.take_locker: {"bank_id": 1},
    lockers.give_back: {"assignment_id": 1},
    waiting.join_waiting: {"bank_id": 1},
    waiting.leave_waiting: {"wait_id": 1},
    waiting.take_held: {"assignment_id": 1},
    people.change_preferences: {"accessible": True, "near_last": True},
    confirms.decline_tap: {},
}
OF_VISITORS_TOO: dict[Command, dict[str, Any]] = {
    tickets.join_queue: {"queue_id": 1, "group": "1"},
    tickets.leave_queue: {"ticket_id": 1},
    tickets.step_back: {"ticket_id": 1},
    tickets.ask: {"ticket_id": 1, "question": "x"},
    bookings.book: {"charger_id": 1, "leaves_at": LATER},
    bookings.set_leave: {"booking_id": 1, "leaves_at": LATER},
    bookings.stop: {"booking_id": 1},
    bookings.move: {"booking_id": 1, "charger_id": 2},
    bookings.check_in: {"booking_id": 1},
    charger_line.join_line: {"site_id": 1},
    charger_line.leave_line: {"wait_id": 1},
    charger_line.accept: {"booking_id": 1, "leaves_at": LATER},
    charger_line.snooze: {"wait_id": 1},
    spot_reports.report_taken: {"booking_id": 1},
    spot_reports.report_free: {"charger_id": 1},
    push.subscribe: {"endpoint": "x", "p256dh": "x", "auth": "x"},
    push.unsubscribe: {"endpoint": "x"},
}
"""Of persons, and of browsers that nobody signed in at."""
OF_NOBODY: dict[Command, dict[str, Any]] = {
    visitors.visit_and_join: {"queue_id": 1, "group": "1", "session_key": "k"},
    visitors.visit_and_book: {"charger_id": 1, "leaves_at": LATER, "session_key": "k"},
    visitors.visit_and_join_line: {"site_id": 1, "session_key": "k"},
    visitors.visit_and_report_free: {"charger_id": 1, "session_key": "k"},
}
"""Of those only who have no session yet."""
OF_ADMINS: dict[Command, dict[str, Any]] = {
    doors.note_locker: {"locker_id": 1, "note": "x"},
    doors.extend_time: {"locker_id": 1, "minutes": 5},
    doors.open_door: {"locker_id": 1, "reason": "x"},
    lockers.force_release: {"locker_id": 1, "reason": "x"},
    lockers.take_out_of_service: {"locker_id": 2, "reason": "x"},
    lockers.put_back_in_service: {"locker_id": 3},
    banks.set_up_bank: {
        "site_id": 1,
        "rules": BankRules(name="New"),
        "doors": DoorPlan(numbers="1-2"),
    },
    banks.change_bank: {"bank_id": 1, "rules": BankRules(name="Changed")},
    banks.change_doors: {"bank_id": 1, "doors": DoorPlan(numbers="1-9")},
    banks.renumber_bank: {"bank_id": 1, "first": 11},
    banks.archive_bank: {"bank_id": 1},
    banks.restore_bank: {"bank_id": 1},
    sites.change_site: {"site_id": 1, "rules": SiteRules(name="Changed", time_zone="UTC")},
    sites.archive_site: {"site_id": 1},
    sites.restore_site: {"site_id": 1},
    chargers.add_chargers: {"site_id": 1, "plans": [ChargerPlan("9")]},
    chargers.change_charger: {"charger_id": 1, "plan": ChargerPlan("Changed")},
    chargers.move_charger: {"charger_id": 1, "up": False},
    chargers.archive_charger: {"charger_id": 1},
    chargers.restore_charger: {"charger_id": 1},
    chargers.change_charging: {"site_id": 1, "rules": ChargingRules(snoozes=3)},
    charger_desk.take_out: {"charger_id": 2, "reason": "x"},
    charger_desk.put_back: {"charger_id": 2},
    charger_desk.clear_report: {"charger_id": 3},
    charger_desk.move_booking: {"booking_id": 1, "charger_id": 2, "reason": "x"},
    charger_desk.end_booking: {"booking_id": 1, "reason": "x"},
    charger_desk.remove_waiting: {"wait_id": 1, "reason": "x"},
    people.reset_pin: {"number": "CS1", "reason": "x"},
    terminals.add_terminal: {"site_id": 1, "plan": GATE},
    terminals.change_terminal: {"terminal_id": 1, "plan": GATE_CHANGED},
    provisioning.make_code: {"terminal_id": 1},
    commands_.tell: {"terminal_id": 1, "kind": CommandKind.IDENTIFY},
    alerts.clear_alert: {"alert_id": 1},
    terminals.revoke_terminal: {"terminal_id": 1, "reason": "x"},
    terminals.archive_terminal: {"terminal_id": 1},
    terminals.restore_terminal: {"terminal_id": 1},
    visits.end_visit: {"visit_id": 1, "reason": "x"},
    visits.change_visit_rules: {"site_id": 1, "rules": VisitRules(anti_passback=False)},
}
"""Of admins at the site; what one of them leaves lets the next one pass."""
OF_ADMINS_EVERYWHERE: dict[Command, dict[str, Any]] = {
    sites.set_up_site: {"rules": SiteRules(name="New", time_zone="UTC")},
    cards.ask_link: {"person_id": 1, "terminal_id": 1},
    cards.cancel_link: {"person_id": 1},
    cards.link_card: {"card_id": 1, "person_id": 1},
    cards.rename_card: {"card_id": 1, "label": "x"},
    cards.revoke_card: {"card_id": 1},
    cards.forget_card: {"card_id": 2},
    leaving.change_person: {
        "person_id": 1,
        "number": "CS1",
        "name": "Ada",
        "accessible": False,
        "near_last": False,
    },
    leaving.archive_person: {"person_id": 1, "release": True, "reason": "x"},
    leaving.unarchive_person: {"person_id": 1},
    leaving.erase_person: {"person_id": 1},
    people_import.open_import: {
        "upload": people_import.Upload("x.csv", b"x", "utf-8", ",", ["number", "name"], {})
    },
    people_import.choose_columns: {
        "import_id": 1,
        "columns": {"number": 0, "name": 1},
        "has_head": True,
    },
    people_import.confirm_import: {"import_id": 1},
    people_import.discard_import: {"import_id": 1},
    staff.create_account: {
        "login": "ada",
        "name": "Ada",
        "roles": [staff.RoleAt(Role.VIEWER)],
    },
    staff.change_account: {
        "staff_id": 1,
        "name": "Ada",
        "roles": [staff.RoleAt(Role.ADMIN)],
    },
    staff.invite: {"staff_id": 1, "key": "k"},
    staff.disable_account: {"staff_id": 2},
    staff.enable_account: {"staff_id": 2},
}
"""Of admins of all sites, and, what is in `OF_THE_OPERATOR`, of the system: who is at the shell."""
OF_PROFESSORS_TOO: dict[Command, dict[str, Any]] = {
    queues.create_queue: {"site_id": 1, "plan": QueueRules(name="New")},
    queues.change_rules: {"queue_id": 1, "rules": QueueRules(name="Changed")},
    queues.set_mode: {"queue_id": 1, "mode": QueueMode.DRAINING},
    queues.pause: {"queue_id": 1, "paused": False},
    queues.announce: {"queue_id": 1, "text": "x"},
    desks.label_desk: {"queue_id": 1, "label": "x"},
    serving.note: {"ticket_id": 1, "note": "x"},
    serving.call: {"ticket_id": 1},
    serving.put_back: {"ticket_id": 1},
    serving.complete_and_call_next: {"queue_id": 1},
    presses.undo: {"queue_id": 1},
    serving.remove: {"ticket_id": 1},
    serving.no_show: {"ticket_id": 2},
    serving.complete: {"queue_id": 1},
    queues.reset_queue: {"queue_id": 1},
}
"""Of those who serve queues and set them up, at the site of site, queue and tickets."""
OF_ALL_SITES: set[Command] = {people.reset_pin}
"""Persons belong to no site, so admins of any site may."""
OF_THE_OPERATOR: set[Command] = {people.reset_pin, *OF_ADMINS_EVERYWHERE} - {sites.set_up_site}
ANSWERS = {
    doors.open_door: "no_terminal",
    cards.ask_link: "terminal_revoked",
    cards.cancel_link: "link_over",
    commands_.tell: "terminal_away",
    sites.archive_site: "would_strand",
    people_import.confirm_import: "import_moved",
}
"""What those who may are told all the same: no bank has a terminal yet, no device is one,
somebody is in line, the file is not read."""
OF_WHOEVER_IS_SIGNED_IN: set[Command] = {
    sessions.sign_out,
    sessions.sign_out_everywhere,
    sessions.renew,
}
"""They only ever touch the sessions of whoever asks; for others they do nothing."""
OF_WHO_HAS_THE_KEY: set[Command] = {staff.accept_invitation, staff.change_password}
"""Of those who have a link, and of staff for themselves: `tests/services/test_staff.py`."""
OF_THE_SERVER: dict[Command, dict[str, Any]] = {
    day_sums.keep_day: {"site_id": 1},
    commands_.claim: {"command_ids": [1]},
    terminals.renew_grants: {"terminal_ids": [1]},
    import_steps.take_over: {"import_id": 1, "process": "x"},
    import_steps.let_go: {"import_id": 1, "process": "x"},
    import_steps.keep_rows: {
        "import_id": 1,
        "attempt": 1,
        "piece": import_steps.Piece([], 0, {}),
    },
    import_steps.begin_again: {"import_id": 1},
    import_steps.end_reading: {"import_id": 1, "attempt": 1, "total": 0},
    import_steps.keep_hashes: {"import_id": 1, "attempt": 1, "hashes": {}},
    import_steps.end_hashing: {"import_id": 1},
    import_steps.apply_import: {"import_id": 1},
    import_steps.stop_import: {"import_id": 1, "why": "x"},
    import_steps.drop_forgotten: {},
    import_steps.sweep: {},
    retention.forget_names: {"site_id": 1},
    retention.withdraw_orphans: {},
    retention.drop_orphans: {},
}
"""Of nobody but the server itself."""
_CARD = "k1." + "A" * 26
OF_TERMINALS: dict[Command, dict[str, Any]] = {
    taps.take_tap: {"card": [_CARD], "mode": TapMode.GATE, "at": LATER, "boot": 1, "seq": 1},
    terminal_reports.heard: {"state": TerminalState.ONLINE, "boot": 1},
    terminal_reports.lost: {"boot": 1},
    terminal_reports.seen: {},
    terminal_reports.announced: {
        "boot": 1,
        "version": "1",
        "reader": "x",
        "display": "x",
        "served": [1],
        "simulated": True,
        "cfg": 1,
    },
    terminal_reports.opened: {"number": 1},
    terminal_reports.door_moved: {"number": 1, "is_open": True},
    terminal_reports.fault: {"of": FaultOf.READER},
    terminal_reports.opened_offline: {"card": [_CARD], "number": 1},
    terminal_reports.result: {"uid": "x", "status": CommandStatus.DONE},
    terminal_reports.missed: {"after": 1, "before": 3},
    terminal_reports.bad_messages: {"count": 1, "why": "x"},
    terminal_reports.unknown_fact: {"kind": "evt/x"},
    terminal_reports.clock_is_wrong: {"off_seconds": 60},
    commands_.moved: {"uid": "x", "status": CommandStatus.DONE},
}
"""Of card terminals, each for itself."""
NOT_FOR_ADAPTERS: set[Command] = {
    alerts.raise_alert,  # inside of others
    alerts.settle_alert,
    people.settle_person_sign_in,  # after the PIN was checked, by `services.sign_in`
    people.settle_staff_sign_in,
    people.choose_first_pin,
    people.count_password,
    confirms.settle_confirm,  # after the PIN was checked, by `confirms.confirm_tap`
    people.add_person,  # the operator's tools
    people.add_staff,
    staff.set_staff_password,
    staff.forget_old_sign_ins,  # the timer's
    setup.create_site,
    setup.create_bank,
    setup.create_sample,
    visitors.open_visit,  # with a key that a route has made
    expiry.run_due,  # the timer's
    expiry.forget_old_answers,
    push.drop_ended,
    push.drop_gone,  # of what follows events to phones
    push.tell_next,
}


ANONYMOUS = {"nobody", "visitor"}


def commands() -> set[Command]:
    """Every function in the services that `command` can wrap."""
    found: set[Command] = set()
    for module_info in pkgutil.iter_modules(services.__path__):
        module = importlib.import_module(f"locker_app.services.{module_info.name}")
        for name, fn in inspect.getmembers(module, inspect.isfunction):
            parameters = list(inspect.signature(fn).parameters.values())
            positional = [one.name for one in parameters if one.kind is not one.KEYWORD_ONLY]
            own = fn.__module__ == module.__name__ and not name.startswith("_")
            if own and positional == ["tx", "actor", "now"]:
                found.add(fn)
    return found


def test_every_command_has_its_line() -> None:
    listed = {
        *OF_PERSONS,
        *OF_VISITORS_TOO,
        *OF_NOBODY,
        *OF_ADMINS,
        *OF_ADMINS_EVERYWHERE,
        *OF_PROFESSORS_TOO,
        *OF_WHOEVER_IS_SIGNED_IN,
        *OF_WHO_HAS_THE_KEY,
        *OF_THE_SERVER,
        *OF_TERMINALS,
        *NOT_FOR_ADAPTERS,
    }
    assert commands() == listed


def test_the_history_has_words_for_every_command() -> None:
    silent = {fn.__name__ for fn in OF_THE_SERVER}  # refused to nobody, so in no line
    assert {fn.__name__ for fn in commands()} - silent <= set(COMMAND_WORDS)


@pytest.fixture
def actors(world: World) -> dict[str, Actor]:
    """One of each kind, at a site whose first locker the person has, and where another waits; in
    its line ticket 1 is served, and ticket 2 was called and is nobody's."""
    site_id, other_site = world.site(), world.site()
    bank_id = world.bank(site_id, limit_minutes=60)
    who = world.person()
    world.take(who, bank_id)
    world.change(person.update().where(person.c.id == who.id).values(number="CS1"))
    door = world.locker_ids(bank_id)[2]
    admin = world.staff()
    world.run(admin, lockers.take_out_of_service, locker_id=door, reason="x")
    queue_id = world.queue(site_id)
    world.tickets(queue_id, 2)
    world.change(ticket.update().values(status="serving"))
    spot = world.chargers(site_id)[2]
    leaves = world.clock.now + timedelta(hours=1)
    world.run(world.person(), bookings.book, charger_id=spot, leaves_at=leaves)
    world.change(charger.update().where(charger.c.id == spot).values(reported_at=world.clock.now))
    waits = {"site_id": site_id, "holder": "person:9", "joined_at": world.clock.now, "snoozes": 0}
    world.change(insert(charger_wait).values(**waits, snoozed_until=leaves))
    plan = TerminalPlan("Gate", TerminalKind.GATE, TapMode.GATE)
    gate = world.run(admin, terminals.add_terminal, site_id=site_id, plan=plan)
    world.change(terminal.update().values(state="online", revoked_at=world.clock.now))
    for number in (_CARD, f"{_CARD[:-1]}B"):
        world.change(
            insert(card).values(
                number=number, label="", created_at=world.clock.now, verdict="", answer={}
            )
        )
    came = {"site_id": site_id, "person_id": who.id, "came_at": world.clock.now}
    world.change(insert(visit).values(came))
    alert = {"kind": AlertKind.GAP.value, "details": {}, "at": LATER, "last_at": LATER}
    world.change(insert(terminal_alert).values(site_id=site_id, terminal_id=gate, **alert))
    return {
        "nobody": NOBODY,
        "visitor": world.visitor(),
        "system": SYSTEM,
        "person": who,
        "admin": admin,
        "admin here": world.staff(Role.ADMIN, site_id),
        "admin elsewhere": world.staff(Role.ADMIN, other_site),
        "professor": world.staff(Role.PROFESSOR, site_id),
        "viewer": world.staff(Role.VIEWER),
        "staff without a role": Actor(ActorKind.STAFF, 1),
    }


def refusal(world: World, actor: Actor, fn: Command, arguments: dict[str, Any]) -> str | None:
    try:
        world.run(actor, fn, **arguments)
    except DomainError as refused:
        return refused.code
    return None


def turned_away(world: World, actors: dict[str, Actor], allowed: set[str]) -> list[str]:
    """The names of those who are not allowed. PostgreSQL is asked the same whoever it is, so there
    it is tried with one who is somebody and one who is not."""
    tried = actors.keys() if world.db.is_sqlite else {"nobody", "viewer"}
    return sorted(tried - allowed)


def done(world: World) -> list[str]:
    return [kind for kind in world.kinds() if kind != "Refused"]


def test_commands_of_persons_are_refused_to_all_others(
    world: World, actors: dict[str, Actor]
) -> None:
    before = done(world)
    for fn, arguments in OF_PERSONS.items():
        for name in turned_away(world, actors, {"person"}):
            expected = "not_signed_in" if name in ANONYMOUS else "not_allowed"
            assert refusal(world, actors[name], fn, arguments) == expected, (fn.__name__, name)
    for fn, arguments in OF_VISITORS_TOO.items():
        for name in turned_away(world, actors, {"person", "visitor"}):
            expected = "not_signed_in" if name == "nobody" else "not_allowed"
            assert refusal(world, actors[name], fn, arguments) == expected, (fn.__name__, name)
    for fn, arguments in OF_NOBODY.items():
        for name in turned_away(world, actors, {"nobody"}):
            assert refusal(world, actors[name], fn, arguments) == "not_allowed", (fn, name)
    assert done(world) == before
    refused = sum(
        len(fns) * len(turned_away(world, actors, allowed))
        for fns, allowed in (
            (OF_PERSONS, {"person"}),
            (OF_VISITORS_TOO, {"person", "visitor"}),
            (OF_NOBODY, {"nobody"}),
        )
    )
    assert len(world.rows(event, kind="Refused")) == refused


def test_commands_of_admins_are_refused_to_all_others(
    world: World, actors: dict[str, Actor]
) -> None:
    before = done(world)
    for fn, arguments in {**OF_ADMINS, **OF_ADMINS_EVERYWHERE}.items():
        allowed = {"admin"} | ({"admin here"} if fn in OF_ADMINS else set())
        allowed |= {"admin elsewhere"} if fn in OF_ALL_SITES else set()
        allowed |= {"system"} if fn in OF_THE_OPERATOR else set()
        for name in turned_away(world, actors, allowed):
            expected = "not_signed_in" if name in ANONYMOUS else "not_allowed"
            assert refusal(world, actors[name], fn, arguments) == expected, (fn.__name__, name)
    assert done(world) == before


def test_what_the_server_does_itself_is_refused_to_everybody(
    world: World, actors: dict[str, Actor]
) -> None:
    before = done(world)
    for fn, arguments in OF_THE_SERVER.items():
        for name in turned_away(world, actors, {"system"}):
            assert refusal(world, actors[name], fn, arguments) == "not_allowed", (fn, name)
    assert done(world) == before


def test_what_terminals_say_is_refused_to_everybody_else(
    world: World, actors: dict[str, Actor]
) -> None:
    before = done(world)
    revoked = Actor(ActorKind.TERMINAL, 1)
    for fn, arguments in OF_TERMINALS.items():
        for name, actor in actors.items():
            assert refusal(world, actor, fn, arguments) == "not_allowed", (fn.__name__, name)
        may_see = {terminal_reports.seen, commands_.moved}  # which change nothing of what is there
        if fn not in may_see:
            assert refusal(world, revoked, fn, arguments) == "terminal_revoked", fn.__name__
    assert done(world) == before


def test_queues_are_for_those_who_serve_there(world: World, actors: dict[str, Actor]) -> None:
    before = done(world)
    for fn, arguments in OF_PROFESSORS_TOO.items():
        for name in turned_away(world, actors, {"admin", "admin here", "professor"}):
            expected = "not_signed_in" if name in ANONYMOUS else "not_allowed"
            assert refusal(world, actors[name], fn, arguments) == expected, (fn.__name__, name)
    assert done(world) == before


@pytest.mark.parametrize("name", ["admin", "admin here", "professor"])
def test_those_who_serve_may(world: World, actors: dict[str, Actor], name: str) -> None:
    for fn, arguments in OF_PROFESSORS_TOO.items():
        assert refusal(world, actors[name], fn, arguments) is None, fn.__name__


@pytest.mark.parametrize("name", ["admin", "admin here"])
def test_admins_may(world: World, actors: dict[str, Actor], name: str) -> None:
    everywhere = OF_ADMINS_EVERYWHERE if name == "admin" else {}
    for fn, arguments in {**OF_ADMINS, **everywhere}.items():
        assert refusal(world, actors[name], fn, arguments) == ANSWERS.get(fn), fn.__name__


def test_the_operator_may(world: World, actors: dict[str, Actor]) -> None:
    for fn, arguments in {**OF_ADMINS, **OF_ADMINS_EVERYWHERE}.items():
        if fn in OF_THE_OPERATOR:
            assert refusal(world, SYSTEM, fn, arguments) == ANSWERS.get(fn), fn.__name__


def test_sessions_of_nobody_are_nobodys(world: World, actors: dict[str, Actor]) -> None:
    before = done(world)
    del actors["visitor"]  # who is one
    for fn in (sessions.sign_out, sessions.renew):
        for actor in actors.values():
            assert not world.run(actor, fn), "none of them came by a session"
    assert done(world) == before
