// One connection of a server. Not installed.
//
//            ┌─────────────────────────────── answered, and it is kept ───┐
//            ▼                                                            │
//   wait for a request ──▶ read its head ──▶ handler ──▶ write the answer ┘
//            │                   │          (beside them: watch for the client's leaving)
//            │ goodbye, idle,    │ refused        │ the client left
//            ▼ stop              ▼                ▼
//          close           answer, close     cancel, close
//
// Who reads the connection: until the head is complete this task; then the handler, through the
// request's body; and once the body has come to its end the watch, which reads on for what is next.
// So each byte has one reader, and a client that leaves while its answer is being made is noticed
// at once, unless it still owes a body that nobody reads; then a failing write tells.
//
// What the watch reads belongs to the next request, and stays in the buffer. It stops at a bound,
// or a client could fill the memory with requests that are not yet wanted.
#pragma once

#include <exception>
#include <optional>

#include <dwell/http/body_reader.hpp>
#include <dwell/http/paced_writer.hpp>
#include <dwell/http/request_parser.hpp>
#include <dwell/http/response_head.hpp>
#include <dwell/http/server.hpp>

namespace dwell::inline v0::http {

class connection {
 public:
  connection(server& of, net::any_stream& stream, bool is_secure);

  /// Until it ends. Throws what the stream throws, and timed_out for a client that does not read.
  [[nodiscard]] task<> serve();

 private:
  [[nodiscard]] task<std::optional<request_head>> next_head();
  [[nodiscard]] task<bool> has_begun();
  [[nodiscard]] task<> fill_or_stop();
  [[nodiscard]] task<bool> read_rest(request_parser& parser);
  [[nodiscard]] bool parse(request_parser& parser);

  [[nodiscard]] task<bool> answer(request_head head);
  [[nodiscard]] task<> watch(body_reader& body);
  [[nodiscard]] task<bool> respond_or_lose(request& asked, body_reader& body, bool keep,
                                           std::exception_ptr& loss);
  [[nodiscard]] task<bool> respond(request& asked, body_reader& body, bool keep);
  [[nodiscard]] task<response> handle(request& asked, const body_reader& body);
  [[nodiscard]] response answer_to(const std::exception_ptr& error);
  void note_failure(const std::exception_ptr& error) noexcept;
  [[nodiscard]] task<> send(const response& what, const head_terms& terms, bool is_head);
  [[nodiscard]] task<bool> send_stream(body_producer& from, const body_reader& body, bool chunked);

  [[nodiscard]] task<> refuse(status_error refusal);
  [[nodiscard]] task<> close();
  [[nodiscard]] task<> linger();

  server& server_;
  net::any_stream& stream_;
  const bool is_secure_;
  connection_reader reader_;
  paced_writer writer_;
  bool answered_before_ = false;
};

}  // namespace dwell::inline v0::http
