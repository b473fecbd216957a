// How many requests go on at a time, and who they are. Not installed.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include <dwell/http/client_options.hpp>
#include <dwell/http/exchange.hpp>
#include <dwell/os/lock.hpp>
#include <dwell/scope/limiter.hpp>

namespace dwell::inline v0::http {

/// A limiter that knows whom it let in, to say so when it is full. Any thread. It must outlive its
/// places and waits.
class request_pool {
 public:
  explicit request_pool(const client_options& options);

  /// One request's share; given back when it goes.
  class place {
   public:
    place(request_pool& pool, limiter::slot slot, const wire_request& asked);
    ~place();
    place(const place&) = delete;
    place& operator=(const place&) = delete;

    /// What it is, from now on.
    void set_exchange(std::shared_ptr<exchange> of) noexcept;

   private:
    friend class request_pool;
    request_pool& pool_;
    const limiter::slot slot_;
    const std::string name_;
    const std::string origin_;
    const std::int64_t since_ns_;
    std::shared_ptr<exchange> exchange_;  // this and what follows: under the pool's lock
    place* previous_ = nullptr;
    place* next_ = nullptr;
  };

  /// Waits for a place, within request_times::pool. Throws request_error, pool_exhausted, which
  /// names the requests that hold the places.
  [[nodiscard]] task<std::unique_ptr<place>> enter(const wire_request& asked);

 private:
  [[nodiscard]] std::string exhausted(const wire_request& asked) const;

  const client_options options_;
  limiter limiter_;
  mutable os::lock lock_;
  place* first_ = nullptr;  // under the lock; in no order
};

}  // namespace dwell::inline v0::http
