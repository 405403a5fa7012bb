"""One person for staff: what they have, what happened, and what may be done about them."""

from typing import Any

import reflex as rx

from locker_app.domain.actors import Right
from locker_app.domain.errors import DomainError, ReasonNeeded
from locker_app.domain.lockers import LockerStatus
from locker_app.live import watching
from locker_app.live.projections.events import event_row
from locker_app.live.projections.wire import millis
from locker_app.live.rooms import set_on_load
from locker_app.live.topics import Topic
from locker_app.queries import scoped_people
from locker_app.queries.scoped_people import PersonSeen
from locker_app.queries.terminal_panel import Tapping, tapping_places
from locker_app.services import cards, leaving, people, runtime
from locker_app.web.components.browser import Download, Follow, Modal, Moment, new_request_id
from locker_app.web.components.fields import text_of, tick, ticked
from locker_app.web.components.helm_parts import AsShown
from locker_app.web.components.history import event_table
from locker_app.web.components.parts import Item, skeleton, some
from locker_app.web.components.people_parts import PEOPLE, nobody_there
from locker_app.web.components.person_cards import cards_section, of_card
from locker_app.web.components.setup_parts import line
from locker_app.web.live_states import PersonCard, PersonHas
from locker_app.web.pages.board import not_for_you
from locker_app.web.refusals import Refusable, refusal
from locker_app.web.session import ask, id_in, id_in_address, perform, watch
from locker_app.web.template import page

QUESTIONS = ("edit", "reset", "archive", "erase")
OF_CARDS = ("rename", "revoke")


@set_on_load("loaded", "shown", "may_see", "manages", "places")
class PersonPage(Refusable, rx.State):
    """Which person is shown, and which question is open."""

    loaded: bool = False
    shown: int = 0
    may_see: bool = False
    manages: bool = False
    asking: str = ""
    """One of `QUESTIONS` or `OF_CARDS`; empty while none is open."""
    card: int = 0
    """The card that it is about."""
    places: list[list[Any]] = []
    """Id and name of the terminals at which a card can be tapped to be linked."""

    @rx.event
    async def load(self) -> None:
        """Begin to watch the person whom the address names."""
        before, self.shown = self.shown, id_in_address(self, "person")
        topic = Topic("person_card", self.shown)
        watched = await watch(self, topic)
        self.may_see = topic in watched.topics
        self.manages = watched.actor.sites_with(Right.MANAGE_PEOPLE) is None
        if self.shown != before:  # else the same page was disconnected for a moment
            self.asking = ""
            self._begin()
        self.places = []
        if self.manages:
            actor = watched.actor
            found = await runtime.current().db.aread(lambda conn: tapping_places(conn, actor))
            self.places = [
                [
                    one.id,
                    f"{one.name}, {one.site_name}" + ("" if one.online else " (not connected)"),
                ]
                for one in found
            ]
        await self._read()
        self.loaded = True

    @rx.event
    async def refresh(self, changed: int) -> None:
        """Something happened to them."""
        await self._read()

    @rx.event
    def ask_whether(self, what: str) -> None:
        """Open a question."""
        self.asking = what if what in QUESTIONS else ""
        self._begin()

    @rx.event
    def ask_card(self, what: str, card_id: int) -> None:
        """Open a question about a card."""
        self.asking = what if what in OF_CARDS else ""
        self.card = card_id if type(card_id) is int and 0 < card_id < 2**31 else 0
        self._begin()

    @rx.event
    def close(self) -> None:
        """Close it."""
        self.asking = ""

    @rx.event
    async def save(self, form: dict[str, Any], person_id: int, request_id: str) -> None:
        """Change what is known of them."""
        await self._do(
            "edit",
            leaving.change_person,
            request_id,
            "Kept.",
            person_id=person_id,
            number=text_of(form, "number"),
            name=text_of(form, "name"),
            accessible=ticked(form, "accessible"),
            near_last=ticked(form, "near_last"),
            version=text_of(form, "version"),
        )

    @rx.event
    async def reset_pin(self, form: dict[str, Any], number: str, request_id: str) -> None:
        """Let them choose a new PIN."""
        await self._do(
            "reset",
            people.reset_pin,
            request_id,
            "The PIN is reset. It is chosen anew at the next sign-in.",
            number=number,
            reason=text_of(form, "reason"),
        )

    @rx.event
    async def archive(self, form: dict[str, Any], person_id: int, request_id: str) -> None:
        """Let them sign in no more."""
        reason = text_of(form, "reason").strip()
        await self._do(
            "archive",
            leaving.archive_person,
            request_id,
            "In the archive now.",
            person_id=person_id,
            release=bool(reason),
            reason=reason,
        )

    @rx.event
    async def unarchive(self, person_id: int, request_id: str) -> None:
        """Let them sign in again."""
        await self._do(
            "unarchive",
            leaving.unarchive_person,
            request_id,
            "Back from the archive.",
            person_id=person_id,
        )

    @rx.event
    async def erase(self, form: dict[str, Any], person_id: int, request_id: str) -> None:
        """Take out of the database who they were."""
        reason = text_of(form, "reason").strip()
        await self._do(
            "erase",
            leaving.erase_person,
            request_id,
            "Erased. What happened is still counted, and nobody’s.",
            person_id=person_id,
            typed=text_of(form, "number"),
            release=bool(reason),
            reason=reason,
        )

    @rx.event
    async def ask_link(self, form: dict[str, Any], person_id: int, request_id: str) -> None:
        """Let a terminal wait for a card of theirs."""
        await self._do(
            "link",
            cards.ask_link,
            request_id,
            "",
            person_id=person_id,
            terminal_id=id_in(text_of(form, "terminal")),
            label=text_of(form, "label"),
        )

    @rx.event
    async def cancel_link(self, person_id: int, request_id: str) -> None:
        """Let it wait no more."""
        await perform(self, cards.cancel_link, request_id, person_id=person_id)

    @rx.event
    async def rename_card(self, form: dict[str, Any], card_id: int, request_id: str) -> None:
        """Call a card something else."""
        await self._do(
            "rename",
            cards.rename_card,
            request_id,
            "Kept.",
            card_id=card_id,
            label=text_of(form, "label"),
        )

    @rx.event
    async def revoke_card(self, form: dict[str, Any], card_id: int, request_id: str) -> None:
        """Let a card be nobody's, at once."""
        await self._do(
            "revoke",
            cards.revoke_card,
            request_id,
            "The card is revoked.",
            card_id=card_id,
            reason=text_of(form, "reason"),
        )

    async def _do(self, at: str, fn: Any, request_id: Any, said: str, **arguments: Any) -> None:
        self._begin(at)
        done = await perform(self, fn, request_id, said, refused=self._refused, **arguments)
        if done is not None:
            self.asking = ""

    def _refused(self, refused: DomainError) -> None:
        super()._refused(refused)
        if isinstance(refused, ReasonNeeded):
            self.wrong = "reason"

    async def _read(self) -> None:
        """Ask for what they have and what happened, as far as whoever looks may see it."""
        if not self.may_see:
            return
        try:
            seen = await ask(self, scoped_people.person, person_id=self.shown)
            events = await ask(self, scoped_people.past_of_person, person_id=self.shown)
        except DomainError:  # gone: the topic says so
            return
        values = {
            "person_id": self.shown,
            "has": _has(seen),
            "rows": [event_row(event) for event in events],
            "tapped": {
                str(one.id): [millis(one.seen_at), one.seen_where or ""] for one in seen.tapped
            },
            "link_terminal": seen.link.terminal_name if seen.link else "",
            "ready": True,
        }
        watching.current().tell(self, Topic("person_card", self.shown), PersonHas, values)


