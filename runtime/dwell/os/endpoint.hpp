// Where a socket can be reached: an IP address with a port, or the path of a Unix socket.
#pragma once

#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <sys/socket.h>
#include <sys/un.h>

#include <dwell/base/export.hpp>

namespace dwell::inline v0::os {

/// A value; comparable, printable. An endpoint made by default is of no family and means nothing.
class DWELL_API endpoint {
 public:
  enum class kind : std::uint8_t { none, ipv4, ipv6, unix_path };

  endpoint() noexcept = default;

  /// Numbers only, no names: "127.0.0.1" and "::1" (with or without brackets), or nothing.
  [[nodiscard]] static std::optional<endpoint> from_ip(std::string_view ip, std::uint16_t port);
  /// "127.0.0.1:80" or "[::1]:80", or nothing.
  [[nodiscard]] static std::optional<endpoint> parse(std::string_view text);
  /// 127.0.0.1.
  [[nodiscard]] static endpoint loopback(std::uint16_t port) noexcept;
  /// All addresses of this machine, for listeners and UDP: 0.0.0.0.
  [[nodiscard]] static endpoint any(std::uint16_t port) noexcept;
  /// A Unix socket; a path that begins with '@' is abstract (in no file system). Throws
  /// std::length_error for a path of more than 107 bytes, which the system cannot take.
  [[nodiscard]] static endpoint unix_socket(std::string_view path);
  /// What the system's calls give.
  [[nodiscard]] static endpoint from_native(const sockaddr& address, std::size_t size) noexcept;

  [[nodiscard]] kind family() const noexcept;
  [[nodiscard]] bool is_ip() const noexcept {
    return family() == kind::ipv4 || family() == kind::ipv6;
  }
  /// Zero for what has none.
  [[nodiscard]] std::uint16_t port() const noexcept;
  [[nodiscard]] endpoint with_port(std::uint16_t port) const noexcept;
  /// The address without the port: "127.0.0.1", "::1"; of a Unix socket its path, as it is given to
  /// unix_socket(); empty for the unnamed end of a Unix connection.
  [[nodiscard]] std::string address() const;
  /// As parse() reads it; for a Unix socket "unix:" and the path.
  [[nodiscard]] std::string to_string() const;

  [[nodiscard]] const sockaddr* native() const noexcept {
    return reinterpret_cast<const sockaddr*>(&storage_);
  }
  [[nodiscard]] socklen_t native_size() const noexcept { return size_; }

  friend bool operator==(const endpoint& a, const endpoint& b) noexcept {
    return a.size_ == b.size_ && std::memcmp(&a.storage_, &b.storage_, a.size_) == 0;
  }

 private:
  // sockaddr_un is the longest of those that we speak.
  alignas(8) unsigned char storage_[sizeof(sockaddr_un)] = {};
  socklen_t size_ = 0;
};

}  // namespace dwell::inline v0::os
