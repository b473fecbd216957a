// What a question for a host ended with.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <dwell/net/endpoint.hpp>
#include <dwell/net/resolve_error.hpp>

namespace dwell::inline v0::net {

/// Addresses, or why there are none. Shared by all who asked, so nobody changes it.
struct host_answer {
  std::vector<endpoint> addresses = {};
  std::optional<resolve_failure> failure = std::nullopt;
  std::string detail = {};      // of the failure, in words
  std::chrono::seconds ttl{0};  // of the addresses
  bool certain = false;         // of the failure: it may be kept
};

[[nodiscard]] inline std::shared_ptr<const host_answer> failed_answer(resolve_failure failure,
                                                                      std::string detail) {
  host_answer answer;
  answer.failure = failure;
  answer.detail = std::move(detail);
  return std::make_shared<const host_answer>(std::move(answer));
}

}  // namespace dwell::inline v0::net
