// What the resolvers' callers share: the names that are being asked for, the line, the cache, and
// the thread that asks.
//
//             join(): the first                the thread: below the limit
//   (none) ─────────────────────▶ in line ──────────────────────────────────▶ asked
//                                   │ leave(): the last                          │ the answer comes
//                                   ▼                                            ▼
//                                 dropped                                     answered
//
// Invariants:
//  1. A lookup is in `by_host_` from its first join() until it is dropped or answered, so no name
//     is asked for twice at a time.
//  2. The line and the limit, like everything else that callers see, are under one lock; the
//     channels are the thread's alone. No await, no c-ares and no task's wake-up under the lock.
//  3. Its answer is written before a lookup's event is set, and never changes.
//  4. The thread lives from the first lookup until stop(), which leaves none unanswered.
//
// The system's configuration changes while a program runs (a laptop, a container that is moved), so
// a question that comes when the channel has grown old gets a new one, and the old one runs out
// beside it. Watching the file was rejected: c-ares reads four of them, and it is cheap.
#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include <dwell/net/answer_cache.hpp>
#include <dwell/net/dns_channel.hpp>
#include <dwell/net/host_answer.hpp>
#include <dwell/net/resolver.hpp>
#include <dwell/os/descriptor_wait.hpp>
#include <dwell/os/lock.hpp>
#include <dwell/os/thread.hpp>
#include <dwell/sync/event.hpp>

namespace dwell::inline v0::net {

/// A question on its way.
struct lookup {
  explicit lookup(std::string h) : host(std::move(h)) {}

  const std::string host;
  event answered;
  std::shared_ptr<const host_answer> answer;  // before `answered` is set

  // Under the service's lock:
  std::size_t callers = 0;
  bool in_line = false;
  std::list<std::shared_ptr<lookup>>::iterator place = {};  // while it is
};

/// Any thread.
class lookup_service {
 public:
  explicit lookup_service(const resolver_options& options);
  lookup_service(const lookup_service&) = delete;
  lookup_service& operator=(const lookup_service&) = delete;
  ~lookup_service();

  /// The lookup of a name: answered from the cache, under way already, or put in line. Throws
  /// std::system_error, std::bad_alloc. To be paired with leave().
  [[nodiscard]] std::shared_ptr<lookup> join(const std::string& host);
  void leave(lookup& l) noexcept;

  /// Answers what is pending with resolve_failure::abandoned, and ends the thread. Later lookups
  /// are answered so at once.
  void stop() noexcept;

  [[nodiscard]] resolver_statistics statistics() const;

 private:
  using line = std::list<std::shared_ptr<lookup>>;

  [[nodiscard]] static std::shared_ptr<lookup> answered_lookup(
      const std::string& host, std::shared_ptr<const host_answer> answer);
  // Under the lock.
  [[nodiscard]] std::shared_ptr<lookup> put_in_line(const std::string& host);
  void start_thread();

  // The thread's.
  void thread_main() noexcept;
  [[nodiscard]] bool stopping() const noexcept;
  [[nodiscard]] std::shared_ptr<lookup> next_in_line() noexcept;
  void begin(const std::shared_ptr<lookup>& l) noexcept;
  [[nodiscard]] dns_channel& channel();
  void drop_old_channels() noexcept;
  void process_events() noexcept;
  void end(lookup& l, std::shared_ptr<const host_answer> answer) noexcept;

  const resolver_options options_;
  // Made in time, for when nothing can be made any more.
  const std::shared_ptr<const host_answer> abandoned_;
  const std::shared_ptr<const host_answer> no_memory_;

  mutable os::lock lock_;
  // Under the lock:
  std::unordered_map<std::string, std::shared_ptr<lookup>> by_host_;
  line line_;  // oldest first
  answer_cache cache_;
  std::size_t in_flight_ = 0;
  std::uint64_t lookups_ = 0;
  std::uint64_t shared_ = 0;
  std::uint64_t hits_ = 0;
  bool stopping_ = false;
  std::optional<os::thread> thread_;

  std::unique_ptr<os::descriptor_wait> wait_;           // there before the thread is
  std::vector<std::unique_ptr<dns_channel>> channels_;  // the thread's; the last is the newest
};

}  // namespace dwell::inline v0::net
