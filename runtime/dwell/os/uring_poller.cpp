// The poller on io_uring: one multishot poll for each registered descriptor, which the kernel
// answers, edge by edge, in memory that we share. What has happened is so taken without a system
// call; only a wait is one. Registering costs one, as with epoll.
//
// Who may do what. The completion queue belongs to the one thread that waits. The submission queue
// has a lock, under which whoever registers or kicks fills it and submits at once. An inbox that
// the waiter empties was rejected: it needs a kick for each registration, and a removal must not
// depend on anybody's waiting, for a poll holds its file open, and until it lets go a close has no
// effect. So a removal cancels the poll itself, by a call that cannot fail for want of memory
// (hence Linux 6.0).
//
// Which poll a completion belongs to. It carries the descriptor and the generation of its
// registration; a removal begins the next one. A completion that was under way then, or that stems
// from a file which the number meant before, finds another generation and is dropped. A poll that
// is still current and says that it has ended (no IORING_CQE_F_MORE) is armed again, and then tells
// at once what is ready: nothing falls in between. Polls end
//   * when the completion queue is full. The kernel then keeps a list, in which every poll's last
//     completion stands; whoever armed one before the list is empty would only get another last
//     completion. So ended polls queue here until it is (arm_ended());
//   * when the thread that armed them has ended, at their next event.
//
// The kernel does whatever a poll has to do, posting an event as well as ending, in the context of
// the thread that armed it, and interrupts that for it if it has to, in user code or asleep. When
// that thread has ended, a queue of the kernel's does it some milliseconds later. So
//   * an event of a socket which another worker registered costs two wake-ups;
//   * a close takes effect when the other thread has had its turn. With a connection the other side
//     hears of its end a moment later, and nobody waits. A listener's address would still be taken:
//     its removal waits, for no lock and no user code of that thread, so this cannot deadlock;
//   * what a thread registered that cannot be interrupted (in vfork(), or reading from a disk) has
//     no events and no end as long as that lasts;
//   * when a ring goes, the kernel interrupts whoever has submitted to it, in whatever that waits.
// A kick needs nobody's turn: a no-op completes when it is submitted.
//
// Rejected: IORING_SETUP_DEFER_TASKRUN wants a ring with one thread for life, and here any worker
// attends. IORING_SETUP_COOP_TASKRUN leaves an event until its thread makes a system call of its
// own accord, which a long turn never does. IORING_SETUP_SQPOLL arms all polls in one thread of the
// kernel's, which spins for a millisecond after each of them.
//
// The kernel does not apply a thread's timer slack to this wait: the waiter adds it.
#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <liburing.h>
#include <new>
#include <span>
#include <sys/socket.h>
#include <sys/stat.h>
#include <system_error>
#include <vector>

#include <dwell/base/atomic.hpp>
#include <dwell/base/panic.hpp>
#include <dwell/os/clock.hpp>
#include <dwell/os/fork_guard.hpp>
#include <dwell/os/lock.hpp>
#include <dwell/os/poll_events.hpp>
#include <dwell/os/poller.hpp>
#include <dwell/os/thread.hpp>
#include <dwell/os/timespec.hpp>

namespace dwell::inline v0::os {

namespace {

constexpr unsigned submissions = 8;
// The completion of a kick; no descriptor is as high.
constexpr std::uint64_t kick_mark = ~std::uint64_t{0};

// An errno, or 0. Asked before, because a poll tells of a bad descriptor only the waiter, and of a
// file that it is always ready.
int unpollable(int fd) noexcept {
  struct stat about {};
  if (fstat(fd, &about) != 0) return errno;
  return S_ISREG(about.st_mode) || S_ISDIR(about.st_mode) ? EPERM : 0;
}

bool listens(int fd) noexcept {
  int answer = 0;
  socklen_t size = sizeof answer;
  return getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &answer, &size) == 0 && answer != 0;
}

/// A set-up ring, or std::system_error.
class ring {
 public:
  explicit ring(unsigned completions);
  ~ring() { io_uring_queue_exit(&ring_); }
  ring(const ring&) = delete;
  ring& operator=(const ring&) = delete;

  [[nodiscard]] io_uring* get() noexcept { return &ring_; }
  /// Cancels the poll that carries `mark`. False: it is over and has let go of its file. True: it
  /// will be, when the thread that armed it has had its turn.
  bool cancel(std::uint64_t mark) noexcept;

 private:
  [[nodiscard]] int cancelled(std::uint64_t mark) noexcept;

  io_uring ring_{};
};

class uring_poller final : public poller {
 public:
  explicit uring_poller(unsigned completions) : ring_(completions) {}

  std::size_t wait_until(std::int64_t deadline_ns, std::span<ready_event> into) noexcept override;
  void kick() noexcept override;
  [[nodiscard]] int add(int fd, std::uint64_t token) noexcept override;
  void remove(int fd) noexcept override;

