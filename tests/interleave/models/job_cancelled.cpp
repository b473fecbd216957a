// A job is begun and a cancel comes: the chain goes on once, with the result if the job began.
#include "job_world.hpp"

int main(int argc, char** argv) {
  return model::test("job: begun, ended, cancelled").main(argc, argv, [] {
    job_world w;
    model_runner runner;
    model_job job;
    job_chain chain(job, runner, false);
    {
      auto worker = model::spawn("worker", [&] { w.on_worker([&] { chain.start(); }); });
      auto thread = model::spawn("thread", [&] { runner.run_one(); });
      auto canceller =
          model::spawn("canceller", [&] { w.on_worker([&] { chain.scope.cancel(w); }); });
    }
    runner.run_one();  // the thread may have looked before the job was there
    model::check(chain.ends == 1, "the chain has gone on");
  });
}
