// The workloads by name; each is defined in the file of the same name.
#pragma once

#include "../harness/workload.hpp"

namespace bench {

workload llm_waits();
workload trace_replay();
workload gather();
workload skynet();
workload fib();
workload nqueens();
workload ping_pong();
workload mpmc();
workload spawn_join();
workload cancel();
workload post_latency();
workload fairness();
workload timers();
workload echo();
workload held_connections();
workload http_fanout();
workload sse();

}  // namespace bench
