"""Set-up of sites, banks and staff accounts, for admins."""

from typing import Any, TypedDict

import reflex as rx

from locker_app.live.rooms import LiveState


class SiteSetUpRow(TypedDict):
    """A site among those to set up."""

    id: int
    name: str
    archived: bool
    banks: int
    chargers: int


class BankSetUpRow(TypedDict):
    """A bank among those of a site to set up."""

    id: int
    name: str
    place: str
    prefix: str
    code: str
    archived: bool
    doors: int


class QueueSetUpRow(TypedDict):
    """A queue of a site to set up."""

    id: int
    name: str
    place: str
    code: str


class ChargerSetUpRow(TypedDict):
    """A charging spot of a site to set up."""

    id: int
    name: str
    place: str
    details: str
    code: str
    archived: bool
    version: str


class TerminalSetUpRow(TypedDict):
    """A card terminal of a site to set up."""

    id: int
    name: str
    place: str
    kind: str
    mode: str
    bank_id: int
    bank_name: str
    relays: str
    """Numbers of doors with the GPIO lines of their relays, as they are written."""
    active_low: bool
    open_ms: int
    dim_after_s: int
    offline: bool
    pin_needed: bool
    simulated: bool
    login: str
    code_until: int
    provisioned_at: int
    revoked: bool
    archived: bool
    version: str


class AccountRow(TypedDict):
    """A staff account, for admins."""

    id: int
    login: str
    name: str
    roles: list[list[Any]]
    disabled: bool
    waits: bool
    """Whether no password has been chosen yet."""
    invited_until: int
    sign_ins: list[list[Any]]
    version: str


class SitesToSetUp(LiveState, rx.State):
    """All sites, archived ones too, for admins."""

    sites: list[SiteSetUpRow] = []
    ready: bool = False


class SiteSetUp(LiveState, rx.State):
    """One site with its rules, banks and queues, for admins."""

    site_id: int = 0
    name: str = ""
    archived: bool = False
    rules: dict[str, Any] = {}
    banks: list[BankSetUpRow] = []
    queues: list[QueueSetUpRow] = []
    chargers: list[ChargerSetUpRow] = []
    charging: dict[str, Any] = {}
    """The rules of the charging spots, by the names of `domain.chargers.ChargingRules`."""
    terminals: list[TerminalSetUpRow] = []
    visiting: dict[str, Any] = {}
    """The rules of visits, by the names of `domain.visits.VisitRules`."""


class BankSetUp(LiveState, rx.State):
    """One bank with its rules and doors, for admins."""

    bank_id: int = 0
    site_id: int = 0
    site_name: str = ""
    name: str = ""
    code: str = ""
    archived: bool = False
    rules: dict[str, Any] = {}
    doors: dict[str, Any] = {}
    count: int = 0
    first: int = 1
    taken: int = 0
    """How many doors somebody has, or are on hold; with the next, which."""
    taken_numbers: str = ""
    waiting: int = 0


class Accounts(LiveState, rx.State):
    """All staff accounts, for admins of all sites."""

    rows: list[AccountRow] = []
    ready: bool = False
