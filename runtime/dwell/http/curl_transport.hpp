// The transport of production: libcurl, in shards. Not installed.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include <dwell/http/client_options.hpp>
#include <dwell/http/transport.hpp>
#include <dwell/net/resolver.hpp>
#include <dwell/os/lock.hpp>

namespace dwell::inline v0::http {

class curl_shard;

class curl_transport final : public transport {
 public:
  explicit curl_transport(const client_options& options);
  ~curl_transport() override;

  [[nodiscard]] task<std::shared_ptr<exchange>> begin(wire_request asked) override;

 private:
  [[nodiscard]] std::shared_ptr<curl_shard> shard_of(std::string_view origin);
  [[nodiscard]] task<std::vector<net::endpoint>> addresses_of(const wire_request& asked);

  const client_options options_;
  net::resolver resolver_;
  os::lock lock_;
  std::vector<std::shared_ptr<curl_shard>> shards_;  // under the lock; null until it is needed
};

}  // namespace dwell::inline v0::http
