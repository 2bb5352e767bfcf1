/* System calls on the system: its name, its limits, its use. */
#include "base/errors.h"
#include "base/text.h"
#include "devices/random-bytes.h"
#include "files/file.h"
#include "kernel.h"
#include "memory/frames.h"
#include "process/calls.h"
#include "process/process.h"
#include "process/version.h"

#define UNAME_BYTES 65u

int call_uname(const uint32_t *a) {
  char image[6][UNAME_BYTES];
  memset(image, 0, sizeof image);
  text_copy(image[0], SYSTEM_NAME, UNAME_BYTES);
  text_copy(image[1], "ringbench", UNAME_BYTES);
  text_copy(image[2], SYSTEM_RELEASE, UNAME_BYTES);
  text_copy(image[3], SYSTEM_VERSION, UNAME_BYTES);
  text_copy(image[4], SYSTEM_MACHINE, UNAME_BYTES);
  text_copy(image[5], "(none)", UNAME_BYTES);
  return arch_copy_to_user(a[0], image, sizeof image) ? -EFAULT : 0;
}

struct sysinfo_image {
  uint32_t uptime, loads[3], total, free, shared, buffers, swap_total, swap_free;
  uint16_t processes, padding;
  uint32_t high_total, high_free, unit;
  uint8_t unused[8];
};
_Static_assert(sizeof(struct sysinfo_image) == 64, "struct sysinfo");

int call_sysinfo(const uint32_t *a) {
  const struct sysinfo_image image = {
    .uptime = ticks / TICKS_PER_SECOND, .total = frames_total() * PAGE_BYTES, .free = frames_free() * PAGE_BYTES,
    .processes = (uint16_t)process_count(), .unit = 1,
  };
  return arch_copy_to_user(a[0], &image, sizeof image) ? -EFAULT : 0;
}

int call_getrlimit(const uint32_t *a) {
  if (a[0] >= LIMITS) return -EINVAL;
  return arch_copy_to_user(a[1], &current->limits[a[0]], sizeof(struct limit)) ? -EFAULT : 0;
}

static int limit_set(struct process *process, uint32_t which, struct limit limit) {
  if (limit.soft > limit.hard) return -EINVAL;
  if (which == LIMIT_FILES && limit.hard > DESCRIPTORS) return -EPERM;
  process->limits[which] = limit;
  return 0;
}

int call_setrlimit(const uint32_t *a) {
  struct limit limit;
  if (a[0] >= LIMITS) return -EINVAL;
  return arch_copy_from_user(&limit, a[1], sizeof limit) ? -EFAULT : limit_set(current, a[0], limit);
}

static uint64_t widen(uint32_t limit) {
  return limit == LIMIT_INFINITY ? UINT64_MAX : limit;
}

static uint32_t narrow(uint64_t limit) {
  return limit >= LIMIT_INFINITY ? LIMIT_INFINITY : (uint32_t)limit;
}

int call_prlimit64(const uint32_t *a) {
  struct process *process = a[0] ? process_by_id(a[0]) : current;
  uint64_t wanted[2];
  if (!process) return -ESRCH;
  if (a[1] >= LIMITS) return -EINVAL;
  const uint64_t before[2] = { widen(process->limits[a[1]].soft), widen(process->limits[a[1]].hard) };
  if (a[2]) {
    if (arch_copy_from_user(wanted, a[2], sizeof wanted)) return -EFAULT;
    const int error = limit_set(process, a[1], (struct limit){ narrow(wanted[0]), narrow(wanted[1]) });
    if (error) return error;
  }
  return a[3] && arch_copy_to_user(a[3], before, sizeof before) ? -EFAULT : 0;
}

struct usage_image {
  uint32_t user[2], system[2], memory_most, unused1[3], faults_minor, faults_major, unused2[8];
};
_Static_assert(sizeof(struct usage_image) == 72, "struct rusage");
#define USAGE_CHILDREN ((uint32_t)-1)
#define MICROSECONDS_PER_TICK (1000000u / TICKS_PER_SECOND)

int call_getrusage(const uint32_t *a) {
  const bool children = a[0] == USAGE_CHILDREN;
  const uint32_t user = children ? current->children_user_ticks : current->user_ticks;
  const uint32_t system = children ? current->children_system_ticks : current->system_ticks;
  if (!children && a[0] != 0) return -EINVAL;
  const struct usage_image image = {
    .user = { user / TICKS_PER_SECOND, user % TICKS_PER_SECOND * MICROSECONDS_PER_TICK },
    .system = { system / TICKS_PER_SECOND, system % TICKS_PER_SECOND * MICROSECONDS_PER_TICK },
    .memory_most = current->space->resident * (PAGE_BYTES / 1024), .faults_minor = children ? 0 : current->faults,
  };
  return arch_copy_to_user(a[1], &image, sizeof image) ? -EFAULT : 0;
}

int call_times(const uint32_t *a) {
  const uint32_t image[4] = { current->user_ticks, current->system_ticks, current->children_user_ticks, current->children_system_ticks };
  if (a[0] && arch_copy_to_user(a[0], image, sizeof image)) return -EFAULT;
  return (int)(ticks & INT32_MAX);
}

#define RANDOM_PART 64u
int call_getrandom(const uint32_t *a) {
  uint8_t part[RANDOM_PART];
  const uint32_t count = smaller(a[1], FILE_BYTES_MOST);
  for (uint32_t done = 0; done < count; done += sizeof part) {
    const uint32_t bytes = smaller(count - done, sizeof part);
    random_fill(part, bytes);
    if (arch_copy_to_user(a[0] + done, part, bytes)) return done ? (int)done : -EFAULT;
  }
  return (int)count;
}

/* Without threads nobody can wait for a word of another's: waking wakes none, waiting is for a value that is not there. */
#define FUTEX_COMMAND 0x7fu
#define FUTEX_WAIT 0u
#define FUTEX_WAKE 1u
int call_futex(const uint32_t *a) {
  uint32_t word;
  const uint32_t command = a[1] & FUTEX_COMMAND;
  if (arch_copy_from_user(&word, a[0], sizeof word)) return -EFAULT;
  if (command == FUTEX_WAKE) return 0;
  return command == FUTEX_WAIT ? -EAGAIN : -ENOSYS;
}

#define REBOOT_MAGIC 0xfee1deadu
#define REBOOT_RESTART 0x01234567u
#define REBOOT_HALT 0xcdef0123u
#define REBOOT_POWER_OFF 0x4321fedcu
int call_reboot(const uint32_t *a) {
  if (a[0] != REBOOT_MAGIC) return -EINVAL;
  if (a[2] == REBOOT_RESTART || a[2] == REBOOT_HALT || a[2] == REBOOT_POWER_OFF) kernel_finish(0);
  return a[2] == 0 ? 0 : -EINVAL;
}
