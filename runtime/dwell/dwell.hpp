// Dwell's front door: the names users use, and nothing else.
#pragma once

#include <dwell/base/outcome.hpp>
#include <dwell/engine/runtime.hpp>
#include <dwell/engine/settings.hpp>
#include <dwell/engine/watchdog.hpp>
#include <dwell/offload/blocking.hpp>
#include <dwell/offload/compute.hpp>
#include <dwell/scope/gather.hpp>
#include <dwell/scope/random.hpp>
#include <dwell/scope/sleep.hpp>
#include <dwell/scope/spawn.hpp>
#include <dwell/sync/oneshot.hpp>
#include <dwell/task/cancelled.hpp>
#include <dwell/task/task.hpp>
