// What goes over the wire, in both formats: questions as the vendors want them, answers as they
// send them.
#include <deque>
#include <gtest/gtest.h>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include <dwell/llm/model_options.hpp>
#include <dwell/llm/wire_format.hpp>

namespace {

namespace http = dwell::http;
namespace llm = dwell::llm;
using nlohmann::json;

// All that a conversation can hold.
llm::conversation a_conversation() {
  llm::message calls = llm::message::assistant("");
  calls.tool_calls = {{.id = "c1", .name = "add", .arguments = R"({"a":1})"},
                      {.id = "c2", .name = "now", .arguments = "not json"}};
  return {llm::message::system("be brief"), llm::message::user("add"), calls,
          llm::message::tool_result("c1", "2"), llm::message::tool_result("c2", "noon")};
}

llm::generate_options with_tools() {
  llm::generate_options o;
  o.parameters.temperature = 0.5;
  o.parameters.extra = R"({"top_k":3})";
  o.tools = {{.name = "add", .description = "adds", .parameters = R"({"type":"object"})"}};
  o.tool_choice = "add";
  return o;
}

json body_of(const llm::wire_format& format, bool streamed) {
  llm::model_options model;
  model.model = "haiku";
  model.parameters.temperature = 1;
  model.parameters.max_tokens = 77;
  model.parameters.stop = {"END"};
  const llm::conversation asked = a_conversation();
  const llm::generate_options options = with_tools();
  return json::parse(format.body_of({model, asked, options, streamed}));
}

// Feeds the events of a stream; the builder, and the pieces that came.
struct read_stream {
  std::unique_ptr<llm::answer_builder> builder;
  std::deque<llm::delta> pieces{};
  bool ended = false;
};
read_stream read(const llm::wire_format& format, const std::vector<std::string>& events) {
  read_stream all{.builder = format.begin_stream()};
  for (const std::string& data : events) {
    EXPECT_FALSE(all.ended);
    all.ended = all.builder->take({.data = data}, all.pieces);
  }
  return all;
}

TEST(the_openai_format, asks_with_all_that_was_said) {
  EXPECT_EQ(body_of(llm::openai_format(), true), json::parse(R"({
    "model": "haiku",
    "messages": [
      {"role": "system", "content": "be brief"},
      {"role": "user", "content": "add"},
      {"role": "assistant", "content": null, "tool_calls": [
        {"id": "c1", "type": "function", "function": {"name": "add", "arguments": "{\"a\":1}"}},
        {"id": "c2", "type": "function", "function": {"name": "now", "arguments": "not json"}}]},
      {"role": "tool", "content": "2", "tool_call_id": "c1"},
      {"role": "tool", "content": "noon", "tool_call_id": "c2"}],
    "tools": [{"type": "function", "function": {
      "name": "add", "description": "adds", "parameters": {"type": "object"}}}],
    "tool_choice": {"type": "function", "function": {"name": "add"}},
    "temperature": 0.5, "max_tokens": 77, "stop": ["END"], "top_k": 3,
    "stream": true, "stream_options": {"include_usage": true}})"));
}

TEST(the_openai_format, sends_what_is_no_utf8_as_replacement_characters) {
  llm::model_options model;
  const llm::conversation asked{llm::message::user("a\xff")};
  const llm::generate_options options;
  const json body = json::parse(llm::openai_format().body_of({model, asked, options, false}));
  EXPECT_EQ(body["messages"][0]["content"], "a\xEF\xBF\xBD");
}

TEST(the_openai_format, reads_text_tool_calls_and_usage) {
  const llm::completion answer = llm::openai_format().read(R"({
    "id": "x1", "model": "haiku-3", "choices": [{"finish_reason": "tool_calls", "message": {
      "role": "assistant", "content": null, "tool_calls": [
        {"id": "c1", "type": "function", "function": {"name": "add", "arguments": "{\"a\":1}"}}]}}],
    "usage": {"prompt_tokens": 10, "completion_tokens": 5}})");
  EXPECT_EQ(answer.text, "");
  EXPECT_EQ(answer.id, "x1");
  EXPECT_EQ(answer.model, "haiku-3");
  EXPECT_EQ(answer.finish, llm::finish_reason::tool_calls);
  EXPECT_EQ(answer.usage.total(), 15U);
  ASSERT_EQ(answer.tool_calls.size(), 1U);
  EXPECT_EQ(answer.tool_calls[0].id, "c1");
  EXPECT_EQ(answer.tool_calls[0].name, "add");
  EXPECT_EQ(answer.tool_calls[0].arguments, R"({"a":1})");
}

