#include <algorithm>
#include <climits>
#include <stdexcept>
#include <utility>

#include <dwell/net/lookup_service.hpp>
#include <dwell/net/resolver.hpp>
#include <dwell/scope/sleep.hpp>
#include <dwell/task/outside_waker.hpp>

namespace dwell::inline v0::net {

namespace {

void refuse(const std::string& what) {
  throw std::invalid_argument("dwell: resolver_options: " + what);
}

const resolver_options& checked(const resolver_options& options) {
  const auto within_a_year = [](auto d) {
    return d.count() >= 0 && d <= std::chrono::hours(24 * 366);
  };
  for (const endpoint& e : options.servers)
    if (!e.is_ip()) refuse("a server is an IP address, not " + e.to_string());
  if (options.timeout.count() <= 0 || options.timeout > std::chrono::hours(1))
    refuse("timeout is more than nothing and at most an hour");
  if (options.tries == 0 || options.tries > 100) refuse("tries is 1 to 100");
  if (options.queries == 0) refuse("queries is at least 1");
  if (!within_a_year(options.reread) || !within_a_year(options.ttl_floor) ||
      !within_a_year(options.ttl_ceiling) || !within_a_year(options.negative_ttl))
    refuse("reread, ttl_floor, ttl_ceiling and negative_ttl are nothing to a year");
  return options;
}

// What C would cut at a zero byte, and what looks like an address and is none, is never asked for.
void require_name(const std::string& host) {
  constexpr std::size_t longest = 254;  // with the dot at the end
  constexpr std::string_view never(":[]/\0 ", 6);
  if (host.empty() || host.size() > longest || host.find_first_of(never) != std::string::npos)
    throw resolve_error(host, resolve_failure::invalid_name, "this can be no name of a host");
}

std::string lower_case(std::string host) {
  for (char& c : host)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return host;
}

/// One caller's part in a lookup.
class lookup_share {
 public:
  lookup_share(lookup_service& service, const std::string& host)
      : service_(service), lookup_(service.join(host)) {}
  lookup_share(const lookup_share&) = delete;
  lookup_share& operator=(const lookup_share&) = delete;
  ~lookup_share() { service_.leave(*lookup_); }

  [[nodiscard]] lookup& operator*() const noexcept { return *lookup_; }

 private:
  lookup_service& service_;
  const std::shared_ptr<lookup> lookup_;
};

std::vector<endpoint> result_of(const host_answer& answer, const std::string& host,
                                std::uint16_t port) {
  if (answer.failure) throw resolve_error(host, *answer.failure, answer.detail);
  std::vector<endpoint> result = answer.addresses;
  for (endpoint& e : result) e = e.with_port(port);
  return result;
}

task<std::vector<endpoint>> resolve_by(std::shared_ptr<lookup_service> service, std::string host,
                                       std::uint16_t port) {
  if (const std::optional<endpoint> numeric = endpoint::from_ip(host, port)) {
    co_await checkpoint();
    co_return std::vector<endpoint>(1, *numeric);
  }
  require_name(host);
  const core::outside_waker may_wake;
  const lookup_share mine(*service, lower_case(host));
  co_await (*mine).answered.wait();
  co_return result_of(*(*mine).answer, host, port);
}

}  // namespace

resolver::resolver(const resolver_options& options)
    : lookups_(std::make_shared<lookup_service>(checked(options))) {}
resolver::~resolver() { lookups_->stop(); }

task<std::vector<endpoint>> resolver::resolve(std::string host, std::uint16_t port) {
  return resolve_by(lookups_, std::move(host), port);
}

resolver_statistics resolver::statistics() const { return lookups_->statistics(); }

}  // namespace dwell::inline v0::net
