#include <utility>

#include <dwell/llm/json.hpp>
#include <dwell/llm/server_error.hpp>
#include <dwell/llm/wire_format.hpp>

namespace dwell::inline v0::llm {

namespace {

const char* openai_role(role of) {
  switch (of) {
    case role::system:
      return "system";
    case role::assistant:
      return "assistant";
    case role::tool:
      return "tool";
    case role::user:
      break;
  }
  return "user";
}

json openai_message(const message& said) {
  json out{{"role", openai_role(said.role)}, {"content", said.text}};
  if (said.role == role::tool) out["tool_call_id"] = said.tool_call_id;
  if (said.tool_calls.empty()) return out;
  if (said.text.empty()) out["content"] = nullptr;
  json& calls = out["tool_calls"] = json::array();
  for (const tool_call& call : said.tool_calls)
    calls.push_back({{"id", call.id},
                     {"type", "function"},
                     {"function", {{"name", call.name}, {"arguments", call.arguments}}}});
  return out;
}

json openai_tool(const tool& offered) {
  json parameters = parse_argument(offered.parameters, "llm::tool::parameters of " + offered.name);
  return {{"type", "function"},
          {"function",
           {{"name", offered.name},
            {"description", offered.description},
            {"parameters", std::move(parameters)}}}};
}

json openai_choice(const std::string& choice) {
  if (choice == "auto" || choice == "none" || choice == "required") return choice;
  return {{"type", "function"}, {"function", {{"name", choice}}}};
}

void add_openai_parameters(json& to, const generation& chosen) {
  if (chosen.temperature) to["temperature"] = *chosen.temperature;
  if (chosen.top_p) to["top_p"] = *chosen.top_p;
  if (chosen.max_tokens) to["max_tokens"] = *chosen.max_tokens;
  if (chosen.seed) to["seed"] = *chosen.seed;
  if (!chosen.stop.empty()) to["stop"] = chosen.stop;
  if (!chosen.extra.empty()) to.update(parse_argument(chosen.extra, "llm::generation::extra"));
}

finish_reason openai_finish(const std::string& name) {
  if (name == "stop") return finish_reason::stop;
  if (name == "length") return finish_reason::length;
  if (name == "tool_calls" || name == "function_call") return finish_reason::tool_calls;
  return name == "content_filter" ? finish_reason::content_filter : finish_reason::other;
}

// What a whole answer and each piece of a stream have in common.
void read_openai_envelope(const json& from, completion& to) {
  if (member(from, "error").is_object() || member(from, "error").is_string())
    throw error_of_report(from);
  if (to.id.empty()) to.id = text_at(from, "id");
  if (to.model.empty()) to.model = text_at(from, "model");
  const json& counted = member(from, "usage");
  if (!counted.is_object()) return;
  to.usage.input_tokens = count_at(counted, "prompt_tokens");
  to.usage.output_tokens = count_at(counted, "completion_tokens");
}

// Null when there is none: a stream's last piece may have the usage alone.
const json& first_choice(const json& from) {
  static const json none;
  const json& choices = member(from, "choices");
  return choices.is_array() && !choices.empty() ? choices.front() : none;
}

class openai_builder final : public answer_builder {
 public:
  bool take(const http::sse::event& e, std::deque<delta>& pieces) override {
    if (e.data == "[DONE]") return true;
    const json chunk = parse_answer(e.data);
    read_openai_envelope(chunk, answer_);
    const json& choice = first_choice(chunk);
    const json& said = member(choice, "delta");
    add_text(text_at(said, "content"), pieces);
    const json& calls = member(said, "tool_calls");
    if (calls.is_array())
      for (const json& call : calls) take_call(call, pieces);
    const std::string finish = text_at(choice, "finish_reason");
    if (!finish.empty()) finished(finish);
    return false;
  }
  bool may_end() const noexcept override { return finished_; }

 private:
  void take_call(const json& call, std::deque<delta>& pieces) {
    const json& function = member(call, "function");
    add_call({.index = index_of(call),
              .id = text_at(call, "id"),
              .name = text_at(function, "name"),
              .arguments = text_at(function, "arguments")},
             pieces);
  }
  // Some servers count only by giving each call a name of its own.
  [[nodiscard]] std::size_t index_of(const json& call) const {
    if (!member(call, "index").is_null()) return count_at(call, "index");
    const std::size_t begun = answer_.tool_calls.size();
    return begun == 0 || !text_at(call, "id").empty() ? begun : begun - 1;
  }
  void finished(const std::string& name) {
    answer_.finish = openai_finish(name);
    finished_ = true;
  }

  bool finished_ = false;
};

class openai final : public wire_format {
 public:
  std::string_view path() const noexcept override { return "/chat/completions"; }

  void authorize(http::fields& to, const secret& key) const override {
    if (!key.empty()) to.set("Authorization", "Bearer " + std::string(key.reveal()));
  }

  std::string body_of(const question& asked) const override {
    json body{{"model", asked.model.model}, {"messages", json::array()}};
    for (const message& said : asked.asked) body["messages"].push_back(openai_message(said));
    for (const tool& offered : asked.options.tools) body["tools"].push_back(openai_tool(offered));
    if (!asked.options.tool_choice.empty())
      body["tool_choice"] = openai_choice(asked.options.tool_choice);
    if (asked.streamed) {
      body["stream"] = true;
      body["stream_options"] = {{"include_usage", true}};
    }
    add_openai_parameters(body, asked.parameters());
    return text_of(body);
  }

  completion read(const std::string& body) const override {
    const json all = parse_answer(body);
    completion answer;
    read_openai_envelope(all, answer);
    const json& choice = first_choice(all);
    const json& said = member(choice, "message");
    if (!said.is_object()) throw error(failure::malformed, "the answer has no message");
    answer.text = text_at(said, "content");
    answer.finish = openai_finish(text_at(choice, "finish_reason"));
    const json& calls = member(said, "tool_calls");
    if (!calls.is_array()) return answer;
    for (const json& call : calls) {
      const json& function = member(call, "function");
      answer.tool_calls.push_back({.id = text_at(call, "id"),
                                   .name = text_at(function, "name"),
                                   .arguments = text_at(function, "arguments")});
    }
    return answer;
  }

  std::unique_ptr<answer_builder> begin_stream() const override {
    return std::make_unique<openai_builder>();
  }
};

}  // namespace

const wire_format& openai_format() noexcept {
  static const openai format;
  return format;
}

}  // namespace dwell::inline v0::llm
