// What tests of streams do again and again.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <utility>

#include <dwell/net/stream.hpp>

namespace dwell_test {

/// What one read gives, of at most `most` bytes.
template <dwell::net::byte_source S>
dwell::task<std::string> read_text(S& from, std::size_t most = 100) {
  std::string text(most, '\0');
  text.resize(co_await from.read_some(std::as_writable_bytes(std::span(text))));
  co_return text;
}

/// Everything to the end, by reads of at most `step`: small, so that a short text takes several.
template <dwell::net::byte_source S>
dwell::task<std::string> read_all(S& from, std::size_t step = 7) {
  std::string all;
  for (;;) {
    const std::string part = co_await read_text(from, step);
    if (part.empty()) co_return all;
    all += part;
  }
}

/// The errno that an operation fails with, 0 for none.
template <class T>
dwell::task<int> fault_of(dwell::task<T> operation) {
  try {
    (void)co_await std::move(operation);
  } catch (const dwell::net::error& e) {
    co_return e.code().value();
  }
  co_return 0;
}

}  // namespace dwell_test
