"""Every event handler with every kind of actor and odd arguments, straight over the websocket.

A handler or route that is not in the tables here fails the first tests: whoever adds one says who
may achieve something by it. Then it is called by everybody, and whoever may not changes nothing,
hears nothing of others, gets no traceback, and does not harm the connection or the server.
"""

import json
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

import pytest

from locker_app.db.tables import event
from locker_app.domain.actors import RIGHTS, Right
from tests.security.house import COLUMNS, GROWING, House, Tables, request_id
from tests.security.odd import NAMES, ODD, ROUTERS, other_ids, other_names, payloads
from tests.security.wire import ROOT, Screen, handler, state

KEY = "a fresh request id"


@dataclass(frozen=True)
class Handler:
    """One of our handlers: who may achieve something by it, why, and what a page sends it."""

    why: str
    needs: str | Right = "nothing"
    sends: dict[str, Any] = field(default_factory=dict)
    after: tuple[tuple[str, dict[str, Any]], ...] = ()
    """Events that come before it on the page."""
    page: str = "/staff/board/{bank}"
    """Where it is sent from."""
    everywhere: bool = False
    """Whether the right is needed at all sites."""


def public(why: str, **sends: Any) -> Handler:
    """It changes at most what this tab shows, of what everybody may see."""
    return Handler(why, sends=sends)


def person(why: str, **sends: Any) -> Handler:
    """A signed-in person may do it, to what is theirs."""
    return Handler(why, "person", {**sends, "request_id": KEY})


def in_line(why: str, *after: tuple[str, dict[str, Any]], **sends: Any) -> Handler:
    """A signed-in person, or a visitor, may do it, to a ticket of theirs."""
    before = ((f"{QUEUE}.load", {}), *after)
    return Handler(why, "person", {**sends, "request_id": KEY}, before, "/q/{code}")


def staff(right: Right, why: str, *after: tuple[str, dict[str, Any]], **sends: Any) -> Handler:
    """Staff with the right at the site may do it."""
    return Handler(why, right, {**sends, "request_id": KEY}, after)


def charging(why: str, **sends: Any) -> Handler:
    """A signed-in person, or a visitor, may do it, to a charging spot or place of theirs."""
    before = ((f"{CHARGERS}.load", {}),)
    return Handler(why, "person", {**sends, "request_id": KEY}, before, "/c/{spot}")


BANK, BOARD, HISTORY = "pages.bank.BankPage", "pages.board.BoardPage", "pages.history.HistoryPage"
SIGN_IN, FORM = "pages.sign_in.SignInPage", "pages.staff_sign_in.StaffSignInPage"


def everywhere(right: Right, why: str, *after: tuple[str, dict[str, Any]], **sends: Any) -> Handler:
    """Staff with the right at all sites may do it."""
    return Handler(why, right, {**sends, "request_id": KEY}, after, everywhere=True)


QUEUE = "pages.queue.QueuePage"
CHARGERS = "pages.chargers.ChargersPage"
CHARGER_DESK = "pages.staff_chargers.StaffChargersPage"
SPOTS = "pages.setup_chargers.SetupChargersPage"
CHARGING_FORM = {
    **dict.fromkeys(("max_stay_minutes", "overstay_minutes"), "60"),
    **dict.fromkeys(("bookings_per_holder", "offer_minutes", "snooze_minutes"), "3"),
    **dict.fromkeys(("grace_minutes", "reminder_minutes", "snoozes"), "3"),
    **dict.fromkeys(("extend_while_waiting_minutes", "cooling_off_minutes"), "0"),
    "at_end": "end",
    "priority": "first_come",
}


def runs_chargers(why: str, what: str, **sends: Any) -> Handler:
    """Staff who run a site's charging spots may do it, once they are asked."""
    asked = (f"{CHARGER_DESK}.ask", {"what": what, "about": 1, "seen": 1})
    return staff(Right.RUN_CHARGERS, why, asked, form={"reason": "x"}, **sends)


LATER = 1_893_456_000_000
"""A time that is still to come, in milliseconds since 1970."""
SITES, SITE = "pages.setup.SetupPage", "pages.setup_site.SetupSitePage"
SETUP_BANK, SHEETS = "pages.setup_bank.SetupBankPage", "pages.sheets.SheetsPage"
ACCOUNTS = "pages.accounts.AccountsPage"
PEOPLE, PERSON = "pages.people.PeoplePage", "pages.person.PersonPage"
IMPORTS = "pages.people_imports.PeopleImportsPage"
IMPORT = "pages.people_import.PeopleImportPage"
SITE_FORM = {
    "name": "Renamed",
    "time_zone": "UTC",
    "lockers_per_person": "1",
    "hold_minutes": "5",
}
BANK_FORM = {"name": "Renamed", "reminder_minutes": "5", "overdue_action": "notify"}
ACCOUNT_FORM = {"name": "New", "login": "brand.new", "role_0_admin": "on"}
HELM, RULES = "pages.helm.HelmPage", "pages.queue_settings.QueueSettingsPage"
TERMINALS = "pages.staff_terminals.StaffTerminalsPage"
TERMINAL_SETUP = "pages.setup_terminals.SetupTerminalsPage"
CONFIRMING = "confirming.Confirming"
TERMINAL_FORM = {
    "name": "New",
    "mode": "gate",
    "bank_id": "0",
    "open_ms": "3000",
    "dim_after_s": "60",
}
LIST, AFTER = "pages.staff_queues.StaffQueuesPage", "pages.after_class.AfterClassPage"
RULES_FORM = {
    "name": "Renamed",
    "tickets_per_person": "1",
    "tickets_per_group": "1",
    "steps_back": "2",
}


