#include <string_view>

#include <dwell/engine/dump.hpp>
#include <dwell/task/wait.hpp>

namespace dwell::inline v0::engine {

namespace {

void append_site(std::string& text, const std::source_location& site) {
  text += site.function_name();
  text += " (";
  text += site.file_name();
  text += ":" + std::to_string(site.line()) + ")";
}

// From the leaf up to the root: the stack that a debugger would show of a thread.
void append_chain(std::string& text, const core::wait& sleeping) {
  text += "  awaits ";
  text += sleeping.kind().name;
  text += "\n";
  std::string_view relation = "    in ";
  for (const core::frame_header* frame = &sleeping.leaf();; frame = &frame->caller()) {
    text += relation;
    append_site(text, frame->where);
    text += "\n";
    relation = "    awaited by ";
    if (frame->is_root()) break;
  }
}

}  // namespace

std::string describe_sleepers(core::cancel_node& top) {
  std::string text;
  top.walk(
      [](void* out, core::cancel_node& node) {
        node.for_each_root(
            [](void* o, core::frame_header& root) {
              if (const core::wait* const w = root.sleep.sleeping_in())
                append_chain(*static_cast<std::string*>(o), *w);
            },
            out);
      },
      &text);
  return text;
}

}  // namespace dwell::inline v0::engine
