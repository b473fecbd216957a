// As cancel_meets_end, where both scopes expect their cancel.
#include "cancel_world.hpp"

int main(int argc, char** argv) {
  return model::test("cancel: nobody looks at a frame that is gone where a cancel is expected")
      .main(argc, argv, [] { a_chain_ends(fences::full); });
}
