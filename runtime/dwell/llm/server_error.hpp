// From what a server says to an llm::error. Not installed.
#pragma once

#include <string>

#include <dwell/http/client_response.hpp>
#include <dwell/http/request_error.hpp>
#include <dwell/llm/error.hpp>
#include <dwell/llm/json.hpp>
#include <dwell/llm/model_options.hpp>

namespace dwell::inline v0::llm {

/// For an answer with a status that is none of success. `body`: all of it, or a beginning.
[[nodiscard]] error error_of_answer(const http::client_response& answer, const std::string& body,
                                    const model_options& model);
/// For an error that came in the place of an answer, or in the middle of one: the member "error".
[[nodiscard]] error error_of_report(const json& report);
/// For a request without an answer, or with a part of one.
[[nodiscard]] error error_of_request(const http::request_error& failed);

/// The same error as people shall see it: with the model's name, and without its key.
[[nodiscard]] error as_shown(const error& e, const model_options& model);

}  // namespace dwell::inline v0::llm
