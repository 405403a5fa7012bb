"""What Home Assistant is told by MQTT: which devices there are, and their figures.

Only what to publish, on which topics; no client, no clock, no database. Each site, bank and
terminal is one device of Home Assistant's device-based discovery: a retained configuration below
its prefix, and retained figures below `cubby/ha`, which no terminal may write. There are counts
and states, never who somebody is, and nothing that could be pressed: whoever may write to the
broker would be the one to press it.

Everything is a mapping from topics to payloads. `changes` tells what to publish to get from one to
another, so that the same function announces, updates, tidies up and, with nothing as the goal,
removes it all.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

STATE_ROOT = "cubby/ha"
BIRTH_TOPIC = "homeassistant/status"
ONLINE, OFFLINE = b"online", b"offline"
REMOVED = b""
Messages = Mapping[str, bytes]

_INSTANCE = re.compile(r"[A-Za-z0-9-]{1,32}", re.ASCII)
_ID = re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)
_PREFIX = re.compile(r"[^/+#\x00$][^+#\x00]*(?<!/)")
_WORD = re.compile(r"[a-z0-9_]{1,40}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Address:
    """Where and as whom this installation speaks to Home Assistant.

    `prefix` is Home Assistant's discovery prefix; `instance` keeps two installations at one broker
    apart. `url` is the address of the panel, or empty. Raises ValueError for what topics can't
    hold, and for an `instance` with `_`, which ends it.
    """

    prefix: str = "homeassistant"
    instance: str = "cubby"
    version: str = ""
    url: str = ""

    def __post_init__(self) -> None:
        if not _PREFIX.fullmatch(self.prefix):
            raise ValueError("A discovery prefix has no + and no #, and no / at its ends.")
        if not _INSTANCE.fullmatch(self.instance):
            raise ValueError("The name of an instance has letters, digits and - only.")

    def config_topic(self, device: str) -> str:
        """Where the configuration of a device is kept."""
        return f"{self.prefix}/device/{self.instance}_{device}/config"

    def state_topic(self, device: str) -> str:
        """Where the figures of a device are kept."""
        return f"{STATE_ROOT}/{self.instance}/{device.replace('_', '/', 1)}"

    @property
    def status_topic(self) -> str:
        """Whether anybody keeps the figures up to date: `ONLINE` or, as a last will, `OFFLINE`."""
        return f"{STATE_ROOT}/{self.instance}/status"

    @property
    def birth_topics(self) -> frozenset[str]:
        """Where Home Assistant says `ONLINE` when it has started: then all is sent again."""
        return frozenset({BIRTH_TOPIC, f"{self.prefix}/status"})

    @property
    def kept_topics(self) -> tuple[str, str]:
        """What to subscribe to for what an earlier run left at the broker; see `is_own`."""
        return f"{self.prefix}/device/+/config", f"{STATE_ROOT}/{self.instance}/#"

    def is_own(self, topic: str) -> bool:
        """Whether this installation published it, so that it may be replaced or removed."""
        own = rf"{re.escape(self.prefix)}/device/{self.instance}_(site|bank|terminal)_[^/]+/config"
        below = rf"{STATE_ROOT}/{self.instance}/(site|bank|terminal)/[^/]+"
        return re.fullmatch(f"{own}|{below}", topic) is not None


@dataclass(frozen=True, slots=True)
class SiteFigures:
    """A site; `inside` is the number of people inside, None where no gate counts them."""

    id: int | str
    name: str
    inside: int | None = None


@dataclass(frozen=True, slots=True)
class BankFigures:
    """A bank's lockers. Those that are neither free nor held may be reserved or out of service."""

    id: int | str
    site_id: int | str
    name: str
    total: int
    free: int
    held: int
    out_of_service: int

    @property
    def occupancy(self) -> int | None:
        """How many percent of the lockers that can be used are taken; None if none can be."""
        usable = self.total - self.out_of_service
        return round(100 * min(max(usable - self.free, 0), usable) / usable) if usable > 0 else None


