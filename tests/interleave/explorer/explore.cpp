#include "explore.hpp"

#include <csignal>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <unistd.h>

#include "execution.hpp"
#include "heap.hpp"
#include "model.hpp"

namespace model {
namespace {

constexpr unsigned unbounded = ~0u;

void print_failure(const std::string& failure, const std::string& trace,
                   const std::string& choices) {
  std::printf("%s\nFAILED %s\nreplay with --replay=%s\n", trace.c_str(), failure.c_str(),
              choices.c_str());
  std::fflush(stdout);
}

choices* choices_under_way = nullptr;

// A crash of model code is a finding like any other: say how it came about.
void on_crash(int signal) {
  heap::tracking = false;
  print_failure(std::string("crash: ") + strsignal(signal), now().record().text(),
                choices_under_way->text());
  _exit(1);
}

void catch_crashes() {
  static char stack[64 * 1024];
  stack_t alternative{};
  alternative.ss_sp = stack;
  alternative.ss_size = sizeof stack;
  sigaltstack(&alternative, nullptr);
  struct sigaction action {};
  action.sa_handler = on_crash;
  action.sa_flags = static_cast<int>(SA_ONSTACK | SA_RESETHAND);
  for (const int signal : {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT})
    sigaction(signal, &action, nullptr);
}

/// One exploration under way.
class exploration {
 public:
  exploration(const settings& s, void (*body)(void*), void* argument)
      : settings_(s), body_(body), argument_(argument), execution_(choices_, settings_) {
    choices_under_way = &choices_;
  }

  result replay(const char* list) {
    if (!choices_.follow(list)) {
      std::fprintf(stderr, "not a list of choices: %s\n", list);
      std::exit(2);
    }
    once(unbounded, false);
    result_.trace = execution_.record().text();
    return std::move(result_);
  }

  result everything() {
    result_.exhausted = true;
    for (unsigned bound = first_bound(); bound <= settings_.preemptions; ++bound) {
      if (!search(bound)) return std::move(result_);
    }
    draw();
    return std::move(result_);
  }

 private:
  // Deepening to a bound that nothing reaches would repeat the whole search at every level.
  unsigned first_bound() const { return settings_.preemptions > 4 ? settings_.preemptions : 0; }

  // False when there is nothing more to do: a failure, or the limit.
  bool search(unsigned bound) {
    choices_.search();
    do {
      if (result_.executions == settings_.limit) {
        result_.exhausted = false;
        result_.failed = true;
        result_.failure = "not exhausted within the limit: a smaller model, or a larger limit";
        return false;
      }
      ++result_.executions;
      if (!once(bound, true)) return false;
    } while (choices_.advance());
    return true;
  }

  void draw() {
    for (std::uint64_t i = 0; i < settings_.random; ++i) {
      ++result_.random_executions;
      choices_.draw(settings_.seed + i * 0x632be59bd9b4e019u);
      if (!once(unbounded, false)) return;
    }
  }

  bool once(unsigned bound, bool searching) {
    choices_.rewind();
    execution_.run(body_, argument_, bound, searching);
    heap::release_all();
    if (execution_.cut()) {
      ++result_.cut;
      return true;
    }
    if (!execution_.outcome().empty()) ++result_.outcomes[execution_.outcome()];
    if (!execution_.failed()) return true;
    result_.failed = true;
    result_.failure = execution_.failure();
    result_.trace = execution_.record().text();
    result_.choices = choices_.text();
    return false;
  }

  const settings& settings_;
  void (*body_)(void*);
  void* argument_;
  choices choices_;
  execution execution_;
  result result_;
};

bool number_option(const char* argument, const char* name, std::uint64_t& value) {
  const std::size_t length = std::strlen(name);
  if (std::strncmp(argument, name, length) != 0 || argument[length] != '=') return false;
  value = std::strtoull(argument + length + 1, nullptr, 0);
  return true;
}

constexpr const char* usage =
    "options: --preemptions=N --reorderings=N --random=N --seed=N --limit=N --replay=CHOICES\n";

/// The list of choices to replay, or null.
const char* parse(settings& s, int argc, char** argv) {
  const char* replay = nullptr;
  for (int i = 1; i < argc; ++i) {
    std::uint64_t preemptions = s.preemptions, reorderings = s.reorderings;
    if (number_option(argv[i], "--preemptions", preemptions) ||
        number_option(argv[i], "--reorderings", reorderings) ||
        number_option(argv[i], "--random", s.random) || number_option(argv[i], "--seed", s.seed) ||
        number_option(argv[i], "--limit", s.limit)) {
      s.preemptions = static_cast<unsigned>(preemptions);
      s.reorderings = static_cast<unsigned>(reorderings);
    } else if (std::strncmp(argv[i], "--replay=", 9) == 0) {
      replay = argv[i] + 9;
    } else {
      std::fputs(usage, stderr);
      std::exit(2);
    }
  }
  return replay;
}

}  // namespace

void observe(const char* format, ...) {
  heap::engine_scope engine;
  char text[256];
  std::va_list arguments;
  va_start(arguments, format);
  std::vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  now().outcome() = text;
}

result test::run(void (*body)(void*), void* argument, const char* replay) const {
  catch_crashes();
  exploration e(settings_, body, argument);
  return replay != nullptr ? e.replay(replay) : e.everything();
}

int test::main_with(void (*body)(void*), void* argument, int argc, char** argv) {
  const char* replay = parse(settings_, argc, argv);
  const result r = run(body, argument, replay);
  std::printf("%s\n", settings_.name);
  if (replay != nullptr && !r.failed) std::printf("%s\npassed\n", r.trace.c_str());
  if (r.failed) print_failure(r.failure, r.trace, r.choices);
  if (r.failed || replay != nullptr) return r.failed ? 1 : 0;
  std::string bound = "with up to " + std::to_string(settings_.preemptions) + " preemptions";
  if (settings_.reorderings != ~0u)
    bound += " and " + std::to_string(settings_.reorderings) + " reorderings";
  std::printf("passed: all executions %s (%llu, %llu of them cut short), %llu random (seed %llu)\n",
              bound.c_str(), static_cast<unsigned long long>(r.executions),
              static_cast<unsigned long long>(r.cut),
              static_cast<unsigned long long>(r.random_executions),
              static_cast<unsigned long long>(settings_.seed));
  return 0;
}

}  // namespace model
