// A worker that naps while a foreign thread submits: a submission wakes it, or its nap ends, and no
// item lies beside a worker that sleeps afterwards.
#include "idle_world.hpp"

int main(int argc, char** argv) {
  return model::test("idle: no item lies beside a worker that napped")
      .reorderings(1)
      .main(argc, argv, [] {
        idle_world w;
        {
          auto first = model::spawn("worker-0", [&] { w.work(0, true); });
          auto second = model::spawn("worker-1", [&] { w.work(1); });
          auto outside = model::spawn("submitter", [&] {
            w.inject();
            w.inject();
          });
        }
      });
}
