/* The terminal as a file, its session, and who is in its foreground. */
#include "devices/terminal.h"

#include "base/errors.h"
#include "base/text.h"
#include "devices/host-streams.h"
#include "devices/line.h"
#include "files/file.h"
#include "kernel.h"
#include "process/jobs.h"
#include "process/process.h"

#define RECEIVED_BYTES 4096u
#define TICKS_PER_TENTH (TICKS_PER_SECOND / 10)
#define PART_BYTES 256u

/* Filled by the interrupt handler, emptied by terminal_input_take; positions count on for ever. */
static volatile uint8_t received[RECEIVED_BYTES];
static volatile uint32_t received_put;
static uint32_t received_taken;
/* The port keeps what it receives until it is told to listen again. */
static volatile bool stopped;
static uint32_t session, foreground;
static uint16_t window[4] = { 24, 80, 0, 0 };

/* ---- Input ---- */

bool kernel_console_has_room(void) {
  const bool room = received_put - received_taken < RECEIVED_BYTES;
  if (!room) stopped = true;
  return room;
}

void kernel_console_byte(uint8_t byte) {
  received[received_put++ % RECEIVED_BYTES] = byte;
}

bool terminal_input_waits(void) {
  return received_put != received_taken && (kernel_options.framed ? host_input_has_room() : line_has_room());
}

void terminal_start(bool raw) {
  line_start(raw);
}

static void signal_foreground(uint32_t signal) {
  if (foreground) signal_send_group(foreground, signal, (struct signal_information){ CODE_KERNEL, 0, 0 });
}

void terminal_interrupt(void) {
  signal_foreground(SIGINT);
}

static void byte_take(uint8_t byte) {
  const uint32_t signal = line_receive(byte);
  if (signal) signal_foreground(signal);
}

void terminal_input_take(void) {
  while (terminal_input_waits()) {
    const uint8_t byte = received[received_taken++ % RECEIVED_BYTES];
    if (kernel_options.framed) host_input_take(byte);
    else byte_take(byte);
  }
  if (!stopped || received_put - received_taken >= RECEIVED_BYTES) return;
  stopped = false;
  arch_console_listen();
}

/* ---- Jobs ---- */

void terminal_session_begin(uint32_t leader, uint32_t group) {
  session = leader;
  foreground = group;
}

/* What the foreground is told when its terminal goes; who is stopped must be able to hear it. */
void terminal_session_end(uint32_t leader) {
  if (session != leader) return;
  signal_foreground(SIGHUP);
  signal_foreground(SIGCONT);
  session = foreground = 0;
}

/*
 * Who is in the background is stopped when it reads or changes the terminal, unless it does not care or nobody could let it go on (POSIX, 11.1.4).
 * 0 to go on.
 */
static int background_stop(uint32_t signal) {
  if (!session || current->session != session || current->group == foreground) return 0;
  const struct signals *signals = &current->signals;
  if (signals->blocked & signal_bit(signal) || signals->actions[signal - 1].handler == HANDLER_IGNORE) return signal == SIGTTIN ? -EIO : 0;
  if (group_orphaned(current->group, current->session, NULL)) return -EIO;
  signal_send_group(current->group, signal, (struct signal_information){ CODE_KERNEL, 0, 0 });
  return -ERESTART_IF_ASKED;
}

static int foreground_set(uint32_t from) {
  uint32_t group;
  if (current->session != session) return -ENOTTY;
  if (arch_copy_from_user(&group, from, sizeof group)) return -EFAULT;
  if ((int32_t)group < 0) return -EINVAL;
  if (!process_group_exists(group, 0)) return -ESRCH;
  if (!process_group_exists(group, session)) return -EPERM;
  foreground = group;
  return 0;
}

static int controlling_set(void) {
  if (current->session != current->pid) return -EPERM;
  if (session && session != current->session && process_group_exists(foreground, session)) return -EPERM;
  terminal_session_begin(current->session, current->group);
  return 0;
}

/* ---- Reading and writing ---- */

static bool is_canonical(void) {
  return line_settings.local & LOCAL_CANONICAL;
}

/* Bytes with which a reader is content. */
static uint32_t bytes_wanted(void) {
  return is_canonical() || line_settings.characters[V_TIME] ? 1 : larger(line_settings.characters[V_MIN], 1);
}

/* Waits for something to read: 0 to look again, -ETIMEDOUT when nothing is a result, too, or another error. */
static int input_wait(bool non_blocking) {
  const uint32_t tenths = line_settings.characters[V_TIME];
  const bool may_be_empty = !is_canonical() && line_settings.characters[V_MIN] == 0;
  if (may_be_empty && tenths == 0) return -ETIMEDOUT;
  if (non_blocking) return -EAGAIN;
  return may_be_empty ? wait_until(&line_readers, deadline_in(tenths * TICKS_PER_TENTH)) : wait_on(&line_readers);
}

static int input_copy(uint32_t to, uint32_t count) {
  uint8_t part[PART_BYTES];
  uint32_t done = 0;
  bool end = false;
  while (done < count && line_ready() > 0 && !end) {
    const uint32_t bytes = line_take(part, smaller(count - done, sizeof part), &end);
    if (arch_copy_to_user(to + done, part, bytes)) return done ? (int)done : -EFAULT;
    done += bytes;
  }
  return (int)done;
}