def helper(why: str, *after: tuple[str, dict[str, Any]], **sends: Any) -> Handler:
    """Staff who serve queues at the site may do it."""
    return staff(Right.SERVE_QUEUE, why, *after, **sends)


OURS: dict[str, Handler] = {
    "pages.home.HomePage.load": public("watches all places"),
    "pages.missing.MissingPage.load": public("watches who is signed in"),
    f"{BANK}.load": public("watches a bank"),
    f"{BANK}.set_low_only": public("a tick of this tab's", wanted=True),
    f"{BANK}.take": person("gets a locker"),
    f"{BANK}.take_held": person("gets the one held for them", assignment_id="hold"),
    f"{BANK}.give_back": person("gives theirs back", assignment_id="assignment"),
    f"{BANK}.join": person("joins the waiting list"),
    f"{BANK}.leave": person("leaves it", wait_id="wait"),
    "pages.display.DisplayPage.load": public(
        "watches a queue; the room's code by topic, for its staff"
    ),
    f"{QUEUE}.load": public("watches a queue; shows a refusal in words of ours"),
    f"{QUEUE}.join": in_line("takes a ticket", form={"group": "1", "question": "", "room_pin": ""}),
    f"{QUEUE}.step_back": in_line("lets the next one by", ticket_id="ticket"),
    f"{QUEUE}.leave": in_line("leaves the line", ticket_id="ticket"),
    f"{QUEUE}.ask": in_line(
        "changes their question",
        (f"{QUEUE}.edit", {"ticket_id": 1}),  # the first in the house, which is not theirs
        form={"question": "why"},
    ),
    f"{QUEUE}.ask_leave": public("asks this tab's question", ticket_id="ticket", status="waiting"),
    f"{QUEUE}.stay": public("closes this tab's question"),
    f"{QUEUE}.edit": public("opens this tab's form", ticket_id="ticket"),
    f"{QUEUE}.stop_editing": public("closes this tab's form"),
    f"{QUEUE}.want_letters": public("a keyboard of this tab's"),
    f"{CHARGER_DESK}.load": public("watches spots with names: right checked by topic"),
    f"{CHARGER_DESK}.ask": public("opens this tab's question", what="end", about=1, seen=1),
    f"{CHARGER_DESK}.close": public("closes it"),
    f"{CHARGER_DESK}.take_out": runs_chargers(
        "takes a spot out of service", "take_out", charger_id="charger", seen="booking"
    ),
    f"{CHARGER_DESK}.end": runs_chargers(
        "ends a booking", "end", booking_id="booking", charger_id="charger"
    ),
    f"{CHARGER_DESK}.move": staff(
        Right.RUN_CHARGERS,
        "moves somebody",
        (f"{CHARGER_DESK}.ask", {"what": "move", "about": 1, "seen": 1}),
        form={"reason": "x", "to": "2"},
        booking_id="booking",
    ),
    f"{CHARGER_DESK}.remove": runs_chargers(
        "takes somebody out of the line", "remove", wait_id="place"
    ),
    f"{CHARGER_DESK}.put_back": staff(
        Right.RUN_CHARGERS, "puts a spot back into service", charger_id="charger"
    ),
    f"{CHARGER_DESK}.clear_report": staff(
        Right.RUN_CHARGERS, "sees to a report", charger_id="charger"
    ),
    f"{SPOTS}.load": public("watches a site with its rules: right checked by topic"),
    f"{SPOTS}.add": staff(Right.SET_UP, "sets up spots", form={"names": "9"}, site_id="site"),
    f"{SPOTS}.change": staff(
        Right.SET_UP, "changes a spot", form={"name": "Renamed"}, charger_id="charger"
    ),
    f"{SPOTS}.move": staff(Right.SET_UP, "lists a spot elsewhere", charger_id="charger", up=False),
    f"{SPOTS}.ask": public("opens this tab's question", what="archive", charger_id="charger"),
    f"{SPOTS}.close": public("closes it"),
    f"{SPOTS}.archive": staff(
        Right.SET_UP,
        "takes a spot out of use",
        (f"{SPOTS}.ask", {"what": "archive", "charger_id": 1}),
        charger_id="charger",
    ),
    f"{SPOTS}.restore": staff(Right.SET_UP, "takes a spot back into use", charger_id="charger"),
    f"{SPOTS}.save": staff(Right.SET_UP, "changes the rules", form=CHARGING_FORM, site_id="site"),
    f"{CHARGERS}.load": public("watches a site's charging spots; a refusal in words of ours"),
    f"{CHARGERS}.book": charging(
        "books a spot", charger_id="charger", leaves_at=LATER, starts_at=0, shown_as=""
    ),
    f"{CHARGERS}.accept": charging(
        "takes what is offered", booking_id="booking", leaves_at=LATER, shown_as=""
    ),
    f"{CHARGERS}.set_leave": charging("stays longer", booking_id="booking", leaves_at=LATER),
    f"{CHARGERS}.stop": charging("leaves it to others", booking_id="booking"),
    f"{CHARGERS}.move": charging(
        "moves", booking_id="booking", charger_id="charger", leaves_at=LATER
    ),
    f"{CHARGERS}.come": charging("says that they are there", booking_id="booking"),
    f"{CHARGERS}.report_taken": charging("gives it up, taken", booking_id="booking"),
    f"{CHARGERS}.report_free": charging("ends what is overstayed alone", charger_id="charger"),
    f"{CHARGERS}.join": charging("joins the line"),
    f"{CHARGERS}.leave_line": charging("leaves it", wait_id="place"),
    f"{CHARGERS}.snooze": charging("lets an offer go by", wait_id="place"),
    f"{TERMINALS}.load": public("watches terminals and visits: right checked by topic"),
    f"{TERMINALS}.ask": public("opens this tab's question", what="end", about=1),
    f"{TERMINALS}.close": public("closes it"),
    f"{TERMINALS}.tell": staff(
        Right.RUN_TERMINALS, "has one say who it is", what="identify", terminal_id="terminal"
    ),
    f"{TERMINALS}.restart": staff(
        Right.RUN_TERMINALS,
        "has one begin anew",
        (f"{TERMINALS}.ask", {"what": "restart", "about": 1}),
        terminal_id="terminal",
    ),
    f"{TERMINALS}.tap": staff(
        Right.RUN_TERMINALS,
        "puts a card on a simulated reader",
        (f"{TERMINALS}.ask", {"what": "tap", "about": 1}),
        form={"uid": "04A1B2C3", "demo": ""},
        terminal_id="terminal",
    ),
    f"{TERMINALS}.clear_alert": staff(Right.RUN_TERMINALS, "sees to an alert", alert_id="alert"),
    f"{TERMINALS}.end_visit": staff(
        Right.END_VISITS,
        "ends a visit",
        (f"{TERMINALS}.ask", {"what": "end", "about": 1}),
        form={"reason": "x"},
        visit_id="visit",
    ),
    f"{TERMINALS}.find": public(
        "finds people, if one may: checked by the query", form={"text": "QF700001"}
    ),
    f"{TERMINALS}.link": everywhere(
        Right.MANAGE_PEOPLE,
        "says whose a card is",
        (f"{TERMINALS}.ask", {"what": "whose", "about": 1}),
        card_id="stray",
        person_id=1,
    ),
    f"{TERMINALS}.forget_card": everywhere(
        Right.MANAGE_PEOPLE, "forgets a card of nobody", card_id="stray"
    ),
    f"{TERMINALS}.revoke": staff(
        Right.RUN_TERMINALS,
        "lets a terminal speak no more",
        (f"{TERMINALS}.ask", {"what": "revoke", "about": 1}),
        form={"reason": "x"},
        terminal_id="terminal",
    ),
    f"{TERMINAL_SETUP}.load": public("watches a site with its rules: right checked by topic"),
    f"{TERMINAL_SETUP}.ask": public(
        "opens this tab's question", what="archive", terminal_id="terminal"
    ),
    f"{TERMINAL_SETUP}.close": public("closes it"),
    f"{TERMINAL_SETUP}.add": staff(
        Right.SET_UP, "sets up a terminal", form=TERMINAL_FORM, site_id="site"
    ),
    f"{TERMINAL_SETUP}.change": staff(
        Right.SET_UP, "changes a terminal", form=TERMINAL_FORM, terminal_id="terminal"
    ),
    f"{TERMINAL_SETUP}.make_code": staff(
        Right.SET_UP, "lets a device become one", terminal_id="terminal", name="Gate"
    ),
    f"{TERMINAL_SETUP}.archive": staff(
        Right.SET_UP,
        "takes a terminal down",
        (f"{TERMINAL_SETUP}.ask", {"what": "archive", "terminal_id": 1}),
        terminal_id="terminal",
    ),
    f"{TERMINAL_SETUP}.restore": staff(Right.SET_UP, "puts it up again", terminal_id="terminal"),
    f"{TERMINAL_SETUP}.save_visits": staff(
        Right.SET_UP, "changes the rules of visits", form={"max_minutes": "60"}, site_id="site"
    ),
    f"{CONFIRMING}.confirm": person("confirms their own tap", form={"pin": "1234", "tap": "1"}),
    f"{CONFIRMING}.decline": person("declines it"),
    f"{HELM}.load": public("watches a queue with names: right checked by topic"),
    f"{HELM}.press": helper("calls the next", queue_id="queue"),
    f"{HELM}.complete": helper("completes a ticket", queue_id="queue"),
    f"{HELM}.undo": helper("takes a press back", queue_id="queue"),
    f"{HELM}.call_ticket": helper("calls a ticket", ticket_id="ticket"),
    f"{HELM}.no_show": helper("ends a ticket", ticket_id="ticket"),
    f"{HELM}.put_back": helper("puts a ticket back", ticket_id="ticket"),
    f"{HELM}.remove": helper(
        "takes a ticket out of the line",
        (f"{HELM}.ask", {"what": "remove", "ticket_id": 1}),
        ticket_id="ticket",
    ),
    f"{HELM}.write_note": helper("writes a note", form={"note": "x"}, ticket_id="ticket"),
    f"{HELM}.set_mode": helper("closes the queue", queue_id="queue", mode="closed"),
    f"{HELM}.pause": helper("takes a break", queue_id="queue", paused=True),
    f"{HELM}.announce": helper("tells the line", form={"text": "x"}, queue_id="queue"),
    f"{HELM}.label_desk": helper("names a desk", form={"label": "x"}, queue_id="queue"),
    f"{HELM}.ask": public("opens this tab's dialog", what="note", ticket_id="ticket"),
    f"{HELM}.close": public("closes it"),
    f"{HELM}.reset_queue": helper(
        "clears the line", (f"{HELM}.ask", {"what": "reset", "ticket_id": 0}), queue_id="queue"
    ),
    f"{RULES}.load": public("watches a queue with its rules: right checked by topic"),
    f"{RULES}.save": staff(
        Right.SET_UP_QUEUE, "changes the rules", form=RULES_FORM, queue_id="queue"
    ),
    f"{LIST}.load": public("watches all places"),
    f"{LIST}.create": staff(
        Right.SET_UP_QUEUE, "sets up a queue", form={"name": "New", "site_id": "1"}
    ),
    "pages.sheet.SheetPage.load": public("watches a queue with names: right checked by topic"),
    f"{AFTER}.load": public("looks back on a queue: right checked by topic and query"),
    f"{AFTER}.choose": public(
        "the same for other days", form={"first": "2026-01-01", "last": "2026-01-02"}
    ),
    f"{AFTER}.choose_last": public("the same for other days", days=7),
    "pages.me.MePage.load": public("watches who is signed in"),
    "pages.me.MePage.prefer": person("prefers", accessible=True, near_last=True),
    f"{SIGN_IN}.load": public("watches who is signed in; shows a refusal in words of ours"),
    f"{SIGN_IN}.look_up": public(
        "whether a number has a PIN: needed to sign in, limited", form={"number": "XX0000000"}
    ),
    f"{SIGN_IN}.start_over": public("empties this tab's form"),
    f"{FORM}.load": public("watches who is signed in; shows a refusal in words of ours"),
    "pages.staff_sign_in.StaffAccountPage.load": public("watches who is signed in"),
    f"{PEOPLE}.load": public("watches how many people there are: right checked by topic"),
    f"{PEOPLE}.search": public("finds people, if one may: checked by the query", text="XX0000000"),
    f"{PEOPLE}.refresh": public("the same again", changed=2**30),
    f"{PEOPLE}.add": everywhere(
        Right.MANAGE_PEOPLE, "adds somebody", form={"number": "XX7", "name": "New"}
    ),
    f"{PERSON}.load": public("watches a person: right checked by topic and query"),
    f"{PERSON}.refresh": public("reads what they have, if one may", changed=2**30),
    f"{PERSON}.ask_whether": public("opens this tab's question", what="erase"),
    f"{PERSON}.close": public("closes it"),
    f"{PERSON}.save": everywhere(
        Right.MANAGE_PEOPLE,
        "changes somebody",
        form={"number": "XX8", "name": "Renamed"},
        person_id=1,
    ),
    f"{PERSON}.reset_pin": staff(
        Right.RESET_PIN,
        "lets somebody choose a new PIN",
        form={"reason": "to see who may"},
        number="XX0000000",
    ),
    f"{PERSON}.archive": everywhere(
        Right.MANAGE_PEOPLE, "lets somebody in no more", form={"reason": "x"}, person_id=1
    ),
    f"{PERSON}.unarchive": everywhere(Right.MANAGE_PEOPLE, "lets somebody in again", person_id=1),
    f"{PERSON}.erase": everywhere(
        Right.MANAGE_PEOPLE,
        "erases somebody",
        form={"number": "QF700001", "reason": "x"},
        person_id=1,
    ),
    f"{PERSON}.ask_card": public("opens this tab's question", what="revoke", card_id="card"),
    f"{PERSON}.ask_link": everywhere(
        Right.MANAGE_PEOPLE,
        "has a terminal wait for a card",
        form={"terminal": "1", "label": "x"},
        person_id=1,
    ),
    f"{PERSON}.cancel_link": everywhere(Right.MANAGE_PEOPLE, "no longer", person_id=1),
    f"{PERSON}.rename_card": everywhere(
        Right.MANAGE_PEOPLE, "names a card", form={"label": "x"}, card_id="card"
    ),
    f"{PERSON}.revoke_card": everywhere(
        Right.MANAGE_PEOPLE, "blocks a card", form={"reason": "x"}, card_id="card"
    ),
    f"{IMPORTS}.load": public("watches the imports: right checked by topic"),
    f"{IMPORT}.load": public("watches an import: right checked by topic and query"),
    f"{IMPORT}.refresh": public("reads its rows, if one may", turn=2**30),
    f"{IMPORT}.show": public("the same", kind="new", after=0),
    f"{IMPORT}.choose": everywhere(
        Right.MANAGE_PEOPLE,
        "has a file read anew",
        form={"number": "0", "name": "1"},
        import_id="import",
    ),
    f"{IMPORT}.confirm": everywhere(
        Right.MANAGE_PEOPLE, "has it done", import_id="import", good_only=True
    ),
    f"{IMPORT}.discard": everywhere(Right.MANAGE_PEOPLE, "forgets a file", import_id="import"),
    f"{BOARD}.load": public("watches what of the board one may: right checked by topic"),
    f"{BOARD}.open_door": public("watches a door, if one may", locker_id="locker"),
    f"{BOARD}.close_door": public("closes this tab's panel"),
    f"{BOARD}.show_older": public(
        "reads the log of the open door, if one may: checked by the query", before=2**30
    ),
    f"{BOARD}.act": staff(
        Right.FORCE_RELEASE,
        "does something at doors; each command asks for its right",
        act="force_release",
        doors=[["locker", "assignment", 0]],
        reason="to see who may",
        minutes=5,
    ),
    f"{BOARD}.write_note": staff(
        Right.NOTE_LOCKERS, "writes a note", locker_id="locker", note="mine", seen=""
    ),
    "pages.unknown_code.UnknownCodePage.load": public("watches who is signed in"),
    "pages.invite.InvitePage.load": public("whom a link invites, for whoever has it"),
    f"{SITES}.load": public("watches the sites: right checked by topic"),
    f"{SITES}.create": everywhere(
        Right.SET_UP, "sets up a site", form={"name": "New", "time_zone": "UTC"}
    ),
    f"{SITE}.load": public("watches a site with its rules: right checked by topic"),
    f"{SITE}.save": staff(Right.SET_UP, "changes the rules", form=SITE_FORM, site_id="site"),
    f"{SITE}.create_bank": staff(
        Right.SET_UP, "sets up a bank", form={"bank_name": "New", "numbers": "1"}, site_id="site"
    ),
    f"{SITE}.ask": public("asks this tab's question"),
    f"{SITE}.close": public("closes it"),
    f"{SITE}.archive": staff(
        Right.SET_UP, "takes a site out of use", (f"{SITE}.ask", {}), site_id="site"
    ),
    f"{SITE}.restore": staff(Right.SET_UP, "takes a site back into use", site_id="site"),
    f"{SETUP_BANK}.load": public("watches a bank with its rules: right checked by topic"),
    f"{SETUP_BANK}.save": staff(Right.SET_UP, "changes the rules", form=BANK_FORM, bank_id="bank"),
    f"{SETUP_BANK}.save_doors": staff(
        Right.SET_UP, "adds doors", form={"numbers": "1-9"}, bank_id="bank"
    ),
    f"{SETUP_BANK}.renumber": staff(
        Right.SET_UP, "numbers doors anew", form={"first": "5"}, bank_id="bank", version=""
    ),
    f"{SETUP_BANK}.ask": public("asks this tab's question"),
    f"{SETUP_BANK}.close": public("closes it"),
    f"{SETUP_BANK}.archive": staff(
        Right.SET_UP, "takes a bank out of use", (f"{SETUP_BANK}.ask", {}), bank_id="bank"
    ),
    f"{SETUP_BANK}.restore": staff(Right.SET_UP, "takes a bank back into use", bank_id="bank"),
    f"{SHEETS}.load": public("watches a site: right checked by topic"),
    f"{SHEETS}.choose_size": public("a choice of this tab's", size="door"),
    f"{SHEETS}.choose": public("a choice of this tab's", code="ABCDEF", wanted=False),
    f"{ACCOUNTS}.load": public("watches the accounts: right checked by topic"),
    f"{ACCOUNTS}.ask": public("opens this tab's dialog", what="edit", staff_id=1),
    f"{ACCOUNTS}.close": public("closes it"),
    f"{ACCOUNTS}.create": everywhere(Right.MANAGE_STAFF, "makes an account", form=ACCOUNT_FORM),
    f"{ACCOUNTS}.save": everywhere(
        Right.MANAGE_STAFF, "changes an account", form=ACCOUNT_FORM, staff_id=1
    ),
    f"{ACCOUNTS}.invite": everywhere(
        Right.MANAGE_STAFF, "makes a link", staff_id=1, name="Somebody"
    ),
    f"{ACCOUNTS}.disable": everywhere(
        Right.MANAGE_STAFF,
        "ends an account",
        (f"{ACCOUNTS}.ask", {"what": "disable", "staff_id": 1}),
        staff_id=1,
    ),
    f"{ACCOUNTS}.enable": everywhere(Right.MANAGE_STAFF, "revives an account", staff_id=1),
    "pages.statistics.StatisticsPage.load": public(
        "looks back on a site: right checked by topic and query"
    ),
    "pages.statistics.StatisticsPage.choose": public("goes to the address of some days", form={}),
    f"{HISTORY}.load": public("watches what of the history one may: right checked by topic"),
    f"{HISTORY}.choose": public("goes to the address of a filter", form={"kind": "PinReset"}),
    f"{HISTORY}.refresh": public("reads the log, if one may: checked by the query", newest=2**30),
    f"{HISTORY}.show_older": public(
        "reads the log, if one may: checked by the query", before=2**30
    ),
}

