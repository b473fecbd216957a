// The depot's shelf: batches of free frames come out whole, no frame twice, and what was done with
// a frame before it was freed is over.
#include <dwell/task/frame_depot.hpp>

#include "../explorer/model.hpp"

namespace {

using dwell::core::frame_shelf;
using dwell::core::free_frame;

struct world {
  struct alignas(16) room {
    unsigned char bytes[32];
  };

  frame_shelf::batch batch(int first) {
    auto* const a = reinterpret_cast<free_frame*>(&rooms[first]);
    auto* const b = reinterpret_cast<free_frame*>(&rooms[first + 1]);
    *a = {b};
    *b = {nullptr};
    ++users[first];
    ++users[first + 1];
    return {a, 2};
  }
  int take() {
    const frame_shelf::batch got = shelf.take();
    std::uint32_t count = 0;
    for (free_frame* f = got.first; f != nullptr; f = f->next, ++count) {
      const auto i = reinterpret_cast<room*>(f) - rooms;
      ++users[i];
      model::check(++taken[i] == 1, "no frame is given out twice");
    }
    model::check(count == got.count, "a batch comes out whole");
    return got.first == nullptr ? 0 : 1;
  }

  frame_shelf shelf;
  room rooms[4];
  model::var<int> users[4];
  int taken[4] = {};
};

}  // namespace

int main(int argc, char** argv) {
  return model::test("frame shelf: batches are whole, and no frame is given out twice")
      .main(argc, argv, [] {
        world w;
        model::name(w.users, "frames");
        int batches = 0;
        {
          auto first = model::spawn("thread-0", [&] {
            w.shelf.put(w.batch(0));
            batches += w.take();
          });
          auto second = model::spawn("thread-1", [&] { w.shelf.put(w.batch(2)); });
          auto third = model::spawn("thread-2", [&] { batches += w.take(); });
        }
        while (w.take() != 0) ++batches;
        model::check(batches == 2, "no batch is lost");
      });
}
