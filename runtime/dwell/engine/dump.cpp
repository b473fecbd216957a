#include <new>
#include <string_view>

#include <dwell/engine/dump.hpp>
#include <dwell/task/wait.hpp>

namespace dwell::inline v0::engine {

namespace {

// GCC names the function of an await after the coroutine's hidden body: "void
// f(f()::_Z1fv.Frame*)".
std::string_view readable_name(std::string_view name) {
  if (!name.ends_with(".Frame*)")) return name;
  name = name.substr(0, name.find('('));
  return name.substr(name.rfind(' ') + 1);
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

void append_site(std::string& text, const std::source_location& site) {
  text += readable_name(site.function_name());
  text += " (";
  text += site.file_name();
  text.append(":").append(std::to_string(site.line())).append(")");
}

void describe_sleepers(core::cancel_node& top, std::string& text) noexcept {
  top.visit_all_roots(
      [](void* out, core::frame_header& root) {
        const core::wait* const w = root.sleep.sleeping_in();
        if (w == nullptr) return;
        try {
          append_chain(*static_cast<std::string*>(out), *w);
        } catch (const std::bad_alloc&) {
          // The walk holds locks and must go on; a shorter report is better than none.
        }
      },
      &text);
}

}  // namespace dwell::inline v0::engine
