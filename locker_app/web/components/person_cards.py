"""A person's cards for staff: which there are, a new one by a tap, and the questions about them."""

from typing import Any

import reflex as rx

from locker_app.web.components.browser import Countdown, Moment, new_request_id
from locker_app.web.components.fields import field
from locker_app.web.components.parts import Item, in_browser, some
from locker_app.web.components.setup_parts import refusal
from locker_app.web.components.terminal_words import said
from locker_app.web.live_states import PersonCard, PersonHas

ENDED: dict[str, str] = {
    "linked": "The card is linked.",
    "over": "Nobody tapped a card in time.",
    "cancelled": "The terminal waits no more.",
    "moved": "The card was to be linked at another terminal.",
    "person_left": "The person was archived meanwhile.",
}


def cards_section(page: Item) -> rx.Component:
    """The cards, and for who may, what can be done about them."""
    return rx.el.section(
        rx.el.h2("Cards"),
        rx.cond(
            some(PersonCard.cards),
            rx.el.ul(
                rx.foreach(PersonCard.cards, lambda card: _card(page, card)),
                class_name="card desk-line",
            ),
            rx.el.p("No card is linked to them.", class_name="soft"),
        ),
        _link_state(page),
        rx.cond(page.manages & (PersonCard.archived_at == 0), _link_form(page)),
        class_name="stack",
    )


def _clock(at: Item) -> rx.Component:
    return Moment.create(at=at.to(int), zone="", form="clock")


def _card(page: Item, card: Item) -> rx.Component:
    name = "card …" + card["tail"].to(str)
    revoked = card["revoked_at"].to(int) > 0
    tapped = in_browser("({0}[{1}] ?? [0, ''])", PersonHas.tapped, card["id"].to(str))
    seen_at, seen_where = tapped.to(list[Any])[0].to(int), tapped.to(list[Any])[1].to(str)

    def act(text: str, what: str) -> rx.Component:
        return rx.el.button(
            text,
            type="button",
            class_name="second",
            aria_label=text.rstrip("…") + " " + name,
            on_click=page.ask_card(what, card["id"]),
        )

    return rx.el.li(
        rx.el.div(
            rx.el.p(
                rx.el.strong("…", card["tail"], class_name="digits"),
                rx.cond(card["label"] != "", " " + card["label"].to(str), ""),
                rx.cond(revoked, rx.el.strong(" · revoked", class_name="refused")),
            ),
            rx.el.p(
                rx.cond(
                    revoked,
                    rx.fragment("since ", _clock(card["revoked_at"])),
                    rx.fragment("linked ", _clock(card["linked_at"])),
                ),
                rx.cond(
                    seen_at > 0,
                    rx.fragment(
                        ", last tapped ",
                        Moment.create(at=seen_at, zone="", form="auto"),
                        rx.cond(seen_where != "", " at " + seen_where, ""),
                    ),
                ),
                class_name="soft small",
            ),
            class_name="stack tight",
        ),
        rx.cond(
            page.manages & ~revoked,
            rx.el.div(act("Rename…", "rename"), act("Revoke…", "revoke"), class_name="row"),
        ),
        class_name="row apart",
        data_testid="person-card",
    )


def _waiting() -> Item:
    """The terminal that waits; one at a site of others has no name here."""
    known = PersonHas.ready & (PersonHas.person_id == PersonCard.person_id)
    known &= PersonHas.link_terminal != ""
    return rx.cond(known, PersonHas.link_terminal, "the terminal")


def _link_state(page: Item) -> rx.Component:
    """A terminal waits for a card, or how that ended."""
    return rx.el.div(
        rx.cond(
            PersonCard.link_outcome == "waiting",
            rx.el.div(
                rx.el.p(
                    rx.el.strong("Tap the card at ", _waiting(), " now. "),
                    "It waits for ",
                    Countdown.create(until=PersonCard.link_until, over="no time any more"),
                    ".",
                ),
                rx.cond(
                    page.manages,
                    rx.el.button(
                        "Wait no more",
                        type="button",
                        class_name="second",
                        on_click=page.cancel_link(PersonCard.person_id, new_request_id()),
                    ),
                ),
                class_name="box row apart",
            ),
            rx.cond(
                PersonCard.link_outcome != "",
                rx.el.p(
                    said(ENDED, PersonCard.link_outcome),
                    class_name="box",
                    data_tone=rx.cond(PersonCard.link_outcome == "linked", "", "bad"),
                ),
            ),
        ),
        role="status",
        data_testid="link",
    )


def _link_form(page: Item) -> rx.Component:
    return rx.cond(
        some(page.places),
        rx.el.details(
            rx.el.summary("Link a card by a tap"),
            rx.el.form(
                refusal(page, "link"),
                rx.el.div(
                    rx.el.label("Terminal", html_for="link-terminal"),
                    rx.el.select(
                        rx.foreach(
                            page.places,
                            lambda place: rx.el.option(place[1].to(str), value=place[0].to(str)),
                        ),
                        id="link-terminal",
                        name="terminal",
                    ),
                    class_name="field",
                ),
                field(
                    "label",
                    "What the card is called",
                    "Such as “student card”. It may stay empty.",
                    (page.at == "link") & (page.wrong == "label"),
                    page.why,
                    "link-label",
                    max_length=60,
                ),
                rx.el.button("Wait for the tap", type="submit", class_name="second"),
                on_submit=lambda form: page.ask_link(form, PersonCard.person_id, new_request_id()),
                no_validate=True,
                class_name="narrow",
            ),
            class_name="card",
        ),
        rx.el.p(
            "A card is linked by a tap at a terminal; none of yours is set up yet.",
            class_name="soft",
        ),
    )


def of_card(page: Item, name: str) -> Item:
    """What is said of the card that the open question is about."""
    script = "({0}.find((c) => c.id === {1})?.[" + repr(name) + "] ?? '')"
    rows: Any = PersonCard.cards
    return in_browser(script, rows, page.card).to(str)
