// What the models of a channel share: a chain that sends one item, a chain that receives one, and
// the production code between them.
#pragma once

#include <dwell/sync/channel_core.cpp>
#include <dwell/sync/wait_queue.cpp>
#include <dwell/task/cancel_node.cpp>
#include <dwell/task/cancelled.cpp>
#include <dwell/task/context.cpp>
#include <dwell/task/park.cpp>

#include "../explorer/model.hpp"
#include "quiet_executor.hpp"

namespace core = dwell::core;
namespace sync_layer = dwell::sync;

/// The scope of one chain.
struct chain_scope final : core::join {
  explicit chain_scope(core::frame_header& r) : root(r) {
    root.continuation = static_cast<core::join*>(this);
    root.root = &root;
  }
  core::frame_header* chain_ended(core::frame_header&) noexcept override { return nullptr; }
  void for_each_root(root_visitor visit, void* context) noexcept override { visit(context, root); }
  core::frame_header& root;
};

struct item final : sync_layer::channel_item {
  static void free(sync_layer::channel_item&) noexcept {}
  model::var<int> value{0};
};

struct sending final : sync_layer::send_wait {
  using send_wait::send_wait;
  using send_wait::sent;
};

struct receiving final : sync_layer::receive_wait {
  using receive_wait::receive_wait;
};

/// A chain of one frame.
struct party {
  party() : scope(header) {}

  void go_on() {
    model::check(++runs == 1, "a chain goes on once");
    model::check(local == 1, "the frame travels with the wake-up");
    local = 2;
  }

  core::promise_base header{std::source_location::current()};
  chain_scope scope;
  model::var<int> local{0};
  int runs = 0;
};

/// Resumes on the spot.
struct channel_world final : quiet_executor {
  using quiet_executor::submit;

  explicit channel_world(std::size_t capacity) : channel(capacity, &item::free) {
    model::per_thread(core::current_context);
    model::name(sender.header.sleep, "sender's sleep word");
    model::name(receiver.header.sleep, "receiver's sleep word");
  }

  void send() {
    sent_item.value = 42;
    start(sender, send_wait);
  }
  void receive() { start(receiver, receive_wait); }

  void submit(core::wait& w) noexcept override {
    static_cast<core::wait*>(&send_wait) == &w ? sender.go_on() : receiver.go_on();
  }

  /// Whether the receiver has the item, which must be whole then.
  [[nodiscard]] bool received() {
    if (receive_wait.item == nullptr) return false;
    model::check(receive_wait.item == &sent_item && sent_item.value == 42, "the item is whole");
    return true;
  }
  /// Whether the item is still in the channel; it is not afterwards.
  [[nodiscard]] bool take_what_is_left() {
    sync_layer::channel_item* left = nullptr;
    return channel.try_receive(left) == sync_layer::channel_core::attempt::done;
  }

  sync_layer::channel_core channel;
  item sent_item;
  party sender;
  party receiver;
  sending send_wait{channel, sent_item};
  receiving receive_wait{channel};

 private:
  template <class Wait>
  void start(party& p, Wait& wait) {
    core::run_context context(*this);
    core::current_context = &context;
    p.local = 1;
    if (!wait.await_suspend(std::coroutine_handle<core::promise_base>::from_promise(p.header)))
      p.go_on();
  }
};
