#include <dwell/llm/error.hpp>

namespace dwell::inline v0::llm {

std::string_view in_words(failure reason) noexcept {
  switch (reason) {
    case failure::rate_limited:
      return "rate limited";
    case failure::overloaded:
      return "overloaded";
    case failure::server_failed:
      return "server failed";
    case failure::invalid_request:
      return "invalid request";
    case failure::context_length:
      return "context too long";
    case failure::unauthorized:
      return "unauthorized";
    case failure::out_of_quota:
      return "out of quota";
    case failure::timed_out:
      return "timed out";
    case failure::connection:
      return "connection lost";
    case failure::malformed:
      break;
  }
  return "malformed answer";
}

error::error(failure reason, const std::string& what, const failure_facts& facts)
    : std::runtime_error(what), retry_hint(facts.retry_after), reason_(reason), facts_(facts) {}
error::~error() = default;

bool error::is_transient() const noexcept {
  if (facts_.too_long_to_wait) return false;
  switch (reason_) {
    case failure::rate_limited:
    case failure::overloaded:
    case failure::server_failed:
    case failure::timed_out:
    case failure::connection:
    case failure::malformed:
      return true;
    case failure::invalid_request:
    case failure::context_length:
    case failure::unauthorized:
    case failure::out_of_quota:
      break;
  }
  return false;
}

bool error::is_refusal() const noexcept {
  if (facts_.how_far == http::delivery::nothing_sent) return true;
  if (facts_.status == 0 || facts_.status == 200) return false;
  return reason_ != failure::server_failed && reason_ != failure::timed_out &&
         reason_ != failure::connection && reason_ != failure::malformed;
}

namespace {

// What is no error of ours is not worth another request.
bool look(const std::exception_ptr& failed, bool (*wanted)(const error&)) {
  try {
    std::rethrow_exception(failed);
  } catch (const error& e) {
    return wanted(e);
  } catch (...) {
    return false;
  }
}

}  // namespace

bool retry_transient(const std::exception_ptr& failed) {
  return look(failed, [](const error& e) { return e.is_transient(); });
}

bool retry_refusals(const std::exception_ptr& failed) {
  return look(failed, [](const error& e) { return e.is_transient() && e.is_refusal(); });
}

}  // namespace dwell::inline v0::llm
