#include "faults/faults.hpp"

#include <array>
#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <dlfcn.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/uio.h>

namespace {

// ---- Chance ----

std::atomic<std::uint64_t>& seed() {
  static std::atomic<std::uint64_t> one{[] {
    const char* const text = std::getenv("DWELL_TEST_FAULTS_SEED");
    return text == nullptr ? 0 : std::strtoull(text, nullptr, 10);
  }()};
  return one;
}
std::atomic<std::uint64_t> calls{0};
std::array<std::atomic<std::uint64_t>, dwell_fault_kinds> counts{};

// The number of this call: splitmix64 of the seed and the calls before it.
std::uint64_t draw() {
  std::uint64_t x = seed() + 0x9e3779b97f4a7c15U * ++calls;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9U;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebU;
  return x ^ (x >> 31);
}

// ---- Who is registered ----

struct registration {
  std::atomic<int> epoll{-1};
  std::atomic<std::uint32_t> events{0};
  std::atomic<std::uint64_t> token{0};
};
std::array<registration, 1 << 16> registered{};

registration* entry(int fd) {
  const auto index = static_cast<std::size_t>(fd);
  return fd >= 0 && index < registered.size() ? &registered[index] : nullptr;
}

// Whether faults are made on this descriptor.
bool concerned(int fd) {
  const registration* const known = entry(fd);
  return seed() != 0 && known != nullptr && known->epoll >= 0;
}

// ---- What happens to a call ----

// The function that would have been called if this library were not there, looked up by its first
// caller. An atomic rather than a static that is initialised: ThreadSanitizer, which intercepts the
// same functions, does not see the lock of such an initialisation from within them.
template <auto Function>
class next {
 public:
  explicit constexpr next(const char* name) : name_(name) {}

  template <class... Arguments>
  auto operator()(Arguments... arguments) {
    void* found = found_.load();
    if (found == nullptr) {
      found = dlsym(RTLD_NEXT, name_);
      found_ = found;
    }
    return reinterpret_cast<decltype(Function)>(found)(arguments...);
  }

 private:
  const char* const name_;
  std::atomic<void*> found_{nullptr};
};

void make_an_edge(int fd) {
  static constinit next<&epoll_ctl> real("epoll_ctl");
  const registration& known = *entry(fd);
  epoll_event event{.events = known.events, .data = {.u64 = known.token}};
  real(known.epoll.load(), EPOLL_CTL_MOD, fd, &event);
}

int fail(dwell_fault kind, int error) {
  ++counts[kind];
  errno = error;
  return -1;
}

// One call in eight each.
bool interrupts(std::uint64_t chance) { return chance % 8 == 0; }
bool would_block(std::uint64_t chance) { return chance % 8 == 1; }
bool shortens(std::uint64_t chance) { return chance % 8 == 2; }

// Whether a read, a write or an accept fails, with errno.
bool fails(int fd, std::uint64_t chance) {
  if (interrupts(chance)) return fail(dwell_fault_interrupted, EINTR) != 0;
  if (!would_block(chance)) return false;
  make_an_edge(fd);
  return fail(dwell_fault_would_block, EAGAIN) != 0;
}

std::size_t shortened(std::uint64_t chance, std::size_t size) {
  return shortens(chance) && size > 1 ? 1 + (chance >> 3) % (size - 1) : size;
}

// `real(n)` reads at most n bytes.
template <class Real>
ssize_t read_with(int fd, std::size_t size, Real real) {
  if (!concerned(fd)) return real(size);
  const std::uint64_t chance = draw();
  if (fails(fd, chance)) return -1;
  const std::size_t less = shortened(chance, size);
  const ssize_t got = real(less);
  if (less == size || got <= 0) return got;
  ++counts[dwell_fault_short_read];
  make_an_edge(fd);
  return got;
}

template <class Real>
ssize_t write_with(int fd, std::size_t size, Real real) {
  if (!concerned(fd)) return real(size);
  const std::uint64_t chance = draw();
  if (fails(fd, chance)) return -1;
  const std::size_t less = shortened(chance, size);
  if (less < size) ++counts[dwell_fault_short_write];
  return real(less);
}

// Only the first buffer of a message is ever cut, and the others left out.
std::size_t first_size(const msghdr& message) {
  return message.msg_iovlen == 0 ? 0 : message.msg_iov[0].iov_len;
}

// `real` with all of the message, or with `count` bytes of its first buffer.
template <class Message, class Real>
ssize_t with_beginning(Message& message, std::size_t count, Real real) {
  if (count == first_size(message)) return real(message);
  iovec first{.iov_base = message.msg_iov[0].iov_base, .iov_len = count};
  msghdr shorter = message;
  shorter.msg_iov = &first;
  shorter.msg_iovlen = 1;
  return real(shorter);
}

}  // namespace

