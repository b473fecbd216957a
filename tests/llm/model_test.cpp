// A model over real sockets: whole answers, streams, troubles and limits.
#include <chrono>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <string>
#include <utility>
#include <vector>

#include <dwell/dwell.hpp>
#include <dwell/llm/model.hpp>

#include "llm/asking.hpp"
#include "support/cancel_when.hpp"

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
      const std::vector<std::string> pieces = co_await pieces_of(stream);
      EXPECT_THAT(pieces, testing::ElementsAre("you", " said", " hello"));
      const llm::completion whole = co_await stream.result();
      EXPECT_EQ(whole.text, "you said hello");
      EXPECT_EQ(whole.usage.output_tokens, 3U);
      EXPECT_EQ(whole.finish, llm::finish_reason::stop);
      EXPECT_EQ(model.statistics().in_flight, 0U);
    }
    co_await server.stop();
  }());
}

mock_llm::behaviour scripted(std::vector<fault> script) {
  mock_llm::behaviour how;
  how.script = std::move(script);
  return how;
}

TEST_P(a_model, is_asked_again_after_every_kind_of_trouble) {
  run([]() -> task<> {
    mock_llm::server server(
        scripted({fault::refused, fault::overloaded, fault::failed, fault::cut, fault::malformed}));
    {
      llm::model_options with = options_for(server.url());
      with.retries.max_attempts = 6;
      const llm::model model(with);
      const llm::completion answer = co_await model.generate("hello");
      EXPECT_EQ(answer.text, "haiku replied");
      EXPECT_EQ(server.seen().requests, 6);
      EXPECT_EQ(model.statistics().failures, 5U);
    }
    co_await server.stop();
  }());
}

TEST_P(a_model, begins_a_stream_again_until_its_first_piece_has_come) {
  run([]() -> task<> {
    mock_llm::server server(
        scripted({fault::refused, fault::overloaded, fault::failed, fault::malformed}));
    {
      llm::model_options with = options_for(server.url());
      with.retries.max_attempts = 5;
      const llm::model model(with);
      llm::completion_stream stream = co_await model.stream("hello");
      const std::vector<std::string> pieces = co_await pieces_of(stream);
      EXPECT_THAT(pieces, testing::ElementsAre("haiku", " replied"));
      EXPECT_EQ(server.seen().requests, 5);
    }
    co_await server.stop();
  }());
}

TEST_P(a_model, never_begins_a_stream_again_of_which_a_piece_was_given) {
  run([]() -> task<> {
    mock_llm::server server(scripted({fault::cut}));
    {
      const llm::model model(options_for(server.url()));
      llm::completion_stream stream = co_await model.stream("hello");
      const auto first = co_await stream.next();
      EXPECT_EQ(first->text, "haiku");
      for (int i = 0; i < 2; ++i) {  // and says so as often as it is asked
        const auto failed = co_await ask_fault_of(stream.next());
        EXPECT_EQ(failed->reason, llm::failure::connection);
        EXPECT_EQ(failed->how_far, http::delivery::partial_answer);
      }
      EXPECT_EQ(server.seen().requests, 1);
      EXPECT_EQ(model.statistics().in_flight, 0U);
    }
    co_await server.stop();
  }());
}

TEST_P(a_model, gives_up_on_a_stream_that_falls_silent) {
  run([]() -> task<> {
    mock_llm::behaviour how;
    how.per_token = 1h;
    mock_llm::server server(how);
    {
      llm::model_options with = options_for(server.url());
      with.times.idle = 50ms;
      const llm::model model(with);
      llm::completion_stream stream = co_await model.stream("hello");
      const auto first = co_await stream.next();
      EXPECT_EQ(first->text, "haiku");
      const auto failed = co_await ask_fault_of(stream.next());
      EXPECT_EQ(failed->reason, llm::failure::timed_out);
      co_await until([&] { return server.seen().inside == 0; });
    }
    co_await server.stop();
  }());
}

TEST_P(a_model, has_no_more_in_flight_than_may_be) {
  run([]() -> task<> {
    mock_llm::server server(mock_llm::thinking(1ms));
    {
      llm::model_options with = options_for(server.url());
      with.limits.max_in_flight = 3;
      const llm::model model(with);
      std::vector<task<llm::completion>> calls;
      for (int i = 0; i < 20; ++i) calls.push_back(model.generate("hello"));
      (void)co_await dwell::gather(std::move(calls));
      EXPECT_LE(server.seen().most_inside, 3);
      EXPECT_EQ(server.seen().answered, 20);
    }
    co_await server.stop();
  }());
}

TEST_P(a_model, keeps_its_connection_after_an_answer_and_after_a_stream) {
  run([]() -> task<> {
    mock_llm::server server;
    {
      llm::model_options with = options_for(server.url());
      with.limits.max_in_flight = 1;
      const llm::model model(with);
      for (int i = 0; i < 5; ++i) {
        (void)co_await model.generate("hello");
        llm::completion_stream stream = co_await model.stream("hello");
        (void)co_await stream.result();
      }
      EXPECT_EQ(server.connections(), 1U);
    }
    co_await server.stop();
  }());
}

TEST_P(a_model, stops_thinking_when_nobody_waits_any_more) {
  run([]() -> task<> {
    mock_llm::server server(mock_llm::thinking(1h));
    {
      const llm::model model(options_for(server.url()));
      const auto asks = [&]() -> task<> { (void)co_await model.generate("hello"); };
      co_await cancel_when(asks(), [&] { return server.seen().inside == 1; });
      co_await until([&] { return server.seen().inside == 0; });
      EXPECT_EQ(model.statistics().cancelled, 1U);
      EXPECT_EQ(model.statistics().in_flight, 0U);
    }
    co_await server.stop();
  }());
}

TEST_P(a_model, stops_writing_when_its_stream_is_destroyed) {
  run([]() -> task<> {
    mock_llm::behaviour how;
    how.per_token = 1h;
    mock_llm::server server(how);
    {
      const llm::model model(options_for(server.url()));
      {
        llm::completion_stream stream = co_await model.stream("hello");
        const auto first = co_await stream.next();
        EXPECT_EQ(first->text, "haiku");
      }
      co_await until([&] { return server.seen().inside == 0; });
      EXPECT_EQ(model.statistics().cancelled, 1U);
    }
    co_await server.stop();
  }());
}

TEST_P(a_model, that_is_not_there_is_an_error_that_says_so) {
  run([]() -> task<> {
    std::string nowhere;
    {
      mock_llm::server server;
      nowhere = server.url();
      co_await server.stop();
    }
    llm::model_options with = options_for(nowhere);
    with.retries.max_attempts = 2;
    const llm::model model(with);
    const auto failed = co_await ask_fault_of(model.generate("hello"));
    EXPECT_EQ(failed->reason, llm::failure::connection);
    EXPECT_EQ(failed->how_far, http::delivery::nothing_sent);
    EXPECT_EQ(model.statistics().requests, 2U);
  }());
}

}  // namespace
