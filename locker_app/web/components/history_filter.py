"""What history is filtered by: a form whose fields stand in the page's address."""

from typing import Any

import reflex as rx

from locker_app.domain.event_words import EVENT_WORDS
from locker_app.web.components.parts import Item, in_browser

NAMES = ("site", "from", "to", "kind", "refused", "place", "door", "who", "by", "before")
"""The filter's fields, as they are called in the address."""
_GROUPS = (
    ("Lockers", ("Locker", "HoldE", "HoldP", "Return", "Assignment")),
    ("Waiting lists", ("Wait",)),
    ("Lines", ("Queue", "Desk", "Ticket")),
    ("Chargers", ("Charger", "Charging", "Booking", "Leave", "Holder", "Spot", "Offer", "Line")),
    (
        "Terminals, cards and visits",
        ("Terminal", "Command", "Door", "Opened", "Alert", "Card", "Tap", "Link", "Visit"),
    ),
    ("People", ("Person", "People", "Pin", "Preferences", "Session")),
    ("Staff", ("Staff", "Invitation", "Password")),
    ("Set-up", ("Site", "Bank")),
)


def filter_form(
    given: Item,
    places: Item,
    names: Item,
    readers: Item,
    site: Item,
    site_ids: Item,
    zone: Item,
    wrong: Item,
    error: Item,
    on_submit: Any,
) -> rx.Component:
    """The form, with what is asked for filled in."""

    def field(label: str, name: str, hint: str = "", **props: Any) -> rx.Component:
        value = given[name].to(str)
        # what stands in the address is what stands in the field, also after going back
        entered = rx.el.input(
            id=f"filter-{name}",
            name=name,
            default_value=rx.cond(value, value, ""),
            key=rx.cond(value, value, ""),
            aria_invalid=rx.cond(wrong == name, "true", "false"),
            aria_describedby=rx.cond(wrong == name, "filter-error", ""),
            **props,
        )
        return rx.el.div(
            rx.el.label(label, rx.el.span(hint, class_name="hint"), html_for=f"filter-{name}"),
            entered,
            class_name="field",
        )

    def choice(label: str, name: str, *options: Any) -> rx.Component:
        value = given[name].to(str)
        return rx.el.div(
            rx.el.label(label, html_for=f"filter-{name}"),
            rx.el.select(
                *options,
                id=f"filter-{name}",
                name=name,
                default_value=rx.cond(value, value, ""),
                key=rx.cond(value, value, "") + places.length().to(str),
            ),
            class_name="field",
        )

    return rx.el.form(
        rx.el.div(
            choice("What", "kind", rx.el.option("Everything", value=""), *_kinds()),
            choice(
                "Refused",
                "refused",
                rx.el.option("Refused or not", value=""),
                rx.el.option("Refused attempts only", value="only"),
                rx.el.option("Without refused attempts", value="none"),
            ),
            choice(
                "Where",
                "place",
                rx.el.option("Everywhere", value=""),
                rx.foreach(places, lambda place: _places(place, site, site_ids)),
                rx.foreach(
                    names,
                    lambda place: _named(
                        place, place["chargers"], "charger", "Charger", site, site_ids
                    ),
                ),
                rx.foreach(
                    names,
                    lambda place: _named(
                        place,
                        in_browser("({0}[{1}] ?? [])", readers, place["id"].to(str)),
                        "terminal",
                        "Terminal",
                        site,
                        site_ids,
                    ),
                ),
            ),
            field("Door", "door", type="text", auto_complete="off", max_length=20),
            field("Whose", "who", type="text", auto_complete="off", placeholder="number or name"),
            field("By whom", "by", type="text", auto_complete="off", placeholder="number or name"),
            field("From", "from", type="datetime-local"),
            field("To", "to", type="datetime-local"),
            class_name="filter",
        ),
        rx.cond(
            error != "",
            rx.el.p(error, id="filter-error", class_name="error", role="alert"),
        ),
        rx.el.div(
            rx.el.button("Filter", type="submit", class_name="second"),
            rx.el.a("Show everything", href="/staff/history", class_name="button second"),
            rx.el.p("Times are those of ", zone, ".", class_name="soft small"),
            class_name="row",
        ),
        on_submit=on_submit,
        class_name="card",
        role="search",
        aria_label="Filter the history",
    )


def _kinds() -> list[rx.Component]:
    """All kinds of events in words, put together by what they are about."""
    left = {kind: words for kind, words in EVENT_WORDS.items() if kind != "Refused"}
    groups = []
    for name, beginnings in (*_GROUPS, ("Other", ("",))):
        mine = {kind: left.pop(kind) for kind in list(left) if kind.startswith(beginnings)}
        options = [rx.el.option(words, value=kind) for kind, words in mine.items()]
        if options:
            groups.append(rx.el.optgroup(*options, label=name))
    return groups


def _places(place: Item, site: Item, site_ids: Item) -> Item:
    """The banks and lines of a site, if it is among those that are looked at."""
    shown = (site == place["id"]) | ((site == 0) & (site_ids.length() == 0))
    return rx.cond(
        shown,
        rx.el.optgroup(
            rx.foreach(
                place["banks"].to(list[dict[str, Any]]),
                lambda bank: rx.el.option(bank["name"], value="bank-" + bank["id"].to(str)),
            ),
            rx.foreach(
                place["queues"].to(list[dict[str, Any]]),
                lambda queue: rx.el.option(queue["name"], value="line-" + queue["id"].to(str)),
            ),
            label=place["name"].to(str),
        ),
    )


def _named(place: Item, of: Item, kind: str, word: str, site: Item, site_ids: Item) -> Item:
    """The charging spots of a site, or its terminals, likewise."""
    shown = (site == place["id"]) | ((site == 0) & (site_ids.length() == 0))
    rows = of.to(list[dict[str, Any]])
    return rx.cond(
        shown & (rows.length() > 0),
        rx.el.optgroup(
            rx.foreach(
                rows,
                lambda row: rx.el.option(
                    f"{word} ", row["name"], value=f"{kind}-" + row["id"].to(str)
                ),
            ),
            label=place["name"].to(str) + f", {kind}s",
        ),
    )
