"""The bare broadcast that Cubby is compared with: `websockets`, one process, nothing else.

Binary messages are kept; a text message sends what was kept to everybody, as text.
"""

import sys

import uvloop
from websockets.asyncio.server import Server, ServerConnection, broadcast, serve


async def main(port: int) -> None:
    """Serve until the process is stopped."""
    kept: list[str] = []
    server: Server

    async def one(connection: ServerConnection) -> None:
        async for message in connection:
            if isinstance(message, bytes):
                kept.append(message.decode())
                continue
            for text in kept:
                broadcast(server.connections, text)

    async with serve(one, "127.0.0.1", port, compression=None) as server:
        await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(main(int(sys.argv[1])))