def _place(one: Tapping) -> str:
    return f"{one.name}, {one.site_name}" + ("" if one.online else " (not connected)")


def _has(seen: PersonSeen) -> list[dict[str, Any]]:
    """What somebody has, as rows of the page."""

    def row(
        kind: str, label: str, where: str, href: str, since: Any, until: Any, zone: str
    ) -> dict[str, Any]:
        times = {"since": millis(since), "until": millis(until)}
        return {"kind": kind, "label": label, "where": where, "href": href, "zone": zone, **times}

    rows = [
        row(
            "held" if claim.status is LockerStatus.RESERVED else "locker",
            claim.label,
            claim.bank_name,
            f"/staff/board/{claim.bank_id}",
            claim.since,
            claim.held_until if claim.status is LockerStatus.RESERVED else claim.due_at,
            claim.time_zone,
        )
        for claim in seen.claims
    ]
    rows += [
        row("list", "", wait.bank_name, f"/staff/board/{wait.bank_id}", None, None, "")
        for wait in seen.waits
    ]
    rows += [
        row(
            "offer" if stay.wait_id else "spot",
            stay.name,
            f"Charging · {stay.site_name}",
            f"/c/{stay.code}",
            None if stay.wait_id else stay.starts_at,
            stay.leaves_at,
            stay.time_zone,
        )
        for stay in seen.bookings
    ]
    rows += [
        row(
            "spots",
            "",
            place.site_name,
            f"/c/{place.code}",
            place.joined_at,
            place.snoozed_until,
            place.time_zone,
        )
        for place in seen.places
    ]
    return rows + [
        row(
            "line",
            str(ticket.number),
            ticket.queue_name,
            f"/staff/queues/{ticket.queue_id}",
            ticket.joined_at,
            None,
            ticket.time_zone,
        )
        for ticket in seen.tickets
    ]


