// oneTBB as a peer: it has no timers and no coroutines, so it runs the fork trees only.
#include <cstdio>
#include <exception>
#include <functional>
#include <oneapi/tbb/global_control.h>
#include <oneapi/tbb/task_arena.h>
#include <oneapi/tbb/version.h>

#include "../../load/tree_run.hpp"
#include "trees.hpp"

namespace bench {

namespace {

constexpr int unknown_workload = 3;

void with_threads(std::uint64_t threads, const std::function<void()>& body) {
  using oneapi::tbb::global_control;
  const global_control limit(global_control::max_allowed_parallelism, threads);
  // An arena of that width too: more threads than cores are an explicit wish, and the implicit
  // arena would cap them.
  oneapi::tbb::task_arena arena(static_cast<int>(threads));
  arena.execute(body);
}

measurement measure(const row& subject, std::uint64_t expected,
                    const std::function<std::uint64_t(std::uint64_t)>& compute) {
  tree_run run(subject, expected);
  with_threads(subject.get_number("threads"), [&] {
    while (run.again()) run.took(compute(run.size()));
  });
  return run.summary();
}

int run_row(const row& subject) {
  const auto n = subject.get_number("n");
  measurement found;
  if (subject.workload == "fib") {
    found = measure(subject, fibonacci(n), onetbb_fib);
  } else if (subject.workload == "skynet") {
    found = measure(subject, sum_of_leaves(n),
                    [](std::uint64_t leaves) { return onetbb_skynet(0, leaves); });
  } else if (subject.workload == "nqueens") {
    found = measure(subject, count_of_solutions(n), [](std::uint64_t size) {
      return onetbb_nqueens({}, static_cast<std::uint32_t>(size));
    });
  } else {
    return unknown_workload;
  }
  std::fputs(to_lines(found).c_str(), stdout);
  return 0;
}

int run(const std::vector<std::string>& words) {
  if (words == std::vector<std::string>{"--version"}) {
    std::printf("oneTBB %d.%d\n", TBB_VERSION_MAJOR, TBB_VERSION_MINOR);
    return 0;
  }
  if (words.empty() || words[0] != "--row") return unknown_workload;
  return run_row(from_arguments({words.begin() + 1, words.end()}));
}

}  // namespace

}  // namespace bench

int main(int argc, char** argv) {
  try {
    return bench::run({argv + 1, argv + argc});
  } catch (const std::exception& error) {
    std::fprintf(stderr, "onetbb: %s\n", error.what());
    return 1;
  }
}
