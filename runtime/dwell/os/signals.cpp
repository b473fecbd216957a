#include <bit>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <pthread.h>
#include <unistd.h>
#include <utility>

#include <dwell/base/panic.hpp>
#include <dwell/os/futex.hpp>
#include <dwell/os/lock.hpp>
#include <dwell/os/signals.hpp>
#include <dwell/os/thread.hpp>

namespace dwell::inline v0::os {

void signal_set::add(int number) noexcept {
  const bool catchable = number >= 1 && number <= 64 && number != SIGKILL && number != SIGSTOP;
  const bool of_a_thread = number == SIGSEGV || number == SIGBUS || number == SIGFPE ||
                           number == SIGILL || number == SIGTRAP || number == SIGSYS;
  if (!catchable || of_a_thread) [[unlikely]]
    base::panic("signal_set",
                "such a signal cannot be waited for; take SIGINT, SIGTERM, SIGHUP and the like");
  bits_ |= bit(number);
}

namespace {

using handler = void (*)(int, siginfo_t*, void*);
using plain_handler = void (*)(int);

// Calls `act` for each number in `bits`.
template <class Act>
void for_each_signal(std::uint64_t bits, const Act& act) {
  for (; bits != 0; bits &= bits - 1) act(std::countr_zero(bits) + 1);
}

// The default action, as if nobody had ever asked. Async-signal-safe.
void act_by_default(int number) noexcept {
  struct sigaction by_default {};
  by_default.sa_handler = SIG_DFL;
  sigaction(number, &by_default, nullptr);
  sigset_t only;
  sigemptyset(&only);
  sigaddset(&only, number);
  pthread_sigmask(SIG_UNBLOCK, &only, nullptr);
  raise(number);
}

// What was there before us, for the handler: it may still run, on another thread, when the next
// interest asks again, so it reads words and no struct.
struct former_handler {
  base::atomic<handler> with_info{nullptr};
  base::atomic<plain_handler> plain{nullptr};

  void remember(const struct sigaction& before) noexcept {
    const bool takes_info = (before.sa_flags & SA_SIGINFO) != 0;
    const bool is_function =
        takes_info || (before.sa_handler != SIG_DFL && before.sa_handler != SIG_IGN);
    // relaxed, all: functions, with which nothing is published; sigaction() comes afterwards.
    with_info.store(is_function && takes_info ? before.sa_sigaction : nullptr, base::relaxed);
    plain.store(is_function && !takes_info ? before.sa_handler : nullptr, base::relaxed);
  }
  void call(int number, siginfo_t* info, void* context) const noexcept {
    const handler informed = with_info.load(base::relaxed);  // relaxed, both: as above
    const plain_handler told = plain.load(base::relaxed);
    if (informed != nullptr) informed(number, info, context);
    if (told != nullptr) told(number);
  }
};

}  // namespace

// Everything that a process has of this once.
class signal_desk {
 public:
  void enter(signal_interest& i) noexcept;
  void leave(signal_interest& i) noexcept;
  [[nodiscard]] std::shared_ptr<signal_relay> relay();

  // The handler's half.
  void handle(int number, siginfo_t* info, void* context) noexcept;

  // The relay's half.
  void tell_all() noexcept;
  void ring() noexcept {
    rings_.fetch_add(1, base::release);  // release: pairs with the acquire in rings()
    futex_wake(rings_, INT32_MAX);
  }
  [[nodiscard]] std::uint32_t rings() const noexcept { return rings_.load(base::acquire); }
  void wait(std::uint32_t since) noexcept { futex_wait(rings_, since); }

  // In the child of a fork, where there is no relay.
  void give_up() noexcept;

 private:
  [[nodiscard]] std::uint64_t bits_of(bool quitting_only) const noexcept;
  void install(int number) noexcept;
  void restore(int number) noexcept;

