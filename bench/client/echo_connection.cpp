// A connection of the neutral client (see echo_connection.hpp).
#include "echo_connection.hpp"

#include <cerrno>
#include <cstring>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdexcept>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>

#include "../harness/resources.hpp"

namespace bench {

namespace {

constexpr std::uint32_t connections_per_address = 10'000;

sockaddr_in loopback(std::uint32_t host, std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK + host);
  address.sin_port = htons(port);
  return address;
}

template <class Value>
bool set_option(int descriptor, int level, int name, const Value& value) {
  return setsockopt(descriptor, level, name, &value, sizeof value) == 0;
}

std::string silence() { return "no answer within " + std::to_string(patience.count()) + " s"; }

}  // namespace

echo_connection::echo_connection(std::uint16_t port, std::uint32_t id, const tls_trust* trust)
    : descriptor_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)), id_(id) {
  if (descriptor_ < 0) fail(std::string("no socket: ") + std::strerror(errno));
  try {
    limit_waiting();
    connect_to(port);
    if (trust != nullptr && !tls_.emplace(*trust, descriptor_).handshake()) {
      fail("TLS handshake: " + tls_session::complaint());
    }
  } catch (...) {
    close(descriptor_);
    throw;
  }
}

echo_connection::echo_connection(echo_connection&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)),
      id_(other.id_),
      request_(other.request_),
      heard_(other.heard_),
      asked_at_ns_(other.asked_at_ns_),
      sent_(other.sent_),
      tls_(std::move(other.tls_)) {}

echo_connection::~echo_connection() {
  if (descriptor_ >= 0) close(descriptor_);
}

void echo_connection::limit_waiting() {
  const timeval limit{patience.count(), 0};
  // SO_SNDTIMEO limits connect() as well.
  const bool set = set_option(descriptor_, SOL_SOCKET, SO_RCVTIMEO, limit) &&
                   set_option(descriptor_, SOL_SOCKET, SO_SNDTIMEO, limit) &&
                   set_option(descriptor_, IPPROTO_TCP, TCP_NODELAY, 1);
  if (!set) fail(std::string("setsockopt: ") + std::strerror(errno));
}

void echo_connection::connect_to(std::uint16_t port) {
  const auto source = loopback(id_ / connections_per_address, 0);
  const auto server = loopback(0, port);
  // Without it bind() takes a port that no connection at all has, instead of one that is free
  // towards this server.
  set_option(descriptor_, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1);
  const auto raw = [](const sockaddr_in& address) {
    return reinterpret_cast<const sockaddr*>(&address);
  };
  if (bind(descriptor_, raw(source), sizeof source) != 0 ||
      connect(descriptor_, raw(server), sizeof server) != 0) {
    fail(errno == EINPROGRESS ? silence() : std::string("connect: ") + std::strerror(errno));
  }
}

void echo_connection::ask() {
  sent_ = payload_of(id_, ++request_);
  heard_ = 0;
  asked_at_ns_ = now_ns();
  if (tls_) {
    if (!tls_->send(sent_.data(), sizeof sent_)) fail("TLS: " + tls_session::complaint());
    return;
  }
  const auto count = send(descriptor_, sent_.data(), sizeof sent_, MSG_NOSIGNAL);
  // The buffer is empty: the request before has been answered. So all of it fits.
  if (count != static_cast<ssize_t>(sizeof sent_)) {
    fail(std::string("send: ") + std::strerror(errno));
  }
}

long echo_connection::receive(char* bytes, std::size_t room, bool wait) {
  if (tls_) return tls_->receive(bytes, room);
  return recv(descriptor_, bytes, room, wait ? 0 : MSG_DONTWAIT);
}

bool echo_connection::take(bool wait) {
  char bytes[2 * sizeof(payload)];  // room to see that a reply is too long
  const auto count = receive(bytes, sizeof bytes, wait);
  if (count == 0) fail("the server closed it");
  if (count < 0 && tls_) fail("TLS: " + tls_session::complaint());
  if (count < 0) {
    if (errno == EINTR) return false;
    if (errno != EAGAIN) fail(std::string("recv: ") + std::strerror(errno));
    if (wait) fail(silence());
    return false;
  }
  check(bytes, static_cast<std::size_t>(count));
  return heard_ == sizeof sent_;
}

void echo_connection::check(const char* bytes, std::size_t count) {
  if (count > sizeof sent_ - heard_) fail("more came back than was sent");
  if (std::memcmp(reinterpret_cast<const char*>(sent_.data()) + heard_, bytes, count) != 0) {
    fail("something else came back than was sent");
  }
  heard_ += count;
}

void echo_connection::ask_and_wait() {
  ask();
  while (!take(true)) {
  }
}

void echo_connection::expect_silence() {
  if (tls_ && tls_->holds_more()) fail("more came back than was sent");
  char byte = 0;
  const auto count = recv(descriptor_, &byte, 1, MSG_DONTWAIT);
  if (count > 0) fail("more came back than was sent");
  if (count == 0) fail("the server closed it");
  if (errno != EAGAIN) fail(std::string("recv: ") + std::strerror(errno));
}

void echo_connection::reset_on_close() {
  if (!set_option(descriptor_, SOL_SOCKET, SO_LINGER, linger{1, 0})) {
    fail(std::string("SO_LINGER: ") + std::strerror(errno));
  }
}

void echo_connection::fail(const std::string& why) const {
  throw std::runtime_error("connection " + std::to_string(id_) + ", request " +
                           std::to_string(request_) + ": " + why);
}

}  // namespace bench
