#include <csignal>
#include <ctime>
#include <fcntl.h>
#include <pthread.h>
#include <unistd.h>

#include <dwell/os/pipe.hpp>
#include <dwell/os/retried.hpp>

namespace dwell::inline v0::os {

namespace {

constexpr int first_beyond_stdio = 3;

// The same open file under a number that is not one of stdio's; a program may have closed those.
io_result move_beyond_stdio(file_descriptor& fd) noexcept {
  if (fd.get() >= first_beyond_stdio) return {};
  const io_result moved =
      retried([&] { return fcntl(fd.get(), F_DUPFD_CLOEXEC, first_beyond_stdio); });
  if (moved.ok()) fd = file_descriptor(static_cast<int>(moved.value));
  return moved;
}

// Keeps SIGPIPE from the calling thread for the length of one write. One that was pending before is
// blocked, and the write adds none to it.
class without_sigpipe {
 public:
  without_sigpipe() noexcept {
    sigset_t pending;
    sigemptyset(&pipe_);
    sigaddset(&pipe_, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &pipe_, &before_);
    was_blocked_ = sigismember(&before_, SIGPIPE) == 1;
    if (!was_blocked_) return;
    sigpending(&pending);
    was_pending_ = sigismember(&pending, SIGPIPE) == 1;
  }
  ~without_sigpipe() {
    if (!was_blocked_) pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }
  without_sigpipe(const without_sigpipe&) = delete;
  without_sigpipe& operator=(const without_sigpipe&) = delete;

  // After EPIPE: takes the signal that came with it.
  void take() const noexcept {
    const timespec at_once{};
    if (was_pending_) return;
    while (sigtimedwait(&pipe_, nullptr, &at_once) < 0 && errno == EINTR) {
    }
  }

 private:
  sigset_t pipe_;
  sigset_t before_;
  bool was_blocked_ = false;
  bool was_pending_ = false;
};

}  // namespace

io_result open_pipe(pipe_pair& into) noexcept {
  int ends[2];
  const io_result made = retried([&] { return pipe2(ends, O_CLOEXEC); });
  if (!made.ok()) return made;
  into = {file_descriptor(ends[0]), file_descriptor(ends[1])};
  for (file_descriptor* const end : {&into.reader, &into.writer})
    if (const io_result moved = move_beyond_stdio(*end); !moved.ok()) return moved;
  return {};
}

io_result make_nonblocking(int fd) noexcept {
  const io_result flags = retried([&] { return fcntl(fd, F_GETFL); });
  if (!flags.ok()) return flags;
  return retried([&] { return fcntl(fd, F_SETFL, static_cast<int>(flags.value) | O_NONBLOCK); });
}

io_result read_from(int fd, std::span<std::byte> to) noexcept {
  return retried([&] { return ::read(fd, to.data(), to.size()); });
}

io_result write_to(int fd, std::span<const std::byte> from) noexcept {
  const without_sigpipe quiet;
  const io_result wrote = retried([&] { return ::write(fd, from.data(), from.size()); });
  if (wrote.error == EPIPE) quiet.take();
  return wrote;
}

}  // namespace dwell::inline v0::os
