"""Figures as pictures by Reflex's chart components, each with a sentence, a table and a file.

A picture is for the eye alone; sentence and table have the same for everybody. Colours are those of
the style sheet, so that a picture follows the theme.
"""

from typing import Any

import reflex as rx

from locker_app.queries.statistics_tables import TABLES
from locker_app.web.components.browser import Download
from locker_app.web.components.parts import Item, some

HEIGHT = 240
_STILL: dict[str, Any] = {"is_animation_active": False}
_FOR_THE_EYE: dict[str, Any] = {"custom_attrs": {"accessibilityLayer": rx.Var.create(False)}}
"""No stop of the keyboard: the table has what the picture shows."""
_TICK: dict[str, Any] = {"stroke": "var(--soft)", "tick_line": False, "axis_line": False}


def figure(
    name: str, picture: rx.Component, rows: Item, file: Item, said: Item | str = ""
) -> rx.Component:
    """A picture of one of the tables, with all that belongs to it."""
    table = TABLES[name]
    return rx.el.section(
        rx.el.h2(table.title),
        rx.cond(rx.Var.create(said) != "", rx.el.p(said, class_name="soft")),
        rx.cond(
            some(rows),
            rx.fragment(
                rx.el.div(picture, aria_hidden="true", class_name="picture"),
                rx.el.details(
                    rx.el.summary("Table"),
                    rx.el.div(
                        rx.el.table(
                            rx.el.caption(table.title),
                            rx.el.thead(
                                rx.el.tr(*[rx.el.th(text, scope="col") for text in table.head])
                            ),
                            rx.el.tbody(rx.foreach(rows, lambda row: _row(row, len(table.head)))),
                        ),
                        class_name="scroll",
                        tab_index=0,
                        role="region",
                        aria_label=f"{table.title}, table",
                    ),
                ),
            ),
            rx.el.p("Nothing in this time.", class_name="soft"),
        ),
        rx.el.div(Download.create(f"CSV: {table.title}", href=file), class_name="row"),
        class_name="card chart",
    )


def _row(row: Item, columns: int) -> rx.Component:
    return rx.el.tr(
        rx.el.th(row[0].to(str), scope="row"),
        *[rx.el.td(row[column].to(str)) for column in range(1, columns)],
    )


def hours_picture(points: Item) -> rx.Component:
    """How many lockers were held in the course of a day."""
    return rx.recharts.area_chart(
        rx.recharts.area(
            data_key="held", stroke="var(--held)", fill="var(--held-pale)", type_="linear", **_STILL
        ),
        *_axes("hour"),
        data=points,
        width="100%",
        height=HEIGHT,
        **_FOR_THE_EYE,
    )


def bars_picture(points: Item, *series: tuple[str, str], stacked: bool = False) -> rx.Component:
    """Bars of one or more series, each a key of the points and a colour of the style sheet."""
    stack: dict[str, Any] = {"stack_id": "all"} if stacked else {}
    return rx.recharts.bar_chart(
        *[
            rx.recharts.bar(data_key=key, fill=f"var(--{colour})", **stack, **_STILL)
            for key, colour in series
        ],
        *_axes("name"),
        data=points,
        width="100%",
        height=HEIGHT,
        **_FOR_THE_EYE,
    )


def _axes(key: str) -> tuple[rx.Component, ...]:
    return (
        rx.recharts.cartesian_grid(stroke="var(--line)", vertical=False),
        rx.recharts.x_axis(data_key=key, **_TICK),
        rx.recharts.y_axis(width=44, allow_decimals=False, **_TICK),
    )


def key_of(*names: tuple[str, str]) -> rx.Component:
    """What the colours of a picture mean."""
    return rx.el.ul(
        *[
            rx.el.li(rx.el.span(style={"background": f"var(--{colour})"}), text)
            for text, colour in names
        ],
        class_name="key",
    )


def heat_map(week: Item) -> rx.Component:
    """The week by the hour: the darker, the more were held. Each cell says its figure."""
    return rx.el.div(
        rx.el.div(
            rx.el.span(),
            *[rx.el.span(f"{hour:02}" if hour % 6 == 0 else "") for hour in range(24)],
            class_name="heat-row hours",
        ),
        rx.foreach(
            week,
            lambda row: rx.el.div(
                rx.el.span(row[0].to(str)[:3]),
                rx.foreach(
                    row[1].to(list[list[Any]]),
                    lambda cell: rx.el.span(
                        title=cell[0].to(str), style={"--share": cell[1].to(str) + "%"}
                    ),
                ),
                class_name="heat-row",
            ),
        ),
        class_name="heat",
    )
