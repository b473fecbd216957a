"""What is served until standard input ends: every connection gets its own bytes back.

Protocols rather than streams: that is asyncio's fast interface, and this is what it is made for.
"""

import asyncio
import ssl
import sys

BACKLOG = 4096
READ_BYTES = 1024  # the most that a server reads at once; see ../README.md


class Echo(asyncio.Protocol):
    def connection_made(self, transport):
        self.transport = transport  # asyncio and uvloop have set TCP_NODELAY

    def data_received(self, data):
        self.transport.write(data)


class BufferedEcho(asyncio.BufferedProtocol):
    """For asyncio's own loop, which allocates a quarter of a megabyte for each read otherwise."""

    # What is read is written at once, so one buffer serves all connections.
    buffer = memoryview(bytearray(READ_BYTES))

    def connection_made(self, transport):
        self.transport = transport

    def get_buffer(self, _size_hint):
        return self.buffer

    def buffer_updated(self, count):
        self.transport.write(bytes(self.buffer[:count]))


async def serve(context):
    loop = asyncio.get_running_loop()
    protocol = BufferedEcho if isinstance(loop, asyncio.BaseEventLoop) else Echo
    server = await loop.create_server(protocol, "127.0.0.1", 0, backlog=BACKLOG, ssl=context)
    print(f"port {server.sockets[0].getsockname()[1]}", flush=True)
    await asyncio.to_thread(sys.stdin.buffer.read)
    server.close()


async def echo(_row):
    await serve(None)


async def echo_tls(row):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(row.params["certificate"], row.params["key"])
    await serve(context)
