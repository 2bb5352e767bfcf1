/*
 * The driver: for each unit `generate | compile`, the object to a file, then a run of it; at the end one process reads
 * all objects and sends their digest back. The stages are this same image in other roles (stages.c).
 */
#include "checksum.h"
#include "program.h"
#include "stages.h"

#define UNITS_MAXIMUM 1000u
#define NUMBER_BYTES 12

static char directory[TEMPORARY_PATH_BYTES];

void workload_prepare(void) {
  /* Its name is the beginning of the names of all objects. */
  call_close(temporary_file(directory, "build"));
}

/* A child in a role, with these standard files; `unused` is an end of a pipe that it must not keep open. */
static int32_t start(char *role, char *argument, int32_t input, int32_t output, int32_t unused) {
  const int32_t child = checked(call_fork(), "fork");
  if (child != 0) return child;
  if (input != STANDARD_INPUT) {
    checked(call_dup2(input, STANDARD_INPUT), "dup2");
    call_close(input);
  }
  if (output != STANDARD_OUTPUT) {
    checked(call_dup2(output, STANDARD_OUTPUT), "dup2");
    call_close(output);
  }
  if (unused != NO_FILE) call_close(unused);
  become(role, argument);
}

static uint32_t build(uint32_t unit) {
  char number[NUMBER_BYTES], object[TEMPORARY_PATH_BYTES];
  int32_t ends[2];
  text_append_decimal(number, unit);
  object_path(object, directory, unit);
  checked(call_pipe(ends), "pipe");
  const int32_t generator = start(GENERATE, number, STANDARD_INPUT, ends[1], ends[0]);
  const int32_t compiler = start(COMPILE, object, ends[0], STANDARD_OUTPUT, ends[1]);
  call_close(ends[0]);
  call_close(ends[1]);
  const uint32_t statuses = wait_for(generator) | wait_for(compiler);
  if (statuses != 0) fail("a stage of the build failed", -(int32_t)statuses);
  return wait_for(start(RUN, object, STANDARD_INPUT, STANDARD_OUTPUT, NO_FILE));
}

/* The linker gets the number of objects in front of their common name. */
static uint32_t link(uint32_t units) {
  char request[NUMBER_BYTES + TEMPORARY_PATH_BYTES];
  int32_t ends[2];
  uint32_t digest;
  text_copy(text_copy(text_append_decimal(request, units), ":"), directory);
  checked(call_pipe(ends), "pipe");
  const int32_t linker = start(LINK, request, STANDARD_INPUT, ends[1], ends[0]);
  call_close(ends[1]);
  if (read_all(ends[0], &digest, sizeof digest) != sizeof digest) fail("the linker sent nothing", 0);
  call_close(ends[0]);
  if (wait_for(linker) != 0) fail("the linker failed", 0);
  return digest;
}

uint32_t workload_run(uint32_t scale) {
  uint32_t sum = CHECKSUM_SEED;
  if (scale > UNITS_MAXIMUM) fail("at most 1000 units", 0);
  for (uint32_t unit = 0; unit < scale; unit++) sum = fold(sum, build(unit));
  sum = fold(sum, link(scale));
  for (uint32_t unit = 0; unit < scale; unit++) {
    char object[TEMPORARY_PATH_BYTES];
    object_path(object, directory, unit);
    checked(call_unlink(object), object);
  }
  return sum;
}

void program_finish(void) {
  checked(call_unlink(directory), "unlink");
}
