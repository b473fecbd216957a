// Batches that two workers give back while the reactor takes: every one comes back once, and what
// its last user did with it is over.
#include <dwell/reactor/batch_pool.cpp>

#include "../explorer/model.hpp"

namespace {

using dwell::core::wake_batch;

struct world {
  wake_batch* take() {
    wake_batch* const batch = pool.take();
    if (batch == nullptr) return nullptr;
    model::check(batch->count == 0, "a batch comes empty");
    ++batch->count;
    ++users[index_of(batch)];
    return batch;
  }
  void empty(wake_batch* batch) {
    ++users[index_of(batch)];
    batch->recycle(*batch);
  }
  std::size_t index_of(wake_batch* batch) {
    std::size_t i = 0;
    while (i < 2 && known[i] != batch && known[i] != nullptr) ++i;
    model::check(i < 2, "there are two batches");
    known[i] = batch;
    return i;
  }

  dwell::reactor::batch_pool pool{2};
  wake_batch* known[2] = {};
  model::var<int> users[2];
};

}  // namespace

int main(int argc, char** argv) {
  return model::test("batch pool: each batch comes back once, and whole").main(argc, argv, [] {
    world w;
    model::name(w.users, "batches");
    wake_batch* const first = w.take();
    wake_batch* const second = w.take();
    int taken = 0;
    {
      auto a = model::spawn("worker-0", [&] { w.empty(first); });
      auto b = model::spawn("worker-1", [&] { w.empty(second); });
      auto reactor = model::spawn("reactor", [&] {
        for (int i = 0; i < 2; ++i)
          if (w.take() != nullptr) ++taken;
      });
    }
    while (w.take() != nullptr) ++taken;
    model::check(taken == 2, "no batch is lost, none given out twice");
    model::check(w.pool.exhausted(), "all are out");
  });
}
