// An echo server and a hundred clients, in one program: a task for each connection, as plain as if
// each had a thread.
//
//   $ ./08_tcp_echo
//   100 clients had 1000 lines echoed
#include <chrono>
#include <cstdio>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <dwell/dwell.hpp>
#include <dwell/net/buffered.hpp>
#include <dwell/net/tcp.hpp>

namespace {

using namespace std::chrono_literals;
namespace net = dwell::net;

dwell::task<> echo(net::tcp_stream connection) {
  std::byte room[1024];
  while (const std::size_t got = co_await connection.read_some(room))
    co_await net::write_all(connection, net::const_bytes(room, got));
}

// Ends only by being cancelled; the group then cancels the connections that are left, and waits.
dwell::task<> serve(net::tcp_listener& listener) {
  co_await dwell::with_task_group([&](dwell::task_group& group) -> dwell::task<> {
    for (;;) {
      net::tcp_stream connection = co_await listener.accept();
      group.spawn(echo(std::move(connection)));
    }
  });
}

dwell::task<int> client(net::endpoint server, int id) {
  net::tcp_stream stream = co_await net::tcp_stream::connect(server);
  net::buffered_reader connection(std::move(stream));
  int echoed = 0;
  for (int i = 0; i < 10; ++i) {
    const std::string line = std::to_string(id) + " says " + std::to_string(i);
    const std::string sent = line + "\n";
    co_await net::write_all(connection, net::bytes_of(sent));
    const std::optional<std::string> answer = co_await connection.read_line(100);
    if (answer == line) ++echoed;
  }
  co_return echoed;
}

dwell::task<int> all_clients(net::endpoint server) {
  std::vector<dwell::task<int>> clients;
  for (int id = 0; id < 100; ++id) clients.push_back(client(server, id));
  int sum = 0;
  const std::vector<int> echoed = co_await dwell::gather(std::move(clients));
  for (const int each : echoed) sum += each;
  co_return sum;
}

dwell::task<int> amain() {
  auto listener = net::tcp_listener::bind(net::endpoint::loopback(0));
  // Whichever ends first ends the other: the server goes when the clients are done.
  auto both = dwell::race(serve(listener), dwell::timeout(30s, all_clients(listener.local())));
  const auto ended = co_await std::move(both);
  co_return std::get<1>(ended);
}

}  // namespace

int main() {
  const int echoed = dwell::run(amain());
  std::printf("100 clients had %d lines echoed\n", echoed);
  return echoed == 1000 ? 0 : 1;
}
