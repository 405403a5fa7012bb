"""The parts of the dashboard that are about tickets: the current one, the line, who helps whom."""

import reflex as rx

from locker_app.web.components.browser import Moment, new_request_id
from locker_app.web.components.helm_parts import BigButton, Jump, SteadyLine, Timer, Undo
from locker_app.web.components.parts import ONCE, Item, count, in_browser, some
from locker_app.web.live_states import Helm
from locker_app.web.words import TICKET_WORDS

# Where things stand in a row of `live_states.Helm`.
ID, NUMBER, GROUP, STATUS, WHO, QUESTION, JOINED, CALLED = range(8)
STAFF, STAFF_NAME, NOTE, STEPS, VISITS, ENDED = range(8, 14)

_LINE_WORDS = {
    "number": "number",
    "group": "Group",
    "gone": "no longer waiting",
    "helped": "helped today",
    "stepped": "stepped back",
    "justNow": "just now",
    "call": "Call now",
    "note": "Note",
    "remove": "Remove",
}


def current(helm: Item, cell: int) -> Item:
    """A cell of the ticket that the next press completes: one's own, or the one at no desk."""
    script = "(({0}.find((r) => r[8] === {1}) ?? {0}.find((r) => r[8] === 0))?.[{2}])"
    return in_browser(script, Helm.serving, helm.me, cell)


def my_desk(helm: Item, cell: int) -> Item:
    """A cell of one's own desk."""
    return in_browser("({}.find((d) => d[0] === {})?.[{}])", Helm.desks, helm.me, cell)


def ticket_of_dialog(helm: Item, cell: int) -> Item:
    """A cell of the ticket that the open dialog is about."""
    script = "([...{}, ...{}, ...{}].find((r) => r[0] === {})?.[{}])"
    return in_browser(script, Helm.line, Helm.serving, Helm.ended, helm.asking_about, cell)


def current_ticket(helm: Item) -> rx.Component:
    """Who is being helped, and the button that goes on to the next."""
    someone = in_browser("Boolean({})", current(helm, ID)).to(bool)
    return rx.el.section(
        rx.el.h2("Being helped", class_name="unseen"),
        rx.el.div(
            rx.el.div(
                rx.cond(
                    someone,
                    _being_helped(helm),
                    rx.fragment(
                        rx.el.p("–", class_name="number soft", aria_hidden="true"),
                        rx.el.p("Nobody is being helped by you.", class_name="soft"),
                    ),
                ),
                class_name="helm-who",
                aria_live="polite",
                data_testid="current",
            ),
            # On a phone they stand below the whole line.
            rx.el.div(Jump.create("Controls", to="controls"), class_name="helm-jump"),
            _buttons(helm, someone),
            class_name="helm-press",
        ),
        _about(helm, someone),
        class_name="card helm-now",
    )


def _being_helped(helm: Item) -> rx.Component:
    return rx.fragment(
        rx.el.p(current(helm, NUMBER).to(str), class_name="number", data_testid="current-number"),
        rx.el.div(
            rx.el.p("Group ", current(helm, GROUP).to(str), class_name="helm-group"),
            rx.el.p(
                Timer.create(since=current(helm, CALLED).to(int), label="Time so far"),
                class_name="helm-time",
                aria_live="off",
            ),
        ),
    )


def _buttons(helm: Item, someone: Item) -> rx.Component:
    going_on = some(Helm.line) & ~Helm.paused
    return rx.el.div(
        BigButton.create(
            text=rx.cond(
                someone,
                rx.cond(going_on, "Complete and call next", "Complete"),
                rx.cond(going_on, "Call next", rx.cond(Helm.paused, "Paused", "Nobody is waiting")),
            ),
            hint="Space or Enter",
            disabled=~(someone | going_on),
            on_press=helm.press(Helm.queue_id, new_request_id()),
        ),
        Undo.create(
            until=in_browser("({} ?? 0)", my_desk(helm, 4)).to(int),
            text="Undo",
            left_text="{} s, key U",
            on_undo=helm.undo(Helm.queue_id, new_request_id()),
        ),
        class_name="helm-buttons",
    )


def _about(helm: Item, someone: Item) -> rx.Component:
    """What is known of the current ticket; the same height whatever that is."""
    ticket_id = current(helm, ID).to(int)
    return rx.el.div(
        rx.el.div(
            rx.cond(
                someone,
                rx.fragment(
                    _line(current(helm, WHO), "soft"),
                    _line(current(helm, QUESTION), "question"),
                    rx.cond(
                        filled(current(helm, NOTE)),
                        rx.el.p("Note: ", current(helm, NOTE).to(str), class_name="small"),
                    ),
                    rx.cond(
                        in_browser("Number({}) > 0", current(helm, VISITS)).to(bool),
                        rx.el.p(
                            "This group was helped ",
                            current(helm, VISITS).to(str),
                            "× today.",
                            class_name="small soft",
                        ),
                    ),
                ),
            ),
            class_name="helm-known",
        ),
        rx.el.div(
            _second("Complete only", helm.complete(Helm.queue_id, new_request_id()), someone),
            _second("No-show", helm.no_show(ticket_id, new_request_id()), someone),
            _second("Put back", helm.put_back(ticket_id, new_request_id()), someone),
            _second("Note…", helm.ask("note", ticket_id), someone),
            class_name="row",
        ),
        class_name="helm-about",
    )


