"""Forms of set-up for card terminals and the rules of visits, and what they say."""

from typing import Any

import reflex as rx

from locker_app.domain.errors import BadInput
from locker_app.domain.relays import read_relays
from locker_app.domain.terminals import (
    MAX_NAME_LENGTH,
    MAX_PLACE_LENGTH,
    TapMode,
    TerminalKind,
    TerminalPlan,
)
from locker_app.domain.visits import VisitRules
from locker_app.web.components.browser import new_request_id
from locker_app.web.components.fields import field, text_of, tick, ticked
from locker_app.web.components.helm_parts import AsShown
from locker_app.web.components.parts import Item, in_browser
from locker_app.web.components.setup_parts import (
    digits,
    number_if_any,
    number_of,
    part,
    refusal,
    value_of,
)
from locker_app.web.live_states import SiteSetUp

MODES = (
    (TapMode.LOCKER.value, "At lockers: a tap gives, opens and gives back"),
    (TapMode.GATE.value, "At a gate, both ways: in, or out for who is inside"),
    (TapMode.IN.value, "At an entrance: in"),
    (TapMode.OUT.value, "At an exit: out"),
)
FIELDS = ("name", "place", "mode", "bank_id", "relays", "open_ms", "dim_after_s")


def plan_of(form: Any) -> TerminalPlan:
    """What was entered about a terminal.

    Raises:
        BadInput: something can't be read, or there is no such choice.
    """
    try:
        mode = TapMode(text_of(form, "mode"))
    except ValueError:
        raise BadInput("Choose what the terminal is for.", field="mode") from None
    limits = TerminalPlan.LIMITS
    return TerminalPlan(
        name=text_of(form, "name"),
        kind=TerminalKind.LOCKER if mode is TapMode.LOCKER else TerminalKind.GATE,
        mode=mode,
        bank_id=_bank_in(form),
        place=text_of(form, "place"),
        relays=read_relays(text_of(form, "relays")),
        active_low=ticked(form, "active_low"),
        open_ms=number_of(form, "open_ms", limits),
        dim_after_s=number_of(form, "dim_after_s", limits),
        offline=ticked(form, "offline"),
        pin_needed=ticked(form, "pin_needed"),
    )


def _bank_in(form: Any) -> int | None:
    """The bank that was chosen. A select has no value that is none: 0 and "" are, and nonsense."""
    text = text_of(form, "bank_id")
    return (int(text) or None) if text.isascii() and text.isdigit() and len(text) < 10 else None


def visits_in(form: Any) -> VisitRules:
    """The rules of visits that were entered.

    Raises:
        BadInput: a number can't be read.
    """
    ticks = ("visit_needed", "leaving_releases", "anti_passback")
    most = number_if_any(form, "max_minutes", VisitRules.LIMITS)
    return VisitRules(max_minutes=most, **{name: ticked(form, name) for name in ticks})