@dataclass(frozen=True, slots=True)
class TerminalFigures:
    """A terminal. `outbox` counts taps not delivered yet, None when it isn't known.

    `faults` are words such as "reader"; what isn't a word is left out.
    """

    id: str
    site_id: int | str
    name: str
    kind: str
    online: bool
    version: str = ""
    outbox: int | None = None
    last_seen_at: datetime | None = None
    faults: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Figures:
    """All that Home Assistant is told of."""

    sites: tuple[SiteFigures, ...] = ()
    banks: tuple[BankFigures, ...] = ()
    terminals: tuple[TerminalFigures, ...] = ()


def configs(figures: Figures, address: Address) -> dict[str, bytes]:
    """The retained configuration of each device, sites first, as the others name theirs."""
    areas = {site.id: site.name for site in figures.sites}
    made = {}
    for site in figures.sites:
        device = {"name": site.name, "model": "Site", "suggested_area": site.name}
        made.update(_config(address, f"site_{_checked(site.id)}", device, _of_site(site, address)))
    for bank in figures.banks:
        device = _below(bank.site_id, areas, address) | {"name": bank.name, "model": "Lockers"}
        made.update(_config(address, f"bank_{_checked(bank.id)}", device, _BANK))
    for terminal in figures.terminals:
        device = _below(terminal.site_id, areas, address)
        device |= {"name": terminal.name, "model": f"{terminal.kind.capitalize()} terminal"}
        device |= {"sw_version": terminal.version} if terminal.version else {}
        name = f"terminal_{_checked(terminal.id)}"
        topic = address.state_topic(name)
        made.update(_config(address, name, device, _TERMINAL | _with_faults(topic)))
    return made


def states(figures: Figures, address: Address) -> dict[str, bytes]:
    """The retained figures of each device, as JSON."""
    made: dict[str, Any] = {}
    for site in figures.sites:
        made[f"site_{_checked(site.id)}"] = {"inside": site.inside}
    for bank in figures.banks:
        counted = ("total", "free", "held", "out_of_service", "occupancy")
        made[f"bank_{_checked(bank.id)}"] = {name: getattr(bank, name) for name in counted}
    for terminal in figures.terminals:
        faults = sorted({word for word in terminal.faults if _WORD.fullmatch(word)})
        made[f"terminal_{_checked(terminal.id)}"] = {
            "online": _switch(terminal.online),
            "outbox": terminal.outbox if terminal.online else None,
            "last_seen": _to_the_minute(terminal.last_seen_at),
            "version": terminal.version or None,
            "problem": _switch(bool(faults)),
            "faults": faults,
        }
    return {address.state_topic(device): _json(state) for device, state in made.items()}


def announcement(figures: Figures, address: Address) -> dict[str, bytes]:
    """Everything, configurations first: what is to be kept at the broker."""
    return configs(figures, address) | states(figures, address)


def changes(before: Messages, after: Messages) -> list[tuple[str, bytes]]:
    """What to publish, retained and in this order, where `before` is kept and `after` is meant.

    What is gone is removed by an empty payload, what hangs on something else first. An entity that
    a device lost is taken out by name, before the device's configuration comes without it: Home
    Assistant would keep it otherwise.
    """
    gone = [topic for topic in reversed(list(before)) if topic not in after and before[topic]]
    made: list[tuple[str, bytes]] = [(topic, REMOVED) for topic in sorted(gone, key=_states_last)]
    for topic, payload in after.items():
        kept = before.get(topic, REMOVED)
        if kept == payload:
            continue
        now = _entities(payload)
        lost = {name: platform for name, platform in _entities(kept).items() if name not in now}
        if lost and now:
            made.append((topic, _without(payload, lost)))
        made.append((topic, payload))
    return made


def _states_last(topic: str) -> bool:
    return topic.startswith(f"{STATE_ROOT}/")


def _entities(payload: bytes) -> dict[str, str]:
    """The platform of each entity in a configuration; none in anything else."""
    try:
        components = json.loads(payload)["components"]
        return {str(name): str(entity["platform"]) for name, entity in components.items()}
    except (ValueError, LookupError, TypeError, AttributeError):
        return {}


def _without(payload: bytes, lost: Mapping[str, str]) -> bytes:
    config = json.loads(payload)
    config["components"] |= {name: {"platform": platform} for name, platform in lost.items()}
    return _json(config)


