#include <stdexcept>
#include <utility>

#include <dwell/llm/model_core.hpp>

namespace dwell::inline v0::llm {

namespace {

[[noreturn]] void refuse_options(const std::string& why) {
  throw std::invalid_argument("dwell: llm::model_options: " + why);
}

void check_rate(const rate& r, const std::string& name) {
  if (r.amount < 0 || r.burst < 0 || r.per <= std::chrono::nanoseconds::zero())
    refuse_options(name +
                   " has a negative amount or burst, or no time; an amount of 0 is no limit");
}

model_options checked_options(model_options with) {
  if (with.base_url.empty()) refuse_options("base_url is empty");
  if (with.limits.max_in_flight == 0) refuse_options("max_in_flight is 0; nobody would be asked");
  if (with.retries.max_attempts == 0)
    refuse_options("retries.max_attempts is 0; the first attempt counts, so it is at least 1");
  if (with.hedges > 0 && with.hedge_after <= std::chrono::nanoseconds::zero())
    refuse_options("hedges without a hedge_after; every question would be asked twice at once");
  check_rate(with.limits.requests, "limits.requests");
  check_rate(with.limits.tokens, "limits.tokens");
  if (with.key.empty()) with.key = secret::from_environment(with.key_variable);
  return with;
}

std::string url_of(std::string base, std::string_view path) {
  while (base.ends_with('/')) base.pop_back();
  base += path;
  return base;
}

void limit(std::optional<rate_limiter>& to, const rate& r) {
  if (r.amount > 0) to.emplace(r.amount, r.per, r.burst > 0 ? r.burst : r.amount);
}

}  // namespace

model_core::model_core(std::shared_ptr<http::client> through, const model_options& with)
    : options(checked_options(with)),
      format(wire_format::of(options.wire)),
      url(url_of(options.base_url, format.path())),
      client(std::move(through)),
      places(options.limits.max_in_flight) {
  limit(requests, options.limits.requests);
  limit(tokens, options.limits.tokens);
}

}  // namespace dwell::inline v0::llm
