#include "fiber.hpp"

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <cxxabi.h>
#include <sys/mman.h>

namespace model {
namespace {

constexpr std::size_t stack_size = 256 * 1024;
constexpr std::size_t guard_size = 4096;

fiber* starting = nullptr;

std::byte* map_stack() {
  void* memory = mmap(nullptr, stack_size + guard_size, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED || mprotect(memory, guard_size, PROT_NONE) != 0) {
    std::perror("explorer: cannot map the stack of a model thread");
    std::exit(2);
  }
  return static_cast<std::byte*>(memory);
}

}  // namespace

fiber::~fiber() {
  if (stack_ != nullptr) munmap(stack_, stack_size + guard_size);
}

void fiber::prepare(body what, void* context) {
  if (stack_ == nullptr) stack_ = map_stack();
  body_ = what;
  argument_ = context;
  exceptions_ = {};
  // A fiber abandoned in the middle of a failed execution cannot be resumed: it starts afresh.
  if (!idle_) started_ = false;
}

void fiber::enter() {
  fiber& self = *starting;
  for (;;) {
    self.idle_ = false;
    self.body_(self.argument_);
  }
}

void fiber::start() {
  started_ = true;
  getcontext(&context_);
  context_.uc_stack.ss_sp = stack_ + guard_size;
  context_.uc_stack.ss_size = stack_size;
  context_.uc_link = nullptr;
  makecontext(&context_, &fiber::enter, 0);
  starting = this;
  setcontext(&context_);
}

void fiber::switch_to(fiber& from, fiber& to) {
  void* globals = static_cast<void*>(abi::__cxa_get_globals());
  std::memcpy(&from.exceptions_, globals, sizeof(exception_state));
  std::memcpy(globals, &to.exceptions_, sizeof(exception_state));
  if (_setjmp(from.jump_) != 0) return;
  if (to.started_ || to.stack_ == nullptr) _longjmp(to.jump_, 1);
  to.start();
}

void fiber::finish(fiber& self, fiber& to) {
  self.idle_ = true;
  switch_to(self, to);
}

}  // namespace model