TEST(the_openai_format, puts_a_stream_together) {
  const read_stream all = read(
      llm::openai_format(),
      {R"({"id":"x1","model":"m","choices":[{"delta":{"role":"assistant","content":""}}]})",
       R"({"choices":[{"delta":{"content":"let me "}}],"usage":null})",
       R"({"choices":[{"delta":{"content":"see"}}]})",
       R"({"choices":[{"delta":{"tool_calls":[)"
       R"({"index":0,"id":"c1","function":{"name":"add","arguments":""}}]}}]})",
       R"({"choices":[{"delta":{"tool_calls":[{"index":0,"function":{"arguments":"{\"a\""}},)"
       R"({"index":1,"id":"c2","function":{"name":"now"}}]}}]})",
       R"({"choices":[{"delta":{"tool_calls":[{"index":0,"function":{"arguments":":1}"}}]}}]})",
       R"({"choices":[{"delta":{},"finish_reason":"tool_calls"}]})",
       R"({"choices":[],"usage":{"prompt_tokens":3,"completion_tokens":9}})", "[DONE]"});
  EXPECT_TRUE(all.ended);
  const llm::completion& answer = all.builder->answer();
  EXPECT_EQ(answer.text, "let me see");
  EXPECT_EQ(answer.usage.output_tokens, 9U);
  EXPECT_EQ(answer.finish, llm::finish_reason::tool_calls);
  ASSERT_EQ(answer.tool_calls.size(), 2U);
  EXPECT_EQ(answer.tool_calls[0].arguments, R"({"a":1})");
  EXPECT_EQ(answer.tool_calls[1].name, "now");
  EXPECT_EQ(all.pieces.size(), 6U);
  EXPECT_EQ(all.pieces[2].call->name, "add");
}

TEST(the_openai_format, ends_a_stream_without_its_mark_only_behind_a_reason_to_finish) {
  read_stream all = read(llm::openai_format(), {R"({"choices":[{"delta":{"content":"a"}}]})"});
  EXPECT_FALSE(all.builder->may_end());
  (void)all.builder->take({.data = R"({"choices":[{"finish_reason":"stop"}]})"}, all.pieces);
  EXPECT_TRUE(all.builder->may_end());
}

TEST(the_openai_format, gives_a_tool_call_no_place_that_another_should_have_had) {
  EXPECT_THROW(
      read(llm::openai_format(),
           {R"({"choices":[{"delta":{"tool_calls":[{"index":4000000000,"function":{}}]}}]})"}),
      llm::error);
}

TEST(the_anthropic_format, asks_with_all_that_was_said) {
  EXPECT_EQ(body_of(llm::anthropic_format(), false), json::parse(R"({
    "model": "haiku", "system": "be brief",
    "messages": [
      {"role": "user", "content": [{"type": "text", "text": "add"}]},
      {"role": "assistant", "content": [
        {"type": "tool_use", "id": "c1", "name": "add", "input": {"a": 1}},
        {"type": "tool_use", "id": "c2", "name": "now", "input": {"arguments": "not json"}}]},
      {"role": "user", "content": [
        {"type": "tool_result", "tool_use_id": "c1", "content": "2"},
        {"type": "tool_result", "tool_use_id": "c2", "content": "noon"}]}],
    "tools": [{"name": "add", "description": "adds", "input_schema": {"type": "object"}}],
    "tool_choice": {"type": "tool", "name": "add"},
    "temperature": 0.5, "max_tokens": 77, "stop_sequences": ["END"], "top_k": 3})"));
}