INTERNAL = {
    f"{ROOT}.hydrate_and_load": "sends this tab its own state, and runs its page's load",
    f"{ROOT}.reflex___state____on_load_internal_state.on_load_internal": "runs its page's load",
    (
        f"{ROOT}.reflex___state____frontend_event_exception_state.handle_frontend_exception"
    ): "a line in the log, cut and limited",
}
"""Of Reflex's own, those that its front end needs."""

CLOSED = {
    f"{ROOT}.hydrate": "Reflex calls it by itself",
    f"{ROOT}.set_is_hydrated": "Reflex calls it by itself",
    f"{ROOT}.reflex___state____on_load_internal_state.set_is_hydrated": "likewise",
    f"{ROOT}.reflex___state____update_vars_internal_state.update_vars_internal": (
        "sets vars from browser storage, of which we keep none"
    ),
}
"""Of Reflex's own, those that are dropped; and `setvar` of every State class, which sets vars."""

ROUTES = {
    ("/ping", "GET HEAD"): "closed by the guard: tests/api/test_guard.py",
    ("/_health", "GET HEAD"): "closed by the guard: ours is /health",
    ("/_event/…", "mount"): "the websocket that these tests speak",
    ("/…", "mount"): "the pages: files that were built, the same for everybody",
}
"""What there is besides the API, which tests/api/test_every_route.py walks."""

