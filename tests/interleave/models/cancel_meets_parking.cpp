// A chain parks in a scope two levels below the one that is cancelled.
#include "cancel_world.hpp"

int main(int argc, char** argv) {
  return model::test("cancel: a chain that parks is found or sees the flag").main(argc, argv, [] {
    a_chain_parks(fences::asymmetric);
  });
}
