"""An echo server with one fault, which the neutral client must find.

    wrong_server.py FAULT --version | --serve echo name=value…

It is right for twenty requests: a client that looks only at the first replies would not notice.
"""

import asyncio
import os
import signal
import sys

RIGHT_REQUESTS = 20

DROPS_A_BYTE = "drops_a_byte"
ADDS_A_BYTE = "adds_a_byte"
FLIPS_A_BIT = "flips_a_bit"
MIXES_CLIENTS = "mixes_clients"
CLOSES_EARLY = "closes_early"
NEVER_ANSWERS = "never_answers"
CRASHES = "crashes"
NEVER_ENDS = "never_ends"
NAMES_NO_PORT = "names_no_port"
FAULTS = (DROPS_A_BYTE, ADDS_A_BYTE, FLIPS_A_BIT, MIXES_CLIENTS, CLOSES_EARLY, NEVER_ANSWERS,
          CRASHES, NEVER_ENDS, NAMES_NO_PORT)


class Echo(asyncio.Protocol):
    fault = ""
    requests = 0
    last = b""

    def connection_made(self, transport):
        self.transport = transport

    def data_received(self, data):
        Echo.requests += 1
        wrong = Echo.requests > RIGHT_REQUESTS
        self.transport.write(self.wrong_reply(data) if wrong else data)
        Echo.last = data

    def wrong_reply(self, data):
        if self.fault == DROPS_A_BYTE:
            return data[:20] + data[21:]
        if self.fault == ADDS_A_BYTE:
            return data + b"!"
        if self.fault == FLIPS_A_BIT:
            return data[:-1] + bytes([data[-1] ^ 1])
        if self.fault == MIXES_CLIENTS:
            return Echo.last
        if self.fault == CLOSES_EARLY:
            self.transport.close()
        if self.fault == CRASHES:
            os.kill(os.getpid(), signal.SIGKILL)
        return data if self.fault == NEVER_ENDS else b""


async def serve():
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Echo, "127.0.0.1", 0, backlog=4096)
    port = server.sockets[0].getsockname()[1]
    print("ready" if Echo.fault == NAMES_NO_PORT else f"port {port}", flush=True)
    await asyncio.to_thread(sys.stdin.buffer.read)
    if Echo.fault == NEVER_ENDS:
        await asyncio.Event().wait()


def main(fault, words):
    if fault not in FAULTS:
        sys.exit(f"wrong_server.py: no fault '{fault}'; there are: {', '.join(FAULTS)}")
    if words == ["--version"]:
        print(f"a server that is wrong: {fault}")
        return
    Echo.fault = fault
    asyncio.run(serve())


main(sys.argv[1], sys.argv[2:])