ACTORS = (
    "nobody",
    "forged",
    "expired",
    "ended",
    "student",
    "viewer",
    "professor",
    "other_admin",
    "site_admin",
    "admin",
)
NOBODY = frozenset({"nobody", "forged", "expired", "ended"})
SPOILT = frozenset({"forged", "expired", "ended"})
"""Sessions that open nothing. What they name is for nobody to look at before it is known whose they
are, so they send what a page sends; who has no session at all sends ids of other things too."""
AT_OTHER_PLACES = frozenset({"nobody", "student", "site_admin"})
"""Those who also send what they may not do from odd places."""
THOROUGH = frozenset({"student", "site_admin"})
"""Those who also send it under odd names; and every odd value, to the handlers that they get
further into than anybody else: a person to what is for persons and for all, an admin of the site to
what is for staff. What an argument may be is checked before it matters who sends it, or, behind a
right, for whoever has it. The others send what tells rights apart: a page's own event, and ids of
other things."""
INTERNALS = re.compile(
    r"Traceback|site-packages|\.py\b|sqlalchemy|sqlite|psycopg|locker_app[./]|cubby\.db|Exception"
    r"|/work|/home|/root|OverflowError|TypeError|KeyError|ValueError"
)


@pytest.fixture(scope="module")
def registered() -> dict[str, Any]:
    """All handlers and routes there are."""
    command = [sys.executable, "-m", "tests.security.registered"]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return json.loads(said.splitlines()[-1])


