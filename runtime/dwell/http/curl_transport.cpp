#include <chrono>
#include <functional>
#include <utility>

#include <dwell/http/curl_shard.hpp>
#include <dwell/http/curl_transport.hpp>
#include <dwell/scope/timeout.hpp>

namespace dwell::inline v0::http {

namespace {

[[noreturn]] void refuse(const wire_request& asked, request_failure reason, const char* why) {
  throw request_error(
      delivery::nothing_sent, reason,
      asked.name + ": " + std::string(in_words(delivery::nothing_sent)) + ": " + why);
}

}  // namespace

curl_transport::curl_transport(const client_options& options)
    : options_(options), resolver_(options.resolver), shards_(options.shards) {}

curl_transport::~curl_transport() {
  for (const std::shared_ptr<curl_shard>& shard : shards_)
    if (shard != nullptr) shard->stop();
}

// A proxy resolves the hosts itself, and its own name is libcurl's to resolve.
task<std::vector<net::endpoint>> curl_transport::addresses_of(const wire_request& asked) {
  if (!options_.proxy.empty() || net::endpoint::from_ip(asked.host, asked.port)) co_return {};
  try {
    auto resolving = timeout(asked.times.connect, resolver_.resolve(asked.host, asked.port));
    co_return co_await std::move(resolving);
  } catch (const net::resolve_error& e) {
    refuse(asked, request_failure::unresolved, e.what());
  } catch (const timed_out&) {
    refuse(asked, request_failure::timed_out, "nothing came within the limit of connect");
  } catch (const std::system_error& e) {
    refuse(asked, request_failure::local_failure, e.what());
  }
}

task<std::shared_ptr<exchange>> curl_transport::begin(wire_request asked) {
  const std::vector<net::endpoint> addresses = co_await addresses_of(asked);
  const std::shared_ptr<curl_shard> shard = shard_of(asked.origin);
  const auto transfer = std::make_shared<curl_transfer>(std::move(asked), shard);
  transfer->set_up(options_, addresses);
  shard->attend();
  shard->post(*transfer, wish::begin);
  co_return transfer;
}

// Always the same one for an origin: its connections, and their number, are in one place.
std::shared_ptr<curl_shard> curl_transport::shard_of(std::string_view origin) {
  const std::size_t number = std::hash<std::string_view>()(origin) % options_.shards;
  const os::lock_guard guard(lock_);
  std::shared_ptr<curl_shard>& shard = shards_[number];
  if (shard == nullptr) shard = std::make_shared<curl_shard>(options_);
  return shard;
}

}  // namespace dwell::inline v0::http
