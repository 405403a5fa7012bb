"""Uvicorn's websocket with one thing more: whole frames for its connection, see `live.frames`.

What is written here is in order with itself. Between it and what the app sends by ASGI no order
is kept, nor is it held back while the browser reads slowly: Engine.IO's queue, which it is instead
of, does not end either, and whoever reads nothing is let go after a missed ping.
"""

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.http11 import Request

from locker_app.live.frames import offer


class WebSocket(WebSocketsSansIOProtocol):
    """One connection."""

    def handle_connect(self, event: Request) -> None:
        """Offer whole frames to the app, unless Uvicorn refuses the handshake."""
        super().handle_connect(event)
        if not self.close_sent:
            offer(self.scope, self.write_frame)

    def write_frame(self, frame: bytes) -> None:
        """Send a frame, unless the connection is closing."""
        if not self.close_sent and not self.transport.is_closing():
            self.transport.write(frame)