extern "C" {

void dwell_faults_begin(std::uint64_t chosen) {
  calls = 0;
  seed() = chosen;
}

std::uint64_t dwell_faults_count(unsigned kind) { return counts[kind]; }

// ---- The calls ----

ssize_t recv(int fd, void* to, size_t size, int flags) {
  static constinit next<&recv> real("recv");
  return read_with(fd, size, [&](std::size_t n) { return real(fd, to, n, flags); });
}

ssize_t recvmsg(int fd, msghdr* message, int flags) {
  static constinit next<&recvmsg> real("recvmsg");
  return read_with(fd, first_size(*message), [&](std::size_t n) {
    return with_beginning(*message, n, [&](msghdr& m) { return real(fd, &m, flags); });
  });
}

ssize_t send(int fd, const void* from, size_t size, int flags) {
  static constinit next<&send> real("send");
  return write_with(fd, size, [&](std::size_t n) { return real(fd, from, n, flags); });
}

ssize_t sendmsg(int fd, const msghdr* message, int flags) {
  static constinit next<&sendmsg> real("sendmsg");
  return write_with(fd, first_size(*message), [&](std::size_t n) {
    return with_beginning(*message, n, [&](const msghdr& m) { return real(fd, &m, flags); });
  });
}

int accept4(int fd, sockaddr* peer, socklen_t* size, int flags) {
  static constinit next<&accept4> real("accept4");
  if (!concerned(fd)) return real(fd, peer, size, flags);
  const std::uint64_t chance = draw();
  if (fails(fd, chance)) return -1;
  if (shortens(chance)) return fail(dwell_fault_aborted, ECONNABORTED);
  return real(fd, peer, size, flags);
}

// The socket is not registered yet, so this concerns all of them. A signal does not end a connect
// that has begun, and a Unix socket's line may be full.
int connect(int fd, const sockaddr* to, socklen_t size) {
  static constinit next<&connect> real("connect");
  const bool hit = seed() != 0 && draw() % 2 == 0;
  if (hit && to->sa_family == AF_UNIX) return fail(dwell_fault_connecting, EAGAIN);
  const int done = real(fd, to, size);
  if (hit && done != 0 && errno == EINPROGRESS) return fail(dwell_fault_connecting, EINTR);
  return done;
}

int epoll_pwait2(int epoll, epoll_event* events, int room, const timespec* timeout,
                 const sigset_t* signals) {
  static constinit next<&epoll_pwait2> real("epoll_pwait2");
  if (seed() == 0) return real(epoll, events, room, timeout, signals);
  const std::uint64_t chance = draw();
  if (interrupts(chance)) return fail(dwell_fault_poll, EINTR);
  return real(epoll, events, shortens(chance) ? 1 : room, timeout, signals);
}

int epoll_ctl(int epoll, int what, int fd, epoll_event* event) noexcept {
  static constinit next<&epoll_ctl> real("epoll_ctl");
  if (registration* const known = entry(fd); known != nullptr) {
    const bool leaves = what == EPOLL_CTL_DEL || (event->events & EPOLLET) == 0;
    known->events = leaves ? 0 : event->events;
    known->token = leaves ? 0 : event->data.u64;
    known->epoll = leaves ? -1 : epoll;
  }
  return real(epoll, what, fd, event);
}
}