TEST(the_anthropic_format, shows_its_key_where_the_vendor_looks_for_it) {
  http::fields headers;
  llm::anthropic_format().authorize(headers, llm::secret("k"));
  EXPECT_EQ(headers.get("x-api-key"), "k");
  EXPECT_EQ(headers.get("anthropic-version"), "2023-06-01");
  EXPECT_EQ(headers.get("Authorization"), std::nullopt);
}

TEST(the_anthropic_format, reads_text_tool_calls_and_usage) {
  const llm::completion answer = llm::anthropic_format().read(R"({
    "id": "m1", "model": "haiku-3", "stop_reason": "tool_use", "content": [
      {"type": "text", "text": "let me see"},
      {"type": "tool_use", "id": "c1", "name": "add", "input": {"a": 1}}],
    "usage": {"input_tokens": 10, "cache_read_input_tokens": 5, "output_tokens": 7}})");
  EXPECT_EQ(answer.text, "let me see");
  EXPECT_EQ(answer.finish, llm::finish_reason::tool_calls);
  EXPECT_EQ(answer.usage.input_tokens, 15U);
  EXPECT_EQ(answer.usage.output_tokens, 7U);
  ASSERT_EQ(answer.tool_calls.size(), 1U);
  EXPECT_EQ(answer.tool_calls[0].arguments, R"({"a":1})");
}

TEST(the_anthropic_format, puts_a_stream_together) {
  const read_stream all = read(
      llm::anthropic_format(),
      {R"({"type":"message_start","message":{"id":"m1","model":"m","usage":{"input_tokens":4}}})",
       R"({"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}})",
       R"({"type":"ping"})",
       R"({"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"let me"}})",
       R"({"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":" see"}})",
       R"({"type":"content_block_stop","index":0})",
       R"({"type":"content_block_start","index":1,"content_block":)"
       R"({"type":"tool_use","id":"c1","name":"add","input":{}}})",
       R"({"type":"content_block_delta","index":1,"delta":)"
       R"({"type":"input_json_delta","partial_json":"{\"a\""}})",
       R"({"type":"content_block_delta","index":1,"delta":)"
       R"({"type":"input_json_delta","partial_json":":1}"}})",
       R"({"type":"content_block_start","index":2,"content_block":)"
       R"({"type":"tool_use","id":"c2","name":"now","input":{}}})",
       R"({"type":"message_delta","delta":{"stop_reason":"tool_use"},"usage":{"output_tokens":9}})",
       R"({"type":"message_stop"})"});
  EXPECT_TRUE(all.ended);
  const llm::completion& answer = all.builder->answer();
  EXPECT_EQ(answer.text, "let me see");
  EXPECT_EQ(answer.usage.input_tokens, 4U);
  EXPECT_EQ(answer.usage.output_tokens, 9U);
  EXPECT_EQ(answer.finish, llm::finish_reason::tool_calls);
  ASSERT_EQ(answer.tool_calls.size(), 2U);
  EXPECT_EQ(answer.tool_calls[0].arguments, R"({"a":1})");
  EXPECT_EQ(answer.tool_calls[1].arguments, "{}");
}

TEST(the_anthropic_format, tells_what_went_wrong_in_the_middle_of_a_stream) {
  try {
    (void)read(llm::anthropic_format(),
               {R"({"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}})"});
    ADD_FAILURE() << "no error";
  } catch (const llm::error& e) {
    EXPECT_EQ(e.reason(), llm::failure::overloaded);
    EXPECT_FALSE(e.is_refusal());
  }
}

}  // namespace
