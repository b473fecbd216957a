// As cancel_meets_parking, where all scopes expect their cancel.
#include "cancel_world.hpp"

int main(int argc, char** argv) {
  return model::test("cancel: a chain that parks is found where a cancel is expected")
      .main(argc, argv, [] { a_chain_parks(fences::full); });
}
