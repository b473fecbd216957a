// What each workload does, for the readers of a report.
#include "figures.hpp"

namespace bench {

namespace {

struct explanation {
  std::string_view workload;
  std::string_view text;
};

constexpr explanation explanations[] = {
    {"llm_waits",
     "Each task sleeps a seeded 0.5–1.0 s, as a call to an LLM would keep it waiting, and returns "
     "a "
     "small result. Overhead is the wall time beyond the longest sleep; CPU is user and system "
     "time of the whole process; memory is peak resident size less that of the same run without "
     "tasks; lateness is the moment of resumption less the moment that was asked for. Every task "
     "must resume exactly once, never early, with the right result."},
    {"trace",
     "Requests of a real LLM service. A request waits 50 ms and 0.1 ms for each token of its "
     "prompt, then 30 ms for each token it generates, divided by the speed-up. Every request of "
     "the file is in flight at once: as arrived, each first sleeps until its arrival; all at once, "
     "none does. Checked like the waits above."},
    {"gather",
     "The tasks are made, gathered and their results returned. The cost per child is the mean over "
     "every gather of a run; the curve shows single gathers."},
    {"skynet",
     "A tree of a million leaves, ten children to a node; leaves return their number, nodes the "
     "sum. Each runtime forks in the form that its users would write."},
    {"fib",
     "Every call above the first two forks its two branches: the price of a fork and a join."},
    {"nqueens",
     "A task for every legal placement of a queen in the next row, each with its own copy of the "
     "board. The tree is irregular, and checking a row costs as much as a fork."},
    {"ping_pong",
     "A number goes to another task over a channel of one place and comes back greater over "
     "another. One round trip is four operations and two wake-ups."},
    {"mpmc", "Items through one bounded channel; the sum of what the consumers saw is checked."},
    {"spawn_join", "A task starts another, which returns a number, and awaits it, in sequence."},
    {"cancel",
     "All tasks sleep for an hour when they are cancelled. Until joined: each has been unwound "
     "and its end awaited. In Dwell, Go and asyncio a cancelled task runs to its end by its own "
     "handlers; Tokio drops it where it sleeps, Boost.Asio ends the timer with an error code."},
    {"post_latency",
     "A thread that is no worker sleeps for 2 ms, so that the runtime is asleep, too, posts a task "
     "and learns when it ran."},
    {"fairness",
     "Twice as many ping-pong pairs as workers never rest; a thread from outside posts a task "
     "every half millisecond and learns when it ran."},
    {"timers",
     "Each call is over before its limit of 30 s: a timer is set and called off. The calls yield "
     "once."},
    {"echo",
     "A server in a process of its own sends back what it gets. The client is the same for all: "
     "one thread, one epoll, one request in flight on each connection, every byte that comes back "
     "compared. Client and server share the machine, so a latency at n connections is about n "
     "times the time per request. Server CPU is user and system time of the server's process for "
     "each request."},
    {"held_connections",
     "Each connection has been answered once and is silent. Memory is what is resident of the "
     "server's anonymous memory, less that of the same server when it held none; what the kernel "
     "keeps for a socket is not in it. Connect is a connection made and answered for the first "
     "time, one after another; p50 and p99 are single requests while all are held."},
    {"http_fanout",
     "The runtime is the client; the server is the same for all, in a process of its own, and "
     "answers each request after 50 ms with 1 KB, which is compared. CPU is that of the client's "
     "process alone. The answers themselves take n / in flight × 50 ms; lateness is what a single "
     "request took beyond its 50 ms, over a connection that exists or is made for it."},
    {"sse",
     "The runtime is the client of n streams of server-sent events from one server of ours. "
     "Lateness is from when the server was to send a token to when the client has it in its hand, "
     "so it is that of both, which share the machine. CPU is that of the client's process. Every "
     "token must come once, in order, not early."},
};

}  // namespace

std::string workload_explanation(std::string_view workload) {
  for (const auto& each : explanations) {
    if (each.workload == workload) return std::string(each.text);
  }
  return {};
}

}  // namespace bench
