#include <algorithm>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/uio.h>

#include <dwell/base/panic.hpp>
#include <dwell/os/retried.hpp>
#include <dwell/os/socket.hpp>

namespace dwell::inline v0::os {

namespace {

int native(endpoint::kind family) noexcept {
  switch (family) {
    case endpoint::kind::ipv4:
      return AF_INET;
    case endpoint::kind::ipv6:
      return AF_INET6;
    case endpoint::kind::unix_path:
      return AF_UNIX;
    case endpoint::kind::none:
      break;
  }
  return AF_UNSPEC;
}

sockaddr* room(sockaddr_storage& storage) noexcept { return reinterpret_cast<sockaddr*>(&storage); }

template <class Ask>
endpoint asked(Ask ask) noexcept {
  sockaddr_storage storage{};
  socklen_t size = sizeof storage;
  if (ask(room(storage), &size) != 0) return {};
  return endpoint::from_native(*room(storage), size);
}

// iovec and a span hold the same two words, but the language does not say so.
struct buffer_list {
  template <class Bytes>
  explicit buffer_list(std::span<const Bytes> buffers) noexcept
      : count(std::min(buffers.size(), most_buffers)) {
    for (std::size_t i = 0; i < count; ++i)
      entries[i] = {const_cast<std::byte*>(buffers[i].data()), buffers[i].size()};
  }
  [[nodiscard]] msghdr message() noexcept {
    msghdr m{};
    m.msg_iov = entries;
    m.msg_iovlen = count;
    return m;
  }

  iovec entries[most_buffers];
  std::size_t count;
};

struct native_option {
  int level;
  int name;
};

native_option native(socket_option option) noexcept {
  switch (option) {
    case socket_option::no_delay:
      return {IPPROTO_TCP, TCP_NODELAY};
    case socket_option::keep_alive:
      return {SOL_SOCKET, SO_KEEPALIVE};
    case socket_option::reuse_address:
      return {SOL_SOCKET, SO_REUSEADDR};
    case socket_option::reuse_port:
      return {SOL_SOCKET, SO_REUSEPORT};
    case socket_option::only_ipv6:
      return {IPPROTO_IPV6, IPV6_V6ONLY};
    case socket_option::broadcast:
      return {SOL_SOCKET, SO_BROADCAST};
    case socket_option::receive_buffer:
      return {SOL_SOCKET, SO_RCVBUF};
    case socket_option::send_buffer:
      return {SOL_SOCKET, SO_SNDBUF};
    case socket_option::linger:
      return {SOL_SOCKET, SO_LINGER};
  }
  base::panic("os::set_option", "there is no such option");
}

}  // namespace

io_result open_socket(endpoint::kind family, socket_kind kind) noexcept {
  const int type = kind == socket_kind::stream ? SOCK_STREAM : SOCK_DGRAM;
  return retried([&] { return ::socket(native(family), type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0); });
}

io_result bind_socket(int fd, const endpoint& to) noexcept {
  return retried([&] { return ::bind(fd, to.native(), to.native_size()); });
}

io_result listen_on(int fd, int backlog) noexcept {
  return retried([&] { return ::listen(fd, backlog); });
}

io_result accept_from(int fd, endpoint& peer) noexcept {
  sockaddr_storage storage{};
  socklen_t size = sizeof storage;
  const io_result got = retried([&] {
    size = sizeof storage;
    return accept4(fd, room(storage), &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
  });
  if (got.ok()) peer = endpoint::from_native(*room(storage), size);
  return got;
}

// An interrupted connect goes on by itself; a second call would say EALREADY.
io_result connect_to(int fd, const endpoint& to) noexcept {
  if (::connect(fd, to.native(), to.native_size()) == 0) return {};
  return {.error = errno == EINTR ? EINPROGRESS : errno};
}

io_result connect_result(int fd) noexcept {
  int error = 0;
  socklen_t size = sizeof error;
  if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) != 0) return {.error = errno};
  if (error != 0) return {.error = error};
  // No error yet may mean that it has not ended yet.
  sockaddr_storage storage{};
  socklen_t peer_size = sizeof storage;
  if (getpeername(fd, room(storage), &peer_size) == 0) return {};
  return {.error = errno == ENOTCONN ? EINPROGRESS : errno};
}

io_result receive(int fd, std::span<std::byte> to) noexcept {
  return retried([&] { return ::recv(fd, to.data(), to.size(), 0); });
}

io_result send(int fd, std::span<const std::byte> from) noexcept {
  return retried([&] { return ::send(fd, from.data(), from.size(), MSG_NOSIGNAL); });
}

io_result receive(int fd, std::span<const std::span<std::byte>> to) noexcept {
  buffer_list buffers(to);
  msghdr message = buffers.message();
  return retried([&] { return recvmsg(fd, &message, 0); });
}

io_result send(int fd, std::span<const std::span<const std::byte>> from) noexcept {
  buffer_list buffers(from);
  const msghdr message = buffers.message();
  return retried([&] { return sendmsg(fd, &message, MSG_NOSIGNAL); });
}

io_result receive_from(int fd, std::span<std::byte> to, endpoint& peer) noexcept {
  sockaddr_storage storage{};
  socklen_t size = sizeof storage;
  const io_result got = retried([&] {
    size = sizeof storage;
    return recvfrom(fd, to.data(), to.size(), MSG_TRUNC, room(storage), &size);
  });
  if (got.ok()) peer = endpoint::from_native(*room(storage), size);
  return got;
}

io_result send_to(int fd, std::span<const std::byte> from, const endpoint& peer) noexcept {
  return retried([&] {
    return sendto(fd, from.data(), from.size(), MSG_NOSIGNAL, peer.native(), peer.native_size());
  });
}

io_result shut_down_sending(int fd) noexcept {
  return retried([&] { return ::shutdown(fd, SHUT_WR); });
}

endpoint local_endpoint(int fd) noexcept {
  return asked([&](sockaddr* to, socklen_t* size) { return getsockname(fd, to, size); });
}

endpoint peer_endpoint(int fd) noexcept {
  return asked([&](sockaddr* to, socklen_t* size) { return getpeername(fd, to, size); });
}

io_result set_option(int fd, socket_option option, int value) noexcept {
  const native_option what = native(option);
  const linger lingering{.l_onoff = value >= 0, .l_linger = std::max(value, 0)};
  const bool is_linger = option == socket_option::linger;
  const void* const from = is_linger ? static_cast<const void*>(&lingering) : &value;
  const auto size = static_cast<socklen_t>(is_linger ? sizeof lingering : sizeof value);
  return retried([&] { return setsockopt(fd, what.level, what.name, from, size); });
}

io_result get_option(int fd, socket_option option) noexcept {
  const native_option what = native(option);
  if (option == socket_option::linger) {
    linger lingering{};
    socklen_t size = sizeof lingering;
    const io_result got =
        retried([&] { return getsockopt(fd, what.level, what.name, &lingering, &size); });
    return got.ok() ? io_result{.value = lingering.l_onoff != 0 ? lingering.l_linger : -1} : got;
  }
  int value = 0;
  socklen_t size = sizeof value;
  const io_result got =
      retried([&] { return getsockopt(fd, what.level, what.name, &value, &size); });
  return got.ok() ? io_result{.value = value} : got;
}

}  // namespace dwell::inline v0::os