def test_every_handler_is_classified(registered: dict[str, Any]) -> None:
    known = {*map(handler, OURS), *INTERNAL, *CLOSED}
    found = {name for name in registered["handlers"] if not name.endswith(".setvar")}
    assert found == known


def test_every_handler_takes_what_a_page_sends(registered: dict[str, Any]) -> None:
    for place, known in OURS.items():
        assert list(known.sends) == registered["handlers"][handler(place)], place


def test_every_route_is_classified(registered: dict[str, Any]) -> None:
    assert {tuple(route) for route in registered["routes"]} == set(ROUTES)


def come(house: House, actor: str) -> Screen:
    """A screen of this kind of actor."""
    if actor == "nobody":
        return house.screen()
    if actor == "forged":
        own = house.keys.__class__(("another key than the server's, as long",))
        token = house.keys.read(house.session("admin"))
        assert token is not None
        return house.screen(session=own.sign(token, house.world.clock.now, house.tomorrow))
    if actor in ("expired", "ended"):
        return house.screen(session=house.ended_session("admin", by_time=actor == "expired"))
    return house.screen(actor)


def may(house: House, actor: str, known: Handler) -> bool:
    """Whether the actor may achieve something, with the right arguments."""
    if actor in NOBODY or known.needs == "nothing":
        return False
    who = house.people[actor]
    if known.needs == "person":
        return actor == "student"
    assert isinstance(known.needs, Right)
    if known.everywhere:
        return who.sites_with(known.needs) is None
    return who.may(known.needs, house.ids["site"])


