// Cancelling a task at a moment that the test chooses: a sibling in the same gather fails then.
#pragma once

#include <exception>
#include <utility>

#include <dwell/dwell.hpp>

namespace dwell_test {

/// What the sibling fails with.
class sibling_failed : public std::exception {};

/// Yields until `when()` is true, then fails.
template <class When>
dwell::task<> fail_when(When when) {
  while (!when()) co_await dwell::yield_now();
  throw sibling_failed();
}

/// Runs `victim` and cancels it as soon as `when()` is true. Returns when it has ended.
template <class When>
dwell::task<> cancel_when(dwell::task<> victim, When when) {
  auto both = dwell::gather(std::move(victim), fail_when(std::move(when)));
  try {
    co_await std::move(both);
  } catch (const sibling_failed&) {
  }
}

/// Yields until `when()` is true.
template <class When>
dwell::task<> until(When when) {
  while (!when()) co_await dwell::yield_now();
}

}  // namespace dwell_test
