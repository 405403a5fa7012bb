"""The few things that a terminal asks the server by HTTPS: who it is, and the card keys."""

import base64
import http.client
import ipaddress
import json
import socket
import ssl
import urllib.error
import urllib.request
from email.message import Message as Headers
from typing import IO, Any
from urllib.parse import urlsplit

from pydantic import ValidationError

from edge.identity import CardKey, CardKeys, Identity, Provisioned

TIMEOUT_S = 15
MOST_BYTES = 256 * 1024
PROVISION = "/api/v1/terminals/provision"
KEYS = "/api/v1/terminals/keys"


class Refused(Exception):
    """The server said no, or can't be asked. The text is for people."""


def provision(url: str, code: str, ca: str | None = None, *, insecure: bool = False) -> Identity:
    """Exchange a code for an identity. `ca` is the PEM of who signed the server's certificate.

    Raises Refused.
    """
    base = checked(url, insecure=insecure)
    answer = _post(base + PROVISION, {"code": code.strip()}, ca, {})
    try:
        got = Provisioned.model_validate_json(answer)
        return Identity(**got.model_dump(), server=base, server_ca=ca)
    except ValidationError as error:
        where = ".".join(map(str, error.errors(include_input=False)[0]["loc"]))
        raise Refused(f"The server's answer can't be understood (at {where}).") from None


def fetch_keys(identity: Identity) -> list[CardKey]:
    """The card keys that are in use now, the newest first. Raises Refused."""
    user = f"{identity.terminal}:{identity.password}".encode()
    headers = {"Authorization": "Basic " + base64.b64encode(user).decode()}
    answer = _post(identity.server + KEYS, {}, identity.server_ca, headers)
    try:
        return CardKeys.model_validate_json(answer).card_keys
    except ValidationError:
        raise Refused("The server's answer can't be understood.") from None


def checked(url: str, *, insecure: bool = False) -> str:
    """The server's address, without what doesn't belong to it.

    Raises Refused for what is none, and for plain HTTP across the open network.
    """
    try:
        parts = urlsplit(url.strip())
        host, _ = parts.hostname, parts.port
    except ValueError:
        host, parts = None, urlsplit("")
    if parts.scheme not in ("http", "https") or not host or parts.username or parts.query:
        raise Refused("The address should look like https://lockers.example.org.")
    if parts.scheme == "http" and not insecure and not is_near(host):
        raise Refused(
            f"{host} is not on this network, and plain http would show the keys to everybody"
            " on the way. Use https, or add --insecure."
        )
    return f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/')}"


def is_near(host: str) -> bool:
    """Whether a host is this machine or on a private network."""
    found = _addresses(host)
    return bool(found) and all(
        one.is_private or one.is_loopback or one.is_link_local for one in found
    )


def is_read_by_others(url: str) -> bool:
    """Whether somebody on the network could read what is sent there: by plain HTTP, to another
    machine than this one."""
    parts = urlsplit(url)
    found = _addresses(parts.hostname or "")
    return parts.scheme == "http" and not (found and all(one.is_loopback for one in found))


def _addresses(host: str) -> list[ipaddress.IPv4Address | ipaddress.IPv6Address]:
    """Those of a host; none when it is not known."""
    try:
        found = {info[4][0] for info in socket.getaddrinfo(host, None)}
    except OSError:
        return []
    return [ipaddress.ip_address(str(one).partition("%")[0]) for one in found]


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """Keys are sent to the address that was typed and nowhere else."""

    def redirect_request(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: Headers,
        newurl: str,
    ) -> None:  # fmt: skip
        del req, fp, code, msg, headers
        raise Refused(f"The server sends elsewhere: use {_origin(newurl)} if that is right.")


def _post(url: str, body: dict[str, str], ca: str | None, headers: dict[str, str]) -> bytes:
    request = urllib.request.Request(  # noqa: S310 - `checked` lets only http and https through
        url,
        json.dumps(body).encode(),
        {"Content-Type": "application/json", "Accept": "application/json", **headers},
        method="POST",
    )
    try:
        context = ssl.create_default_context(cadata=ca)
        opener = urllib.request.build_opener(
            _NoRedirect(), urllib.request.HTTPSHandler(context=context)
        )
        with opener.open(request, timeout=TIMEOUT_S) as answer:
            content = answer.read(MOST_BYTES + 1)
    except urllib.error.HTTPError as error:
        raise Refused(_problem(error)) from None
    except urllib.error.URLError as error:
        raise Refused(f"The server can't be reached: {_reason(error.reason)}.") from None
    except (OSError, ValueError, http.client.HTTPException) as error:
        raise Refused(f"The server can't be reached: {_reason(error)}.") from None
    if len(content) > MOST_BYTES:
        raise Refused("The server's answer is too long.")
    return content


def _problem(error: urllib.error.HTTPError) -> str:
    """What a problem of RFC 9457 says, as a sentence."""
    try:
        problem: Any = json.loads(error.read(MOST_BYTES))
        said = [problem.get("title"), problem.get("detail")]
        texts = list(dict.fromkeys(text for text in said if isinstance(text, str) and text))
    except (OSError, ValueError, AttributeError, RecursionError):
        texts = []
    if not texts:
        return f"The server refused it ({error.code})."
    sentence = ". ".join(text.rstrip(".") for text in texts) + "."
    return "".join(letter for letter in sentence if letter.isprintable())[:500]


def _reason(reason: object) -> str:
    if isinstance(reason, ssl.SSLCertVerificationError):
        return f"its certificate isn't trusted ({reason.verify_message}); name its CA by --ca FILE"
    if isinstance(reason, OSError) and reason.strerror:
        return reason.strerror
    return str(reason) or type(reason).__name__


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"[:200]
