// A chat server: whoever connects says a name and then lines, which everybody hears.
//
//   $ ./09_chat 7000 &            $ nc 127.0.0.1 7000
//   listening on 127.0.0.1:7000   your name?
//   $ kill %1                     ada
//   everybody has left            * ada came
//
// Ctrl-C or SIGTERM ends it gently: nobody is let in any more, all are told, and who has not heard
// the rest after two seconds misses it. A second Ctrl-C ends it at once.
#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <utility>

#include <dwell/dwell.hpp>
#include <dwell/net/buffered.hpp>
#include <dwell/net/tcp.hpp>

namespace {

using namespace std::chrono_literals;
namespace net = dwell::net;

using room = dwell::broadcast_sender<std::string>;
using heard = dwell::broadcast_receiver<std::string>;

constexpr std::size_t longest_name = 20;
constexpr std::size_t longest_line = 400;
constexpr std::size_t remembered = 64;  // how many lines a slow client may be behind

void say(room& everybody, const std::string& line) {
  try {
    everybody.send(line + "\n");
  } catch (const dwell::channel_closed&) {
    // The server goes down: nobody is there to hear that somebody left.
  }
}

// A client that reads slowly misses lines; nobody waits for it, and nothing piles up.
dwell::task<> listen(net::tcp_stream& client, heard lines) {
  for (;;) {
    std::string next;
    try {
      const auto line = co_await lines.next();
      if (!line) co_return;
      next = *line;
    } catch (const dwell::broadcast_lagged& behind) {
      next = "* you missed " + std::to_string(behind.missed()) + " lines\n";
    }
    co_await net::write_all(client, net::bytes_of(next));
  }
}

dwell::task<> talk(net::buffered_reader<net::tcp_stream&>& client, std::string name,
                   room& everybody) {
  while (const auto line = co_await client.read_line(longest_line))
    say(everybody, name + ": " + *line);
}

dwell::task<> converse(net::tcp_stream& client, room& everybody) {
  net::buffered_reader<net::tcp_stream&> lines(client);
  co_await net::write_all(client, net::bytes_of("your name?\n"));
  const auto name = co_await lines.read_line(longest_name);
  if (!name) co_return;
  heard from_now_on = everybody.subscribe();
  say(everybody, "* " + *name + " came");
  std::string farewell = " left";
  try {
    // Whichever ends first ends the other: the client has left, or the server goes down.
    auto both = dwell::race(talk(lines, *name, everybody), listen(client, std::move(from_now_on)));
    (void)co_await std::move(both);
  } catch (const net::too_long&) {
    farewell = " was shown the door: a line has at most " + std::to_string(longest_line) + " bytes";
  } catch (const net::error&) {
    farewell = " was lost";
  }
  say(everybody, "* " + *name + farewell);
}

// What goes wrong with one client is no concern of the others.
dwell::task<> attend(net::tcp_stream client, room& everybody) {
  try {
    co_await converse(client, everybody);
  } catch (const net::too_long&) {
  } catch (const net::unexpected_end&) {
  } catch (const net::error&) {
  }
}

dwell::task<> accept_all(net::tcp_listener& listener, dwell::task_group& clients, room& everybody) {
  for (;;) {
    net::tcp_stream client = co_await listener.accept();
    clients.spawn(attend(std::move(client), everybody));
  }
}

dwell::task<> serve(std::uint16_t port) {
  auto listener = net::tcp_listener::bind(net::endpoint::loopback(port));
  std::printf("listening on %s\n", listener.local().to_string().c_str());
  std::fflush(stdout);
  room everybody = dwell::make_broadcast<std::string>(remembered).first;
  const dwell::signal_set stop{SIGTERM, SIGINT};

  const auto open = [&](dwell::cancel_scope& evening) -> dwell::task<> {
    const auto until_told = [&](dwell::task_group& clients) -> dwell::task<> {
      (void)co_await dwell::until_signal(stop, accept_all(listener, clients, everybody));
      listener.close();
      say(everybody, "* the server goes down");
      everybody.close();
      evening.set_deadline(std::chrono::steady_clock::now() + 2s);
    };
    co_await dwell::with_task_group(until_told);
  };
  const bool all_heard = co_await dwell::with_cancel_scope(open);
  std::puts(all_heard ? "everybody has left" : "some did not listen to the end");
}

}  // namespace

int main(int argc, char** argv) {
  dwell::run(serve(static_cast<std::uint16_t>(argc > 1 ? std::atoi(argv[1]) : 0)));
}
