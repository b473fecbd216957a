#include <dwell/engine/core_engine.hpp>
#include <dwell/engine/runtime.hpp>
#include <dwell/task/context.hpp>
#include <dwell/task/would_block_worker.hpp>

namespace dwell::inline v0 {

deadlock_error::deadlock_error(const std::string& report) : std::runtime_error(report) {}
deadlock_error::~deadlock_error() = default;

namespace engine {

void refuse_nested_run(core::frame_header& root, const std::source_location& here) {
  const core::run_context* const context = core::current_context;
  if (context == nullptr) return;
  const std::source_location outer = context->home->run_site();
  const auto site = [](const std::source_location& l) {
    return std::string(l.file_name()) + ":" + std::to_string(l.line());
  };
  root.skipped = true;  // that it never ran is not what to complain of
  throw would_block_worker("run() at " + site(here),
                           "called inside the run() at " + site(outer) +
                               "; a coroutine awaits or spawns a task instead of running it");
}

}  // namespace engine

runtime::runtime(settings s) : engine_(std::make_unique<engine::core_engine>(std::move(s))) {}
runtime::~runtime() = default;

void runtime::run_root(core::frame_header& root, when_stuck policy, std::source_location here) {
  engine_->run_root(root, policy == when_stuck::report, here);
}

void runtime::start_spawned(scope::spawned& child) {
  os::fork_guard::check("runtime::spawn");
  child.start(engine_->executor(), engine_->home());
}

statistics_snapshot runtime::statistics() const { return engine_->statistics(); }

const settings& runtime::active_settings() const noexcept { return engine_->active(); }

}  // namespace dwell::inline v0
