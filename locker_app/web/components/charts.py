"""Bars with a table under each, drawn with HTML and the style sheet: no library to load.

A picture is for the eye alone; the table has the same figures for everybody.
"""

import reflex as rx

from locker_app.web.components.parts import Item, in_browser


def duration(seconds: Item) -> Item:
    """Seconds as people say them: "45 s", "12 min", "1 h 05"."""
    script = (
        "((s) => s < 60 ? `${{s}} s` : s < 3600 ? `${{Math.round(s / 60)}} min` : "
        "`${{Math.floor(s / 3600)}} h ${{String(Math.floor(s % 3600 / 60)).padStart(2, '0')}}`)"
        "({})"
    )
    return in_browser(script, seconds).to(str)


def bars(title: str, rows: Item, columns: tuple[str, str]) -> rx.Component:
    """Rows of name, count and share of the longest bar, as bars and as a table."""
    return rx.el.section(
        rx.el.h2(title),
        _picture(rows, 2, "Tickets"),
        _table(
            title,
            columns,
            rx.foreach(
                rows,
                lambda row: rx.el.tr(
                    rx.el.th(row[0].to(str), scope="row"), rx.el.td(row[1].to(str))
                ),
            ),
        ),
        class_name="card chart",
    )


def parts_table(title: str, key: str, rows: Item, counted: str, *, ended: bool) -> rx.Component:
    """Parts of the tickets, as bars of how many there were and as a table of all figures. What is
    counted is said; `ended` when those count too that were left or cleared."""
    names = ("Tickets", "Helped", "Did not come", "Left or cleared", "Mean wait", "Mean help")
    cells = [1, 2, 3, 4, 5, 6] if ended else [1, 2, 3, 5, 6]
    columns = (key, *(names[cell - 1] for cell in cells))
    return rx.el.section(
        rx.el.h2(title),
        rx.el.p(counted, class_name="soft small"),
        _picture(rows, 7, "Tickets"),
        _table(title, columns, rx.foreach(rows, lambda row: _part(row, cells))),
        class_name="card chart",
    )


def _part(row: Item, cells: list[int]) -> rx.Component:
    return rx.el.tr(
        rx.el.th(row[0].to(str), scope="row"),
        *[
            rx.el.td(row[cell].to(str) if cell < 5 else duration(row[cell].to(int)))
            for cell in cells
        ],
    )


def _picture(rows: Item, share: int, unit: str) -> rx.Component:
    return rx.el.div(
        rx.el.p(unit, class_name="soft small unit"),
        rx.foreach(
            rows,
            lambda row: rx.el.div(
                rx.el.span(row[0].to(str), class_name="name"),
                rx.el.span(style={"width": row[share].to(str) + "%"}, class_name="fill"),
                rx.el.span(row[1].to(str), class_name="count"),
                class_name="bar-row",
            ),
        ),
        aria_hidden="true",
        class_name="bars",
    )


def _table(title: str, columns: tuple[str, ...], rows: Item) -> rx.Component:
    return rx.el.details(
        rx.el.summary("Table"),
        rx.el.div(
            rx.el.table(
                rx.el.caption(title),
                rx.el.thead(rx.el.tr(*[rx.el.th(text, scope="col") for text in columns])),
                rx.el.tbody(rows),
            ),
            class_name="scroll",
            tab_index=0,
            role="region",
            aria_label=title + ", table",
        ),
    )
