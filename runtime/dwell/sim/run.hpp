// sim::run(): the same program in a simulated world: one thread, a clock that jumps, and a seed
// that makes every choice. See world.hpp for how.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <source_location>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <dwell/base/export.hpp>
#include <dwell/engine/runtime.hpp>
#include <dwell/task/task.hpp>

namespace dwell::inline v0::sim {

/// What a simulated world is like.
struct options {
  /// Where the trace goes, one line a choice; null: none is kept. The same program with the same
  /// seed and options gives the same text, byte for byte.
  std::string* trace = nullptr;
  /// Times that a chain is resumed until limit_exceeded is thrown.
  std::uint64_t max_steps = 10'000'000;
  /// Virtual time until limit_exceeded is thrown.
  std::chrono::nanoseconds time_limit = std::chrono::hours(24 * 365);
  /// How late, at most, the clock wakes up: with none, each sleep takes exactly as long as it says.
  std::chrono::nanoseconds jitter{0};
  /// The most transfers between frames before a chain gives way; a seeded number up to this. 1:
  /// every await of a task yields.
  unsigned most_transfers = 8;
  /// The most that a function of blocking() or compute() waits for its thread, and the most that it
  /// then takes, in virtual time.
  std::chrono::nanoseconds job_time = std::chrono::milliseconds(10);
  /// Functions of blocking() that run at once.
  unsigned blocking_threads = 64;
  /// Functions of compute() that run at once.
  unsigned compute_threads = 3;
  /// Whether a run that throws prints the line that replays it on stderr.
  bool print_replay = true;
};

/// The program took more steps or more virtual time than the options allow. what() lists what
/// sleeps, and where.
class DWELL_API limit_exceeded : public std::runtime_error {
 public:
  explicit limit_exceeded(const std::string& report);
  ~limit_exceeded() override;
};

/// Runs a chain in a world of its own.
DWELL_API void run_root(core::frame_header& root, std::uint64_t seed, const options& o,
                        std::source_location here);

/// Prints the line that replays a run.
DWELL_API void print_replay(std::uint64_t seed, const std::exception_ptr& error,
                            const std::source_location& here) noexcept;

/// Runs `main` in a simulated world and gives its value, or rethrows what ended it. Blocks the
/// calling thread, which must not be one of a runtime's, and uses no other.
///
/// All that the program does through Dwell depends on `seed` and `o` alone. It must not let other
/// threads of its own wake a task, nor read another clock than sim::now(); a function given to
/// blocking() must not wait for a task. Throws deadlock_error when nothing is ready and no timer or
/// job is left, and limit_exceeded; before either, every task is cancelled and has ended. A task
/// that does not end even then stops the program.
template <class T>
T run(std::uint64_t seed, task<T> main, options o = {},
      std::source_location here = std::source_location::current()) {
  core::frame_header& root = core::task_access::promise_of(engine::checked(main));
  try {
    run_root(root, seed, o, here);
    return engine::take(main);
  } catch (...) {
    if (o.print_replay) print_replay(seed, std::current_exception(), here);
    throw;
  }
}

/// The time: virtual inside sim::run, that of the steady clock outside. Any thread.
[[nodiscard]] DWELL_API std::chrono::steady_clock::time_point now() noexcept;

/// The seeds 1 to `count`. DWELL_SIM_SEEDS in the environment says another count, and
/// DWELL_SIM_SEED=n makes it just that seed: what print_replay() prints. Throws settings_error for
/// a value that is not a whole number.
[[nodiscard]] DWELL_API std::vector<std::uint64_t> seeds(std::size_t count);

}  // namespace dwell::inline v0::sim
