#include "process/time.h"

#include "base/errors.h"
#include "base/text.h"
#include "process/calls.h"
#include "process/process.h"

#define NANOSECONDS 1000000000u
#define MICROSECONDS 1000000u
#define NANOSECONDS_PER_TICK (NANOSECONDS / TICKS_PER_SECOND)
#define MICROSECONDS_PER_TICK (MICROSECONDS / TICKS_PER_SECOND)
#define SECONDS_MOST (INT32_MAX / TICKS_PER_SECOND - 1)

#define CLOCK_REALTIME 0u
#define CLOCK_MONOTONIC 1u
#define CLOCK_PROCESS_TIME 2u
#define CLOCK_THREAD_TIME 3u
#define CLOCK_MONOTONIC_RAW 4u
#define CLOCK_REALTIME_COARSE 5u
#define CLOCK_MONOTONIC_COARSE 6u
#define CLOCK_BOOTTIME 7u
#define TIMER_ABSOLUTE 1u

struct wide_moment {
  int64_t seconds;
  uint32_t nanoseconds, padding;
};

static struct moment latest;

static struct moment of_ticks(uint32_t count) {
  return (struct moment){ count / TICKS_PER_SECOND, count % TICKS_PER_SECOND * NANOSECONDS_PER_TICK };
}

struct moment time_monotonic(void) {
  uint32_t before, part;
  do {
    before = ticks;
    part = arch_nanoseconds_in_tick();
  } while (before != ticks);
  struct moment now = of_ticks(before);
  now.nanoseconds += part;
  if (now.nanoseconds >= NANOSECONDS) {
    now.nanoseconds -= NANOSECONDS;
    now.seconds++;
  }
  /* On machines whose timer interrupts late the count begins anew before its tick has been seen. */
  if (now.seconds < latest.seconds || (now.seconds == latest.seconds && now.nanoseconds < latest.nanoseconds)) return latest;
  return latest = now;
}

struct moment time_of_day(void) {
  struct moment now = time_monotonic();
  now.seconds += BOOT_DATE;
  return now;
}

struct moment time_coarse(void) {
  struct moment now = of_ticks(ticks);
  now.seconds += BOOT_DATE;
  return now;
}

int moment_to_user(uint32_t to, struct moment moment, bool wide) {
  const struct wide_moment image = { moment.seconds, moment.nanoseconds, 0 };
  return (wide ? arch_copy_to_user(to, &image, sizeof image) : arch_copy_to_user(to, &moment, sizeof moment)) ? -EFAULT : 0;
}

int moment_from_user(uint32_t from, bool wide, struct moment *moment) {
  struct wide_moment image;
  if (wide) {
    if (arch_copy_from_user(&image, from, sizeof image)) return -EFAULT;
  } else {
    struct moment narrow;
    if (arch_copy_from_user(&narrow, from, sizeof narrow)) return -EFAULT;
    image = (struct wide_moment){ (int32_t)narrow.seconds, narrow.nanoseconds, 0 };
  }
  if (image.seconds < 0 || image.nanoseconds >= NANOSECONDS) return -EINVAL;
  *moment = (struct moment){ image.seconds > INT32_MAX ? INT32_MAX : (uint32_t)image.seconds, image.nanoseconds };
  return 0;
}

uint32_t ticks_of(struct moment duration) {
  if (duration.seconds > SECONDS_MOST) return SECONDS_MOST * TICKS_PER_SECOND;
  return duration.seconds * TICKS_PER_SECOND + (duration.nanoseconds + NANOSECONDS_PER_TICK - 1) / NANOSECONDS_PER_TICK;
}

int deadline_from_user(uint32_t from, bool wide, uint32_t *deadline) {
  struct moment duration;
  const int error = moment_from_user(from, wide, &duration);
  if (!error) *deadline = duration.seconds || duration.nanoseconds ? deadline_in(ticks_of(duration)) : ticks;
  return error;
}

int call_time(const uint32_t *a) {
  const uint32_t now = time_coarse().seconds;
  return a[0] && arch_copy_to_user(a[0], &now, sizeof now) ? -EFAULT : (int)now;
}

int call_gettimeofday(const uint32_t *a) {
  const struct moment now = time_of_day();
  const uint32_t image[2] = { now.seconds, now.nanoseconds / 1000 }, zone[2] = { 0, 0 };
  if (a[0] && arch_copy_to_user(a[0], image, sizeof image)) return -EFAULT;
  return a[1] && arch_copy_to_user(a[1], zone, sizeof zone) ? -EFAULT : 0;
}

static int clock_read(uint32_t clock, struct moment *now) {
  switch (clock) {
    case CLOCK_REALTIME: *now = time_of_day(); return 0;
    case CLOCK_REALTIME_COARSE: *now = time_coarse(); return 0;
    case CLOCK_MONOTONIC: case CLOCK_MONOTONIC_RAW: case CLOCK_BOOTTIME: *now = time_monotonic(); return 0;
    case CLOCK_MONOTONIC_COARSE: *now = of_ticks(ticks); return 0;
    case CLOCK_PROCESS_TIME: case CLOCK_THREAD_TIME: *now = of_ticks(current->user_ticks + current->system_ticks); return 0;
    default: return -EINVAL;
  }
}

static int clock_show(const uint32_t *a, bool wide) {
  struct moment now;
  const int error = clock_read(a[0], &now);
  return error ? error : moment_to_user(a[1], now, wide);
}

int call_clock_gettime(const uint32_t *a) {
  return clock_show(a, false);
}

