"""The card terminals of a site for those who run them: cards, alerts, who is inside, questions."""

from typing import Any

import reflex as rx

from locker_app.web.components.browser import Modal, new_request_id
from locker_app.web.components.fields import field
from locker_app.web.components.parts import Item, in_browser, some
from locker_app.web.components.setup_parts import refusal
from locker_app.web.components.terminal_words import (
    ALERTS,
    COMMANDS,
    DEMO_CARDS,
    MODES,
    moment,
    progress,
    said,
    screen_picture,
    terminal_status,
)
from locker_app.web.live_states import Candidates, Inside, Terminals

_Rows = list[dict[str, Any]]


def broker_state() -> rx.Component:
    """How this server stands with the broker; a development broker is said to be one."""
    state = Terminals
    lost = (
        "Not connected to the broker: no terminal can be reached now. Those with grants go on "
        "opening the own doors of holders, and all say later what happened. "
    )
    return rx.cond(
        state.connected,
        rx.cond(
            state.broker == "embedded",
            rx.el.p(
                rx.el.strong("Development broker. "),
                "It is part of Cubby and good for a trial. Install Mosquitto for daily use: it is "
                "found by itself.",
                class_name="box",
                role="status",
            ),
            rx.el.p("Connected to the broker.", class_name="soft", role="status"),
        ),
        rx.cond(
            state.broker == "off",
            rx.el.p(
                "Terminals are switched off in the settings of this server.",
                class_name="box",
                role="status",
            ),
            rx.el.p(lost, state.broker_why, class_name="box", data_tone="bad", role="status"),
        ),
    )


def terminal_cards(page: Item) -> rx.Component:
    """All terminals of the site, and how many are there."""
    rows = Terminals.terminals
    total = rx.Var.create(rows).length()
    there = in_browser("{}.filter((t) => t.state === 'online').length", rows).to(int)
    wanting = in_browser("{}.filter((t) => t.alerts.length > 0).length", rows).to(int)
    return rx.fragment(
        rx.el.p(
            rx.el.strong(there, " of ", total, " connected"),
            rx.cond(
                wanting > 0,
                rx.fragment(", ", wanting, rx.cond(wanting == 1, " wants", " want"), " attention"),
            ),
            role="status",
            data_testid="terminals-summary",
        ),
        rx.el.section(
            rx.el.h2("All terminals", class_name="unseen"),
            rx.el.ul(
                rx.foreach(rows, lambda row: _terminal(page, row)),
                class_name="cards terminals",
            ),
        ),
    )


def _terminal(page: Item, row: Item) -> rx.Component:
    state, zone = row["state"].to(str), Terminals.time_zone
    picture = in_browser("({}[{}] ?? '')", Terminals.pictures, row["id"]).to(str)
    return rx.el.li(
        rx.el.div(
            rx.el.h3(row["name"]),
            terminal_status(state),
            rx.el.p(
                rx.cond(row["place"] != "", row["place"].to(str) + " · ", ""),
                rx.cond(row["bank_name"] != "", row["bank_name"].to(str) + " · ", ""),
                said(MODES, row["mode"].to(str)),
                class_name="soft small",
            ),
            class_name="stack tight",
        ),
        rx.cond(
            row["provisioned"].to(bool) | (picture != ""),
            rx.el.div(
                screen_picture(picture, row["says"], old=state != "online"),
                rx.cond(
                    (state != "online") & (picture != ""),
                    rx.el.p("As it was when it was heard of last.", class_name="soft small"),
                ),
                class_name="stack tight",
            ),
            rx.el.p(
                rx.cond(
                    state == "revoked",
                    "Its device was switched off. ",
                    "No device has become this terminal yet. ",
                ),
                rx.el.a("Make a code for it", href=f"/staff/setup/terminals/{Terminals.site_id}"),
                ".",
            ),
        ),
        rx.cond(some(row["alerts"].to(_Rows)), _alerts(page, row)),
        rx.cond(
            row["waits_for"] != "",
            rx.el.p(
                "Waits for a card of ",
                rx.el.a(row["waits_for"], href="/staff/people/" + row["waits_for_id"].to(str)),
                ", until ",
                moment(row["waits_until"], zone, "clock"),
                ".",
                class_name="box",
            ),
        ),
        _facts(row, zone),
        rx.cond(some(row["commands"].to(_Rows)), _told(row, zone)),
        _acts(page, row),
        class_name="card",
        data_needed=rx.cond(some(row["alerts"].to(_Rows)), "true", "false"),
        data_testid="terminal",
    )


