// Every workload of the suite, in the order of the reports.
#include <stdexcept>

#include "workloads.hpp"

namespace bench {

const std::vector<workload>& catalogue() {
  static const std::vector<workload> all{
      llm_waits(), trace_replay(), gather(),           skynet(),      fib(),          nqueens(),
      ping_pong(), mpmc(),         spawn_join(),       cancel(),      post_latency(), fairness(),
      timers(),    echo(),         held_connections(), http_fanout(), sse()};
  return all;
}

const workload& find_workload(std::string_view name) {
  for (const auto& each : catalogue()) {
    if (each.name == name) return each;
  }
  throw std::runtime_error("no such workload: '" + std::string(name) + "'");
}

}  // namespace bench
