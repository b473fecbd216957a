// What the tests of this layer wait with: a coroutine must not block, so it looks and sleeps.
#pragma once

#include <chrono>
#include <stdexcept>

#include <dwell/dwell.hpp>

namespace dwell_test {

/// Waits until `holds()`.
template <class Condition>
dwell::task<> until(Condition holds) {
  while (!holds()) co_await dwell::sleep_for(std::chrono::microseconds(200));
}

/// What fail_when() throws: it cancels the siblings in a gather.
struct called_off : std::runtime_error {
  called_off() : std::runtime_error("called off") {}
};

/// Fails as soon as `holds()`.
template <class Condition>
dwell::task<> fail_when(Condition holds) {
  while (!holds()) co_await dwell::sleep_for(std::chrono::microseconds(200));
  throw called_off();
}

}  // namespace dwell_test