def _known(what: str, *content: Any) -> rx.Component:
    return rx.el.div(rx.el.dt(what), rx.el.dd(*content))


def _facts(row: Item, zone: Item) -> rx.Component:
    def where(name: str, then: Any) -> Item:
        return rx.cond(row[name] != "", then)

    return rx.el.dl(
        rx.cond(
            row["seen_at"].to(int) > 0,
            _known("Last heard", moment(row["seen_at"], zone, "relative")),
        ),
        rx.cond(
            row["state_at"].to(int) > 0, _known("So since", moment(row["state_at"], zone, "clock"))
        ),
        rx.cond(
            row["provisioned"].to(bool),
            _known(
                "Waiting",
                rx.cond(
                    row["outbox"].to(int) > 0,
                    rx.fragment(
                        row["outbox"],
                        " not delivered yet, the oldest for ",
                        row["oldest_s"],
                        " s",
                    ),
                    "nothing",
                ),
            ),
        ),
        where("version", _known("Program", row["version"])),
        where(
            "reader",
            _known(
                "Reader",
                row["reader"],
                rx.cond(
                    row["simulated"].to(bool) & ~row["reader"].to(str).contains("simulated"),
                    ", simulated",
                    "",
                ),
            ),
        ),
        rx.cond(
            row["kind"] == "locker",
            _known("Doors", row["doors"], " with a relay, ", row["served"], " ready"),
        ),
        where("warm", _known("Warmth", row["warm"])),
        where("signal", _known("Signal", row["signal"])),
        rx.cond(
            row["pending"].to(bool),
            _known("Settings", rx.el.strong("new ones have not reached it yet")),
        ),
        class_name="known",
    )


def _alerts(page: Item, row: Item) -> rx.Component:
    def alert(one: Item) -> rx.Component:
        what = said(ALERTS, one["kind"].to(str))
        return rx.el.li(
            rx.el.div(
                rx.el.p(
                    rx.el.strong(what),
                    rx.cond(one["label"] != "", rx.fragment(": locker ", one["label"]), ""),
                    rx.cond(
                        one["person_id"].to(int) > 0,
                        rx.fragment(
                            ": ",
                            rx.el.a(
                                one["who"],
                                href="/staff/people/" + one["person_id"].to(str),
                                class_name="touch",
                            ),
                        ),
                    ),
                    rx.cond(one["text"] != "", rx.fragment(": ", one["text"])),
                ),
                rx.el.p(
                    moment(one["last_at"], Terminals.time_zone),
                    rx.cond(
                        one["count"].to(int) > 1, rx.fragment(", ", one["count"], " times"), ""
                    ),
                    class_name="soft small",
                ),
                class_name="stack tight",
            ),
            rx.el.button(
                "Seen to",
                type="button",
                class_name="second",
                aria_label="Seen to: " + what + " (" + row["name"].to(str) + ")",
                on_click=page.clear_alert(one["id"], new_request_id()),
            ),
            class_name="row apart",
        )

    return rx.el.ul(
        rx.foreach(row["alerts"].to(_Rows), alert),
        class_name="alerts-list",
        aria_label="What wants attention",
    )


def _told(row: Item, zone: Item) -> rx.Component:
    def one(told: Item) -> rx.Component:
        return rx.el.li(
            rx.el.span(
                said(COMMANDS, told["kind"].to(str)),
                rx.cond(told["label"] != "", rx.fragment(" ", told["label"])),
            ),
            progress(told),
            rx.el.span(moment(told["made_at"], zone, "clock"), class_name="soft small"),
        )

    return rx.el.div(
        rx.el.h4("Told lately"),
        rx.el.ul(rx.foreach(row["commands"].to(_Rows), one), class_name="told"),
        class_name="stack tight",
    )


def _acts(page: Item, row: Item) -> rx.Component:
    def act(text: str, on: Any) -> rx.Component:
        return rx.el.button(
            text,
            type="button",
            class_name="second",
            aria_label=f"{text} " + row["name"].to(str),
            on_click=on,
        )

    ident, there = row["id"], row["provisioned"].to(bool)
    return rx.el.div(
        rx.cond(
            there,
            rx.fragment(
                act("Identify", page.tell("identify", ident, new_request_id())),
                act("Ask anew", page.tell("sync", ident, new_request_id())),
                rx.cond(row["simulated"].to(bool), act("Tap a card here…", page.ask("tap", ident))),
                act("Restart…", page.ask("restart", ident)),
                act("Revoke…", page.ask("revoke", ident)),
            ),
        ),
        class_name="row acts",
    )


