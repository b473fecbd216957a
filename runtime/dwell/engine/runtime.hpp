// runtime: workers, reactor and what ties them together; run(): a runtime for the length of a task.
#pragma once

#include <exception>
#include <memory>
#include <optional>
#include <source_location>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>

#include <dwell/base/export.hpp>
#include <dwell/engine/settings.hpp>
#include <dwell/engine/statistics.hpp>
#include <dwell/scope/spawn.hpp>
#include <dwell/task/task.hpp>

namespace dwell::inline v0 {

/// Every task slept and nothing was left that could have woken one. what() lists what each awaited,
/// and where.
class DWELL_API deadlock_error : public std::runtime_error {
 public:
  explicit deadlock_error(const std::string& report);
  ~deadlock_error() override;
};

namespace engine {

class core_engine;

/// Throws would_block_worker, naming both calls, when the calling thread belongs to a runtime;
/// `root` counts as skipped then.
DWELL_API void refuse_nested_run(core::frame_header& root, const std::source_location& here);

/// `t`, which a run is about to start; an empty one stops the program.
template <class T>
task<T>& checked(task<T>& t) {
  if (!t) core::panic_empty_task("run");
  return t;
}

/// What the chain of `ended` gave: its value, or its exception.
template <class T>
T take(task<T>& ended) {
  auto& result = core::task_access::promise_of(ended);
  if (result.has_error()) std::rethrow_exception(result.error());
  if constexpr (std::is_reference_v<T>)
    return static_cast<T>(*result.take());
  else if constexpr (!std::is_void_v<T>)
    return result.take();
}

}  // namespace engine

/// Runs `main` in a runtime of its own and gives its value, or rethrows what ended it.
///
/// Afterwards spawned tasks that are left are cancelled and waited for. Not from inside a
/// coroutine: a run inside a run throws would_block_worker. When every task sleeps and nothing can
/// wake one (no timer, no socket, and no object that lets a foreign thread in), the tasks are
/// cancelled and deadlock_error is thrown.
template <class T>
T run(task<T> main, settings s = {}, std::source_location here = std::source_location::current());

/// Worker threads, the reactor and the tasks that they run.
///
/// The constructor starts the threads; the destructor cancels the spawned tasks that are left,
/// waits for them, and joins the threads. For one task from start to end use dwell::run().
///
/// It stays with the process: in a child that is forked while a runtime lives, any use of one stops
/// the program. Such a child may call exec or _exit.
class DWELL_API runtime {
 public:
  /// Throws settings_error, or std::system_error when the system has no thread or descriptor to
  /// give.
  explicit runtime(settings s = {});
  ~runtime();
  runtime(const runtime&) = delete;
  runtime& operator=(const runtime&) = delete;

  /// Runs `main` to its end and gives its value or rethrows what ended it. Blocks the calling
  /// thread; on a worker it throws would_block_worker. Several threads may call
  /// it.
  template <class T>
  T run(task<T> main, std::source_location here = std::source_location::current()) {
    run_root(core::task_access::promise_of(engine::checked(main)), when_stuck::wait, here);
    return engine::take(main);
  }

  /// Starts a task from any thread. See dwell::spawn().
  template <class T>
  [[nodiscard("dropping a join_handle detaches the task; call detach() to say so")]] join_handle<T>
  spawn(task<T> body) {
    join_handle<T> handle(new scope::spawned_task<T>(std::move(engine::checked(body))));
    start_spawned(*handle.child_);
    return handle;
  }

  /// Any thread, any time.
  [[nodiscard]] statistics_snapshot statistics() const;

  /// The settings in force: defaults, code and environment together.
  [[nodiscard]] const settings& active_settings() const noexcept;

 private:
  template <class T>
  friend T run(task<T> main, settings s, std::source_location here);

  enum class when_stuck : bool { wait, report };

  void run_root(core::frame_header& root, when_stuck policy, std::source_location here);
  void start_spawned(scope::spawned& child);

  std::unique_ptr<engine::core_engine> engine_;
};

template <class T>
T run(task<T> main, settings s, std::source_location here) {
  core::frame_header& root = core::task_access::promise_of(engine::checked(main));
  engine::refuse_nested_run(root, here);
  std::optional<runtime> rt;
  try {
    rt.emplace(std::move(s));
  } catch (...) {
    root.skipped = true;  // that it never ran is not the user's mistake
    throw;
  }
  rt->run_root(root, runtime::when_stuck::report, here);
  return engine::take(main);
}

}  // namespace dwell::inline v0
