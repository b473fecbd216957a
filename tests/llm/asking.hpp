// A mock model on loopback for the tests of the client, and what they ask of it.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <dwell/dwell.hpp>
#include <dwell/llm/model.hpp>

#include "examples/mock_llm.hpp"
#include "net/on_reactors.hpp"

namespace dwell_test {

namespace http = dwell::http;
namespace llm = dwell::llm;

/// Runs once for each way of waiting for sockets.
using asking = on_reactors;

/// No key is looked for, and pauses are short.
inline llm::model_options options_for(std::string base_url) {
  llm::model_options o;
  o.base_url = std::move(base_url);
  o.model = "haiku";
  o.key_variable = "";
  o.retries.first_pause = std::chrono::milliseconds(1);
  return o;
}

/// How a call failed; nothing, if it did not.
struct ask_fault {
  llm::failure reason;
  http::delivery how_far;
  int status;
  std::string what;
};
template <class T>
dwell::task<std::optional<ask_fault>> ask_fault_of(dwell::task<T> call) {
  try {
    (void)co_await std::move(call);
  } catch (const llm::error& e) {
    co_return ask_fault{e.reason(), e.how_far(), e.status(), e.what()};
  }
  co_return std::nullopt;
}

/// The pieces of a stream, to its end.
inline dwell::task<std::vector<std::string>> pieces_of(llm::completion_stream& stream) {
  std::vector<std::string> all;
  while (const auto piece = co_await stream.next()) all.push_back(piece->text);
  co_return all;
}

}  // namespace dwell_test
