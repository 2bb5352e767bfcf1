/* Three programs for the stack machine: recursion, an array, a loop with division. */
#include "assembler.h"
#include "checksum.h"
#include "machine.h"
#include "program.h"

/* The function finds its argument on the stack and leaves its result there. */
static const char fibonacci_text[] =
  "push 17 call @fibonacci halt "
  "fibonacci: duplicate push 2 less jump-if-zero @recur return "
  "recur: duplicate push 1 subtract call @fibonacci swap push 2 subtract call @fibonacci add return ";

/* Cell n is set if n is composite. Cells 2000 to 2002 hold the candidate, its multiple, the number of primes. */
static const char primes_text[] =
  "push 2 push 2000 store "
  "candidate: push 2000 load push 2000 less jump-if-zero @done "
  "push 2000 load load jump-if-zero @prime jump @next "
  "prime: push 2002 load push 1 add push 2002 store push 2000 load duplicate add push 2001 store "
  "strike: push 2001 load push 2000 less jump-if-zero @next push 1 push 2001 load store "
  "push 2001 load push 2000 load add push 2001 store jump @strike "
  "next: push 2000 load push 1 add push 2000 store jump @candidate "
  "done: push 2002 load halt ";

/* The sum of the remainders of 1000003 by 1 to 2999: the divisor in cell 0, the sum in cell 1. */
static const char remainders_text[] =
  "push 1 push 0 store "
  "again: push 0 load push 3000 less jump-if-zero @done "
  "push 1000003 push 0 load remainder push 1 load add push 1 store "
  "push 0 load push 1 add push 0 store jump @again "
  "done: push 1 load halt ";

#define FIBONACCI_OF_17 1597
#define PRIMES_BELOW_2000 303

static struct bytecode fibonacci, primes, remainders;

void workload_prepare(void) {
  assemble(fibonacci_text, &fibonacci);
  assemble(primes_text, &primes);
  assemble(remainders_text, &remainders);
}

uint32_t workload_run(uint32_t scale) {
  uint32_t sum = CHECKSUM_SEED, steps = 0;
  for (uint32_t round = 0; round < scale; round++) {
    const int32_t first = machine_run(&fibonacci, &steps);
    const int32_t second = machine_run(&primes, &steps);
    const int32_t third = machine_run(&remainders, &steps);
    if (first != FIBONACCI_OF_17) fail("the Fibonacci number is wrong", 0);
    if (second != PRIMES_BELOW_2000) fail("the number of primes is wrong", 0);
    sum = fold(fold(fold(fold(sum, (uint32_t)first), (uint32_t)second), (uint32_t)third), steps);
  }
  return sum;
}