def plan_fields(page: Item, form: str, row: Any = None) -> rx.Component:
    """The fields of what is said of a terminal, filled in from `row` or as a new one begins."""

    def value(name: str, new: str = "") -> Item:
        return new if row is None else row(name)

    def line(name: str, label: str, hint: str, new: str = "", **props: Any) -> rx.Component:
        bad = (page.at == form) & (page.wrong == name)
        ident = f"{form}-{name}"
        shown = value(name, new)
        return field(name, label, hint, bad, page.why, ident, default_value=shown, **props)

    def box(name: str, label: str, hint: str, new: bool) -> rx.Component:
        ident = f"{form}-{name}"
        checked = new if row is None else row(name) == "true"
        return rx.el.div(
            rx.el.label(
                rx.el.input(
                    type="checkbox",
                    id=ident,
                    name=name,
                    default_checked=checked,
                    aria_describedby=f"{ident}-hint",
                ),
                label,
                class_name="check",
            ),
            rx.el.span(hint, class_name="hint", id=f"{ident}-hint"),
            class_name="field",
        )

    return rx.fragment(
        line(
            "name",
            "Name",
            "Such as “Hall, left”. Its display shows it.",
            max_length=MAX_NAME_LENGTH,
        ),
        line("place", "Place", "Where it is to be found.", max_length=MAX_PLACE_LENGTH),
        _choice(
            page,
            form,
            "mode",
            "What a tap means",
            [rx.el.option(text, value=mode) for mode, text in MODES],
            value("mode", TapMode.LOCKER.value),
        ),
        _choice(
            page,
            form,
            "bank_id",
            "Bank of lockers",
            [
                rx.el.option("None: it is at a gate", value="0"),
                rx.foreach(
                    SiteSetUp.banks,
                    lambda bank: rx.cond(
                        bank["archived"],
                        rx.fragment(),
                        rx.el.option(bank["name"], value=bank["id"].to(str)),
                    ),
                ),
            ],
            value("bank_id", "0"),
        ),
        line(
            "relays",
            "Relays",
            "Door = GPIO line (BCM), such as 1=17, 2=22. Or doors alone, such as 1-8: they get "
            "lines that are free, in order. Empty for a gate.",
            max_length=2000,
        ),
        line(
            "open_ms",
            "A relay is held for, in milliseconds",
            "3000 are three seconds.",
            "3000",
            input_mode="numeric",
            max_length=6,
        ),
        line(
            "dim_after_s",
            "The display dims after, in seconds",
            "Without a tap.",
            "60",
            input_mode="numeric",
            max_length=6,
        ),
        box(
            "active_low",
            "The relays switch at low level",
            "As most relay boards do. Without it they switch at high level.",
            True,
        ),
        box(
            "offline",
            "Works without the server",
            "Holders open the own door while the server is away, for a day at most. New lockers "
            "are given only with it.",
            True,
        ),
        box(
            "pin_needed",
            "A tap needs the PIN",
            "Whoever taps confirms it on the phone, signed in, within a minute.",
            False,
        ),
    )


def _choice(
    page: Item, form: str, name: str, label: str, options: list[Any], chosen: Item
) -> rx.Component:
    ident = f"{form}-{name}"
    bad = (page.at == form) & (page.wrong == name)
    return rx.el.div(
        rx.el.label(label, html_for=ident),
        rx.el.select(
            *options,
            id=ident,
            name=name,
            default_value=chosen,
            aria_invalid=rx.cond(bad, "true", "false"),
            aria_describedby=f"{ident}-wrong",
        ),
        rx.el.p(rx.cond(bad, page.why, ""), class_name="error", id=f"{ident}-wrong", role="alert"),
        class_name="field",
    )


def visits_form(page: Item) -> rx.Component:
    """The rules of visits to the site."""

    def box(name: str, label: str, hint: str) -> rx.Component:
        checked = in_browser("Boolean({}[" + repr(name) + "])", SiteSetUp.visiting).to(bool)
        return tick(name, label, hint, default_checked=checked)

    return rx.el.form(
        AsShown.create(name="version", value=value_of(SiteSetUp.visiting, "version")),
        rx.el.h2("Visits"),
        rx.el.p(
            "They matter where a gate counts who is inside. A way out is never refused.",
            class_name="soft",
        ),
        refusal(page, "visits"),
        part(
            "Rules of visits",
            box(
                "visit_needed",
                "A locker is given only to who is inside",
                "Who has not tapped in at a gate is asked to do so first.",
            ),
            box(
                "leaving_releases",
                "Leaving gives back the lockers of the visit",
                "Those that were taken inside, not those from before.",
            ),
            box(
                "anti_passback",
                "A card that is inside is not let in again",
                "So that no card is handed back over the gate.",
            ),
            digits(
                page,
                "max_minutes",
                "A visit is over after, in minutes",
                "If nobody taps out. 720 are 12 hours. Empty: never.",
                value_of(SiteSetUp.visiting, "max_minutes"),
            ),
        ),
        rx.el.button("Keep these rules", type="submit", class_name="primary"),
        on_submit=lambda form: page.save_visits(form, SiteSetUp.site_id, new_request_id()),
        no_validate=True,
        key=f"visits-{SiteSetUp.site_id}",
        class_name="settings",
    )
