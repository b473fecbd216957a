// A job that may be abandoned ends and a cancel comes: either the chain has the result, or the job
// knows that nobody hears of it.
#include "job_world.hpp"

int main(int argc, char** argv) {
  return model::test("job: ended or abandoned").main(argc, argv, [] {
    job_world w;
    model_runner runner;
    model_job job;
    job_chain chain(job, runner, true);
    {
      auto worker = model::spawn("worker", [&] { w.on_worker([&] { chain.start(); }); });
      auto thread = model::spawn("thread", [&] { runner.run_one(); });
      auto canceller =
          model::spawn("canceller", [&] { w.on_worker([&] { chain.scope.cancel(w); }); });
    }
    runner.run_one();
    model::check(chain.ends == 1, "the chain has gone on");
    model::check(job.heard != chain.abandoned, "both sides agree on who hears of the end");
  });
}
