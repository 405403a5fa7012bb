"""What staff see of charging spots, and the questions before somebody loses something."""

from typing import Any

import reflex as rx

from locker_app.web.components.browser import Modal, Moment, new_request_id
from locker_app.web.components.charging_words import STATUS
from locker_app.web.components.fields import field
from locker_app.web.components.parts import Item, in_browser, some
from locker_app.web.components.setup_parts import refusal
from locker_app.web.live_states import ChargerDesk

_BUSY = ("taken", "leaving", "overstayed")
_NEED = ("overstayed", "reported")


def desk(state: Item) -> rx.Component:
    """All spots, and the line."""
    return rx.fragment(
        _summary(),
        rx.el.section(
            rx.el.h2("Spots", class_name="unseen"),
            rx.el.ul(
                rx.foreach(ChargerDesk.spots, lambda spot: _spot(state, spot)),
                class_name="cards desk-spots",
            ),
        ),
        _line(state),
    )


def _summary() -> rx.Component:
    """How many there are of each, in a line that is read out when it changes."""
    count = "{0}.filter((s) => {1}.includes(s.status)).length"

    def many(*statuses: str) -> Item:
        return in_browser(count, ChargerDesk.spots, list(statuses)).to(int)

    total = rx.Var.create(ChargerDesk.spots).length()
    waiting = rx.Var.create(ChargerDesk.line).length()
    return rx.el.p(
        rx.el.strong(many("free"), " of ", total, " free"),
        rx.cond(many("overstayed") > 0, rx.fragment(", ", many("overstayed"), " overstayed")),
        rx.cond(many("reported") > 0, rx.fragment(", ", many("reported"), " reported as taken")),
        rx.cond(many("out") > 0, rx.fragment(", ", many("out"), " out of service")),
        ", ",
        waiting,
        " waiting",
        role="status",
        data_testid="desk-summary",
    )


def spot_status(status: Item) -> rx.Component:
    """A spot's status as colour, icon and word."""
    word = rx.match(status, *STATUS.items(), "")
    return rx.el.span(word, class_name="status", data_spot=status)


def _moment(at: Item, form: str = "clock") -> rx.Component:
    return Moment.create(at=at.to(int), zone=ChargerDesk.time_zone, form=form)


def _spot(state: Item, spot: Item) -> rx.Component:
    needed = in_browser("{}.includes({})", list(_NEED), spot["status"]).to(bool)
    return rx.el.li(
        rx.el.div(
            rx.el.h3(rx.el.span("Spot ", class_name="unseen"), spot["name"], class_name="post"),
            rx.el.div(
                spot_status(spot["status"]),
                rx.el.p(
                    spot["place"],
                    rx.cond((spot["place"] != "") & (spot["details"] != ""), ", ", ""),
                    spot["details"],
                    class_name="soft small",
                ),
                class_name="stack tight",
            ),
            class_name="row desk-head",
        ),
        rx.cond(spot["out_at"].to(int) > 0, _out(spot)),
        rx.cond(spot["reported_at"].to(int) > 0, _reported(spot)),
        rx.cond(spot["booking_id"].to(int) > 0, _there(spot)),
        rx.cond(
            spot["later"].to(list[dict[str, Any]]).length() > 0,
            rx.el.ul(
                rx.foreach(
                    spot["later"].to(list[dict[str, Any]]),
                    lambda later: _later(state, spot, later),
                ),
                class_name="stack tight",
                aria_label="Booked later",
            ),
        ),
        _acts(state, spot),
        class_name="card",
        data_needed=rx.cond(needed, "true", "false"),
        data_testid="desk-spot",
    )


def _out(spot: Item) -> rx.Component:
    return rx.el.p("Since ", _moment(spot["out_at"]), ": ", spot["out_reason"])


def _reported(spot: Item) -> rx.Component:
    return rx.el.p(
        "Somebody stands here without a booking, it was said ",
        _moment(spot["reported_at"], "relative"),
        ".",
    )


def _person(row: Item) -> Item:
    """A name with where more is known; a visitor has neither."""
    return rx.cond(
        row["person_id"].to(int) > 0,
        rx.fragment(
            rx.el.a(row["who"], href="/staff/people/" + row["person_id"].to(str)),
            " ",
            rx.el.span(row["number"], class_name="soft small"),
        ),
        rx.el.span(row["who"]),
    )


