"""The suite's problems on asyncio, with its own event loop or (--uvloop) with uvloop's.

One thread, whatever `threads` says: that is what asyncio is.
"""

import asyncio
import importlib.metadata
import platform
import sys

import channels
import outside
import protocol
import servers
import tasks
import trees
import waits

UNKNOWN_WORKLOAD = 3

WORKLOADS = {
    "llm_waits": waits.measure,
    "trace": waits.measure,
    "gather": tasks.gather,
    "spawn_join": tasks.spawn_join,
    "cancel": tasks.cancel,
    "timers": tasks.timers,
    "skynet": trees.skynet,
    "fib": trees.fib,
    "nqueens": trees.nqueens,
    "ping_pong": channels.ping_pong,
    "mpmc": channels.mpmc,
    "post_latency": outside.post_latency,
    "fairness": outside.fairness,
}

CLIENT_WORKLOADS = {"http_fanout", "sse"}

SERVICES = {"echo": servers.echo, "echo_tls": servers.echo_tls}


def aiohttp_version():
    """None where it is not installed."""
    try:
        return importlib.metadata.version("aiohttp")
    except importlib.metadata.PackageNotFoundError:
        return None


def workload(name):
    """None for one that this program does not know, or not here."""
    if name not in CLIENT_WORKLOADS:
        return WORKLOADS.get(name)
    if aiohttp_version() is None:
        return None
    import clients  # only for them: what aiohttp weighs would be counted in other rows

    return {"http_fanout": clients.fanout, "sse": clients.sse}[name]


def version(loop_name):
    aiohttp = aiohttp_version()
    client = f", aiohttp {aiohttp}" if aiohttp else ""
    return f"{loop_name}{client}, Python {platform.python_version()}"


def main(words):
    loop_name = "asyncio"
    run = asyncio.run
    if words[0] == "--uvloop":
        import uvloop

        words = words[1:]
        loop_name = f"uvloop {uvloop.__version__}"
        uvloop.install()
    if words == ["--version"]:
        print(version(loop_name))
        return 0
    if words[0] == "--serve":
        serve = SERVICES.get(words[1])
        if serve is None:
            return UNKNOWN_WORKLOAD
        run(serve(protocol.Row.of(words[1:])))
        return 0
    row = protocol.Row.of(words[2:])
    if words[0] == "--baseline-row":
        print(f"metric peak_bytes {run(waits.baseline(row))}\nverified")
        return 0
    measure = workload(row.workload)
    if measure is None or not row.feasible():
        return UNKNOWN_WORKLOAD
    run(measure(row)).print()
    return 0


sys.exit(main(sys.argv[1:]))
