/* poll and select: look at all, and if nothing is ready sleep until anything happens, then look again. */
#include "base/errors.h"
#include "base/text.h"
#include "files/file.h"
#include "memory/heap.h"
#include "process/calls.h"
#include "process/process.h"
#include "process/time.h"

struct poll_entry {
  int32_t descriptor;
  uint16_t wanted, ready;
};
#define ENTRIES_MOST (PAGE_BYTES / sizeof(struct poll_entry))
#define ALWAYS_TOLD (POLL_ERROR | POLL_HANG_UP | POLL_INVALID)
#define SET_BYTES (DESCRIPTORS / 8)
#define MASK_BYTES 8u

struct limit_of_wait {
  bool timed;
  uint32_t deadline;
};

static uint32_t readiness(uint32_t descriptor) {
  struct file *file = descriptor_file(descriptor);
  if (!file) return POLL_INVALID;
  return file->kind->poll ? file->kind->poll(file) : POLL_IN | POLL_OUT;
}

static int entries_look(struct poll_entry *entries, uint32_t count) {
  int ready = 0;
  for (uint32_t at = 0; at < count; at++) {
    entries[at].ready = 0;
    if (entries[at].descriptor < 0) continue;
    entries[at].ready = (uint16_t)(readiness((uint32_t)entries[at].descriptor) & (entries[at].wanted | ALWAYS_TOLD));
    if (entries[at].ready) ready++;
  }
  return ready;
}

/* 0 to look again, or why not. */
static int wait_more(const struct limit_of_wait *limit) {
  return limit->timed ? wait_until(&pollers, limit->deadline) : wait_on(&pollers);
}

static int poll(uint32_t address, uint32_t count, const struct limit_of_wait *limit) {
  if (count > ENTRIES_MOST) return -EINVAL;
  struct poll_entry *entries = heap_take_brief(PAGE_BYTES);
  if (!entries) return -ENOMEM;
  int result = arch_copy_from_user(entries, address, count * sizeof *entries) ? -EFAULT : 0;
  while (result == 0) {
    result = entries_look(entries, count);
    if (result == 0) result = wait_more(limit);
  }
  if (result == -ETIMEDOUT) result = 0;
  if (result == -ERESTART_IF_ASKED) result = -ERESTART_NO_HANDLER;
  if (result >= 0 && arch_copy_to_user(address, entries, count * sizeof *entries)) result = -EFAULT;
  heap_free(entries);
  return result;
}

int call_poll(const uint32_t *a) {
  const uint32_t milliseconds = a[2];
  struct limit_of_wait limit = { (int32_t)milliseconds >= 0, ticks };
  if (limit.timed && milliseconds) {
    limit.deadline = deadline_in(ticks_of((struct moment){ milliseconds / 1000, milliseconds % 1000 * 1000000 }));
  }
  return poll(a[0], a[1], &limit);
}

static int mask_for_wait(uint32_t from, uint32_t bytes) {
  uint64_t mask;
  if (!from) return 0;
  if (bytes != MASK_BYTES) return -EINVAL;
  if (arch_copy_from_user(&mask, from, sizeof mask)) return -EFAULT;
  signals_suspend(mask);
  return 0;
}

/* A mask that no signal used goes back here. */
static int mask_restore(int result) {
  struct signals *signals = &current->signals;
  if (signals->suspended && result != -ERESTART_NO_HANDLER) {
    signals->suspended = false;
    signals->blocked = signals->blocked_before;
  }
  return result;
}

static int limit_read(uint32_t from, bool wide, struct limit_of_wait *limit) {
  limit->timed = from != 0;
  return from ? deadline_from_user(from, wide, &limit->deadline) : 0;
}

static int poll_masked(const uint32_t *a, bool wide) {
  struct limit_of_wait limit;
  int error = limit_read(a[2], wide, &limit);
  if (!error) error = mask_for_wait(a[3], a[4]);
  return error ? error : mask_restore(poll(a[0], a[1], &limit));
}

