"""Where a request comes from: the client's address, whether by TLS, from whose page.

Behind reverse proxies, `api.guard` has already put the address and the scheme that the trusted one
saw in the place of its own.
"""

from starlette.requests import HTTPConnection

OUR_OWN_PAGES = frozenset({"same-origin", "none"})
"""What browsers say of requests by our pages, and by the person in the address bar."""


def client_address(connection: HTTPConnection) -> str:
    """The address that rate limits count."""
    return connection.client.host if connection.client else "unknown"


def came_by_https(connection: HTTPConnection) -> bool:
    """Whether the browser speaks TLS, to us or to the proxy that we trust."""
    return connection.url.scheme == "https"


def from_another_site(connection: HTTPConnection) -> bool:
    """Whether the browser says that another site's page sent this. Programs don't say."""
    return connection.headers.get("sec-fetch-site", "none") not in OUR_OWN_PAGES
