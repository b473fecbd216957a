// Dwell's front door: the names users use, and nothing else.
#pragma once

#include <dwell/base/outcome.hpp>
#include <dwell/engine/runtime.hpp>
#include <dwell/engine/settings.hpp>
#include <dwell/scope/as_completed.hpp>
#include <dwell/scope/exception_group.hpp>
#include <dwell/scope/gather.hpp>
#include <dwell/scope/map_limited.hpp>
#include <dwell/scope/race.hpp>
#include <dwell/scope/random.hpp>
#include <dwell/scope/sleep.hpp>
#include <dwell/scope/spawn.hpp>
#include <dwell/scope/task_group.hpp>
#include <dwell/scope/task_status.hpp>
#include <dwell/sync/oneshot.hpp>
#include <dwell/task/cancelled.hpp>
#include <dwell/task/task.hpp>
