// A less obliging kernel: a shared library that stands between a program and the system's calls on
// sockets, and makes them do what they may do and seldom do.
//
// It takes the calls' place by its position: before libc, as the first library that a program is
// linked with, or by LD_PRELOAD. It touches only sockets that are registered with an
// edge-triggered epoll set; everything else passes.
//
// What makes it true to the kernel: with edges, a call that says "would block" although it would
// not, or a read that is short although there is more, is a lie that nothing ever corrects: a
// program that believes it, as it may, sleeps for ever. So each of them registers the socket anew
// (EPOLL_CTL_MOD), upon which epoll looks at it again and makes a new edge. What the program sees
// is then what it sees when the bytes arrive just after its call. A short write needs no edge: it
// says nothing of the room that is left, and whoever wants to know tries again.
//
// Not touched: read() and write(), through which no socket of ours goes, and an eventfd, which
// neither blocks nor is interrupted.
#pragma once

#include <cstdint>

extern "C" {

enum dwell_fault : unsigned {
  dwell_fault_interrupted,  ///< EINTR of a read, a write or an accept, and nothing done.
  dwell_fault_would_block,  ///< EAGAIN of them, and a new edge.
  dwell_fault_short_read,   ///< Fewer bytes than there are, and a new edge.
  dwell_fault_short_write,  ///< Fewer bytes than there is room for.
  dwell_fault_aborted,      ///< ECONNABORTED of an accept: a connection that went before.
  dwell_fault_connecting,   ///< EINTR of a connect that goes on; EAGAIN of a line that is full.
  dwell_fault_poll,         ///< EINTR of a wait for events.
  dwell_fault_kinds,
};

/// From now on faults are made by this seed; 0: none. A program that does not call it has the seed
/// from the environment, DWELL_TEST_FAULTS_SEED. The n-th call of the process always has the same
/// fault; which thread makes the n-th call is the scheduler's affair.
void dwell_faults_begin(std::uint64_t seed);

/// How many there were of a kind, since the program began.
std::uint64_t dwell_faults_count(unsigned kind);
}