int call_ppoll(const uint32_t *a) {
  return poll_masked(a, false);
}

int call_ppoll64(const uint32_t *a) {
  return poll_masked(a, true);
}

/* For reading, writing, exceptions. */
#define SETS 3
struct sets {
  uint8_t wanted[SETS][SET_BYTES], ready[SETS][SET_BYTES];
};
static const uint32_t set_events[SETS] = { POLL_IN | POLL_HANG_UP | POLL_ERROR, POLL_OUT | POLL_ERROR, 0 };

static int sets_look(struct sets *sets, uint32_t count) {
  int ready = 0;
  memset(sets->ready, 0, sizeof sets->ready);
  for (uint32_t at = 0; at < count; at++) {
    const uint8_t bit = (uint8_t)(1u << at % 8);
    const uint32_t any = (sets->wanted[0][at / 8] | sets->wanted[1][at / 8] | sets->wanted[2][at / 8]) & bit;
    const uint32_t events = any ? readiness(at) : 0;
    if (events & POLL_INVALID) return -EBADF;
    for (uint32_t set = 0; set < SETS; set++) {
      if (!(sets->wanted[set][at / 8] & bit) || !(events & set_events[set])) continue;
      sets->ready[set][at / 8] |= bit;
      ready++;
    }
  }
  return ready;
}

/* Sets are whole words in user memory. */
static uint32_t set_bytes(uint32_t count) {
  return (count + 31) / 32 * 4;
}

static int select(const uint32_t *addresses, uint32_t count, const struct limit_of_wait *limit) {
  struct sets sets;
  int result = 0;
  if ((int32_t)count < 0) return -EINVAL;
  count = smaller(count, DESCRIPTORS);
  memset(&sets, 0, sizeof sets);
  for (uint32_t set = 0; set < SETS; set++) {
    if (addresses[set] && arch_copy_from_user(sets.wanted[set], addresses[set], set_bytes(count))) return -EFAULT;
  }
  while (result == 0) {
    result = sets_look(&sets, count);
    if (result == 0) result = wait_more(limit);
  }
  if (result == -ETIMEDOUT) result = 0;
  if (result == -ERESTART_IF_ASKED) result = -ERESTART_NO_HANDLER;
  for (uint32_t set = 0; set < SETS && result >= 0; set++) {
    if (addresses[set] && arch_copy_to_user(addresses[set], sets.ready[set], set_bytes(count))) result = -EFAULT;
  }
  return result;
}

int call_newselect(const uint32_t *a) {
  struct limit_of_wait limit = { a[4] != 0, ticks };
  uint32_t time[2];
  if (limit.timed) {
    if (arch_copy_from_user(time, a[4], sizeof time)) return -EFAULT;
    if ((int32_t)time[0] < 0 || time[1] >= 1000000) return -EINVAL;
    if (time[0] || time[1]) limit.deadline = deadline_in(ticks_of((struct moment){ time[0], time[1] * 1000 }));
  }
  return select(a + 1, a[0], &limit);
}

/* The old call passes the address of its arguments. */
int call_select(const uint32_t *a) {
  uint32_t b[5];
  return arch_copy_from_user(b, a[0], sizeof b) ? -EFAULT : call_newselect(b);
}

/* The sixth argument is the address of the mask and its length. */
static int select_masked(const uint32_t *a, bool wide) {
  struct limit_of_wait limit;
  uint32_t mask[2] = { 0, 0 };
  int error = limit_read(a[4], wide, &limit);
  if (!error && a[5] && arch_copy_from_user(mask, a[5], sizeof mask)) error = -EFAULT;
  if (!error) error = mask_for_wait(mask[0], mask[1]);
  return error ? error : mask_restore(select(a + 1, a[0], &limit));
}

int call_pselect6(const uint32_t *a) {
  return select_masked(a, false);
}

int call_pselect6_64(const uint32_t *a) {
  return select_masked(a, true);
}
