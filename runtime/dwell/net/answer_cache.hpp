// The answers of a resolver, for as long as they are good; of too many, those used last.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include <dwell/net/host_answer.hpp>
#include <dwell/net/resolver.hpp>

namespace dwell::inline v0::net {

/// Under its owner's lock. Times are nanoseconds on the monotonic clock, handed in so that tests
/// need not wait. Constant time.
class answer_cache {
 public:
  explicit answer_cache(const resolver_options& options)
      : entries_(options.cache_entries),
        floor_(options.ttl_floor),
        ceiling_(options.ttl_ceiling),
        negative_(options.negative_ttl) {}

  /// Null: none, or too old.
  [[nodiscard]] std::shared_ptr<const host_answer> find(std::string_view host, std::int64_t now_ns);
  /// Keeps it, unless it is not worth it. Throws std::bad_alloc with nothing kept.
  void keep(const std::string& host, std::shared_ptr<const host_answer> answer,
            std::int64_t now_ns);
  [[nodiscard]] std::size_t size() const noexcept { return by_use_.size(); }

 private:
  struct entry {
    std::string host;
    std::shared_ptr<const host_answer> answer;
    std::int64_t good_until_ns;
  };
  using entry_list = std::list<entry>;

  [[nodiscard]] std::chrono::seconds lifetime(const host_answer& answer) const noexcept;
  void erase(entry_list::iterator e) noexcept;

  const std::size_t entries_;
  const std::chrono::seconds floor_;
  const std::chrono::seconds ceiling_;
  const std::chrono::seconds negative_;
  entry_list by_use_;  // the one used last is first
  std::unordered_map<std::string_view, entry_list::iterator> by_host_;
};

}  // namespace dwell::inline v0::net
