// What a call says that would block the worker it is made on.
#pragma once

#include <string>

#include <dwell/dwell.hpp>

namespace dwell_test {

template <class F>
std::string refusal_of(F call) {
  try {
    call();
  } catch (const dwell::would_block_worker& error) {
    return error.what();
  }
  return "not refused";
}

}  // namespace dwell_test
