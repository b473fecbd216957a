// A name server on this machine that says what a test tells it to, truth or not.
#pragma once

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <cstdint>
#include <map>
#include <mutex>
#include <netinet/in.h>
#include <poll.h>
#include <set>
#include <stdexcept>
#include <string>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>
#include <utility>
#include <vector>

#include <dwell/net/endpoint.hpp>

namespace dwell_test {

/// How a question is answered.
enum class manner {
  plain,
  silent,                // never
  held,                  // when the test calls release()
  empty_first,           // an empty datagram comes first,
  garbage_first,         // or bytes that are no message,
  wrong_id_first,        // or an answer with another address to a question with another number,
  other_question_first,  // or to one for another name
  cut,                   // the second half is missing
  over_tcp,              // "truncated": it has to be asked for again by TCP
};

/// What the server knows of a name.
struct dns_entry {
  std::vector<std::string> a{};
  std::vector<std::string> aaaa{};
  std::string cname{};  // the addresses are this one's
  std::uint32_t ttl = 60;
  std::uint32_t cname_ttl = 60;
  int rcode = 0;
  manner how = manner::plain;
};

constexpr int servfail = 2;
constexpr int nxdomain = 3;
constexpr int refused = 5;

/// Where the answers of liars point to.
inline const std::string wrong_address = "203.0.113.66";

/// A message, put together. By append(): GCC 12 takes some sums of strings for overlapping copies.
class dns_message {
 public:
  using bytes = std::string;

  /// The name and the type that a query asks for; throws std::out_of_range when it asks nothing.
  static std::pair<std::string, int> question_of(const bytes& query) {
    std::string name;
    std::size_t at = 12;
    while (const auto length = static_cast<unsigned char>(query.at(at))) {
      name.append(name.empty() ? "" : ".").append(query.substr(at + 1, length));
      at += 1U + length;
    }
    return {name, number_at(query, at + 1)};
  }

  static bytes answer(const bytes& query, const dns_entry& known) {
    const auto [name, type] = question_of(query);
    const bool four = type == 1;
    const std::vector<std::string>& addresses = four ? known.a : known.aaaa;
    bytes records;
    int count = 0;
    std::string owner = name;
    if (!known.cname.empty()) {
      records += record(owner, 5, known.cname_ttl, encoded(known.cname));
      owner = known.cname;
      ++count;
    }
    if (type == 1 || type == 28)
      for (const std::string& text : addresses) {
        records += record(owner, type, known.ttl, address(four ? AF_INET : AF_INET6, text));
        ++count;
      }
    bytes message = query.substr(0, 2);
    for (const int n : {0x8180 | known.rcode, 1, count, 0, 0}) message.append(number(n));
    return message.append(encoded(name)).append(number(type)).append(number(1)).append(records);
  }

  static bytes number(int n) { return {static_cast<char>(n >> 8), static_cast<char>(n & 0xff)}; }
  static int number_at(const bytes& message, std::size_t at) {
    return static_cast<unsigned char>(message.at(at)) << 8 |
           static_cast<unsigned char>(message.at(at + 1));
  }
  static bytes encoded(const std::string& name) {
    bytes out;
    for (std::size_t at = 0; at < name.size();) {
      const std::size_t dot = std::min(name.find('.', at), name.size());
      out.append(1, static_cast<char>(dot - at)).append(name, at, dot - at);
      at = dot + 1;
    }
    return out.append(1, '\0');
  }

 private:
  static bytes address(int family, const std::string& text) {
    bytes out(family == AF_INET ? 4 : 16, '\0');
    if (inet_pton(family, text.c_str(), out.data()) != 1) throw std::invalid_argument(text);
    return out;
  }
  static bytes record(const std::string& owner, int type, std::uint32_t ttl, const bytes& data) {
    bytes out = encoded(owner);
    const auto high = static_cast<int>(ttl >> 16);
    const auto low = static_cast<int>(ttl & 0xffff);
    for (const int n : {type, 1, high, low, static_cast<int>(data.size())}) out.append(number(n));
    return out.append(data);
  }
};

/// Answers on a port of 127.0.0.1, from a thread of its own, until it is destroyed. Names that it
/// was not told of do not exist.
class dns_server {
 public:
  dns_server() {
    bind_both();
    if (pipe(stop_.data()) != 0) throw std::runtime_error("pipe");
    thread_ = std::thread([this] { serve(); });
  }
  dns_server(const dns_server&) = delete;
  dns_server& operator=(const dns_server&) = delete;
  ~dns_server() {
    close(stop_[1]);
    thread_.join();
    for (const int fd : {stop_[0], udp_, tcp_}) close(fd);
  }

  [[nodiscard]] dwell::net::endpoint at() const { return dwell::net::endpoint::loopback(port_); }

