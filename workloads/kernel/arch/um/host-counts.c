/* What was asked of the host, for the word `counts`. */
#include "base/text.h"
#include "host.h"

#define MARK_BEGIN 1u
#define MARK_END 2u
#define USAGE_WORDS 18u
#define USAGE_VOLUNTARY_SWITCHES 16u

static struct host_counts own_counts;
struct host_counts *host_counts = &own_counts;
static struct host_counts begun, region;
static bool has_region;

int32_t host_call(uint32_t number, uint32_t a, uint32_t b, uint32_t c, uint32_t d, uint32_t e, uint32_t f) {
  if (number < COUNTED_CALLS) host_counts->calls[number]++;
  if (number == HOST_PTRACE && a < COUNTED_REQUESTS) host_counts->requests[a]++;
  else if (number == HOST_PTRACE) host_counts->other_requests++;
  return host_call_raw(number, a, b, c, d, e, f);
}

static void waits_ask(void) {
  uint32_t usage[USAGE_WORDS];
  if (host_call_raw(HOST_GETRUSAGE, 0, (uint32_t)usage, 0, 0, 0, 0) == 0) host_counts->waits = usage[USAGE_VOLUNTARY_SWITCHES];
}

/* The numbers are words all through. */
static void subtract(struct host_counts *to, const struct host_counts *from) {
  uint32_t *words = (uint32_t *)to;
  for (uint32_t at = 0; at < sizeof *to / sizeof *words; at++) words[at] -= ((const uint32_t *)from)[at];
}

void host_counts_mark(uint8_t value) {
  waits_ask();
  if (value == MARK_BEGIN) begun = *host_counts;
  if (value != MARK_END) return;
  region = *host_counts;
  subtract(&region, &begun);
  has_region = true;
}

static void counts_say(const char *what, const struct host_counts *counts) {
  print("host %s: stops %u ptrace %u waits %u maps %u unmaps %u protects %u clones %u interrupted %u stubs %u\n", what, counts->stops, counts->calls[HOST_PTRACE],
        counts->waits, counts->maps, counts->unmaps, counts->protects, counts->clones, counts->interrupted, counts->interrupted_stubs);
  print("host %s calls:", what);
  for (uint32_t number = 0; number < COUNTED_CALLS; number++) {
    if (counts->calls[number]) print(" %u:%u", number, counts->calls[number]);
  }
  print("\nhost %s requests:", what);
  for (uint32_t request = 0; request < COUNTED_REQUESTS; request++) {
    if (counts->requests[request]) print(" %u:%u", request, counts->requests[request]);
  }
  print(" other:%u\n", counts->other_requests);
}

void host_counts_print(void) {
  waits_ask();
  if (has_region) counts_say("region", &region);
  counts_say("all", host_counts);
}
