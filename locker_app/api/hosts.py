"""Which names this server answers to, and which origins may act on it."""

import ipaddress
import re
import socket
from urllib.parse import urlsplit

_HOST = re.compile(r"(?P<name>\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::(?P<port>[0-9]{1,5}))?", re.ASCII)
_DEFAULT_PORTS = {"http": "80", "https": "443", "ws": "80", "wss": "443"}


class Hosts:
    """The accepted host names: the given ones, this machine's own, and any literal address.

    A literal address is safe to accept: DNS rebinding needs a name.
    """

    def __init__(self, allowed: tuple[str, ...] = (), public_url: str = "") -> None:
        own = socket.gethostname().lower().partition(".")[0]
        public = urlsplit(public_url)
        self._told = {*allowed, *filter(None, [public.hostname])}
        self._names = self._told | {"localhost", own, f"{own}.local", socket.gethostname().lower()}

    def accepts(self, host: str) -> bool:
        """Whether a request with this Host header is meant for us."""
        name = _split(host)[0]
        return name in self._names or name.endswith(".localhost") or _is_address(name)

    def same_origin(self, origin: str, host: str) -> bool:
        """Whether a page from this origin may act here.

        It is the origin that the request was sent to, or one that the operator has named
        (a proxy may change Host). The scheme is left out: a proxy may end TLS.
        """
        parts = urlsplit(origin.lower())
        if parts.scheme not in _DEFAULT_PORTS:
            return False  # also "null", which sandboxed and local pages send
        name, port = _split(parts.netloc)
        own_name, own_port = _split(host)
        if not name or name in self._told:
            return bool(name)
        return name == own_name and (port or "default") == (own_port or "default")


def _split(host: str) -> tuple[str, str]:
    """Name and port of a Host header, both empty when it isn't one; no port for a usual one."""
    match = _HOST.fullmatch(host.lower())
    if not match:
        return "", ""
    port = match["port"] or ""
    return match["name"].removesuffix("."), "" if port in _DEFAULT_PORTS.values() else port


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name.strip("[]"))
    except ValueError:
        return False
    return True
