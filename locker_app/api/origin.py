"""Where a request comes from: the client's address, whether by TLS, from whose page."""

import ipaddress

from starlette.requests import HTTPConnection

from locker_app.services.runtime import current

OUR_OWN_PAGES = frozenset({"same-origin", "none"})
"""What browsers say of requests by our pages, and by the person in the address bar."""


def client_address(connection: HTTPConnection) -> str:
    """The address that rate limits count.

    The socket's peer, unless `trusted_proxy_hops` says that so many reverse proxies stand before
    us: then what the first of them saw. Entries further left were written by the client itself.
    """
    peer = connection.client.host if connection.client else "unknown"
    seen = _by_proxies(connection, "x-forwarded-for")
    return _plain_address(seen) or peer if seen is not None else peer


def came_by_https(connection: HTTPConnection) -> bool:
    """Whether the browser speaks TLS, to us or to the proxy that we trust."""
    seen = _by_proxies(connection, "x-forwarded-proto")
    return (seen or connection.url.scheme) == "https"


def from_another_site(connection: HTTPConnection) -> bool:
    """Whether the browser says that another site's page sent this. Programs don't say."""
    return connection.headers.get("sec-fetch-site", "none") not in OUR_OWN_PAGES


def _by_proxies(connection: HTTPConnection, header: str) -> str | None:
    """The entry that the outermost trusted proxy added to the header; None without one."""
    hops = current().trusted_proxy_hops
    lines = connection.headers.getlist(header)
    entries = [entry.strip() for line in lines for entry in line.split(",")]
    return entries[-hops] if 0 < hops <= len(entries) else None


def _plain_address(text: str) -> str | None:
    """An address without port and brackets; None when it is none."""
    host = text[1:].partition("]")[0] if text.startswith("[") else text
    if host.count(":") == 1:
        host = host.partition(":")[0]
    try:
        return str(ipaddress.ip_address(host))
    except ValueError:
        return None
