// The readable record of one execution.
//
// It is written always and printed only for a failure: a plain struct pushed into a vector that
// keeps its capacity costs less than running the failing execution a second time would complicate.
#pragma once

#include <atomic>
#include <cstdint>
#include <source_location>
#include <string>
#include <vector>

namespace model {

enum class action : std::uint8_t {
  load,
  store,
  update,
  exchange_failed,
  fence,
  light_fence,
  heavy_fence,
  futex_sleep,
  futex_pass,
  futex_wake,
  timeout,
  yield,
  spawn,
  join,
  finish,
  plain_read,
  plain_write,
  born,
  died
};

struct event {
  unsigned thread = 0;
  action what = action::yield;
  std::memory_order order = std::memory_order_relaxed;
  const void* address = nullptr;
  unsigned size = 0;
  std::uint64_t before = 0;
  std::uint64_t after = 0;
  /// Loads: how many newer stores the value ignores. Stores: how many it was put in front of.
  unsigned behind = 0;
  std::source_location where{};
};

class trace {
 public:
  void clear();
  void add(const event& e) { events_.push_back(e); }
  void name_thread(unsigned thread, const char* name);
  void name_region(const void* address, std::size_t size, const char* name);

  /// "deque+64", or the bare address when nothing there has a name.
  std::string describe(const void* address, std::size_t size) const;
  const char* thread_name(unsigned thread) const { return threads_[thread]; }
  std::string text() const;

 private:
  struct region {
    std::uintptr_t address;
    std::size_t size;
    const char* name;
  };

  std::string line(const event& e) const;

  std::vector<event> events_;
  std::vector<region> regions_;
  std::vector<const char*> threads_;
};

}  // namespace model