  void set(const std::string& name, dns_entry entry) {
    const std::lock_guard guard(lock_);
    known_[name] = std::move(entry);
  }
  /// Questions for a name's IPv4 addresses that came, by UDP and by TCP.
  [[nodiscard]] int questions(const std::string& name) {
    const std::lock_guard guard(lock_);
    return questions_[name];
  }
  /// The ports that questions came from by UDP.
  [[nodiscard]] std::size_t askers() {
    const std::lock_guard guard(lock_);
    return askers_.size();
  }
  /// Sends what was held back; nothing is held from now on.
  void release() {
    const std::lock_guard guard(lock_);
    holds_ = false;
    for (const auto& [to, message] : held_) send_to(to, message);
    held_.clear();
  }

 private:
  using bytes = dns_message::bytes;

  void bind_both() {
    for (;;) {
      udp_ = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
      tcp_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
      sockaddr_in here{};
      here.sin_family = AF_INET;
      here.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
      socklen_t size = sizeof here;
      auto* const native = reinterpret_cast<sockaddr*>(&here);
      if (bind(udp_, native, size) != 0 || getsockname(udp_, native, &size) != 0)
        throw std::runtime_error("bind");
      port_ = ntohs(here.sin_port);
      if (bind(tcp_, native, size) == 0 && listen(tcp_, 16) == 0) return;
      close(udp_);  // somebody has the port
      close(tcp_);
    }
  }

  void serve() {
    for (;;) {
      std::array<pollfd, 3> watched{{{stop_[0], POLLIN, 0}, {udp_, POLLIN, 0}, {tcp_, POLLIN, 0}}};
      poll(watched.data(), watched.size(), -1);
      if (watched[0].revents != 0) return;
      if (watched[1].revents != 0) serve_datagram();
      if (watched[2].revents != 0) serve_connection();
    }
  }

  void serve_datagram() {
    bytes query(2048, '\0');
    sockaddr_in from{};
    socklen_t size = sizeof from;
    const auto got =
        recvfrom(udp_, query.data(), query.size(), 0, reinterpret_cast<sockaddr*>(&from), &size);
    if (got <= 12) return;
    query.resize(static_cast<std::size_t>(got));
    const std::lock_guard guard(lock_);
    askers_.insert(from.sin_port);
    reply(from, query, noted(query));
  }

  // Under the lock.
  dns_entry noted(const bytes& query) {
    const auto [name, type] = dns_message::question_of(query);
    if (type == 1) ++questions_[name];
    const auto found = known_.find(name);
    return found != known_.end() ? found->second : dns_entry{.rcode = nxdomain};
  }

  void reply(const sockaddr_in& to, const bytes& query, dns_entry entry) {
    bytes message = dns_message::answer(query, entry);
    switch (entry.how) {
      case manner::plain:
        break;
      case manner::silent:
        return;
      case manner::held:
        if (!holds_) break;
        held_.emplace_back(to, message);
        return;
      case manner::empty_first:
        send_to(to, "");
        break;
      case manner::garbage_first:
        send_to(to, message.substr(0, 2).append("not a message at all"));
        send_to(to, "x");
        break;
      case manner::wrong_id_first:
      case manner::other_question_first:
        send_to(to, lie(query, std::move(entry)));
        break;
      case manner::cut:
        message.resize(message.size() - 5);
        break;
      case manner::over_tcp:
        message = dns_message::answer(query, {});
        message[2] = static_cast<char>(message[2] | 2);
        break;
    }
    send_to(to, message);
  }

  static bytes lie(bytes query, dns_entry entry) {
    entry.a = {wrong_address};
    entry.aaaa = {"2001:db8::66"};
    if (entry.how == manner::wrong_id_first)
      query[0] = static_cast<char>(query[0] ^ 0x55);
    else
      query[13] = static_cast<char>(query[13] ^ 1);  // in the name
    return dns_message::answer(query, entry);
  }

  void send_to(const sockaddr_in& to, const bytes& message) const {
    sendto(udp_, message.data(), message.size(), 0, reinterpret_cast<const sockaddr*>(&to),
           sizeof to);
  }

  // One question after the other, until the other side has no more.
  void serve_connection() {
    const int fd = accept(tcp_, nullptr, nullptr);
    bytes size(2, '\0');
    while (recv(fd, size.data(), size.size(), MSG_WAITALL) == 2) {
      bytes query(static_cast<std::size_t>(dns_message::number_at(size, 0)), '\0');
      if (recv(fd, query.data(), query.size(), MSG_WAITALL) <= 12) break;
      const std::lock_guard guard(lock_);
      const bytes message = dns_message::answer(query, noted(query));
      const bytes framed = dns_message::number(static_cast<int>(message.size())).append(message);
      if (send(fd, framed.data(), framed.size(), MSG_NOSIGNAL) < 0) break;
    }
    close(fd);
  }

  int udp_ = -1;
  int tcp_ = -1;
  std::uint16_t port_ = 0;
  std::array<int, 2> stop_{};

  std::mutex lock_;
  std::map<std::string, dns_entry> known_;  // this and what follows: under the lock
  std::map<std::string, int> questions_;
  std::set<in_port_t> askers_;
  std::vector<std::pair<sockaddr_in, bytes>> held_;
  bool holds_ = true;

  std::thread thread_;
};

}  // namespace dwell_test
