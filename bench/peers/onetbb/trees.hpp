// The fork trees on oneTBB's task_group: one branch is computed by the caller, the others are
// forked, which is its fastest form; forking the last one too would cost a task for nothing.
#pragma once

#include <cstdint>

#include "../../load/queens.hpp"

namespace bench {

std::uint64_t onetbb_fib(std::uint64_t n);
std::uint64_t onetbb_skynet(std::uint64_t first, std::uint64_t leaves);
std::uint64_t onetbb_nqueens(const queens& placed, std::uint32_t n);

}  // namespace bench