def filled(house: House, sends: dict[str, Any]) -> dict[str, Any]:
    """What a page would send, about things that are there."""
    return {name: _there(house, value) for name, value in sends.items()} | (
        {"request_id": request_id()} if sends.get("request_id") == KEY else {}
    )


def _there(house: House, value: Any) -> Any:
    if isinstance(value, list):
        return [_there(house, part) for part in value]
    return house.ids.get(value, value) if isinstance(value, str) else value


def gets_furthest(actor: str, known: Handler) -> bool:
    """Whether the actor is the one who sends this handler every odd value."""
    return actor == ("site_admin" if isinstance(known.needs, Right) else "student")


def calls(house: House, actor: str, known: Handler) -> Iterator[Any]:
    """All that is sent to a handler."""
    good = filled(house, known.sends)
    ids = sorted({*house.ids.values()})
    if gets_furthest(actor, known):
        odd: Iterable[Any] = payloads(good, (*ODD, *ids))
    else:
        odd = () if actor in SPOILT else other_ids(good, ids)
    for sent in (good, *odd):
        if isinstance(sent, dict) and sent.get("request_id") == good.get("request_id", ""):
            sent = {**sent, "request_id": request_id()}
        if not _is_their_work(house, actor, known, sent):
            yield sent


def _is_their_work(house: House, actor: str, known: Handler, sent: Any) -> bool:
    """Whether staff would do with it what they may: to what is at a site of theirs."""
    if not isinstance(known.needs, Right) or actor in NOBODY or not isinstance(sent, dict):
        return False
    if sent.keys() != known.sends.keys():
        return False
    if known.everywhere:
        return house.people[actor].sites_with(known.needs) is None
    site = _site_of(house, sent)
    return site is not None and house.people[actor].may(known.needs, site)


