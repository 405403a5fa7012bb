"""The network before a server, which can go silent, be slow, or break."""

import asyncio
import contextlib
import threading
from collections.abc import Callable, Iterator

Overhears = Callable[[], Callable[[bytes], None]]
"""Makes, for each connection, what is told all that the server says in it."""


class Network:
    """A TCP proxy on a port of its own, run by a thread.

    `silence` keeps connections and delivers nothing, as a phone out of reach sees it; what was
    sent meanwhile arrives when it ends. `slow` delivers later. `cut` breaks all connections and
    refuses new ones.
    """

    def __init__(self, server_port: int, overhears: Overhears = lambda: lambda _said: None) -> None:
        self.port = 0
        self._server_port = server_port
        self._overhears = overhears
        self._late_by = 0.0
        self._loop = asyncio.new_event_loop()
        self._flows = asyncio.Event()
        self._flows.set()
        self._up = True
        self._writers: set[asyncio.StreamWriter] = set()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._serve, name="network", daemon=True)
        self._thread.start()
        self._ready.wait(timeout=30)

    @property
    def url(self) -> str:
        """The server's address through this network."""
        return f"http://localhost:{self.port}"

    def silence(self) -> None:
        """Deliver nothing from now on."""
        self._do(self._flows.clear)

    def slow(self, seconds: float) -> None:
        """Deliver everything so much later from now on."""
        self._late_by = seconds

    def cut(self) -> None:
        """Break all connections, and refuse new ones."""
        self._do(self._break)

    def heal(self) -> None:
        """Work again."""
        self._do(self._mend)

    def close(self) -> None:
        """Stop the thread."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(timeout=30)

    def _do(self, action) -> None:
        done = threading.Event()

        def act() -> None:
            action()
            done.set()

        self._loop.call_soon_threadsafe(act)
        assert done.wait(timeout=30)

    def _break(self) -> None:
        self._up = False
        for writer in self._writers:
            writer.transport.abort()

    def _mend(self) -> None:
        self._up, self._late_by = True, 0.0
        self._flows.set()

    def _serve(self) -> None:
        asyncio.set_event_loop(self._loop)
        listening = self._loop.run_until_complete(asyncio.start_server(self._carry, "127.0.0.1", 0))
        self.port = listening.sockets[0].getsockname()[1]
        self._ready.set()
        self._loop.run_forever()
        listening.close()
        self._break()
        left = asyncio.all_tasks(self._loop)
        for task in left:
            task.cancel()
        self._loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
        self._loop.close()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if not self._up:
            writer.transport.abort()
            return
        with contextlib.suppress(OSError):
            up_reader, up_writer = await asyncio.open_connection("127.0.0.1", self._server_port)
            pair = {writer, up_writer}
            self._writers |= pair
            try:
                down = self._pump(up_reader, writer, self._overhears())
                await asyncio.gather(self._pump(reader, up_writer), down)
            finally:
                self._writers -= pair
        writer.transport.abort()

    async def _pump(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        overhears: Callable[[bytes], None] = lambda _said: None,
    ) -> None:
        try:
            while data := await reader.read(65536):
                await asyncio.sleep(self._late_by)
                await self._flows.wait()
                overhears(data)
                writer.write(data)
                await writer.drain()
        except OSError:
            pass
        finally:
            writer.close()


@contextlib.contextmanager
def network(server_port: int) -> Iterator[Network]:
    """A network to the server on this port, for the length of a block."""
    made = Network(server_port)
    try:
        yield made
    finally:
        made.close()
