// A chain ends, and its frame goes, while its scope and one above it are cancelled.
#include "cancel_world.hpp"

int main(int argc, char** argv) {
  return model::test("cancel: a frame goes at its chain's end, and nobody looks at it then")
      .main(argc, argv, [] { a_chain_ends(fences::asymmetric); });
}
