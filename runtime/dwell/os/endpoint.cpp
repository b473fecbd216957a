#include <algorithm>
#include <arpa/inet.h>
#include <charconv>
#include <cstddef>
#include <netinet/in.h>
#include <stdexcept>

#include <dwell/os/endpoint.hpp>

namespace dwell::inline v0::os {

namespace {

template <class Native>
endpoint from(const Native& address) noexcept {
  return endpoint::from_native(reinterpret_cast<const sockaddr&>(address), sizeof address);
}

sockaddr_in ipv4(in_addr_t address, std::uint16_t port) noexcept {
  sockaddr_in in{};
  in.sin_family = AF_INET;
  in.sin_port = htons(port);
  in.sin_addr.s_addr = address;
  return in;
}

std::string_view without_brackets(std::string_view ip) noexcept {
  const bool bracketed = ip.size() >= 2 && ip.front() == '[' && ip.back() == ']';
  return bracketed ? ip.substr(1, ip.size() - 2) : ip;
}

constexpr std::size_t path_offset = offsetof(sockaddr_un, sun_path);

}  // namespace

std::optional<endpoint> endpoint::from_ip(std::string_view ip, std::uint16_t port) {
  const std::string text(without_brackets(ip));
  in_addr four{};
  if (inet_pton(AF_INET, text.c_str(), &four) == 1) return from(ipv4(four.s_addr, port));
  sockaddr_in6 six{};
  if (inet_pton(AF_INET6, text.c_str(), &six.sin6_addr) != 1) return std::nullopt;
  six.sin6_family = AF_INET6;
  six.sin6_port = htons(port);
  return from(six);
}

std::optional<endpoint> endpoint::parse(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  const std::string_view ip = text.substr(0, colon);
  // Without brackets nobody can say where an IPv6 address ends and its port begins.
  if (ip.find(':') != std::string_view::npos && ip.front() != '[') return std::nullopt;
  const std::string_view digits = text.substr(colon + 1);
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  if (error != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
  return from_ip(ip, port);
}

endpoint endpoint::loopback(std::uint16_t port) noexcept {
  return from(ipv4(htonl(INADDR_LOOPBACK), port));
}

endpoint endpoint::any(std::uint16_t port) noexcept { return from(ipv4(htonl(INADDR_ANY), port)); }

endpoint endpoint::unix_socket(std::string_view path) {
  sockaddr_un un{};
  if (path.empty() || path.size() >= sizeof un.sun_path)
    throw std::length_error("dwell: the path of a Unix socket has 1 to 107 bytes, not " +
                            std::to_string(path.size()) + ": " + std::string(path));
  un.sun_family = AF_UNIX;
  std::ranges::copy(path, un.sun_path);
  const bool abstract = path.front() == '@';
  if (abstract) un.sun_path[0] = '\0';
  return from_native(reinterpret_cast<const sockaddr&>(un),
                     path_offset + path.size() + (abstract ? 0 : 1));
}

endpoint endpoint::from_native(const sockaddr& address, std::size_t size) noexcept {
  endpoint made;
  const std::size_t kept = std::min(size, sizeof made.storage_);
  std::memcpy(&made.storage_, &address, kept);
  made.size_ = static_cast<socklen_t>(kept);
  return made;
}

endpoint::kind endpoint::family() const noexcept {
  if (size_ < sizeof(sa_family_t)) return kind::none;
  switch (native()->sa_family) {
    case AF_INET:
      return kind::ipv4;
    case AF_INET6:
      return kind::ipv6;
    case AF_UNIX:
      return kind::unix_path;
    default:
      return kind::none;
  }
}

// The port stands at the same place in both families.
std::uint16_t endpoint::port() const noexcept {
  return is_ip() ? ntohs(reinterpret_cast<const sockaddr_in*>(&storage_)->sin_port)
                 : std::uint16_t{0};
}

endpoint endpoint::with_port(std::uint16_t port) const noexcept {
  endpoint moved = *this;
  if (is_ip()) reinterpret_cast<sockaddr_in*>(&moved.storage_)->sin_port = htons(port);
  return moved;
}

std::string endpoint::address() const {
  char text[INET6_ADDRSTRLEN] = {};
  switch (family()) {
    case kind::none:
      return {};
    case kind::ipv4:
      return inet_ntop(AF_INET, &reinterpret_cast<const sockaddr_in*>(&storage_)->sin_addr, text,
                       sizeof text);
    case kind::ipv6:
      return inet_ntop(AF_INET6, &reinterpret_cast<const sockaddr_in6*>(&storage_)->sin6_addr, text,
                       sizeof text);
    case kind::unix_path:
      break;
  }
  if (size_ <= path_offset) return {};
  const char* const path = reinterpret_cast<const sockaddr_un*>(&storage_)->sun_path;
  if (path[0] != '\0') return {path, strnlen(path, size_ - path_offset)};
  return std::string("@").append(path + 1, size_ - path_offset - 1);
}

std::string endpoint::to_string() const {
  switch (family()) {
    case kind::none:
      return "nowhere";
    case kind::ipv4:
      return address() + ":" + std::to_string(port());
    case kind::ipv6:
      return std::string("[").append(address()).append("]:").append(std::to_string(port()));
    case kind::unix_path:
      break;
  }
  return std::string("unix:").append(address());
}

}  // namespace dwell::inline v0::os
