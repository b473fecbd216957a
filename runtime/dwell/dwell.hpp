// Dwell's front door: the names users use, and nothing else.
#pragma once

#include <dwell/base/outcome.hpp>
#include <dwell/engine/runtime.hpp>
#include <dwell/engine/settings.hpp>
#include <dwell/scope/gather.hpp>
#include <dwell/scope/random.hpp>
#include <dwell/scope/sleep.hpp>
#include <dwell/scope/spawn.hpp>
#include <dwell/sync/barrier.hpp>
#include <dwell/sync/broadcast.hpp>
#include <dwell/sync/channel.hpp>
#include <dwell/sync/condition.hpp>
#include <dwell/sync/event.hpp>
#include <dwell/sync/latch.hpp>
#include <dwell/sync/mutex.hpp>
#include <dwell/sync/once.hpp>
#include <dwell/sync/oneshot.hpp>
#include <dwell/sync/outside_work.hpp>
#include <dwell/sync/semaphore.hpp>
#include <dwell/sync/shared_mutex.hpp>
#include <dwell/sync/watch.hpp>
#include <dwell/task/cancelled.hpp>
#include <dwell/task/task.hpp>
