#include <utility>

#include <dwell/llm/wire_format.hpp>

namespace dwell::inline v0::llm {

generation question::parameters() const {
  generation chosen = options.parameters;
  const generation& rest = model.parameters;
  if (!chosen.temperature) chosen.temperature = rest.temperature;
  if (!chosen.top_p) chosen.top_p = rest.top_p;
  if (!chosen.max_tokens) chosen.max_tokens = rest.max_tokens;
  if (!chosen.seed) chosen.seed = rest.seed;
  if (chosen.stop.empty()) chosen.stop = rest.stop;
  if (chosen.extra.empty()) chosen.extra = rest.extra;
  return chosen;
}

void answer_builder::add_text(std::string text, std::deque<delta>& pieces) {
  if (text.empty()) return;
  answer_.text += text;
  bytes_ += text.size();
  pieces.push_back({.text = std::move(text)});
}

void answer_builder::add_call(tool_call_delta part, std::deque<delta>& pieces) {
  std::vector<tool_call>& calls = answer_.tool_calls;
  if (part.index > calls.size())
    throw error(failure::malformed, "a tool call of the stream is missing");
  if (part.index == calls.size()) calls.emplace_back();
  tool_call& call = calls[part.index];
  call.id += part.id;
  call.name += part.name;
  call.arguments += part.arguments;
  bytes_ += part.id.size() + part.name.size() + part.arguments.size();
  pieces.push_back({.call = std::move(part)});
}

const wire_format& wire_format::of(wire which) noexcept {
  return which == wire::openai ? openai_format() : anthropic_format();
}

}  // namespace dwell::inline v0::llm
