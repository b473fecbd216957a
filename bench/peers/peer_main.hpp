// The command line of a peer that is written in C++: its table of workloads, and the three calls of
// the protocol.
#pragma once

#include <cstdio>
#include <exception>
#include <string>
#include <string_view>
#include <vector>

#include "../harness/row.hpp"

namespace bench {

struct peer_workload {
  std::string_view name;
  /// Null where the runtime cannot do this size.
  measurement (*measure)(const row&);
  measurement (*baseline)(const row&) = nullptr;
};

/// A service that the runtime can offer until standard input ends.
struct peer_service {
  std::string_view name;
  void (*serve)(const row&);
};

inline std::string peer_compiler() {
#if defined(__clang__)
  return "Clang " + std::to_string(__clang_major__) + '.' + std::to_string(__clang_minor__);
#else
  return "GCC " + std::to_string(__GNUC__) + '.' + std::to_string(__GNUC_MINOR__);
#endif
}

inline constexpr int unknown_to_peer = 3;

inline int run_peer_row(const std::vector<std::string>& words,
                        const std::vector<peer_workload>& known) {
  const auto subject = from_arguments({words.begin() + 1, words.end()});
  for (const auto& each : known) {
    if (each.name != subject.workload) continue;
    const auto found = (words[0] == "--row" ? each.measure : each.baseline)(subject);
    std::fputs(to_lines(found).c_str(), stdout);
    return 0;
  }
  return unknown_to_peer;
}

inline int run_peer_service(std::vector<std::string> words,
                            const std::vector<peer_service>& known) {
  words[0] = "peer";
  const auto subject = from_arguments(words);
  for (const auto& each : known) {
    if (each.name != subject.workload) continue;
    each.serve(subject);
    return 0;
  }
  return unknown_to_peer;
}

inline int peer_main(int argc, char** argv, const std::string& version,
                     const std::vector<peer_workload>& known,
                     const std::vector<peer_service>& services = {}) {
  const std::vector<std::string> words(argv + 1, argv + argc);
  try {
    if (!words.empty() && words[0] == "--serve") return run_peer_service(words, services);
    if (words != std::vector<std::string>{"--version"}) return run_peer_row(words, known);
    std::printf("%s\n", version.c_str());
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s: %s\n", argv[0], error.what());
    return 1;
  }
}

}  // namespace bench
