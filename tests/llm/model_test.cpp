// A model over real sockets: whole answers, streams, troubles and limits.
#include <chrono>
#include <gtest/gtest.h>
#include <string>
#include <utility>
#include <vector>

#include <dwell/dwell.hpp>
#include <dwell/llm/model.hpp>

#include "llm/asking.hpp"

namespace {

using namespace dwell_test;
using namespace std::chrono_literals;
using dwell::task;
using mock_llm::fault;

class a_model : public asking {
 protected:
  static void run(task<> body) { dwell::run(std::move(body), pool()); }
};
INSTANTIATE_TEST_SUITE_P(reactors, a_model, each_reactor(), reactor_name);

TEST_P(a_model, answers_a_prompt) {
  run([]() -> task<> {
    mock_llm::server server;
    {
      const llm::model model(options_for(server.url()));
      const llm::completion answer = co_await model.generate("hello");
      EXPECT_EQ(answer.text, "haiku replied");
      EXPECT_EQ(answer.finish, llm::finish_reason::stop);
      EXPECT_EQ(answer.model, "haiku");
      EXPECT_EQ(answer.usage.output_tokens, 2U);
      EXPECT_EQ(model.statistics().answers, 1U);
      EXPECT_EQ(model.statistics().in_flight, 0U);
    }
    co_await server.stop();
  }());
}

TEST_P(a_model, gives_the_pieces_of_an_answer_as_they_come_and_then_the_whole) {
  run([]() -> task<> {
    mock_llm::behaviour how;
    how.says = [](const mock_llm::question& q) { return "you said " + q.prompt; };
    mock_llm::server server(how);
    {
      const llm::model model(options_for(server.url()));
      llm::completion_stream stream = co_await model.stream("hello");
      EXPECT_EQ(co_await pieces_of(stream), (std::vector<std::string>{"you", " said", " hello"}));
      const llm::completion whole = co_await stream.result();
      EXPECT_EQ(whole.text, "you said hello");
      EXPECT_EQ(whole.usage.output_tokens, 3U);
      EXPECT_EQ(whole.finish, llm::finish_reason::stop);
      EXPECT_EQ(model.statistics().in_flight, 0U);
    }
    co_await server.stop();
  }());
}

}  // namespace