def _checked(part: int | str) -> str:
    """`part` as a piece of a topic. Raises ValueError if it can't be one."""
    if not _ID.fullmatch(str(part)):
        raise ValueError("An id has letters, digits, _ and - only.")
    return str(part)


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode(errors="replace")


def _switch(on: bool) -> str:
    return "ON" if on else "OFF"


def _to_the_minute(at: datetime | None) -> str | None:
    """So that a terminal that is heard of all the time is news once a minute at most."""
    return at.astimezone(UTC).replace(second=0, microsecond=0).isoformat() if at else None


def _below(site_id: int | str, areas: Mapping[int | str, str], address: Address) -> dict[str, Any]:
    if site_id not in areas:
        return {}
    via = f"{address.instance}_site_{_checked(site_id)}"
    return {"via_device": via, "suggested_area": areas[site_id]}


def _config(
    address: Address, name: str, device: Mapping[str, Any], entities: Mapping[str, Any]
) -> Iterator[tuple[str, bytes]]:
    identifier = f"{address.instance}_{name}"
    about = {"identifiers": [identifier], "manufacturer": "Cubby", **device}
    origin = {"name": "Cubby"}
    if address.version:
        origin["sw_version"] = address.version
    if address.url:
        origin["support_url"] = about["configuration_url"] = address.url
    config = {
        "device": about,
        "origin": origin,
        "availability": [{"topic": address.status_topic}],
        "state_topic": address.state_topic(name),
        "qos": 1,
        "components": {
            entity: {**settings, "unique_id": f"{identifier}_{entity}"}
            for entity, settings in entities.items()
        },
    }
    yield address.config_topic(name), _json(config)


def _count(name: str, field: str, unit: str, icon: str) -> dict[str, Any]:
    return {
        "platform": "sensor",
        "name": name,
        "value_template": f"{{{{ value_json.{field} }}}}",
        "state_class": "measurement",
        "unit_of_measurement": unit,
        "icon": icon,
    }


def _of_site(site: SiteFigures, address: Address) -> dict[str, Any]:
    """Whether the figures are kept up to date, which is told also when not; and people inside."""
    entities: dict[str, Any] = {
        "server": {
            "platform": "binary_sensor",
            "name": "Server",
            "device_class": "connectivity",
            "entity_category": "diagnostic",
            "state_topic": address.status_topic,
            "payload_on": ONLINE.decode(),
            "payload_off": OFFLINE.decode(),
            "availability": [],
        }
    }
    if site.inside is not None:
        entities["inside"] = _count("People inside", "inside", "people", "mdi:account-group")
    return entities


_BANK = {
    "free": _count("Free", "free", "lockers", "mdi:locker"),
    "held": _count("Held", "held", "lockers", "mdi:lock"),
    "out_of_service": _count("Out of service", "out_of_service", "lockers", "mdi:wrench"),
    "total": _count("Total", "total", "lockers", "mdi:locker-multiple"),
    "occupancy": _count("Occupancy", "occupancy", "%", "mdi:gauge"),
}
_TERMINAL: dict[str, Any] = {
    "online": {
        "platform": "binary_sensor",
        "name": "Connection",
        "device_class": "connectivity",
        "entity_category": "diagnostic",
        "value_template": "{{ value_json.online }}",
    },
    "outbox": {
        **_count("Taps to deliver", "outbox", "taps", "mdi:tray-full"),
        "entity_category": "diagnostic",
    },
    "last_seen": {
        "platform": "sensor",
        "name": "Last seen",
        "device_class": "timestamp",
        "entity_category": "diagnostic",
        "value_template": "{{ value_json.last_seen }}",
    },
    "version": {
        "platform": "sensor",
        "name": "Version",
        "entity_category": "diagnostic",
        "icon": "mdi:tag",
        "value_template": "{{ value_json.version }}",
    },
}


def _with_faults(state_topic: str) -> dict[str, Any]:
    return {
        "problem": {
            "platform": "binary_sensor",
            "name": "Problem",
            "device_class": "problem",
            "entity_category": "diagnostic",
            "value_template": "{{ value_json.problem }}",
            "json_attributes_topic": state_topic,
            "json_attributes_template": "{{ {'faults': value_json.faults} | tojson }}",
        }
    }