  base::atomic<std::uint64_t> wanted_{0};
  base::atomic<std::uint64_t> quitting_{0};    // wanted with second_signal::quits
  base::atomic<std::uint64_t> fatal_{0};       // those of them that quit when they come
  base::atomic<std::uint64_t> by_default_{0};  // had the default action before us
  base::atomic<std::uint64_t> pending_{0};
  base::atomic<std::uint32_t> rings_{0};
  former_handler former_[64];
  lock lock_;
  // Under the lock.
  struct sigaction before_[64]{};
  signal_interest* first_ = nullptr;
  bool heeds_forks_ = false;
  std::weak_ptr<signal_relay> relay_;
};

namespace {

constinit signal_desk desk;

void handle(int number, siginfo_t* info, void* context) {
  const int error = errno;
  desk.handle(number, info, context);
  errno = error;
}

}  // namespace

// ---- The handler ----

void signal_desk::handle(int number, siginfo_t* info, void* context) noexcept {
  const std::uint64_t bit = signal_set::bit(number);
  former_[number - 1].call(number, info, context);
  // relaxed: a set that changes only while nobody knows whether the signal came before.
  const std::uint64_t quitting = quitting_.load(base::relaxed);
  // relaxed, both: one word decides who was the first.
  const std::uint64_t fatal =
      (quitting & bit) != 0 ? fatal_.fetch_or(quitting, base::relaxed) : fatal_.load(base::relaxed);
  if ((fatal & bit) != 0) {
    act_by_default(number);
    _exit(128 + number);  // process 1 of a container ignores the default action
  }
  // seq_cst, all three: pair with those in leave(); see the invariant at the head of the header.
  pending_.fetch_or(bit, base::seq_cst);
  if ((wanted_.load(base::seq_cst) & bit) != 0) return ring();
  const bool ours = (pending_.fetch_and(~bit, base::seq_cst) & bit) != 0;
  // relaxed: written before the handler was installed.
  if (ours && (by_default_.load(base::relaxed) & bit) != 0) act_by_default(number);
}

void signal_desk::install(int number) noexcept {
  struct sigaction ours {};
  ours.sa_sigaction = &os::handle;
  ours.sa_flags =
      SA_SIGINFO | SA_RESTART | SA_ONSTACK;  // RESTART: the program may not expect EINTR
  struct sigaction& before = before_[number - 1];
  if (sigaction(number, nullptr, &before) != 0) [[unlikely]]
    base::panic("signal_set", "the system keeps such a signal for itself");
  if (before.sa_sigaction == &os::handle && (before.sa_flags & SA_SIGINFO) != 0)
    return;  // somebody who calls us from a handler of theirs put ours back
  former_[number - 1].remember(before);
  const std::uint64_t bit = signal_set::bit(number);
  const bool by_default = (before.sa_flags & SA_SIGINFO) == 0 && before.sa_handler == SIG_DFL;
  // relaxed, both: sigaction() comes afterwards.
  if (by_default)
    by_default_.fetch_or(bit, base::relaxed);
  else
    by_default_.fetch_and(~bit, base::relaxed);
  sigaction(number, &ours, nullptr);
}

// Whoever installed a handler after us calls ours from it, and keeps it.
void signal_desk::restore(int number) noexcept {
  struct sigaction now {};
  sigaction(number, nullptr, &now);
  if ((now.sa_flags & SA_SIGINFO) != 0 && now.sa_sigaction == &os::handle)
    sigaction(number, &before_[number - 1], nullptr);
}

// ---- The relay ----

class signal_relay {
 public:
  signal_relay() : thread_("dwell-signal", [this] { run(); }) {}
  ~signal_relay() {
    stopping_.store(true, base::relaxed);  // relaxed: ordered by the ring
    desk.ring();
    thread_.join();
  }
  signal_relay(const signal_relay&) = delete;
  signal_relay& operator=(const signal_relay&) = delete;

 private:
  void run() noexcept {
    for (;;) {
      const std::uint32_t since = desk.rings();
      if (stopping_.load(base::relaxed)) return;  // relaxed: ordered by rings()
      desk.tell_all();
      desk.wait(since);
    }
  }

  base::atomic<bool> stopping_{false};
  thread thread_;
};

std::shared_ptr<signal_relay> signal_desk::relay() {
  const lock_guard guard(lock_);
  std::shared_ptr<signal_relay> running = relay_.lock();
  if (running == nullptr) relay_ = running = std::make_shared<signal_relay>();
  if (!std::exchange(heeds_forks_, true))
    pthread_atfork(
        nullptr, nullptr, +[] { desk.give_up(); });
  return running;
}

void signal_desk::tell_all() noexcept {
  const lock_guard guard(lock_);
  const std::uint64_t arrived = pending_.exchange(0, base::acquire);  // acquire: as in rings()
  for (signal_interest* i = first_; i != nullptr; i = i->next_)
    for_each_signal(arrived & i->bits_, [&](int number) { i->told_.on_signal(number); });
}

// ---- Interests ----

std::uint64_t signal_desk::bits_of(bool quitting_only) const noexcept {
  std::uint64_t bits = 0;
  for (const signal_interest* i = first_; i != nullptr; i = i->next_)
    if (!quitting_only || i->second_ == second_signal::quits) bits |= i->bits_;
  return bits;
}

void signal_desk::enter(signal_interest& i) noexcept {
  const lock_guard guard(lock_);
  const std::uint64_t before = bits_of(false);
  i.next_ = std::exchange(first_, &i);
  wanted_.store(bits_of(false), base::seq_cst);   // seq_cst: as in leave()
  quitting_.store(bits_of(true), base::relaxed);  // relaxed: see handle()
  for_each_signal(i.bits_ & ~before, [&](int number) { install(number); });
}

void signal_desk::leave(signal_interest& i) noexcept {
  const lock_guard guard(lock_);
  signal_interest** link = &first_;
  while (*link != &i) link = &(*link)->next_;
  *link = i.next_;
  const std::uint64_t gone = i.bits_ & ~bits_of(false);
  quitting_.store(bits_of(true), base::relaxed);  // relaxed: see handle()
  fatal_.fetch_and(bits_of(true), base::relaxed);
  wanted_.store(bits_of(false), base::seq_cst);  // seq_cst: pairs with the handler's
  for_each_signal(gone, [&](int number) { restore(number); });
  const std::uint64_t untold = pending_.fetch_and(~gone, base::seq_cst) & gone;
  // relaxed: written under the lock. A handler of the program's own has been called already.
  for_each_signal(untold & by_default_.load(base::relaxed),
                  [](int number) { kill(getpid(), number); });
}

void signal_desk::give_up() noexcept {
  // relaxed, all: the only thread there is.
  for_each_signal(wanted_.exchange(0, base::relaxed), [&](int number) { restore(number); });
  quitting_.store(0, base::relaxed);
  fatal_.store(0, base::relaxed);
  pending_.store(0, base::relaxed);
}

signal_interest::signal_interest(signal_listener& told, signal_set which, second_signal second)
    : told_(told), bits_(which.bits()), second_(second), relay_(desk.relay()) {
  desk.enter(*this);
}

signal_interest::~signal_interest() { desk.leave(*this); }

}  // namespace dwell::inline v0::os