def inside_part(page: Item) -> rx.Component:
    """How many are inside, and who."""
    return rx.cond(
        Inside.has_gate | (Inside.count > 0),
        rx.el.section(
            rx.el.div(
                rx.el.h2("Inside"),
                rx.el.p(
                    Inside.count,
                    rx.el.small(rx.cond(Inside.count == 1, " person", " people")),
                    class_name="fact",
                    role="status",
                    data_testid="inside-count",
                ),
                class_name="row apart",
            ),
            rx.cond(
                some(Inside.people),
                rx.el.ul(
                    rx.foreach(Inside.people, lambda row: _inside(page, row)),
                    class_name="desk-line",
                ),
                rx.el.p("Nobody is inside.", class_name="soft"),
            ),
            class_name="card",
        ),
    )


def _inside(page: Item, row: Item) -> rx.Component:
    return rx.el.li(
        rx.el.div(
            rx.el.p(
                rx.el.a(
                    row["name"],
                    href="/staff/people/" + row["person_id"].to(str),
                    class_name="touch",
                ),
                " ",
                rx.el.span(row["number"], class_name="soft small"),
            ),
            rx.el.p(
                "since ",
                moment(row["came_at"], Inside.zone, "clock"),
                rx.cond(row["gate"] != "", ", at " + row["gate"].to(str), ""),
                rx.cond(
                    row["due_at"].to(int) > 0,
                    rx.fragment(", over at ", moment(row["due_at"], Inside.zone, "clock")),
                ),
                class_name="soft small",
            ),
            class_name="stack tight",
        ),
        rx.el.button(
            "End visit…",
            type="button",
            class_name="second",
            aria_label="End the visit of " + row["name"].to(str) + "…",
            on_click=page.ask("end", row["visit_id"]),
        ),
        class_name="row apart",
        data_testid="inside-row",
    )


def nobodys_part(page: Item) -> rx.Component:
    """Cards that were tapped lately and are nobody's."""
    return rx.cond(
        some(Terminals.nobodys),
        rx.el.section(
            rx.el.h2("Unknown cards"),
            rx.el.p("Tapped here lately, and nobody’s. They were refused.", class_name="soft"),
            rx.el.ul(
                rx.foreach(Terminals.nobodys, lambda row: _nobodys(page, row)),
                class_name="desk-line",
            ),
            class_name="card",
        ),
    )


def _nobodys(page: Item, row: Item) -> rx.Component:
    return rx.el.li(
        rx.el.p(
            rx.el.strong("…", row["tail"]),
            " at ",
            row["terminal_name"],
            ", ",
            moment(row["seen_at"], Terminals.time_zone),
        ),
        rx.cond(
            page.manages,
            rx.el.div(
                rx.el.button(
                    "Whose is it?…",
                    type="button",
                    class_name="second",
                    aria_label="Whose is card " + row["tail"].to(str) + "?…",
                    on_click=page.ask("whose", row["id"]),
                ),
                rx.el.button(
                    "Forget it",
                    type="button",
                    class_name="second",
                    aria_label="Forget card " + row["tail"].to(str),
                    on_click=page.forget_card(row["id"], new_request_id()),
                ),
                class_name="row",
            ),
        ),
        class_name="row apart",
        data_testid="nobodys-card",
    )


