// The suite's problems on Boost.Asio's coroutines.
#include <boost/version.hpp>

#include "../peer_main.hpp"
#include "workloads.hpp"

int main(int argc, char** argv) {
  const auto version = "Boost.Asio " + std::to_string(BOOST_VERSION / 100'000) + '.' +
                       std::to_string(BOOST_VERSION / 100 % 1'000) + ", " + bench::peer_compiler();
  return bench::peer_main(argc, argv, version,
                          {
                              {"llm_waits", bench::measure_llm_waits, bench::baseline_of_waits},
                              {"trace", bench::measure_trace, bench::baseline_of_waits},
                              {"gather", bench::measure_gather},
                              {"skynet", bench::measure_skynet},
                              {"fib", bench::measure_fib},
                              {"nqueens", bench::measure_nqueens},
                              {"ping_pong", bench::measure_ping_pong},
                              {"mpmc", bench::measure_mpmc},
                              {"spawn_join", bench::measure_spawn_join},
                              {"cancel", bench::measure_cancel},
                              {"post_latency", bench::measure_post_latency},
                              {"fairness", bench::measure_fairness},
                              {"timers", bench::measure_timers},
                          },
                          {{"echo", bench::serve_echo}, {"echo_tls", bench::serve_echo_tls}});
}
