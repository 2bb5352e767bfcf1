/* Signals: state of a process, sending, delivery. Numbers and structures are those of Linux for i386. */
#ifndef PROCESS_SIGNALS_H
#define PROCESS_SIGNALS_H

#include "arch/arch.h"

struct process;

#define SIGHUP 1
#define SIGINT 2
#define SIGQUIT 3
#define SIGILL 4
#define SIGTRAP 5
#define SIGABRT 6
#define SIGBUS 7
#define SIGFPE 8
#define SIGKILL 9
#define SIGSEGV 11
#define SIGPIPE 13
#define SIGALRM 14
#define SIGCHLD 17
#define SIGCONT 18
#define SIGSTOP 19
#define SIGTSTP 20
#define SIGTTIN 21
#define SIGTTOU 22
#define SIGURG 23
#define SIGVTALRM 26
#define SIGPROF 27
#define SIGWINCH 28
#define SIGNALS 64

#define HANDLER_DEFAULT 0u
#define HANDLER_IGNORE 1u
#define ACTION_NO_CHILD_STOP 0x00000001u
#define ACTION_NO_CHILD_WAIT 0x00000002u
#define ACTION_INFORMATION 0x00000004u
#define ACTION_RESTORER 0x04000000u
#define ACTION_ALTERNATE_STACK 0x08000000u
#define ACTION_RESTART 0x10000000u
#define ACTION_NO_DEFER 0x40000000u
#define ACTION_RESET 0x80000000u

/* si_code values. */
#define CODE_USER 0
#define CODE_KERNEL 128
#define CODE_THREAD (-6)
#define CODE_FAULT_UNMAPPED 1
#define CODE_FAULT_ACCESS 2
#define CODE_CHILD_EXITED 1
#define CODE_CHILD_KILLED 2
#define CODE_CHILD_STOPPED 5
#define CODE_CHILD_CONTINUED 6

struct signal_action {
  uint32_t handler, flags, restorer;
  uint64_t mask;
};
/* What siginfo says; `who` is a process, `value` a status or an address. */
struct signal_information {
  int32_t code;
  uint32_t who, value;
};
struct signals {
  uint64_t pending, blocked;
  /* sigsuspend and its like: the mask to return to once a signal has been delivered. */
  uint64_t blocked_before;
  bool suspended;
  uint32_t alternate_stack, alternate_bytes;
  /* What the last fault was, for the frame. */
  uint32_t fault_vector, fault_error, fault_address;
  struct signal_action actions[SIGNALS];
  struct signal_information information[SIGNALS];
};

static inline uint64_t signal_bit(uint32_t signal) {
  return 1ull << (signal - 1);
}

void signal_send(struct process *process, uint32_t signal, struct signal_information information);
/* The number of processes that got it; 0 if there is no such group. */
uint32_t signal_send_group(uint32_t group, uint32_t signal, struct signal_information information);
/* A fault of the current process: delivered even if blocked or ignored, then deadly. */
void signal_force(uint32_t signal, struct signal_information information);
/* Whether the current process has a signal to take. */
bool signal_waits(const struct process *process);
void signal_blocked_set(uint64_t mask);
/* Blocks other signals until one has been delivered. */
void signals_suspend(uint64_t mask);
/* Delivers what is pending on the way to user mode. */
void signals_deliver(struct registers *registers);
/* exec: handlers become defaults, what is ignored stays so. */
void signals_reset(struct signals *signals);

/* frame.c: 0, or -EFAULT when the stack cannot hold it. */
int frame_push(struct registers *registers, uint32_t signal, const struct signal_action *action, uint64_t mask);

#endif
