// held_connections: clients that stay connected and say nothing, each having been answered once.
// What an idle connection costs a server in memory: a gateway holds thousands of them while their
// requests wait for a model.
#include <algorithm>
#include <cstdio>
#include <optional>
#include <stdexcept>
#include <sys/resource.h>

#include "../client/echo_connection.hpp"
#include "../client/server_process.hpp"
#include "../client/tls.hpp"
#include "../harness/resources.hpp"
#include "../harness/statistics.hpp"
#include "dwell_settings.hpp"
#include "workloads.hpp"

namespace bench {

namespace {

/// Lets this process and the server, which inherits the limit, open that many files. Where the
/// system refuses, the row is left out, and says so.
void allow_open_files(std::uint64_t connections) {
  // A program has some files of its own.
  const rlim_t wanted = connections + 200;
  rlimit files{};
  getrlimit(RLIMIT_NOFILE, &files);
  if (files.rlim_max < wanted) {
    std::fprintf(stderr,
                 "dwell_bench: LEFT OUT: %llu held connections need %llu open files, and the hard "
                 "limit is %llu (ulimit -Hn)\n",
                 static_cast<unsigned long long>(connections),
                 static_cast<unsigned long long>(wanted),
                 static_cast<unsigned long long>(files.rlim_max));
    throw not_served("too few open files");
  }
  files.rlim_cur = std::max(files.rlim_cur, wanted);
  if (setrlimit(RLIMIT_NOFILE, &files) != 0) throw std::runtime_error("cannot set RLIMIT_NOFILE");
}

/// The server's memory once it has served somebody, so that what it sets up for the first
/// connection of all is not counted, and holds nobody.
std::uint64_t bytes_with_none(const server_process& server, const tls_trust* trust) {
  echo_connection(server.port(), 0, trust).ask_and_wait();
  return server.anonymous_bytes();
}

void connect_all(std::vector<echo_connection>& held, std::uint32_t n, std::uint16_t port,
                 const tls_trust* trust) {
  for (std::uint32_t i = 0; i < n; ++i) {
    held.emplace_back(port, i, trust).reset_on_close();
    held.back().ask_and_wait();
  }
}

/// Echoes once more through a thousand of them, one after another; latencies in µs, sorted.
std::vector<double> ask_again(std::vector<echo_connection>& held) {
  std::vector<double> took_us;
  const auto step = std::max<std::size_t>(1, held.size() / 1'000);
  for (std::size_t i = 0; i < held.size(); i += step) {
    held[i].ask_and_wait();
    took_us.push_back(static_cast<double>(now_ns() - held[i].asked_at_ns()) / 1e3);
  }
  for (auto& each : held) each.expect_silence();
  std::sort(took_us.begin(), took_us.end());
  return took_us;
}

measurement hold(const row& subject, const std::string& service, const tls_trust* trust) {
  const auto n = static_cast<std::uint32_t>(subject.get_number("n"));
  allow_open_files(n);
  // They outlive the server: a reset while it serves would make it complain.
  std::vector<echo_connection> held;
  held.reserve(n);
  return with_server(subject, service, [&](const server_process& server) -> measurement {
    const auto none = static_cast<double>(bytes_with_none(server, trust));
    const auto begun = now_ns();
    connect_all(held, n, server.port(), trust);
    const auto took_us = static_cast<double>(now_ns() - begun) / 1e3;
    const auto bytes = static_cast<double>(server.anonymous_bytes());
    const auto again_us = ask_again(held);
    return {{{"bytes_per_connection", (bytes - none) / n},
             {"server_mib", bytes / (1 << 20)},
             {"connect_us", took_us / n},
             {"p50_us", quantile(again_us, 0.5)},
             {"p99_us", quantile(again_us, 0.99)}},
            {},
            {}};
  });
}

measurement measure(const row& subject) {
  if (subject.has("transport", "tcp")) return hold(subject, "echo", nullptr);
  const own_certificate certificate;
  const tls_trust trust(certificate);
  auto told = subject;
  told.hidden("certificate", certificate.certificate()).hidden("key", certificate.key());
  return hold(told, "echo_tls", &trust);
}

std::vector<row> plan(const options& wanted) {
  const bool smoke = wanted.how == effort::smoke;
  std::vector<row> rows;
  const auto add = [&](std::uint64_t n, const char* transport) {
    rows.push_back(untimed_row(wanted, "held_connections", n, wanted.threads));
    rows.back().text("transport", transport);
  };
  for (const auto n : smoke ? std::vector{50} : std::vector{1'000, 5'000, 15'000}) {
    add(static_cast<std::uint64_t>(n), "tcp");
  }
  add(smoke ? 10 : 2'000, "tls");
  return rows;
}

}  // namespace

workload held_connections() { return {"held_connections", plan, measure, nullptr, true}; }

}  // namespace bench
