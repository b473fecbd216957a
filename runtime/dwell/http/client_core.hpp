// What a client is made of, kept by its requests and answers. Not installed.
#pragma once

#include <memory>

#include <dwell/http/client_options.hpp>
#include <dwell/http/exchange.hpp>
#include <dwell/http/request_pool.hpp>
#include <dwell/http/transport.hpp>

namespace dwell::inline v0::http {

struct client_core {
  const client_options options;
  const std::shared_ptr<transport> through;
  request_pool pool;
};

/// One request's exchange and place in the pool: calls the exchange off when it goes, unless it has
/// ended.
class client_exchange {
 public:
  client_exchange(std::shared_ptr<client_core> core, std::unique_ptr<request_pool::place> place,
                  std::shared_ptr<exchange> of) noexcept
      : core_(std::move(core)), place_(std::move(place)), exchange_(std::move(of)) {
    place_->set_exchange(exchange_);
  }
  client_exchange(const client_exchange&) = delete;
  client_exchange& operator=(const client_exchange&) = delete;
  ~client_exchange() { exchange_->call_off(); }

  [[nodiscard]] exchange& operator*() const noexcept { return *exchange_; }
  [[nodiscard]] exchange* operator->() const noexcept { return exchange_.get(); }
  /// The answer has come to its end: the place is free for the next.
  void leave_pool() noexcept { place_.reset(); }

 private:
  const std::shared_ptr<client_core> core_;  // outlives the place, and carries the exchange
  std::unique_ptr<request_pool::place> place_;
  const std::shared_ptr<exchange> exchange_;
};

}  // namespace dwell::inline v0::http
