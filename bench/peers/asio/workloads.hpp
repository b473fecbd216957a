// The workloads by name.
#pragma once

#include "../../harness/row.hpp"

namespace bench {

measurement measure_llm_waits(const row& subject);
measurement measure_trace(const row& subject);
measurement baseline_of_waits(const row& subject);
measurement measure_gather(const row& subject);
measurement measure_skynet(const row& subject);
measurement measure_fib(const row& subject);
measurement measure_nqueens(const row& subject);
measurement measure_ping_pong(const row& subject);
measurement measure_mpmc(const row& subject);
measurement measure_spawn_join(const row& subject);
measurement measure_cancel(const row& subject);
measurement measure_post_latency(const row& subject);
measurement measure_fairness(const row& subject);
measurement measure_timers(const row& subject);

/// Serve until standard input ends.
void serve_echo(const row& subject);
void serve_echo_tls(const row& subject);

}  // namespace bench
