"""Where the server listens, and the addresses that people can type or scan."""

import errno
import io
import ipaddress
import socket
from urllib.parse import urlsplit

import qrcode
from qrcode.image.svg import SvgPathFillImage

from locker_app.settings import Settings


class AddressError(Exception):
    """The server can't listen there. The message says what to do."""


def listen(host: str, port: int) -> socket.socket:
    """A bound socket, taken before anything slow starts.

    Raises:
        AddressError: the port is taken, or the address isn't one of this machine.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        taken = socket.socket(family, kind, protocol)
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # a restart needn't wait
        taken.bind(address)
        taken.listen(2048)
        taken.setblocking(False)
    except OSError as error:
        raise AddressError(_sentence(error, host, port)) from None
    return taken


def _sentence(error: OSError, host: str, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        return (
            f"Port {port} is taken by another program: stop that one, "
            f"or choose another port, as in CUBBY_PORT={port + 1} make run."
        )
    if error.errno == errno.EACCES:
        return f"This account may not listen on port {port}: choose one from 1024 on (CUBBY_PORT)."
    return f"CUBBY_HOST can't be used (it is {host!r}): it is no address of this machine."


def own_address() -> str:
    """This machine's address on its network, as others see it; loopback when it has none."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # sends nothing: it only asks for the route
            return probe.getsockname()[0]
        except OSError:
            return "127.0.0.1"


def addresses(settings: Settings) -> list[str]:
    """The addresses to print, the one for QR codes first."""
    local = f"http://localhost:{settings.port}"
    if settings.public_url:
        return [settings.public_url, local]
    if _is_loopback(settings.host):
        return [local]
    if settings.host in {"0.0.0.0", "::"}:  # noqa: S104 - compared, not bound
        return [f"http://{own_address()}:{settings.port}", local]
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    return [f"http://{host}:{settings.port}"]


def join_address(settings: Settings, asked: str) -> str:
    """The address that a room is told: the one that was set, or the one that the screen in the
    room was opened by, unless that means this machine alone."""
    host = urlsplit(asked).hostname or "localhost"
    if settings.public_url or _is_loopback(host):
        return addresses(settings)[0]
    return asked


def lets_phones_in(settings: Settings) -> bool:
    """Whether other machines can reach the server, as far as it knows."""
    return is_for_phones(addresses(settings)[0])


def is_for_phones(address: str) -> bool:
    """Whether an address means the same to other machines, or else this one alone."""
    return not _is_loopback(urlsplit(address).hostname or "localhost")


def qr_code(text: str) -> str:
    """A QR code in half-height blocks, for a terminal."""
    code = qrcode.QRCode(border=2)
    code.add_data(text)
    drawn = io.StringIO()
    code.print_ascii(out=drawn, invert=True)
    return drawn.getvalue()


def qr_picture(text: str) -> bytes:
    """A QR code as SVG."""
    code = qrcode.QRCode(border=2, image_factory=SvgPathFillImage)
    code.add_data(text)
    return code.make_image().to_string()


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
