/*
 * The hosted form of a workload: an ordinary Linux program, `twin [scale]`, that prints the lines which the guest
 * prints.
 */
#include <stdio.h>
#include <stdlib.h>

#include "workload.h"

__attribute__((weak)) void workload_prepare(void) {}

int main(int argc, char **argv) {
  const uint32_t scale = argc > 1 ? (uint32_t)strtoul(argv[1], NULL, 10) : DEFAULT_SCALE;
  workload_prepare();
  puts("START");
  printf("END sum=%08x\n", workload_run(scale));
  return 0;
}