int call_clock_gettime64(const uint32_t *a) {
  return clock_show(a, true);
}

static int resolution_show(const uint32_t *a, bool wide) {
  struct moment now;
  const int error = clock_read(a[0], &now);
  const bool fine = a[0] <= CLOCK_MONOTONIC || a[0] == CLOCK_MONOTONIC_RAW || a[0] == CLOCK_BOOTTIME;
  if (error || !a[1]) return error;
  return moment_to_user(a[1], (struct moment){ 0, fine ? 1 : NANOSECONDS_PER_TICK }, wide);
}

int call_clock_getres(const uint32_t *a) {
  return resolution_show(a, false);
}

int call_clock_getres64(const uint32_t *a) {
  return resolution_show(a, true);
}

static struct wait_queue sleepers;

static int sleep_to(uint32_t deadline, uint32_t left_to, bool wide) {
  for (;;) {
    const int error = wait_until(&sleepers, deadline);
    if (error == -ETIMEDOUT) return 0;
    if (!error) continue;
    const uint32_t left = tick_reached(deadline) ? 0 : deadline - ticks;
    if (left_to && moment_to_user(left_to, of_ticks(left), wide)) return -EFAULT;
    return -ERESTART_NO_HANDLER;
  }
}

int call_nanosleep(const uint32_t *a) {
  uint32_t deadline;
  const int error = deadline_from_user(a[0], false, &deadline);
  return error ? error : sleep_to(deadline, a[1], false);
}

static struct moment difference(struct moment later, struct moment earlier) {
  if (later.seconds < earlier.seconds || (later.seconds == earlier.seconds && later.nanoseconds <= earlier.nanoseconds)) return (struct moment){ 0, 0 };
  later.seconds -= earlier.seconds;
  if (later.nanoseconds < earlier.nanoseconds) {
    later.seconds--;
    later.nanoseconds += NANOSECONDS;
  }
  later.nanoseconds -= earlier.nanoseconds;
  return later;
}

static int clock_sleep(const uint32_t *a, bool wide) {
  struct moment wanted, now;
  const int error = moment_from_user(a[2], wide, &wanted);
  if (error) return error;
  if (clock_read(a[0], &now)) return -EINVAL;
  if (a[1] & TIMER_ABSOLUTE) wanted = difference(wanted, now);
  if (wanted.seconds == 0 && wanted.nanoseconds == 0) return 0;
  return sleep_to(deadline_in(ticks_of(wanted)), a[1] & TIMER_ABSOLUTE ? 0 : a[3], wide);
}

int call_clock_nanosleep(const uint32_t *a) {
  return clock_sleep(a, false);
}

int call_clock_nanosleep64(const uint32_t *a) {
  return clock_sleep(a, true);
}

static uint32_t alarm_left(void) {
  return current->alarm_at ? larger(current->alarm_at - ticks, 1) : 0;
}

static void alarm_set(uint32_t ticks_ahead, uint32_t interval) {
  current->alarm_at = ticks_ahead ? deadline_in(ticks_ahead - 1) : 0;
  current->alarm_interval = interval;
  if (current->alarm_at) timer_note(current->alarm_at);
}

int call_alarm(const uint32_t *a) {
  const uint32_t left = alarm_left();
  alarm_set(ticks_of((struct moment){ a[0], 0 }), 0);
  return (int)((left + TICKS_PER_SECOND - 1) / TICKS_PER_SECOND);
}

/* Interval and value, each seconds and microseconds. */
struct timer_image {
  uint32_t interval[2], value[2];
};
#define TIMER_REAL 0u
#define TIMERS 3u

static struct timer_image timer_describe(uint32_t which) {
  const uint32_t left = which == TIMER_REAL ? alarm_left() : current->virtual_left[which - 1];
  const uint32_t interval = which == TIMER_REAL ? current->alarm_interval : current->virtual_interval[which - 1];
  return (struct timer_image){
    { interval / TICKS_PER_SECOND, interval % TICKS_PER_SECOND * MICROSECONDS_PER_TICK },
    { left / TICKS_PER_SECOND, left % TICKS_PER_SECOND * MICROSECONDS_PER_TICK },
  };
}

int call_getitimer(const uint32_t *a) {
  if (a[0] >= TIMERS) return -EINVAL;
  const struct timer_image image = timer_describe(a[0]);
  return arch_copy_to_user(a[1], &image, sizeof image) ? -EFAULT : 0;
}

int call_setitimer(const uint32_t *a) {
  struct timer_image wanted = { { 0, 0 }, { 0, 0 } };
  if (a[0] >= TIMERS) return -EINVAL;
  if (a[1] && arch_copy_from_user(&wanted, a[1], sizeof wanted)) return -EFAULT;
  if (wanted.interval[1] >= MICROSECONDS || wanted.value[1] >= MICROSECONDS) return -EINVAL;
  const struct timer_image before = timer_describe(a[0]);
  const uint32_t interval = ticks_of((struct moment){ wanted.interval[0], wanted.interval[1] * 1000 });
  const uint32_t value = ticks_of((struct moment){ wanted.value[0], wanted.value[1] * 1000 });
  if (a[0] == TIMER_REAL) {
    alarm_set(value, interval);
  } else {
    current->virtual_left[a[0] - 1] = value;
    current->virtual_interval[a[0] - 1] = interval;
  }
  return a[2] && arch_copy_to_user(a[2], &before, sizeof before) ? -EFAULT : 0;
}