def _there(spot: Item) -> rx.Component:
    status = spot["status"]
    return rx.el.dl(
        _known(
            rx.cond(status == "offered", "For", "Who"),
            _person(spot),
            rx.cond(spot["shown_as"] != "", rx.fragment(" · ", spot["shown_as"])),
        ),
        _known("Since", _moment(spot["since"])),
        rx.cond(
            (status == "leaving") | (status == "overstayed"),
            _known("Time up", _moment(spot["until"], "relative")),
            _known(
                rx.cond(status == "offered", "Held until", "Leaves"), _moment(spot["until"], "auto")
            ),
        ),
        rx.cond(
            spot["low"].to(int) > 0,
            _known(
                "Likely",
                "about ",
                _moment(spot["likely"]),
                ", between ",
                _moment(spot["low"]),
                " and ",
                _moment(spot["high"]),
            ),
        ),
        class_name="known",
    )


def _known(what: Any, *said: Any) -> rx.Component:
    return rx.el.div(rx.el.dt(what), rx.el.dd(*said))


def _later(state: Item, spot: Item, later: Item) -> rx.Component:
    return rx.el.li(
        rx.el.span(
            _moment(later["starts_at"]), " to ", _moment(later["leaves_at"]), ": ", later["who"]
        ),
        rx.el.button(
            "End…",
            type="button",
            class_name="asLink",
            aria_label="End the later booking of " + later["who"].to(str) + "…",
            on_click=state.ask("end", later["booking_id"], spot["id"]),
        ),
        class_name="row",
    )


def _acts(state: Item, spot: Item) -> rx.Component:
    def act(text: str, *on: Any) -> rx.Component:
        return rx.el.button(
            text,
            type="button",
            class_name="second",
            aria_label=f"{text} Spot " + spot["name"].to(str),
            on_click=on,
        )

    has = in_browser("{}.includes({})", [*_BUSY, "offered"], spot["status"]).to(bool)
    return rx.el.div(
        rx.cond(
            spot["reported_at"].to(int) > 0,
            act("Seen to", state.clear_report(spot["id"], new_request_id())),
        ),
        rx.cond(
            has & (spot["booking_id"].to(int) > 0),
            act("End…", state.ask("end", spot["booking_id"], spot["id"])),
        ),
        rx.cond(
            (spot["status"] == "taken") & (spot["booking_id"].to(int) > 0),
            act("Move…", state.ask("move", spot["booking_id"], spot["id"])),
        ),
        rx.cond(
            spot["out_at"].to(int) > 0,
            act("Back in service", state.put_back(spot["id"], new_request_id())),
            act("Out of service…", state.ask("take_out", spot["id"], spot["booking_id"])),
        ),
        class_name="row acts",
    )


def _line(state: Item) -> rx.Component:
    return rx.el.section(
        rx.el.h2("The line"),
        rx.cond(
            some(ChargerDesk.line),
            rx.el.ol(
                rx.foreach(ChargerDesk.line, lambda place: _place(state, place)),
                class_name="desk-line",
            ),
            rx.el.p("Nobody waits.", class_name="soft"),
        ),
        class_name="card",
    )


def _place(state: Item, place: Item) -> rx.Component:
    return rx.el.li(
        rx.el.div(
            rx.el.p(
                _person(place),
                rx.cond(place["first"], rx.el.strong(" · first: the spot could not be used")),
            ),
            rx.el.p(
                "since ",
                _moment(place["joined_at"]),
                rx.cond(
                    place["offered"] != "",
                    rx.fragment(
                        " · spot ",
                        place["offered"],
                        " is held until ",
                        _moment(place["offered_until"]),
                    ),
                ),
                rx.cond(
                    place["snoozed_until"].to(int) > 0,
                    rx.fragment(" · not asked until ", _moment(place["snoozed_until"])),
                ),
                class_name="soft small",
            ),
            class_name="stack tight",
        ),
        rx.el.button(
            "Remove…",
            type="button",
            class_name="second",
            aria_label="Remove " + place["who"].to(str) + " from the line…",
            on_click=state.ask("remove", place["wait_id"], 0),
        ),
        class_name="row apart",
        data_testid="desk-place",
    )