static int terminal_read(struct file *file, uint64_t *position, uint32_t to, uint32_t count) {
  const bool non_blocking = file->flags & OPEN_NON_BLOCKING;
  (void)position;
  if (count == 0) return 0;
  for (;;) {
    int error = background_stop(SIGTTIN);
    if (error) return error;
    if (line_ready() >= (non_blocking ? 1 : smaller(bytes_wanted(), count))) return input_copy(to, count);
    error = input_wait(non_blocking);
    if (error) return error == -ETIMEDOUT ? 0 : error;
  }
}

/* 0 as soon as output is allowed. */
static int output_wait(const struct file *file) {
  while (line_output_stopped()) {
    if (file->flags & OPEN_NON_BLOCKING) return -EAGAIN;
    const int error = wait_on(&line_writers);
    if (error) return error;
  }
  return 0;
}

static int terminal_write(struct file *file, uint64_t *position, uint32_t from, uint32_t count) {
  char part[PART_BYTES];
  (void)position;
  int error = line_settings.local & LOCAL_STOP_OUTPUT ? background_stop(SIGTTOU) : 0;
  for (uint32_t done = 0; done < count && !error;) {
    const uint32_t bytes = smaller(count - done, sizeof part);
    error = output_wait(file);
    if (!error && arch_copy_from_user(part, from + done, bytes)) error = -EFAULT;
    if (error) return done ? (int)done : error;
    line_write(part, bytes);
    done += bytes;
  }
  return error ? error : (int)count;
}

static uint32_t terminal_poll(struct file *file) {
  (void)file;
  return (line_output_stopped() ? 0 : POLL_OUT) | (line_ready() >= bytes_wanted() ? POLL_IN : 0);
}

/* ---- Control ---- */

#define GET_SETTINGS 0x5401u
#define SET_SETTINGS 0x5402u
#define SET_SETTINGS_WAIT 0x5403u
#define SET_SETTINGS_FLUSH 0x5404u
#define DRAIN 0x5409u
#define FLOW 0x540au
#define FLUSH 0x540bu
#define SET_CONTROLLING 0x540eu
#define GET_FOREGROUND 0x540fu
#define SET_FOREGROUND 0x5410u
#define GET_WINDOW 0x5413u
#define SET_WINDOW 0x5414u
#define GET_READY 0x541bu
#define GIVE_UP_CONTROLLING 0x5422u
#define DRAIN_POSIX 0x5425u
#define GET_SESSION 0x5429u
/* Arguments of tcflush and tcflow (POSIX, <termios.h>). */
#define FLUSH_INPUT 0u
#define FLUSH_BOTH 2u
#define FLOW_STOP_OUTPUT 0u
#define FLOW_START_OUTPUT 1u
#define FLOW_START_INPUT 3u

static int settings_set(uint32_t from, bool flush) {
  struct line_settings wanted;
  if (arch_copy_from_user(&wanted, from, sizeof wanted)) return -EFAULT;
  if (flush) line_forget();
  line_settings_set(&wanted);
  return 0;
}

static int flush(uint32_t what) {
  if (what > FLUSH_BOTH) return -EINVAL;
  if (what == FLUSH_INPUT || what == FLUSH_BOTH) line_forget();
  return 0;
}

static int flow(uint32_t what) {
  if (what > FLOW_START_INPUT) return -EINVAL;
  if (what == FLOW_STOP_OUTPUT || what == FLOW_START_OUTPUT) line_output_stop(what == FLOW_STOP_OUTPUT);
  return 0;
}

static int give(uint32_t to, const void *from, uint32_t bytes) {
  return arch_copy_to_user(to, from, bytes) ? -EFAULT : 0;
}

/* What changes the terminal, and stops who does it from the background. */
static int change(uint32_t request, uint32_t argument) {
  const int error = background_stop(SIGTTOU);
  if (error) return error;
  switch (request) {
    case SET_FOREGROUND: return foreground_set(argument);
    case FLUSH: return flush(argument);
    case FLOW: return flow(argument);
    case DRAIN: case DRAIN_POSIX: return 0;
    default: return settings_set(argument, request == SET_SETTINGS_FLUSH);
  }
}

static int terminal_control(struct file *file, uint32_t request, uint32_t argument) {
  const uint32_t ready = line_ready();
  const bool controls = current->session == session;
  (void)file;
  switch (request) {
    case SET_SETTINGS: case SET_SETTINGS_WAIT: case SET_SETTINGS_FLUSH: case SET_FOREGROUND: case FLUSH: case FLOW: case DRAIN: case DRAIN_POSIX:
      return change(request, argument);
    case GET_SETTINGS: return give(argument, &line_settings, sizeof line_settings);
    case SET_CONTROLLING: return controlling_set();
    case GIVE_UP_CONTROLLING: return controls ? 0 : -ENOTTY;
    case GET_FOREGROUND: return controls ? give(argument, &foreground, sizeof foreground) : -ENOTTY;
    case GET_SESSION: return controls ? give(argument, &session, sizeof session) : -ENOTTY;
    case GET_WINDOW: return give(argument, window, sizeof window);
    case SET_WINDOW: return arch_copy_from_user(window, argument, sizeof window) ? -EFAULT : 0;
    case GET_READY: return give(argument, &ready, sizeof ready);
    default: return -ENOTTY;
  }
}

const struct file_kind terminal_kind = { .read = terminal_read, .write = terminal_write, .poll = terminal_poll, .control = terminal_control };
