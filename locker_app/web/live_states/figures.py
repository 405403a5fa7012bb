"""The statistics of a site."""

from typing import Any

import reflex as rx

from locker_app.live.rooms import LiveState


class Figures(LiveState, rx.State):
    """The site whose statistics are looked at."""

    watched_site_id: int = 0


class SiteFigures(LiveState, rx.State):
    """How a site was used on some days, as its staff asked for."""

    site_id: int = 0
    first: str = ""
    last: str = ""
    zone: str = ""
    assigned: int = 0
    refused: int = 0
    open: int = 0
    median_stay: str = ""
    tables: dict[str, list[list[Any]]] = {}
    """By the names of `queries.statistics_tables`; those without anything in them are empty."""
    hours: list[dict[str, Any]] = []
    days: list[dict[str, Any]] = []
    stays: list[dict[str, Any]] = []
    waits: list[dict[str, Any]] = []
    refusals: list[dict[str, Any]] = []
    banks: list[dict[str, Any]] = []
    lines: list[dict[str, Any]] = []
    joins: list[dict[str, Any]] = []
    week: list[list[Any]] = []
    """For each weekday its name and its hours, each as words and as percent of the fullest."""
    said: dict[str, str] = {}
    """What a picture shows, in a sentence."""
    has_spots: bool = False
    spots: int = 0
    charged: int = 0
    """How many stays on charging spots began."""
    median_charge: str = ""
    no_shows: int = 0
    spot_week: list[list[Any]] = []
    """As `week`."""
    spot_days: list[dict[str, Any]] = []
    spot_stays: list[dict[str, Any]] = []
    overstays: list[dict[str, Any]] = []
    spot_ends: list[dict[str, Any]] = []
    spot_waits: list[dict[str, Any]] = []
    busiest_spots: list[dict[str, Any]] = []
    forecasts: list[dict[str, Any]] = []