def filled(text: Item) -> Item:
    """Whether a cell has text in it."""
    return in_browser("Boolean({})", text).to(bool)


def _line(text: Item, style: str) -> Item:
    return rx.cond(filled(text), rx.el.p(text.to(str), class_name=style))


def _second(text: str, on_click: Item, possible: Item) -> rx.Component:
    return rx.el.button(
        text,
        type="button",
        class_name="second",
        on_click=on_click,
        disabled=~possible,
        custom_attrs=ONCE,
    )


def waiting_line(helm: Item) -> rx.Component:
    """Those who wait, in order."""
    return rx.el.section(
        rx.el.div(
            rx.el.h2("Waiting"),
            rx.el.p(
                rx.el.strong(count(Helm.line), data_testid="waiting-count"),
                rx.cond(count(Helm.line) == 1, " ticket", " tickets"),
                class_name="soft",
            ),
            class_name="row apart",
        ),
        SteadyLine.create(
            rows=Helm.line,
            words=rx.Var.create(_LINE_WORDS),
            label="Waiting, next first",
            on_call=lambda ticket_id: helm.call_ticket(ticket_id, new_request_id()),
            on_note=lambda ticket_id: helm.ask("note", ticket_id),
            on_remove=lambda ticket_id: helm.ask("remove", ticket_id),
        ),
        rx.cond(
            some(Helm.line),
            rx.fragment(),
            rx.el.p("Nobody is waiting. New tickets appear here by themselves.", class_name="soft"),
        ),
        class_name="card helm-line",
    )


def desks(helm: Item) -> rx.Component:
    """Who helps whom."""
    return rx.el.section(
        rx.el.h2("Who helps whom"),
        rx.el.ul(
            rx.foreach(Helm.serving, lambda row: _served(row, helm)),
            class_name="stack",
            data_testid="desks",
        ),
        rx.cond(
            some(Helm.serving),
            rx.fragment(),
            rx.el.p("Nobody is being helped right now.", class_name="soft"),
        ),
        class_name="card",
    )


def _served(row: Item, helm: Item) -> rx.Component:
    ticket_id, staff_id = row[ID].to(int), row[STAFF].to(int)
    label = in_browser("({}.find((d) => d[0] === {})?.[2] ?? '')", Helm.desks, staff_id).to(str)
    number = row[NUMBER].to(str)
    return rx.el.li(
        rx.el.p(
            rx.el.strong(number, class_name="ticket-number"),
            " Group ",
            row[GROUP].to(str),
            " ",
            rx.el.span(
                Timer.create(since=row[CALLED].to(int), label="Time so far"), class_name="soft"
            ),
        ),
        rx.el.p(
            rx.cond(
                staff_id == 0,
                "at no desk yet",
                rx.cond(staff_id == helm.me, "by you", "by " + row[STAFF_NAME].to(str)),
            ),
            rx.cond(label != "", rx.el.span(", ", label)),
            class_name="soft small",
        ),
        rx.cond(
            staff_id != helm.me,
            rx.el.div(
                rx.cond(
                    staff_id == 0,
                    _of_row("Take over", number, helm.call_ticket(ticket_id, new_request_id())),
                ),
                _of_row("No-show", number, helm.no_show(ticket_id, new_request_id())),
                _of_row("Put back", number, helm.put_back(ticket_id, new_request_id())),
                class_name="row",
            ),
        ),
        class_name="stack served",
    )


def _of_row(text: str, number: Item, on_click: Item) -> rx.Component:
    return rx.el.button(
        text,
        type="button",
        class_name="second",
        on_click=on_click,
        aria_label=text + ": number " + number,
    )


def ended(helm: Item) -> rx.Component:
    """The tickets that have ended lately, to put back who came after all."""
    return rx.el.details(
        rx.el.summary(rx.el.h2("Ended lately")),
        rx.el.ul(
            rx.foreach(Helm.ended, lambda row: _ended(row, helm)),
            class_name="stack",
            data_testid="ended",
        ),
        rx.cond(some(Helm.ended), rx.fragment(), rx.el.p("Nothing yet.", class_name="soft")),
        class_name="card",
    )


def _ended(row: Item, helm: Item) -> rx.Component:
    status, number = row[STATUS].to(str), row[NUMBER].to(str)
    return rx.el.li(
        rx.el.p(
            rx.el.strong(
                number, class_name=rx.cond(status == "done", "ticket-number done", "ticket-number")
            ),
            " Group ",
            row[GROUP].to(str),
            ": ",
            rx.match(status, *TICKET_WORDS.items(), status),
            rx.cond(row[STAFF].to(int) > 0, ", " + row[STAFF_NAME].to(str), ""),
            " ",
            Moment.create(at=row[ENDED].to(int), zone=Helm.time_zone, form="clock"),
        ),
        rx.el.div(
            rx.cond(
                status == "no_show",
                _of_row("Put back", number, helm.put_back(row[ID].to(int), new_request_id())),
            ),
            _of_row("Note", number, helm.ask("note", row[ID].to(int))),
            class_name="row",
        ),
        class_name="row apart served",
    )