def _site_of(house: House, sent: dict[str, Any]) -> int | None:
    """Where the thing is that was named: a locker, a queue, a ticket, or the site itself."""
    for name, sites in (
        ("locker_id", house.site_of_locker),
        ("queue_id", house.site_of_queue),
        ("ticket_id", house.site_of_ticket),
        ("bank_id", house.site_of_bank),
        ("booking_id", house.site_of_booking),
        ("terminal_id", house.site_of_terminal),
        ("alert_id", house.site_of_alert),
        ("visit_id", house.site_of_visit),
        ("charger_id", house.site_of_charger),
        ("wait_id", house.site_of_place),
        ("site_id", {site_id: site_id for site_id in house.site_of_bank.values()}),
    ):
        if type(sent.get(name)) is int and name in sent:
            return sites.get(sent[name])
    if isinstance(sent.get("doors"), list) and sent["doors"]:
        first = sent["doors"][0]
        return house.site_of_locker.get(first[0]) if isinstance(first, list) else None
    form = sent.get("form")
    named = form.get("site_id") if isinstance(form, dict) else None
    return int(named) if isinstance(named, str) and named.isdecimal() else None


def changed(house: House, actor: str, before: Tables, after: Tables) -> Tables:
    """The rows that are new, gone or otherwise than before, but for what the actor may leave
    behind: refusals, answers kept for their keys, and, for a person, what is theirs."""
    who = house.people.get(actor)
    person_id = who.id if who is not None and actor == "student" else None
    found: Tables = {}
    for name, rows in after.items():
        for row in rows ^ before[name]:
            named = dict(zip(COLUMNS[name], row, strict=True))
            if not _is_left_behind(name, named, who, person_id):
                found.setdefault(name, set()).add(row)
    return found


def _is_left_behind(table: str, row: dict[str, Any], who: Any, person_id: int | None) -> bool:
    actor_id = who.id if who is not None else None
    if table == "event":
        refused = row["kind"] == "Refused" and row["reason"] is None
        by_them = (row["actor_kind"], row["actor_id"]) in (
            ("nobody", None),
            (who.kind.value if who is not None else "nobody", actor_id),
        )
        theirs = person_id is not None and row["person_id"] == person_id
        return (refused and by_them) or theirs
    if table == "queue":
        return person_id is not None  # the numbers given
    if table == "request":
        return row["actor"] in ("nobody:-", f"{who.kind.value}:{actor_id}" if who else "")
    if table == "person":
        return person_id is not None and row["id"] == person_id
    return person_id is not None and row.get("person_id") == person_id and table != "session"


@pytest.mark.parametrize("actor", ACTORS)
def test_nothing_happens_that_should_not(house: House, actor: str) -> None:
    words, whole = house.hidden_from(actor), house.tables()
    for places in visits(actor):
        tops = house.tops()
        with come(house, actor) as screen:
            before = house.tables(tops)
            for place in places:
                walk(house, actor, screen, place, OURS[place])
            after = house.tables(tops)
            assert changed(house, actor, before, after) == {}, places
        assert [word for word in words if word in screen.heard] == [], places
        assert INTERNALS.search(screen.heard) is None, places
        for name in GROWING:
            whole[name] |= after[name]
    last = house.tables()
    assert {name for name in GROWING if whole[name] - last[name]} == set(), "rows from before"
    assert_all_is_well(house)


def visits(actor: str) -> Iterator[list[str]]:
    """All handlers, each in a tab of its own: what one has opened there another may act on. To
    whoever may do nothing a tab opens nothing, so there are all of a page in one, as people have
    it."""
    if actor not in NOBODY:
        yield from ([place] for place in OURS)
        return
    for _, of_page in groupby(sorted(OURS), lambda place: place.rpartition(".")[0]):
        yield list(of_page)


def _page(house: House, known: Handler) -> str:
    return known.page.format(**house.ids, code=house.code, spot=house.spot)


def walk(house: House, actor: str, screen: Screen, place: str, known: Handler) -> None:
    """Send a handler everything; the connection has to stay."""
    name, page = handler(place), _page(house, known)
    for before, sends in known.after:
        screen.do(before, page, **sends)
    for sent in calls(house, actor, known):
        screen.send(name, sent, page)
    if actor in AT_OTHER_PLACES and not may(house, actor, known):
        good = filled(house, known.sends)
        for where in ROUTERS:
            event = {"name": name, "payload": good, "router_data": where}
            screen.say("42/_event," + json.dumps(["event", event]))
        for otherwise in other_names(name) if actor in THOROUGH else ():
            screen.send(otherwise, good, page)
    screen.settle()


@pytest.mark.parametrize("actor", ["nobody", "student", "admin"])
def test_what_is_closed_is_not_there(house: House, registered: dict[str, Any], actor: str) -> None:
    """No answer, and no var set: neither by setters nor by what comes from browser storage."""
    setvars = [name for name in registered["handlers"] if name.endswith(".setvar")]
    assert len(setvars) > 15
    with come(house, actor) as screen:
        screen.open("/").settle()
        before, frames = house.tables(), len(screen.frames)
        for name in (*setvars, *CLOSED):
            owner = name.rpartition(".")[0]
            for sent in (
                {},
                {"value": True},
                {"var_name": "may_see", "value": True},
                {"var_name": "__class__", "value": "x"},
                {"vars": {f"{owner}.may_see": True, f"{owner}.reason_rx_state_": "x"}},
            ):
                screen.send(name, sent)
        screen.settle()
        new = screen.frames[frames:]
        assert [frame for frame in new if "live_states" not in frame] == []
        assert "may_see" not in str(new)
        assert str(new).count(state("live_states.Outcome")) == 1  # what settles it
        assert house.tables() == before


