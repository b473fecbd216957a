// Signals as something that a thread is told of.
//
//   handler (any thread)      pending |= bit, ring the futex          async-signal-safe
//        ┊
//   the process's relay       takes what is pending and tells every   an ordinary thread: may lock,
//   thread                    interest, under the lock                wake tasks, walk scopes
//
// The handler is installed for a signal while somebody is interested in it, and what was there
// before comes back afterwards: a program that did not ask keeps its signals. A handler of the
// program's own is called first; only the default action is replaced.
//
// A futex and no self-pipe: waking by futex(2) is one system call and async-signal-safe, and it is
// private to the process. A pipe is shared by the child of a fork, where a signal would be written
// for the parent. No signalfd: it hears only what every thread has blocked, which is not for a
// library to impose. A thread of its own rather than the reactor: a signal is heard while all
// workers compute, and by several runtimes at once.
//
// Invariant: each signal is told to whoever is interested, or has the effect that it would have had
// without us, never neither. The handler marks it pending and then looks whether anybody is
// interested; the last interest to end says so and then looks at what is pending. One of them sees
// the other, and the exchange on the pending bit chooses who acts.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <memory>

#include <dwell/base/export.hpp>

namespace dwell::inline v0::os {

/// A set of signals, by their numbers in <csignal>. One that no handler can have (SIGKILL, SIGSTOP)
/// or that says of a thread that it went wrong (SIGSEGV and the like) stops the program.
class DWELL_API signal_set {
 public:
  signal_set(std::initializer_list<int> numbers) noexcept {
    for (const int each : numbers) add(each);
  }

  [[nodiscard]] std::uint64_t bits() const noexcept { return bits_; }
  [[nodiscard]] static std::uint64_t bit(int number) noexcept {
    return std::uint64_t{1} << (number - 1);
  }

 private:
  void add(int number) noexcept;

  std::uint64_t bits_ = 0;
};

/// Who is told. On the relay's thread; must neither wait nor end an interest.
class DWELL_API signal_listener {
 public:
  virtual void on_signal(int number) noexcept = 0;

 protected:
  ~signal_listener() = default;
};

/// What becomes of a second signal, while the interest lasts.
enum class second_signal : bool {
  is_told,  ///< It is told as the first was.
  quits,    ///< After the first of the set any other has its default action at once.
};

/// While it lives its listener is told of signals. One that comes again before the listener was
/// told is told once. Any thread. The first in a process starts the relay's thread, the last joins
/// it.
class DWELL_API signal_interest {
 public:
  /// Throws std::system_error when the system has no thread to give.
  signal_interest(signal_listener& told, signal_set which, second_signal second);
  /// Afterwards the listener is not told any more.
  ~signal_interest();
  signal_interest(const signal_interest&) = delete;
  signal_interest& operator=(const signal_interest&) = delete;

 private:
  friend class signal_desk;

  signal_listener& told_;
  const std::uint64_t bits_;
  const second_signal second_;
  const std::shared_ptr<class signal_relay> relay_;
  signal_interest* next_ = nullptr;  // under the desk's lock
};

}  // namespace dwell::inline v0::os
