"""What we change in the front end that Reflex generates.

Each change names the text it replaces and stops the build when that text is gone, so
a new Reflex can't drop one in silence.
"""

from typing import Any

from reflex.plugins import Plugin


def replace_once(text: str, old: str, new: str) -> str:
    """The text with its one `old` replaced by `new`; unchanged when that was done before.

    Raises:
        ValueError: neither is there, or more than once: Reflex has changed.
    """
    if new in text:
        return text
    if text.count(old) != 1:
        raise ValueError(f"Reflex's front end no longer has exactly one {old!r}")
    return text.replace(old, new)


class SameOrigin(Plugin):
    """Connect to the server the page came from, whatever its port.

    Reflex puts the port of the build into the front end, and none under HTTPS. Then
    another CUBBY_PORT would need another build, and a proxy on port 8443 wouldn't work.
    """

    def pre_compile(self, **context: Any) -> None:
        """Patch `getBackendURL` after Reflex has laid its files out."""
        context["add_modify_task"]("utils/state.js", _connect_to_own_origin)


def _connect_to_own_origin(text: str) -> str:
    text = replace_once(
        text,
        "endpoint.hostname = frontend_hostname;",
        "endpoint.hostname = frontend_hostname; endpoint.port = window.location.port;",
    )
    return replace_once(
        text,
        'endpoint.port = ""; // Assume websocket is on https port via load balancer.',
        "// the port is that of the page",
    )
