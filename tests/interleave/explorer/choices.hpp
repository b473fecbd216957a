// Every nondeterministic decision of an execution, in the order in which it was taken.
//
// An execution is a function of its choices: which thread runs, which store a load reads, who is
// woken. So the search is a counter with mixed radices (advance() bumps the last digit that can be
// bumped), a random run draws digits, and a replay is the list of digits.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace model {

/// What is decided; random runs draw each kind from its own distribution.
enum class choice_kind { schedule, value, other };

class choices {
 public:
  /// Starts a depth-first search at its leftmost execution.
  void search();
  /// Draws all further choices from this seed.
  void draw(std::uint64_t seed);
  /// Follows a list that text() made; false when it is not one.
  bool follow(const char* text);

  /// Called before each execution.
  void rewind() { next_ = 0; }
  /// One of 0 … count-1. By convention 0 is the tame choice: go on, read the newest.
  unsigned pick(unsigned count, choice_kind kind);
  /// Moves the search to its next execution; false when there is none.
  bool advance();

  std::string text() const;

 private:
  enum class mode { search, draw, follow };
  struct choice {
    unsigned taken;
    unsigned count;
  };

  unsigned first_visit(unsigned count, choice_kind kind);
  std::uint64_t random();

  mode mode_ = mode::search;
  std::vector<choice> taken_;
  std::vector<unsigned> script_;
  std::size_t next_ = 0;
  std::uint64_t random_ = 0;
  unsigned tameness_ = 2;
};

}  // namespace model
