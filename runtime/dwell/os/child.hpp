// Child processes: started, told, reaped.
//
// posix_spawn and never fork(): the child shares our memory until it executes and runs no code of
// ours in between, so it meets no lock that another thread held, and the size of the heap is of no
// matter. It gets the three descriptors of stdio and no other, whatever some library forgot to mark
// as closed on exec.
//
// Its end is a pidfd that becomes readable: no SIGCHLD, whose handler belongs to the program, and
// no wait for any child, which would take away the program's own.
#pragma once

#include <array>
#include <string>
#include <vector>

#include <dwell/base/export.hpp>
#include <dwell/os/file_descriptor.hpp>
#include <dwell/os/socket.hpp>

namespace dwell::inline v0::os {

/// What to execute, and with what.
struct child_request {
  /// A descriptor of ours that becomes one of the child's.
  static constexpr int inherit = -1;  ///< The same as ours.
  static constexpr int discard = -2;  ///< /dev/null.

  std::string program;                   ///< Without a slash it is looked up in our PATH.
  std::vector<std::string> arguments;    ///< Without the name of the program.
  std::vector<std::string> environment;  ///< "NAME=value" each, all of it.
  std::string directory;                 ///< To work in; empty for ours.
  std::array<int, 3> stdio = {inherit, inherit, inherit};
};

/// How a child ended.
struct child_end {
  int code = 0;    ///< What it returned or gave to exit(), if no signal ended it.
  int signal = 0;  ///< The signal that ended it, or 0.
};

/// A child that has not been reaped. Nobody else may reap it: a program that ignores SIGCHLD, or
/// waits for any child, takes its end away (ECHILD).
class DWELL_API child {
 public:
  child() noexcept = default;
  /// One that still runs is killed, and reaped: blocks until the kernel has ended it.
  ~child() { end_at_once(); }
  child(child&& other) noexcept;
  child& operator=(child&& other) noexcept;

  /// Throws std::bad_alloc. An error is that of whatever step failed: ENOENT and EACCES for the
  /// program and the directory, EAGAIN, EMFILE.
  [[nodiscard]] static io_result start(const child_request& request, child& into);

  [[nodiscard]] int id() const noexcept { return id_; }
  /// A descriptor that is readable once the child has ended.
  [[nodiscard]] io_result open_handle() const noexcept;
  /// Would block while it runs. Afterwards there is nothing to reap any more.
  [[nodiscard]] io_result reap(child_end& end) noexcept;

 private:
  void end_at_once() noexcept;

  int id_ = 0;
};

/// To whatever process `handle` stands for, and never to another that has got its number. ESRCH
/// when it has been reaped.
[[nodiscard]] DWELL_API io_result signal_child(int handle, int number) noexcept;

/// Our environment, as child_request takes it. Throws std::bad_alloc.
[[nodiscard]] DWELL_API std::vector<std::string> current_environment();

}  // namespace dwell::inline v0::os
