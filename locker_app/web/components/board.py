"""Components of the staff board that are written for the browser in assets/board.js."""

from typing import Any

import reflex as rx

from locker_app.web.components.parts import Item


class _Board(rx.Component):
    library = "$/public/board.js"


class Board(_Board):
    """All doors of some banks: found, filtered, selected, opened by mouse and keys."""

    tag = "Board"
    banks: rx.Var[list[int]]
    doors: rx.Var[dict]
    holders: rx.Var[dict]
    words: rx.Var[dict[str, str]]
    text: rx.Var[dict[str, str]]
    acts: rx.Var[list]
    open: rx.Var[int]
    plain: rx.Var[bool]
    on_open: rx.EventHandler[rx.event.passthrough_event_spec(int)]


class Stale(_Board):
    """Says when there are other banks than those that the board watches."""

    tag = "Stale"
    banks: rx.Var[list[int]]
    there: rx.Var[list[int]]
    on_stale: rx.EventHandler[rx.event.no_args_event_spec]


class Tally(_Board):
    """How many doors of a bank are free, out of the vars of the doors that the board has."""

    tag = "Tally"
    bank: rx.Var[int]
    doors: rx.Var[dict]


class Act(_Board):
    """A button that asks about one door; there while there is something to do at it."""

    tag = "Act"
    act: rx.Var[dict]
    door: rx.Var[int]
    tone: rx.Var[str]


# Reflex declares them for one and two arguments only.
_spec: Any = rx.event.passthrough_event_spec
_act_spec = _spec(str, list, str, int, str)
_note_spec = _spec(int, str, str, str)


class Question(_Board):
    """Asks before something is done to doors, does it, and says what became of each."""

    tag = "Question"
    outcome: rx.Var[dict]
    text: rx.Var[dict[str, str]]
    words: rx.Var[dict[str, str]]
    on_act: rx.EventHandler[_act_spec]
    on_note: rx.EventHandler[_note_spec]


class SidePanel(_Board):
    """The panel of one door: beside the board, or a sheet from below."""

    tag = "SidePanel"
    open: rx.Var[int]
    label: rx.Var[str]
    version: rx.Var[str]
    changed_text: rx.Var[str]
    on_close: rx.EventHandler[rx.event.no_args_event_spec]


def whole(var: Item) -> rx.Var:
    """The whole State that a var is of, as the browser has it: for vars that no State declares."""
    declared = rx.Var.create(var)
    state = str(declared).rsplit(".", 1)[0]
    return rx.Var(state, _var_data=declared._get_all_var_data()).to(dict)