def person() -> rx.Component:
    """The page."""
    state = PersonPage
    return page(
        rx.cond(
            state.loaded,
            rx.cond(
                state.may_see,
                rx.cond(
                    PersonCard.person_id == state.shown,
                    rx.cond(PersonCard.gone, _gone(), _person()),
                    _waiting(),
                ),
                rx.fragment(rx.el.h1("People"), not_for_you()),
            ),
            _waiting(),
        ),
        here=PEOPLE,
    )


def _waiting() -> rx.Component:
    return rx.fragment(rx.el.h1("People"), skeleton(tall=True))


def _gone() -> rx.Component:
    return rx.fragment(
        rx.el.h1("People"),
        nobody_there(
            "There is nobody at this address",
            rx.el.p("Perhaps they were erased: then nothing here says who they were."),
            rx.el.a("All people", href=PEOPLE, class_name="button second"),
        ),
    )


def _person() -> rx.Component:
    state = PersonPage
    known = PersonHas.ready & (PersonHas.person_id == state.shown)
    return rx.fragment(
        rx.el.div(
            rx.el.p(rx.el.a("People", href=PEOPLE, class_name="touch")),
            rx.el.h1(PersonCard.name),
            _facts(),
            class_name="stack",
        ),
        Follow.create(value=PersonCard.changed, on_change=state.refresh),
        rx.el.section(
            rx.el.h2("What they have"),
            rx.cond(
                known,
                rx.cond(
                    some(PersonHas.has),
                    rx.el.ul(rx.foreach(PersonHas.has, _thing), class_name="people"),
                    rx.el.p("Nothing just now.", class_name="soft"),
                ),
                skeleton(),
            ),
            class_name="stack",
        ),
        cards_section(state),
        _what_to_do(),
        rx.cond(
            known,
            rx.cond(
                some(PersonHas.rows),
                event_table(PersonHas.rows, "What happened last"),
                rx.el.p("Nothing has happened yet, or its names are gone.", class_name="soft"),
            ),
            skeleton(tall=True),
        ),
        Modal.create(
            rx.match(
                state.asking,
                ("edit", _edit()),
                ("reset", _reset()),
                ("archive", _archive()),
                ("erase", _erase()),
                ("rename", _rename_card()),
                ("revoke", _revoke_card()),
                rx.fragment(),
            ),
            open=state.asking != "",
            label="A question about this person",
            on_close=state.close,
        ),
    )


def _facts() -> rx.Component:
    def fact(name: str, *content: Any) -> rx.Component:
        return rx.fragment(rx.el.dt(name), rx.el.dd(*content))

    return rx.el.dl(
        fact("Enrolment number", rx.el.strong(PersonCard.number, data_testid="number")),
        rx.cond(
            PersonCard.archived_at > 0,
            fact("In the archive since", _moment(PersonCard.archived_at)),
        ),
        fact(
            "PIN",
            rx.cond(PersonCard.has_pin, "chosen", "none yet"),
            rx.cond(
                PersonCard.locked_until > 0,
                rx.fragment("; after wrong ones locked until ", _moment(PersonCard.locked_until)),
            ),
        ),
        fact(
            "Wants lockers",
            rx.cond(PersonCard.accessible, "at accessible height only", "of any height"),
            rx.cond(PersonCard.near_last, ", near the last one", ""),
        ),
        fact("Known here since", _moment(PersonCard.created_at)),
        class_name="person",
    )


def _moment(at: Any) -> rx.Component:
    return Moment.create(at=at, zone="", form="clock")


def _thing(thing: Item) -> rx.Component:
    until = rx.cond(
        thing["until"] > 0,
        rx.fragment(", until ", Moment.create(at=thing["until"], zone=thing["zone"], form="auto")),
    )
    since = rx.cond(
        thing["since"] > 0,
        rx.fragment(" since ", Moment.create(at=thing["since"], zone=thing["zone"], form="clock")),
    )
    return rx.el.li(
        rx.el.a(
            rx.el.strong(
                rx.match(
                    thing["kind"],
                    ("locker", "Locker " + thing["label"]),
                    ("held", "Locker " + thing["label"] + ", held for them"),
                    ("list", "On the waiting list"),
                    ("spot", "Charging spot " + thing["label"]),
                    ("offer", "Charging spot " + thing["label"] + ", held for them"),
                    ("spots", "In line for a charging spot"),
                    "Number " + thing["label"] + " in line",
                )
            ),
            rx.el.span(thing["where"]),
            rx.el.small(since, until, class_name="soft"),
            href=thing["href"],
        )
    )


