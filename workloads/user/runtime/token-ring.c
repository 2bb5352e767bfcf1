#include "token-ring.h"

#include "checksum.h"
#include "program.h"

#define PROCESSES_MAXIMUM 16u
#define WORKING_SET_MAXIMUM (64u * 1024)

static uint32_t memory[WORKING_SET_MAXIMUM / 4];
static uint32_t ring_size, words;
static int32_t pipes[PROCESSES_MAXIMUM][2], children[PROCESSES_MAXIMUM];

/* What one process does with the token: changes its own working set and adds it up. */
static uint32_t visit(uint32_t token) {
  uint32_t sum = 0;
  for (uint32_t word = 0; word < words; word++) sum += memory[word];
  if (words > 0) memory[token % words] += token;
  return fold(token, sum);
}

/* Process n reads pipe n and writes pipe n + 1; every other end is closed, so that the ring ends when it is cut. */
static void keep_ends_of(uint32_t member) {
  for (uint32_t pipe = 0; pipe < ring_size; pipe++) {
    if (pipe != member) call_close(pipes[pipe][0]);
    if (pipe != (member + 1) % ring_size) call_close(pipes[pipe][1]);
  }
}

static __attribute__((noreturn)) void pass_on(uint32_t member) {
  uint32_t token;
  keep_ends_of(member);
  memset(memory, (int)member, words * 4);
  while (read_all(pipes[member][0], &token, sizeof token) == sizeof token) {
    token = visit(token);
    write_all(pipes[(member + 1) % ring_size][1], &token, sizeof token);
  }
  call_exit(0);
}

void ring_open(uint32_t processes, uint32_t working_set) {
  if (processes < 2 || processes > PROCESSES_MAXIMUM || working_set > WORKING_SET_MAXIMUM) fail("ring_open", 0);
  ring_size = processes;
  words = working_set / 4;
  for (uint32_t pipe = 0; pipe < ring_size; pipe++) checked(call_pipe(pipes[pipe]), "pipe");
  for (uint32_t member = 1; member < ring_size; member++) {
    children[member] = checked(call_fork(), "fork");
    if (children[member] == 0) pass_on(member);
  }
  keep_ends_of(0);
}

uint32_t ring_run(uint32_t hops) {
  uint32_t token = CHECKSUM_SEED;
  for (uint32_t hop = 0; hop < hops; hop += ring_size) {
    token = visit(token);
    write_all(pipes[1][1], &token, sizeof token);
    if (read_all(pipes[0][0], &token, sizeof token) != sizeof token) fail("the ring broke", 0);
  }
  return token;
}

void ring_close(void) {
  call_close(pipes[1][1]);
  for (uint32_t member = 1; member < ring_size; member++) wait_for(children[member]);
}