@pytest.mark.parametrize("name", NAMES)
def test_names_of_nothing_are_nothing(house: House, name: Any) -> None:
    with house.screen() as screen:
        screen.send(name, {})
        screen.send(name, {"x": 1})
        screen.settle()
        assert INTERNALS.search(screen.heard) is None
    assert_all_is_well(house)


def test_the_front_ends_own_events_do_no_harm(house: House) -> None:
    boot, load, report = INTERNAL
    sent = [
        {"info": 'TypeError: can\'t access property "", ' * 1500, "component_stack": ""},
        {"info": "[/bold]\x1b[31m\r\nERROR forged line", "component_stack": "x"},
        {"info": None, "component_stack": None},
        {"info": "x"},
    ]
    hydrate = [
        {"vars": {"x": 1}},
        {"vars": {f"{handler(BOARD + '.may_see')}": True}},
        {"vars": {f"{ROOT}.nowhere.x": 1}},
        {"vars": "x", "hashes": "x"},
        {"hashes": ["x"] * 400},
        {"hashes": [1, None, {}]},
        {"more": 1},
        [],
    ]
    with house.screen() as screen:
        for payload in sent:
            screen.send(report, payload)
        screen.settle()
        for payload in hydrate:
            screen.send(boot, payload)
            screen.send(load, payload)
        screen.settle()
        assert (
            screen.vars.get(handler(f"{BOARD}.x").rpartition(".")[0], {}).get("may_see") is not True
        )
        assert INTERNALS.search(screen.heard) is None
    assert_all_is_well(house)


def test_who_may_can(house: House) -> None:
    """Else nothing of the above would show anything."""
    place = f"/staff/board/{house.ids['bank']}"
    taken = house.world.take(house.people["gone"], house.ids["bank"])
    with house.screen("site_admin") as screen:
        screen.open(place)
        for act in ("force_release", "take_out_of_service", "put_back_in_service"):
            door = [taken.locker_id, taken.assignment_id if act == "force_release" else 0, 0]
            screen.do(
                f"{BOARD}.act",
                place,
                act=act,
                doors=[door],
                reason="to see who may",
                minutes=0,
                request_id=request_id(),
            )
        screen.settle()
    done = house.world.rows(event, locker_id=taken.locker_id)[-3:]
    assert [row.kind for row in done] == [
        "LockerReleased",
        "LockerTakenOutOfService",
        "LockerBackInService",
    ]


def test_who_may_join_can(house: House) -> None:
    """At the same page and by the same event, which others sent in vain."""
    place = f"/q/{house.code}"
    with house.screen("student") as screen:
        screen.open(place)
        form = {"group": "77", "question": "", "room_pin": ""}
        screen.do(f"{QUEUE}.join", place, form=form, request_id=request_id())
        mine = handler("live_states.Tickets.x").rpartition(".")[0]
        screen.wait_for(mine, "rows", lambda rows: any(t["group"] == "77" for t in rows))
        given = next(t for t in screen.vars[mine]["rows"] if t["group"] == "77")
        screen.do(f"{QUEUE}.leave", place, ticket_id=given["ticket_id"], request_id=request_id())
        screen.wait_for(mine, "rows", lambda rows: rows[0]["status"] == "withdrawn")


def assert_all_is_well(house: House) -> None:
    """The server runs, and somebody who may can get and give back a locker."""
    assert house.server.process.poll() is None
    place = f"/lockers/{house.ids['bank']}"
    with house.screen("gone") as screen:
        screen.open(place)
        me = handler("live_states.Me.x").rpartition(".")[0]
        screen.do(f"{BANK}.take", place, request_id=request_id())
        screen.wait_for(me, "claims", bool)
        (claim,) = screen.vars[me]["claims"]
        screen.do(
            f"{BANK}.give_back",
            place,
            assignment_id=claim["assignment_id"],
            request_id=request_id(),
        )
        screen.wait_for(me, "claims", [])


def test_the_rights_are_those_that_the_walk_knows() -> None:
    """A right that no handler and no route needs is one that nothing checks."""
    used = {known.needs for known in OURS.values()} | {
        Right.SEE_BOARD,  # BoardPage.may_see: what the page shows, the topics decide the rest
        Right.SEE_NAMES,  # topics `holders`, `door`, `events`: tests/live/test_topics.py
        Right.SEE_EVENTS,  # topic `events`
        Right.SEE_STATISTICS,  # topic `figures`
        Right.SERVICE_LOCKERS,  # BoardPage.act, and routes
        Right.MANAGE_PEOPLE,  # commands of people: tests/services/test_rights.py
        Right.EXTEND_TIME,  # likewise: tests/services/test_doors.py
        Right.OPEN_DOORS,  # a route: tests/api/test_every_route.py
    }
    assert set(Right) <= used
    assert all(rights <= set(Right) for rights in RIGHTS.values())