def _what_to_do() -> rx.Component:
    state = PersonPage

    def button(text: str, what: str) -> rx.Component:
        return rx.el.button(
            text, type="button", class_name="second", on_click=state.ask_whether(what)
        )

    return rx.el.div(
        rx.cond(PersonCard.archived_at == 0, button("Reset the PIN…", "reset")),
        rx.cond(
            state.manages,
            rx.fragment(
                button("Change…", "edit"),
                rx.cond(
                    PersonCard.archived_at > 0,
                    rx.el.button(
                        "Back from the archive",
                        type="button",
                        class_name="second",
                        on_click=state.unarchive(PersonCard.person_id, new_request_id()),
                    ),
                    button("Archive…", "archive"),
                ),
                Download.create(
                    "All that is known, as a file",
                    href="/api/v1/people/" + rx.Var.create(PersonCard.person_id).to(str) + "/data",
                ),
                button("Erase…", "erase"),
            ),
        ),
        class_name="row",
    )


def _edit() -> Any:
    state = PersonPage
    return _question(
        "Change what is known of " + PersonCard.name,
        AsShown.create(name="version", value=PersonCard.version),
        refusal(state, "edit"),
        line(state, "number", "Enrolment number", "", PersonCard.number),
        line(state, "name", "Name", "", PersonCard.name),
        tick(
            "accessible",
            "Accessible height",
            "Wants lockers at accessible height only.",
            default_checked=PersonCard.accessible,
        ),
        tick(
            "near_last",
            "Near the last one",
            "Wants the free locker nearest to the last one held.",
            default_checked=PersonCard.near_last,
        ),
        button="Keep this",
        danger=False,
        on_submit=lambda form: PersonPage.save(form, PersonCard.person_id, new_request_id()),
    )


def _question(title: Any, *content: Any, button: str, danger: bool, on_submit: Any) -> Any:
    return rx.el.form(
        rx.el.h2(title),
        *content,
        rx.el.div(
            rx.el.button(button, type="submit", class_name="danger" if danger else "primary"),
            rx.el.button("Leave it", type="button", class_name="second", on_click=PersonPage.close),
            class_name="row",
        ),
        on_submit=on_submit,
        no_validate=True,
    )


def _reason(hint: str) -> rx.Component:
    return line(PersonPage, "reason", "Reason", hint, max_length=500)


def _reset() -> Any:
    return _question(
        "Reset the PIN of " + PersonCard.name + "?",
        rx.el.p("All their sessions end at once. They choose a new PIN at the next sign-in."),
        refusal(PersonPage, "reset"),
        _reason("It is kept in the history."),
        button="Reset the PIN",
        danger=False,
        on_submit=lambda form: PersonPage.reset_pin(form, PersonCard.number, new_request_id()),
    )


def _release() -> Any:
    """What becomes of what they have."""
    return rx.cond(
        some(PersonHas.has),
        rx.fragment(
            rx.el.p("What they have ends. A locker is taken back only with a reason:"),
            _reason("It is kept in the history."),
        ),
    )


def _archive() -> Any:
    return _question(
        "Archive " + PersonCard.name + "?",
        rx.el.p(
            "They are signed out and can’t sign in any more. What happened stays, and they can "
            "come back."
        ),
        refusal(PersonPage, "archive"),
        _release(),
        button="Archive",
        danger=False,
        on_submit=lambda form: PersonPage.archive(form, PersonCard.person_id, new_request_id()),
    )


def _erase() -> Any:
    return _question(
        "Erase " + PersonCard.name + "?",
        rx.el.p(
            "Name, number, PIN and what they wrote are deleted for good. What happened is still "
            "counted, and nobody’s. It can’t be undone."
        ),
        refusal(PersonPage, "erase"),
        _release(),
        line(
            PersonPage,
            "number",
            "Their enrolment number",
            "Type it, to say that this person is meant.",
            max_length=64,
            auto_capitalize="none",
        ),
        button="Erase for good",
        danger=True,
        on_submit=lambda form: PersonPage.erase(form, PersonCard.person_id, new_request_id()),
    )


def _rename_card() -> Any:
    return _question(
        "Rename card …" + of_card(PersonPage, "tail"),
        refusal(PersonPage, "rename"),
        line(
            PersonPage,
            "label",
            "What it is called",
            "Such as “student card”. It may stay empty.",
            of_card(PersonPage, "label"),
            max_length=60,
        ),
        button="Keep this",
        danger=False,
        on_submit=lambda form: PersonPage.rename_card(form, PersonPage.card, new_request_id()),
    )


def _revoke_card() -> Any:
    return _question(
        "Revoke card …" + of_card(PersonPage, "tail") + "?",
        rx.el.p(
            "It opens and counts nothing any more, at once, also at terminals that are without "
            "the server, as soon as they hear of it. What they have stays theirs."
        ),
        refusal(PersonPage, "revoke"),
        _reason("It is kept in the history. It may stay empty."),
        button="Revoke it",
        danger=True,
        on_submit=lambda form: PersonPage.revoke_card(form, PersonPage.card, new_request_id()),
    )
