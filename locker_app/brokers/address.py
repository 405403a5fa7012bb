"""Where terminals are told that the broker is."""

import logging
from dataclasses import dataclass

from locker_app.brokers.broker import NoBroker
from locker_app.brokers.choosing import OFF, where
from locker_app.brokers.files import authority_certificate
from locker_app.settings import Settings, parse_mqtt_url

log = logging.getLogger(__name__)
_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


@dataclass(frozen=True, slots=True)
class Address:
    """Where a terminal connects to."""

    host: str
    port: int
    tls: bool
    ca: str | None
    """PEM of who vouches for it; None: those whom the terminal's machine trusts."""


def for_terminals(settings: Settings, asked: str) -> Address:
    """The broker as a terminal reaches it that has reached this server as the host `asked`: the one
    that was set for that, else the one of the server itself, by the name of this machine if it
    stands here. Reads files.

    Raises:
        NoBroker: terminals are switched off.
    """
    if settings.mqtt == "off":
        raise NoBroker(OFF)
    if settings.mqtt_public_url:
        told = parse_mqtt_url(settings.mqtt_public_url)
        return Address(told.host, told.port, told.tls, _ca(settings) if told.tls else None)
    broker = where(settings)
    if broker is None:  # it is just being started, or started again
        return Address(asked, settings.mqtt_port, False, None)
    host = asked if broker.host in _LOOPBACK else broker.host
    return Address(host, broker.port, broker.tls, _ca(settings) if broker.tls else None)


def _ca(settings: Settings) -> str | None:
    try:
        return authority_certificate(settings)
    except OSError as error:
        log.warning("the certificate for terminals can't be read: %s", error.strerror)
        return None
