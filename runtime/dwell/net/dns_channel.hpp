// A c-ares channel: it asks name servers, and says what it waits for.
//
// Nothing of c-ares shows here, and no other file includes its header. All of a channel belongs to
// one thread, which waits for its descriptors and calls process(): Debian 12's c-ares (1.18) has no
// thread of its own.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include <dwell/net/host_answer.hpp>
#include <dwell/net/resolver.hpp>
#include <dwell/os/descriptor_wait.hpp>

struct ares_addrinfo;
struct ares_channeldata;

namespace dwell::inline v0::net {

class dns_channel {
 public:
  /// Told what a question ended with. Must not throw.
  using answered_function = std::function<void(std::shared_ptr<const host_answer>)>;

  /// Reads the system's configuration. `wait` learns of the channel's descriptors and must outlive
  /// it. Throws std::runtime_error when c-ares cannot be set up.
  dns_channel(const resolver_options& options, os::descriptor_wait& wait);
  dns_channel(const dns_channel&) = delete;
  dns_channel& operator=(const dns_channel&) = delete;
  /// Every question that is pending ends with resolve_failure::abandoned.
  ~dns_channel();

  /// Begins to ask for the addresses of `host`; may have ended when this returns. Throws
  /// std::bad_alloc, and then `answered` is not called.
  void ask(const std::string& host, answered_function answered);
  [[nodiscard]] std::size_t pending() const noexcept { return pending_; }

  /// Something happened to a descriptor; one that is not this channel's does no harm.
  void process(const os::descriptor_events& events) noexcept;
  /// Looks for tries that took too long.
  void process_timeouts() noexcept;
  /// When that is due next.
  [[nodiscard]] std::int64_t deadline_ns(std::int64_t now_ns) const noexcept;

  [[nodiscard]] std::int64_t made_at_ns() const noexcept { return made_at_ns_; }

 private:
  struct question;
  struct destroyer {
    void operator()(ares_channeldata* channel) const noexcept;
  };

  void set_up(const resolver_options& options);
  void end(question& q, int status, ares_addrinfo* found) noexcept;
  [[nodiscard]] host_answer answer_of(int status, const ares_addrinfo* found) const;
  [[nodiscard]] host_answer failure_of(int status) const;

  const std::string tries_;  // in words, for the message of a time-out
  os::descriptor_wait& wait_;
  const std::int64_t made_at_ns_;
  const std::shared_ptr<const host_answer> no_memory_;  // for when there is none
  std::size_t pending_ = 0;
  std::unique_ptr<ares_channeldata, destroyer> channel_;  // the first to go: its end needs the rest
};

}  // namespace dwell::inline v0::net