def dialogs(state: Item) -> rx.Component:
    """What is asked before somebody loses something. They find in the browser what they are about,
    as it stands now, and go on saying who was meant when that is over."""
    return rx.fragment(
        _dialog(
            state,
            "take_out",
            rx.fragment("Take spot ", _of_spot(state, "name"), " out of service?"),
            rx.cond(
                state.seen > 0,
                rx.el.p(
                    "Whoever has it, or has booked it, gets another spot if one is free for as "
                    "long. Otherwise the booking is cancelled, and they come first in the line."
                ),
                rx.el.p("It is given to nobody until it is back in service."),
            ),
            button="Take it out of service",
            on_submit=lambda form: state.take_out(form, state.about, state.seen, new_request_id()),
        ),
        _dialog(
            state,
            "end",
            rx.fragment("End the booking of spot ", _of_booking(state, "name"), "?"),
            rx.el.p(
                rx.el.strong(_who_of_booking(state)),
                " is told at once, with your reason. The next in line is offered the spot.",
            ),
            over=_booking_over(state),
            button="End the booking",
            on_submit=lambda form: state.end(form, state.about, state.seen, new_request_id()),
        ),
        _dialog(
            state,
            "move",
            rx.fragment("Move ", _who_of_booking(state), " to another spot?"),
            rx.el.p("Their time stays as it is. They are told at once, with your reason."),
            _targets(state),
            over=_booking_over(state),
            button="Move them",
            on_submit=lambda form: state.move(form, state.about, new_request_id()),
        ),
        _dialog(
            state,
            "remove",
            rx.fragment("Remove ", _who_of_place(state), " from the line?"),
            rx.el.p("What is offered to them goes to the next one. It can’t be undone."),
            button="Remove them",
            on_submit=lambda form: state.remove(form, state.about, new_request_id()),
        ),
    )


def _targets(state: Item) -> rx.Component:
    """All other spots; those that are free can be chosen. One that is taken while it is chosen
    stays chosen, and is refused: nobody is moved to where nobody meant."""
    wrong = state.wrong == "to"
    return rx.el.div(
        rx.el.label("To spot", html_for="to"),
        rx.el.select(
            rx.el.option("Choose one", value=""),
            rx.foreach(
                ChargerDesk.spots,
                lambda spot: rx.el.option(
                    spot["name"],
                    rx.cond(
                        spot["status"] == "free",
                        "",
                        in_browser("': ' + ({}[{}] ?? '')", STATUS, spot["status"]).to(str),
                    ),
                    value=spot["id"].to(str),
                    disabled=spot["status"] != "free",
                ),
            ),
            id="to",
            name="to",
            aria_invalid=rx.cond(wrong, "true", "false"),
            aria_describedby="to-wrong",
        ),
        rx.el.p(rx.cond(wrong, state.why, ""), class_name="error", id="to-wrong", role="alert"),
        class_name="field",
    )


def _dialog(
    state: Item,
    name: str,
    title: Any,
    *content: Any,
    button: str,
    on_submit: Any,
    over: Item | bool = False,
) -> rx.Component:
    """A question. While what it is about is `over`, it says so, and there is nothing to press."""
    refused = (state.at == "ask") & (state.wrong == "") & (state.why != "")
    gone = rx.cond(refused, rx.fragment(), rx.el.p("This booking is over.", role="status"))
    return Modal.create(
        rx.el.div(
            rx.el.h2(title),
            rx.el.form(
                refusal(state, "ask"),
                rx.cond(over, gone, rx.fragment(*content)),
                field(
                    "reason",
                    "Reason",
                    "Whom it is about reads it too.",
                    state.wrong == "reason",
                    state.why,
                    f"{name}-reason",
                    default_value="",
                    max_length=500,
                ),
                rx.el.div(
                    rx.el.button(button, type="submit", class_name="danger", disabled=over),
                    rx.el.button(
                        "Leave it as it is",
                        type="button",
                        class_name="second",
                        on_click=state.close,
                    ),
                    class_name="row",
                ),
                on_submit=on_submit,
                no_validate=True,
                key=name + state.about.to_string(),
            ),
            class_name="stack",
        ),
        open=state.asking == name,
        label=button,
        on_close=state.close,
    )


def _of_spot(state: Item, name: str) -> Item:
    script = "({0}.find((s) => s.id === {1})?.[" + repr(name) + "] ?? '')"
    return in_browser(script, ChargerDesk.spots, state.about).to(str)


def _of_booking(state: Item, name: str) -> Item:
    """Of the spot on which the booking was when it was asked about."""
    script = "({0}.find((s) => s.id === {1})?.[" + repr(name) + "] ?? '')"
    return in_browser(script, ChargerDesk.spots, state.seen).to(str)


def _who_of_booking(state: Item) -> Item:
    script = (
        "({0}.flatMap((s) => [s, ...s.later]).find((b) => b.booking_id === {1})?.who"
        " ?? 'whoever had it')"
    )
    return in_browser(script, ChargerDesk.spots, state.about).to(str)


def _booking_over(state: Item) -> Item:
    script = "(!{0}.flatMap((s) => [s, ...s.later]).some((b) => b.booking_id === {1}))"
    return in_browser(script, ChargerDesk.spots, state.about).to(bool)


def _who_of_place(state: Item) -> Item:
    script = "({0}.find((p) => p.wait_id === {1})?.who ?? 'whoever it was')"
    return in_browser(script, ChargerDesk.line, state.about).to(str)
