"""Python's http.client against our server: the exchanges that server_peers_test.cpp asks for.

    peers.py PORT     prints what differs from what it should be; nothing when all is well
"""

import http.client
import sys


def expect(what, got, wanted):
    if got != wanted:
        print(f"{what}: {got!r} and not {wanted!r}")


def exchange(connection, method, target, body=None, headers=None, **more):
    connection.request(method, target, body, headers or {}, **more)
    answer = connection.getresponse()
    return answer.status, answer.read()


def main(port):
    connection = http.client.HTTPConnection("127.0.0.1", port)
    expect("get", exchange(connection, "GET", "/a?b=c"), (200, b"GET /a?b=c "))
    expect("post", exchange(connection, "POST", "/", b"x" * 100_000),
           (200, b"POST / " + b"x" * 100_000))
    expect("chunked", exchange(connection, "POST", "/", iter([b"a" * 9000, b"b", b"c" * 70000]),
                               encode_chunked=True),
           (200, b"POST / " + b"a" * 9000 + b"b" + b"c" * 70000))
    expect("head", exchange(connection, "HEAD", "/"), (200, b""))
    expect("after a head", exchange(connection, "GET", "/"), (200, b"GET / "))
    expect("stream", exchange(connection, "GET", "/stream"),
           (200, b"".join(b"data: %d\n\n" % i for i in range(100))))
    expect("error", exchange(connection, "GET", "/error"), (404, b"no such thing\n"))
    expect("failure", exchange(connection, "GET", "/failure"), (500, b"internal server error\n"))
    first = connection.sock
    expect("put", exchange(connection, "PUT", "/put", b"1"), (200, b"PUT /put 1"))
    expect("the connection is kept", connection.sock is first, True)
    expect("close", exchange(connection, "GET", "/", headers={"Connection": "close"}),
           (200, b"GET / "))
    expect("the connection is closed", connection.sock, None)
    expect("too large a header", exchange(connection, "GET", "/", headers={"A": "x" * 100_000})[0],
           431)


if __name__ == "__main__":
    main(int(sys.argv[1]))
