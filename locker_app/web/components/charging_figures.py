"""How charging spots were used: what the page of statistics shows of them."""

from datetime import date
from typing import Any

import reflex as rx

from locker_app.queries.charging_use import Charging
from locker_app.queries.statistics_tables import WEEKDAYS, Rows
from locker_app.web.components.figures import bars_picture, heat_map, key_of
from locker_app.web.components.parts import Item
from locker_app.web.live_states import SiteFigures

MOST = 20
"""How many spots a picture has; the table has all."""


def charging_vars(found: Charging, tables: dict[str, Rows]) -> dict[str, Any]:
    """The vars of `SiteFigures` that are about charging spots; without any, that there are none."""
    if found.is_empty:
        return {"has_spots": False}
    return {
        "has_spots": True,
        "spots": found.spots,
        "charged": found.began,
        "median_charge": long_words(found.stays.median) if found.stays.count else "–",
        "no_shows": found.no_shows,
        "spot_week": week_vars(found.by_weekday),
        "spot_days": [
            {"name": short_day(one.day), "began": one.began, "overstayed": one.overstayed}
            for one in found.by_day
        ],
        "spot_stays": _counts(tables["spot-stays"]),
        "overstays": _counts(tables["overstays"]),
        "spot_ends": _counts(tables["spot-ends"]),
        "spot_waits": _counts(tables["spot-waits"]),
        "busiest_spots": [{"name": row[0], "share": row[2]} for row in tables["spots"][:MOST]],
        "forecasts": [
            {"name": short_day(one.monday), "error": row[2], "inside": row[3]}
            for one, row in zip(found.forecasts, tables["forecasts"], strict=True)
        ],
    }


def charging_said(found: Charging) -> dict[str, str]:
    """What the pictures show, in a sentence."""
    said: dict[str, str] = {}
    peak = max(found.by_weekday, key=lambda hour: hour.held, default=None)
    if peak is not None and peak.held and peak.weekday is not None:
        said["spot-week"] = (
            f"The fullest hour of the week is {WEEKDAYS[peak.weekday]}, {peak.hour:02}:00, with "
            f"{peak.held:.1f} of {found.spots} spots in use on average."
        )
    if found.began or found.refusals:
        refused = sum(found.refusals.values())
        said["spot-days"] = f"Stays that began: {found.began}. Refused: {refused}."
    if found.stays.count:
        said["spot-stays"] = _lengths(found.stays)
    if found.overstays.count:
        said["overstays"] = (
            f"Overstayed: {found.overstays.count} of {found.stays.count} stays. "
            + _lengths(found.overstays)
        )
    if found.wait_outcomes:
        others = sum(found.wait_outcomes.values()) - found.waits.count
        within = f", half of them within {long_words(found.waits.median)}"
        said["spot-waits"] = (
            f"Got a spot after a wait: {found.waits.count}{within if found.waits.count else ''}. "
            f"Left, or let it pass: {others}."
        )
    if found.forecasts:
        stays = sum(one.stays for one in found.forecasts)
        inside = sum(one.inside * one.stays for one in found.forecasts) / stays
        said["forecasts"] = (
            f"Of {stays} stays {round(100 * inside)} % ended within the range that was said as "
            "they began; it is made for 80 %."
        )
    return said


def charging_section(of: Any) -> rx.Component:
    """The pictures; `of` makes a figure of a table's name and a picture."""

    def fact(name: str, value: Item) -> rx.Component:
        return rx.el.div(rx.el.dt(name), rx.el.dd(value, class_name="fact"), class_name="card")

    seen = SiteFigures
    return rx.fragment(
        rx.el.h2("Charging spots"),
        rx.el.dl(
            fact("Spots", seen.spots),
            fact("Stays", seen.charged),
            fact("Median stay", seen.median_charge),
            fact("Did not come", seen.no_shows),
            class_name="in-short",
            aria_label="Charging in short",
        ),
        of("spot-week", heat_map(seen.spot_week)),
        of(
            "spot-days",
            rx.fragment(
                bars_picture(seen.spot_days, ("began", "held"), ("overstayed", "overdue")),
                key_of(("stays that began", "held"), ("overstayed", "overdue")),
            ),
        ),
        of("spot-stays", bars_picture(seen.spot_stays, ("count", "held"))),
        of("overstays", bars_picture(seen.overstays, ("count", "overdue"))),
        of("spot-ends", bars_picture(seen.spot_ends, ("count", "held"))),
        of("spot-waits", bars_picture(seen.spot_waits, ("count", "reserved"))),
        of(
            "spots",
            rx.fragment(
                bars_picture(seen.busiest_spots, ("share", "held")),
                rx.el.p("Percent of the time that it was in use, day and night", class_name="soft"),
            ),
        ),
        of(
            "forecasts",
            rx.fragment(
                bars_picture(seen.forecasts, ("error", "reserved"), ("inside", "free")),
                key_of(("typical error, minutes", "reserved"), ("percent in range", "free")),
            ),
        ),
    )


def week_vars(hours: list[Any]) -> list[list[Any]]:
    """For each weekday its hours, each in words and as percent of the fullest."""
    held = {(hour.weekday, hour.hour): hour.held for hour in hours}
    most = max(held.values(), default=0)

    def cell(day: str, weekday: int, hour: int) -> list[Any]:
        now = held.get((weekday, hour), 0)
        return [f"{day}, {hour:02}:00: {now:.1f}", round(100 * now / most) if most else 0]

    return [
        [day, [cell(day, weekday, hour) for hour in range(24)]]
        for weekday, day in enumerate(WEEKDAYS)
    ]


def short_day(day: date) -> str:
    """Such as `2 Mar`."""
    return f"{day.day} {day:%b}"


def long_words(seconds: int) -> str:
    """How long that is."""
    minutes = round(seconds / 60)
    if not minutes:
        return "under a minute"
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


def _lengths(times: Any) -> str:
    half, nine = long_words(times.median), long_words(times.p90)
    return f"Half of them up to {half}, nine of ten up to {nine}."


def _counts(rows: Rows) -> list[dict[str, Any]]:
    return [{"name": name, "count": count} for name, count in rows]
