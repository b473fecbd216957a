#include <cstdint>
#include <map>
#include <utility>

#include <dwell/llm/json.hpp>
#include <dwell/llm/server_error.hpp>
#include <dwell/llm/wire_format.hpp>

namespace dwell::inline v0::llm {

namespace {

// They want a limit with every question.
constexpr std::uint32_t anthropic_max_tokens = 4096;

// Their tools take an object; a model that wrote something else shall see it again.
json tool_input(const tool_call& call) {
  json input = json::parse(call.arguments, nullptr, false);
  return input.is_object() ? input : json{{"arguments", call.arguments}};
}

json anthropic_blocks(const message& said) {
  json blocks = json::array();
  if (said.role == role::tool)
    return {{{"type", "tool_result"}, {"tool_use_id", said.tool_call_id}, {"content", said.text}}};
  if (!said.text.empty()) blocks.push_back({{"type", "text"}, {"text", said.text}});
  for (const tool_call& call : said.tool_calls)
    blocks.push_back(
        {{"type", "tool_use"}, {"id", call.id}, {"name", call.name}, {"input", tool_input(call)}});
  return blocks;
}

// Turns alternate between the two roles that there are: results of tools are the user's, and
// several of them one message.
void add_anthropic_turn(json& turns, const message& said) {
  const char* const speaker = said.role == role::assistant ? "assistant" : "user";
  if (turns.empty() || turns.back()["role"] != speaker)
    turns.push_back({{"role", speaker}, {"content", json::array()}});
  for (json& block : anthropic_blocks(said)) turns.back()["content"].push_back(std::move(block));
}

void add_anthropic_conversation(json& to, const conversation& asked) {
  std::string system;
  json& turns = to["messages"] = json::array();
  for (const message& said : asked) {
    if (said.role == role::system)
      system += (system.empty() ? "" : "\n\n") + said.text;
    else
      add_anthropic_turn(turns, said);
  }
  if (!system.empty()) to["system"] = system;
}

json anthropic_tool(const tool& offered) {
  json schema = parse_argument(offered.parameters, "llm::tool::parameters of " + offered.name);
  return {{"name", offered.name},
          {"description", offered.description},
          {"input_schema", std::move(schema)}};
}

json anthropic_choice(const std::string& choice) {
  if (choice == "required") return {{"type", "any"}};
  if (choice == "auto" || choice == "none") return {{"type", choice}};
  return {{"type", "tool"}, {"name", choice}};
}

void add_anthropic_parameters(json& to, const generation& chosen) {
  to["max_tokens"] = chosen.max_tokens.value_or(anthropic_max_tokens);
  if (chosen.temperature) to["temperature"] = *chosen.temperature;
  if (chosen.top_p) to["top_p"] = *chosen.top_p;
  if (!chosen.stop.empty()) to["stop_sequences"] = chosen.stop;
  if (!chosen.extra.empty()) to.update(parse_argument(chosen.extra, "llm::generation::extra"));
}

finish_reason anthropic_finish(const std::string& name) {
  if (name == "end_turn" || name == "stop_sequence") return finish_reason::stop;
  if (name == "max_tokens") return finish_reason::length;
  if (name == "tool_use") return finish_reason::tool_calls;
  return name == "refusal" ? finish_reason::content_filter : finish_reason::other;
}

// Each event of a stream has the counts that it knows, which replace earlier ones.
void read_anthropic_usage(const json& from, usage& to) {
  const std::uint64_t input = count_at(from, "input_tokens") +
                              count_at(from, "cache_read_input_tokens") +
                              count_at(from, "cache_creation_input_tokens");
  if (input != 0) to.input_tokens = input;
  const std::uint64_t output = count_at(from, "output_tokens");
  if (output != 0) to.output_tokens = output;
}

void read_anthropic_envelope(const json& from, completion& to) {
  to.id = text_at(from, "id");
  to.model = text_at(from, "model");
  read_anthropic_usage(member(from, "usage"), to.usage);
}

class anthropic_builder final : public answer_builder {
 public:
  bool take(const http::sse::event& e, std::deque<delta>& pieces) override {
    const json said = parse_answer(e.data);
    const std::string type = text_at(said, "type");
    if (type == "error") throw error_of_report(said);
    if (type == "message_start") read_anthropic_envelope(member(said, "message"), answer_);
    if (type == "content_block_start") begin_block(said, pieces);
    if (type == "content_block_delta") add_to_block(said, pieces);
    if (type == "message_delta") finish(said);
    return type == "message_stop";
  }
  bool may_end() const noexcept override { return false; }

