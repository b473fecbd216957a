// with_process: a child process for the length of a block.
//
//   dwell::command calculator{.program = "bc", .arguments = {"-q"}};
//   co_await dwell::with_process(calculator, [](dwell::process& bc) -> dwell::task<> {
//     co_await net::write_all(bc.input(), net::bytes_of("6*7\n"));
//     net::buffered_reader answers(bc.output());
//     ... co_await answers.read_line(100) ...                // "42"
//   });
//
// A process is entered by a closure, as every scope is: a destructor could not wait for its end,
// and one that nobody waits for would stay behind as a zombie or as somebody's orphan.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <dwell/base/export.hpp>
#include <dwell/net/descriptor.hpp>
#include <dwell/os/child.hpp>
#include <dwell/process/pipe_ends.hpp>
#include <dwell/scope/finally.hpp>
#include <dwell/task/task.hpp>

namespace dwell::inline v0 {

/// What a child's stdin, stdout or stderr is.
enum class stdio : std::uint8_t {
  pipe,     ///< One end of a pipe; the process has the other.
  inherit,  ///< The same as ours.
  discard,  ///< Empty, and whatever is written is gone.
};

/// What to run, and how.
struct command {
  /// Looked up in our PATH unless there is a slash in it.
  std::string program;
  /// Without the program's name.
  std::vector<std::string> arguments{};
  /// Set over what is inherited, or all that there is.
  std::map<std::string, std::string> environment{};
  bool inherit_environment = true;
  /// To work in; empty for ours.
  std::string directory{};
  stdio input = stdio::pipe;
  stdio output = stdio::pipe;
  stdio error = stdio::inherit;
  /// How long the process may take to end after SIGTERM, until it is killed.
  std::chrono::nanoseconds grace = std::chrono::seconds(5);
};

/// How a process ended.
struct exit_status {
  int code = 0;    ///< What main() returned or exit() was given, if no signal ended it.
  int signal = 0;  ///< The signal that ended it, or 0.

  [[nodiscard]] bool success() const noexcept { return code == 0 && signal == 0; }
  friend bool operator==(const exit_status&, const exit_status&) = default;
};

/// A process that is being run by with_process(); it must not be used afterwards. For the tasks of
/// the runtime in which it was started; one task at a time may wait, and one may use each pipe.
class DWELL_API process {
 public:
  /// For with_process().
  explicit process(command what) noexcept;
  process(const process&) = delete;
  process& operator=(const process&) = delete;
  ~process();

  [[nodiscard]] int id() const noexcept { return id_; }
  /// Ours to write, what the child reads as stdin. Stops the program, as the next two do, when it
  /// is used and the command did not ask for a pipe.
  [[nodiscard]] pipe_writer& input() noexcept { return input_; }
  /// Ours to read, what the child writes to stdout. Nothing is read ahead: a child that writes more
  /// than the system keeps (64 KiB) waits until somebody reads.
  [[nodiscard]] pipe_reader& output() noexcept { return output_; }
  [[nodiscard]] pipe_reader& error() noexcept { return error_; }

  /// Waits until the process has ended; at once, and the same, ever after. Does not close the
  /// pipes: there may be more to read, and a child that waits for the end of its input needs
  /// input().close() first. Cancellable, without effect. Throws net::error (ECHILD) when the
  /// program ignores SIGCHLD or waits for any child, and so took the status away.
  [[nodiscard]] task<exit_status> wait();

  /// Sends a signal, if the process has not ended; never to another one with its number. Throws
  /// net::error: EPERM for one that became somebody else's, EINVAL.
  void send_signal(int number);
  /// SIGTERM: asks it to end.
  void terminate();
  /// SIGKILL: ends it.
  void kill();

  /// For with_process(): once, before everything else.
  [[nodiscard]] task<> start();
  /// For with_process(): closes the pipes, and ends and reaps what still runs.
  [[nodiscard]] task<> end();

 private:
  [[nodiscard]] bool has_ended() noexcept;
  [[nodiscard]] task<> until_ended();

  const command what_;
  pipe_writer input_;
  pipe_reader output_;
  pipe_reader error_;
  os::child child_;
  int id_ = 0;
  net::descriptor ended_;
  std::optional<exit_status> status_;
  int lost_ = 0;  // an errno instead of a status
};

namespace scope {

template <class F>
using process_task = std::invoke_result_t<F&, process&>;

// Ends when the process has; that takes the grace and what the kernel needs, and no other limit.
template <class F>
auto run_process(command what, F fn) -> process_task<F> {
  process running(std::move(what));
  co_await running.start();
  auto body = std::invoke(fn, running);
  const auto end = [&running] { return running.end(); };
  auto both = finally(std::move(body), end, std::chrono::nanoseconds::max());
  co_return co_await std::move(both);
}

}  // namespace scope

/// Starts `what` and calls `fn(process)` for a task, which it runs; gives what that gives.
///
/// When the task has ended, with a value, an error or a cancellation, the pipes are closed, and a
/// process that still runs is sent SIGTERM and, when it has not ended after `command::grace`,
/// SIGKILL; with_process() returns when it has been reaped. Who wants to let it finish awaits
/// process::wait(). What the process started itself is its own concern.
///
/// The process gets no descriptor but stdio, no blocked signal, and the default action of SIGPIPE.
/// It is started on a thread of blocking(); in a cancelled scope nothing is. `fn` is moved into a
/// frame: a capturing lambda is safe. Throws net::error when the process cannot be started (ENOENT:
/// no such program or directory; EMFILE and the like), and std::bad_alloc.
template <class F>
auto with_process(command what, F&& fn) {
  return scope::run_process<std::decay_t<F>>(std::move(what), std::forward<F>(fn));
}

}  // namespace dwell::inline v0
