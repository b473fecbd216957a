#include <utility>

#include <dwell/llm/completion_stream.hpp>
#include <dwell/llm/open_stream.hpp>

namespace dwell::inline v0::llm {

completion_stream::completion_stream(std::unique_ptr<open_stream> from) noexcept
    : from_(std::move(from)) {}
completion_stream::completion_stream(completion_stream&&) noexcept = default;
completion_stream& completion_stream::operator=(completion_stream&&) noexcept = default;
completion_stream::~completion_stream() = default;

task<std::optional<delta>> completion_stream::next() { return from_->next(); }

task<completion> completion_stream::result() {
  for (;;) {
    const std::optional<delta> piece = co_await next();
    if (!piece) co_return from_->answer();
  }
}

}  // namespace dwell::inline v0::llm