def terminal_dialogs(page: Item) -> rx.Component:
    """What is asked before something is done that others notice."""
    name = _of(Terminals.terminals, "id", page.about, "name")
    visitor = _of(Inside.people, "visit_id", page.about, "name")
    tail = _of(Terminals.nobodys, "id", page.about, "tail")
    return Modal.create(
        rx.match(
            page.asking,
            (
                "restart",
                _question(
                    page,
                    rx.fragment("Restart ", name, "?"),
                    rx.el.p(
                        "Nobody can tap there for about a minute. What it has not delivered yet "
                        "is kept, and all doors stay locked."
                    ),
                    button="Restart it",
                    on_submit=lambda form: page.restart(page.about, new_request_id()),
                ),
            ),
            (
                "revoke",
                _question(
                    page,
                    rx.fragment("Revoke ", name, "?"),
                    rx.el.p(
                        "Its connection ends at once, and what it says is not heard any more: do "
                        "this when a device was stolen or given away. To use it again, make a new "
                        "code for it in Set-up. What it had not delivered is lost."
                    ),
                    _reason(page, "revoke"),
                    button="Revoke it",
                    on_submit=lambda form: page.revoke(form, page.about, new_request_id()),
                ),
            ),
            (
                "end",
                _question(
                    page,
                    rx.fragment("End the visit of ", visitor, "?"),
                    rx.el.p(
                        "They count as gone from now on. What they have they keep: give it back "
                        "on the board if that is meant."
                    ),
                    _reason(page, "end"),
                    button="End the visit",
                    on_submit=lambda form: page.end_visit(form, page.about, new_request_id()),
                ),
            ),
            (
                "tap",
                _question(
                    page,
                    rx.fragment("Tap a card at ", name),
                    _cards(page),
                    button="Tap it",
                    danger=False,
                    on_submit=lambda form: page.tap(form, page.about, new_request_id()),
                ),
            ),
            ("whose", _whose(page, tail)),
            rx.fragment(),
        ),
        open=page.asking != "",
        label="A question about a terminal",
        on_close=page.close,
    )


def _of(rows: Any, key: str, about: Item, name: str) -> Item:
    script = f"({{0}}.find((one) => one.{key} === {{1}})?.{name} ?? '')"
    return in_browser(script, rows, about).to(str)


def _question(
    page: Item, title: Any, *content: Any, button: str, on_submit: Any, danger: bool = True
) -> rx.Component:
    return rx.el.div(
        rx.el.h2(title),
        rx.el.form(
            refusal(page, "ask"),
            *content,
            rx.el.div(
                rx.el.button(button, type="submit", class_name="danger" if danger else "second"),
                rx.el.button(
                    "Leave it as it is", type="button", class_name="second", on_click=page.close
                ),
                class_name="row",
            ),
            on_submit=on_submit,
            no_validate=True,
            key=page.asking.to(str) + page.about.to_string(),
        ),
        class_name="stack",
    )


def _reason(page: Item, form: str) -> rx.Component:
    return field(
        "reason",
        "Reason",
        "It is kept in the history.",
        page.wrong == "reason",
        page.why,
        f"{form}-reason",
        default_value="",
        max_length=500,
    )


def _cards(page: Item) -> rx.Component:
    """A card to choose, or the number of another one."""
    return rx.fragment(
        rx.el.div(
            rx.el.label("Card", html_for="tap-demo"),
            rx.el.select(
                *[rx.el.option(text, value=number) for number, text in DEMO_CARDS],
                rx.el.option("Another one:", value=""),
                id="tap-demo",
                name="demo",
            ),
            class_name="field",
        ),
        field(
            "uid",
            "Its number",
            "Of another card: 8, 14 or 20 of the signs 0-9 and A-F. It wins over the choice above.",
            page.wrong == "uid",
            page.why,
            "tap-uid",
            default_value="",
            max_length=40,
            auto_capitalize="characters",
        ),
    )


def _whose(page: Item, tail: Item) -> rx.Component:
    rows = Candidates.rows
    return rx.el.div(
        rx.el.h2("Whose is card …", tail, "?"),
        refusal(page, "ask"),
        rx.el.form(
            field(
                "text",
                "Name or enrolment number",
                "",
                page.wrong == "text",
                page.why,
                "whose-text",
                default_value="",
                max_length=100,
            ),
            rx.el.button("Find", type="submit", class_name="second"),
            on_submit=page.find,
            no_validate=True,
            role="search",
            key="whose" + page.about.to_string(),
        ),
        rx.cond(
            Candidates.asked,
            rx.cond(
                some(rows),
                rx.el.ul(
                    rx.foreach(rows, lambda row: _candidate(page, row)), class_name="desk-line"
                ),
                rx.el.p("Nobody is found.", role="status"),
            ),
        ),
        rx.el.div(
            rx.el.button(
                "Leave it as it is", type="button", class_name="second", on_click=page.close
            ),
            class_name="row",
        ),
        class_name="stack",
    )


def _candidate(page: Item, row: Item) -> rx.Component:
    return rx.el.li(
        rx.el.p(row["name"], " ", rx.el.span(row["number"], class_name="soft small")),
        rx.el.button(
            "It is theirs",
            type="button",
            class_name="second",
            aria_label="It is a card of " + row["name"].to(str),
            on_click=page.link(page.about, row["id"], new_request_id()),
        ),
        class_name="row apart",
    )