 private:
  void begin_block(const json& said, std::deque<delta>& pieces) {
    const json& block = member(said, "content_block");
    add_text(text_at(block, "text"), pieces);
    if (text_at(block, "type") != "tool_use") return;
    const std::size_t call = answer_.tool_calls.size();
    call_of_block_[count_at(said, "index")] = call;
    add_call({.index = call, .id = text_at(block, "id"), .name = text_at(block, "name")}, pieces);
  }

  void add_to_block(const json& said, std::deque<delta>& pieces) {
    const json& part = member(said, "delta");
    add_text(text_at(part, "text"), pieces);
    const std::string more = text_at(part, "partial_json");
    if (more.empty()) return;
    const auto call = call_of_block_.find(count_at(said, "index"));
    if (call == call_of_block_.end())
      throw error(failure::malformed, "arguments of a tool call that did not begin");
    add_call({.index = call->second, .arguments = more}, pieces);
  }

  void finish(const json& said) {
    answer_.finish = anthropic_finish(text_at(member(said, "delta"), "stop_reason"));
    read_anthropic_usage(member(said, "usage"), answer_.usage);
    for (tool_call& call : answer_.tool_calls)  // one without arguments has no piece of them
      if (call.arguments.empty()) call.arguments = "{}";
  }

  std::map<std::uint64_t, std::size_t> call_of_block_;
};

class anthropic final : public wire_format {
 public:
  std::string_view path() const noexcept override { return "/messages"; }

  void authorize(http::fields& to, const secret& key) const override {
    to.set("anthropic-version", "2023-06-01");
    if (!key.empty()) to.set("x-api-key", key.reveal());
  }

  std::string body_of(const question& asked) const override {
    json body{{"model", asked.model.model}};
    add_anthropic_conversation(body, asked.asked);
    for (const tool& offered : asked.options.tools)
      body["tools"].push_back(anthropic_tool(offered));
    if (!asked.options.tool_choice.empty())
      body["tool_choice"] = anthropic_choice(asked.options.tool_choice);
    if (asked.streamed) body["stream"] = true;
    add_anthropic_parameters(body, asked.parameters());
    return text_of(body);
  }

  completion read(const std::string& body) const override {
    const json all = parse_answer(body);
    if (text_at(all, "type") == "error") throw error_of_report(all);
    const json& blocks = member(all, "content");
    if (!blocks.is_array()) throw error(failure::malformed, "the answer has no content");
    completion answer;
    read_anthropic_envelope(all, answer);
    answer.finish = anthropic_finish(text_at(all, "stop_reason"));
    for (const json& block : blocks) {
      answer.text += text_at(block, "text");
      if (text_at(block, "type") == "tool_use")
        answer.tool_calls.push_back({.id = text_at(block, "id"),
                                     .name = text_at(block, "name"),
                                     .arguments = text_of(member(block, "input"))});
    }
    return answer;
  }

  std::unique_ptr<answer_builder> begin_stream() const override {
    return std::make_unique<anthropic_builder>();
  }
};

}  // namespace

const wire_format& anthropic_format() noexcept {
  static const anthropic format;
  return format;
}

}  // namespace dwell::inline v0::llm
