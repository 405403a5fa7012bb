"""The built pages, and the content security policy of each.

docs/decisions/0002-content-security-policy.md says why the policy is what it is.

Pages are files, so the inline scripts in them are known: each page is sent with the
hashes of its own, and no other inline script runs. Nothing may be evaluated.
"""

import base64
import hashlib
import re
from pathlib import Path

_INLINE = re.compile(r"<script(?![^>]*\ssrc=)[^>]*>(.*?)</script>", re.DOTALL | re.IGNORECASE)
# What the server sends for a path without a file of its own, such as /bank/3.
_FALLBACKS = ("404.html", "__spa-fallback.html")


class Pages:
    """The pages in a folder of built files, read once."""

    def __init__(self, built: Path) -> None:
        pages = {path.relative_to(built).as_posix(): path for path in built.rglob("*.html")}
        shared = {found for name in _FALLBACKS if name in pages for found in _hashes(pages[name])}
        self._fallback = shared
        self._pages = {_route(name): shared | _hashes(path) for name, path in pages.items()}

    def file_path(self, path: str) -> str:
        """The path under which a page's file is served at once.

        Asked for `/sign-in`, the server of static files would redirect to `/sign-in/`: a
        round trip more, and to the wrong scheme behind a proxy that ends TLS.
        """
        return f"{path}/" if path.strip("/") in self._pages and path[-1:] != "/" else path

    def policy(self, path: str, host: str) -> str:
        """The policy for the page at a path, for a browser that calls this server `host`."""
        scripts = self._pages.get(path.strip("/"), self._fallback)
        return "; ".join(
            [
                "default-src 'self'",
                " ".join(["script-src 'self'", *sorted(scripts)]),
                # Emotion, a part of Reflex, adds its style elements at run time.
                "style-src 'self' 'unsafe-inline'",
                "img-src 'self' data: blob:",
                # Not every browser takes 'self' to mean websockets too.
                f"connect-src 'self' ws://{host} wss://{host}",
                "object-src 'none'",
                "base-uri 'none'",
                "form-action 'self'",
                "frame-ancestors 'none'",
            ]
        )


def _route(name: str) -> str:
    """The path under which a file is served: `a/b.html` and `a/b/index.html` at `a/b`."""
    return name.removesuffix(".html").removesuffix("index").strip("/")


def _hashes(page: Path) -> set[str]:
    return {_hash(script) for script in _INLINE.findall(page.read_text()) if script}


def _hash(script: str) -> str:
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return f"'sha256-{digest}'"