 private:
  static constexpr int nobody = -1;

  struct registration {
    std::uint64_t token = no_token;  // no_token: not registered
    std::uint32_t generation = 0;
    int next_ended = nobody;
    bool ended = false;   // nothing is armed
    bool queued = false;  // among those to be armed again; may have been removed since
  };
  struct harvest {
    std::size_t events = 0;
    bool kicked = false;
  };

  [[nodiscard]] static std::uint64_t mark_of(int fd, std::uint32_t generation) noexcept {
    return std::uint64_t{generation} << 32 | static_cast<std::uint32_t>(fd);
  }
  [[nodiscard]] bool block_until(std::int64_t deadline_ns) noexcept;
  [[nodiscard]] harvest take(std::span<ready_event> into) noexcept;
  void take_event(const io_uring_cqe& completion, std::span<ready_event> into,
                  std::size_t& count) noexcept;
  void poll_ended(int fd, registration& of) noexcept;
  void arm_ended() noexcept;
  void arm(int fd, registration& of) noexcept;
  void submit() noexcept;
  [[nodiscard]] std::uint64_t forget(int fd) noexcept;

  ring ring_;
  base::atomic<bool> kicked_{false};  // a no-op is on its way to the waiter
  int ended_ = nobody;                // the first of those to be armed again; the waiter's
  // Under the lock, as the submission queue:
  lock lock_;
  std::vector<registration> registrations_;  // by descriptor
};

// ---- The ring ----

ring::ring(unsigned completions) {
  io_uring_params wanted{};
  wanted.flags = IORING_SETUP_CQSIZE | IORING_SETUP_CLAMP;
  wanted.cq_entries = completions;
  const int error =
      -io_uring_queue_init_params(std::min(submissions, completions), &ring_, &wanted);
  if (error != 0) throw std::system_error(error, std::generic_category(), "dwell: io_uring_setup");
  // The youngest of what we need, and it has no feature bit: a kernel that can cancel at once keeps
  // completions that overflow, waits until a time, and has polls for edges.
  const int refusal = -cancelled(kick_mark);
  if (refusal == ENOENT) return;
  io_uring_queue_exit(&ring_);
  throw std::system_error(refusal, std::generic_category(), "dwell: io_uring_register");
}

int ring::cancelled(std::uint64_t mark) noexcept {
  io_uring_sync_cancel_reg target{};
  target.addr = mark;
  target.fd = -1;
  target.timeout = {.tv_sec = -1, .tv_nsec = -1};  // none: a poll is cancelled at once
  return io_uring_register_sync_cancel(&ring_, &target);
}

bool ring::cancel(std::uint64_t mark) noexcept {
  const int result = cancelled(mark);
  DWELL_ASSERT(result == 0 || result == -ENOENT, "a poll can be cancelled until it is over");
  return result == 0;
}

// ---- The waiter ----

std::size_t uring_poller::wait_until(std::int64_t deadline_ns,
                                     std::span<ready_event> into) noexcept {
  fork_guard::check("a runtime");
  for (bool more = true;;) {
    const harvest got = take(into);
    if (got.events > 0 || got.kicked || !more) return got.events;
    more = block_until(deadline_ns);
  }
}

// Until there is a completion, of whatever. False: the deadline came, or an interruption.
bool uring_poller::block_until(std::int64_t deadline_ns) noexcept {
  io_uring_cqe* first = nullptr;
  int result = 0;
  if (deadline_ns == never_ns) {
    result = io_uring_wait_cqe(ring_.get(), &first);
  } else {
    // What has happened is in memory already: the kernel interrupts whoever has to post it.
    if (deadline_ns <= now_ns()) return false;
    // The kernel would count a time past the end of time from the beginning.
    const std::int64_t latest = std::min(deadline_ns, never_ns / 2) + timer_slack().count();
    const timespec left = time_left(latest);
    __kernel_timespec timeout{.tv_sec = left.tv_sec, .tv_nsec = left.tv_nsec};
    result = io_uring_wait_cqe_timeout(ring_.get(), &first, &timeout);
  }
  DWELL_ASSERT(
      result == 0 || result == -ETIME || result == -EINTR,
      "waiting on our own ring fails only by a deadline or a signal, or when the kernel has "
      "no memory for a completion and drops it (EBADR)");
  return result == 0;
}

uring_poller::harvest uring_poller::take(std::span<ready_event> into) noexcept {
  const auto room = static_cast<unsigned>(std::clamp<std::size_t>(into.size(), 1, most_events));
  io_uring_cqe* completions[most_events];
  const unsigned count = io_uring_peek_batch_cqe(ring_.get(), completions, room);
  harvest got;
  if (count == 0 && ended_ == nobody) return got;
  const lock_guard guard(lock_);
  for (const io_uring_cqe* const each : std::span(completions, count)) {
    if (each->user_data == kick_mark)
      got.kicked = true;
    else
      take_event(*each, into, got.events);
  }
  // acquire: pairs with the release in kick(): what was done before any of the kicks that this one
  // completion stands for is seen when the wait returns.
  if (got.kicked) kicked_.exchange(false, base::acquire);
  io_uring_cq_advance(ring_.get(), count);
  arm_ended();
  return got;
}

void uring_poller::take_event(const io_uring_cqe& completion, std::span<ready_event> into,
                              std::size_t& count) noexcept {
  const auto fd = static_cast<std::uint32_t>(completion.user_data);
  registration& of = registrations_[fd];
  if (of.token == no_token || of.generation != completion.user_data >> 32) return;  // removed
  if (completion.res > 0) {
    DWELL_ASSERT(count < into.size(), "whoever registers takes the events");
    into[count++] = translated(static_cast<std::uint32_t>(completion.res), of.token);
  }
  if ((completion.flags & IORING_CQE_F_MORE) != 0) return;
  DWELL_ASSERT(completion.res > 0 || completion.res == -ECANCELED || completion.res == -ENOMEM,
               "only the end of its thread, or want of memory, ends a poll without an event");
  poll_ended(static_cast<int>(fd), of);
}

void uring_poller::poll_ended(int fd, registration& of) noexcept {
  of.ended = true;
  if (of.queued) return;
  of.queued = true;
  of.next_ended = ended_;
  ended_ = fd;
}

// An armed poll most often completes at once, for a socket is writable: so this may overflow again.
void uring_poller::arm_ended() noexcept {
  while (ended_ != nobody && !io_uring_cq_has_overflow(ring_.get())) {
    const int fd = ended_;
    registration& of = registrations_[static_cast<std::size_t>(fd)];
    ended_ = of.next_ended;
    of.queued = false;
    if (of.token != no_token && of.ended) arm(fd, of);
  }
}

// ---- Anyone ----

void uring_poller::kick() noexcept {
  // release: pairs with the acquire in take(). Whoever finds it set leaves the rest to who set it:
  // the wait which that one ends returns after this.
  if (kicked_.exchange(true, base::release)) return;
  const lock_guard guard(lock_);
  io_uring_sqe* const entry = io_uring_get_sqe(ring_.get());
  io_uring_prep_nop(entry);
  io_uring_sqe_set_data64(entry, kick_mark);
  submit();
}

int uring_poller::add(int fd, std::uint64_t token) noexcept {
  fork_guard::check("a socket");
  if (const int error = unpollable(fd); error != 0) return error;
  const lock_guard guard(lock_);
  const auto at = static_cast<std::size_t>(fd);
  try {
    if (at >= registrations_.size()) registrations_.resize(at + 1);
  } catch (const std::bad_alloc&) {
    return ENOMEM;
  }
  registration& of = registrations_[at];
  if (of.token != no_token) return EEXIST;
  of.token = token;
  arm(fd, of);
  return 0;
}

// Waits without the lock, which must not keep a third thread from its work.
void uring_poller::remove(int fd) noexcept {
  fork_guard::check("a socket");
  const bool must_be_over = listens(fd);
  const std::uint64_t mark = forget(fd);
  while (ring_.cancel(mark) && must_be_over) yield_thread();
}

std::uint64_t uring_poller::forget(int fd) noexcept {
  const lock_guard guard(lock_);
  const auto at = static_cast<std::size_t>(fd);
  DWELL_ASSERT(at < registrations_.size() && registrations_[at].token != no_token,
               "only what is registered and open is removed");
  registration& of = registrations_[at];
  of.token = no_token;
  return mark_of(fd, of.generation++);
}

void uring_poller::arm(int fd, registration& of) noexcept {
  of.ended = false;
  io_uring_sqe* const entry = io_uring_get_sqe(ring_.get());
  io_uring_prep_poll_multishot(entry, fd, every_edge);
  io_uring_sqe_set_data64(entry, mark_of(fd, of.generation));
  submit();
}

// One entry, which is so never left in the queue: there is room for the next. For want of memory
// the kernel asks for another try. No completions need to be taken first (EBUSY): the waiter could
// not, under the lock.
void uring_poller::submit() noexcept {
  int submitted = 0;
  while ((submitted = io_uring_submit(ring_.get())) != 1) {
    DWELL_ASSERT(submitted == -EAGAIN, "a ring takes what is submitted under its lock");
    yield_thread();
  }
}

}  // namespace

std::unique_ptr<poller> make_uring_poller(unsigned completions) {
  return std::make_unique<uring_poller>(completions);
}

}  // namespace dwell::inline v0::os
