#include "devices/terminal.h"

#include "base/errors.h"
#include "base/text.h"
#include "devices/host-streams.h"
#include "files/file.h"
#include "kernel.h"
#include "process/process.h"

/* struct termios of the kernel's ABI; c_cc has 19 places. */
#define CHARACTERS 19
struct settings {
  uint32_t input, output, control, local;
  uint8_t line, characters[CHARACTERS];
};
#define INPUT_CR_TO_NL 0000400u
#define INPUT_NL_TO_CR 0000100u
#define INPUT_IGNORE_CR 0000200u
#define OUTPUT_PROCESS 0000001u
#define OUTPUT_NL_TO_CRNL 0000004u
#define CONTROL_38400_8_READ 0000277u
#define LOCAL_SIGNALS 0000001u
#define LOCAL_CANONICAL 0000002u
#define LOCAL_ECHO 0000010u
#define LOCAL_ECHO_ERASE 0000020u
#define LOCAL_ECHO_NL 0000100u
#define LOCAL_NO_FLUSH 0000200u
#define LOCAL_STOP_OUTPUT 0000400u
#define LOCAL_ECHO_CONTROL 0001000u
#define LOCAL_EXTENDED 0100000u
enum { V_INTR, V_QUIT, V_ERASE, V_KILL, V_EOF, V_TIME, V_MIN, V_SWTC, V_START, V_STOP, V_SUSP, V_EOL };
static const uint8_t default_characters[CHARACTERS] = { 3, 28, 127, 21, 4, 0, 1, 0, 17, 19, 26, 0, 18, 15, 23, 22, 0 };

#define RECEIVED_BYTES 4096u
#define INPUT_BYTES 4096u

static struct settings settings;
/* Filled by the interrupt handler, emptied by terminal_input_take; positions count on for ever. */
static volatile uint8_t received[RECEIVED_BYTES];
static volatile uint32_t received_put;
static uint32_t received_taken;
/* The port keeps what it receives until it is told to listen again. */
static volatile bool stopped;
/* What programs read. Canonical: up to `lines_end` complete lines; behind it the line being typed. */
static uint8_t input[INPUT_BYTES];
static uint32_t input_taken, lines_end, input_put;
/* Ends of lines that were typed as end of file: marked so, since the byte itself is not read. */
static uint8_t ended[INPUT_BYTES / 8];
static struct wait_queue readers;
static uint32_t session, foreground;
static uint16_t window[4] = { 24, 80, 0, 0 };

bool kernel_console_has_room(void) {
  const bool room = received_put - received_taken < RECEIVED_BYTES;
  if (!room) stopped = true;
  return room;
}

void kernel_console_byte(uint8_t byte) {
  received[received_put++ % RECEIVED_BYTES] = byte;
}

/* Without a complete line, what does not fit is lost, as in every terminal: nobody can make room. */
static bool taker_has_room(void) {
  if (kernel_options.framed) return host_input_has_room();
  return input_put - input_taken < INPUT_BYTES || input_taken == lines_end;
}

bool terminal_input_waits(void) {
  return received_put != received_taken && taker_has_room();
}

void terminal_start(bool raw) {
  memcpy(settings.characters, default_characters, sizeof settings.characters);
  settings.control = CONTROL_38400_8_READ;
  if (raw) return;
  settings.input = INPUT_CR_TO_NL;
  settings.output = OUTPUT_PROCESS | OUTPUT_NL_TO_CRNL;
  settings.local = LOCAL_SIGNALS | LOCAL_CANONICAL | LOCAL_ECHO | LOCAL_ECHO_ERASE | LOCAL_ECHO_CONTROL | LOCAL_EXTENDED;
}

void terminal_session_begin(uint32_t leader, uint32_t group) {
  session = leader;
  foreground = group;
}

void terminal_session_end(uint32_t leader) {
  if (session != leader) return;
  signal_send_group(foreground, SIGHUP, (struct signal_information){ CODE_KERNEL, 0, 0 });
  session = foreground = 0;
}

static void echo(uint8_t byte) {
  const uint32_t local = settings.local;
  if (!(local & LOCAL_ECHO) && !(byte == '\n' && local & LOCAL_ECHO_NL && local & LOCAL_CANONICAL)) return;
  if (byte < ' ' && byte != '\n' && byte != '\t' && local & LOCAL_ECHO_CONTROL) {
    const char text[2] = { '^', (char)(byte + '@') };
    arch_console_write(text, sizeof text);
  } else if (byte == '\n' && settings.output & OUTPUT_PROCESS && settings.output & OUTPUT_NL_TO_CRNL) {
    arch_console_write("\r\n", 2);
  } else {
    arch_console_write((const char *)&byte, 1);
  }
}

static void input_add(uint8_t byte, bool end_of_file) {
  if (input_put - input_taken >= INPUT_BYTES) return;
  const uint32_t at = input_put++ % INPUT_BYTES;
  input[at] = byte;
  if (end_of_file) ended[at / 8] |= (uint8_t)(1u << at % 8);
  else ended[at / 8] &= (uint8_t)~(1u << at % 8);
}

static void erase_one(void) {
  if (input_put == lines_end) return;
  const uint8_t byte = input[--input_put % INPUT_BYTES];
  if (!(settings.local & LOCAL_ECHO)) return;
  arch_console_write("\b \b\b \b", byte < ' ' && settings.local & LOCAL_ECHO_CONTROL ? 6 : 3);
}

/* The signal that a byte asks for, or 0. */
static uint32_t signal_of(uint8_t byte) {
  if (!(settings.local & LOCAL_SIGNALS) || byte == 0) return 0;
  if (byte == settings.characters[V_INTR]) return SIGINT;
  if (byte == settings.characters[V_QUIT]) return SIGQUIT;
  return byte == settings.characters[V_SUSP] ? SIGTSTP : 0;
}

static void canonical(uint8_t byte) {
  const uint8_t *characters = settings.characters;
  if (byte == characters[V_ERASE] || byte == '\b') {
    erase_one();
  } else if (byte == characters[V_KILL]) {
    while (input_put != lines_end) erase_one();
  } else {
    const bool end_of_file = byte && byte == characters[V_EOF];
    if (!end_of_file) echo(byte);
    input_add(byte, end_of_file);
    if (byte != '\n' && !end_of_file && (!byte || byte != characters[V_EOL])) return;
    lines_end = input_put;
    wake_all(&readers);
  }
}

static void signal_foreground(uint32_t signal) {
  if (foreground) signal_send_group(foreground, signal, (struct signal_information){ CODE_KERNEL, 0, 0 });
}

void terminal_interrupt(void) {
  signal_foreground(SIGINT);
}

static void discipline(uint8_t byte) {
  if (byte == '\r') {
    if (settings.input & INPUT_IGNORE_CR) return;
    if (settings.input & INPUT_CR_TO_NL) byte = '\n';
  } else if (byte == '\n' && settings.input & INPUT_NL_TO_CR) {
    byte = '\r';
  }
  const uint32_t signal = signal_of(byte);
  if (signal) {
    echo(byte);
    if (!(settings.local & LOCAL_NO_FLUSH)) input_put = input_taken = lines_end;
    signal_foreground(signal);
  } else if (settings.local & LOCAL_CANONICAL) {
    canonical(byte);
  } else {
    echo(byte);
    input_add(byte, false);
    lines_end = input_put;
    wake_all(&readers);
  }
}

void terminal_input_take(void) {
  while (terminal_input_waits()) {
    const uint8_t byte = received[received_taken++ % RECEIVED_BYTES];
    if (kernel_options.framed) host_input_take(byte);
    else discipline(byte);
  }
  if (!stopped || received_put - received_taken >= RECEIVED_BYTES) return;
  stopped = false;
  arch_console_listen();
}

/* Who is in the background is stopped when it reads (POSIX, 11.1.4). 0 to go on. */
static int background_stop(uint32_t signal) {
  if (!session || current->session != session || current->group == foreground || !process_group_exists(foreground, session)) return 0;
  const struct signals *signals = &current->signals;
  if (signals->blocked & signal_bit(signal) || signals->actions[signal - 1].handler == HANDLER_IGNORE) return signal == SIGTTIN ? -EIO : 0;
  signal_send_group(current->group, signal, (struct signal_information){ CODE_KERNEL, 0, 0 });
  return -ERESTART_IF_ASKED;
}

/* A part of a line, up to its end. */
static uint32_t line_copy(uint8_t *to, uint32_t space, bool *end) {
  uint32_t count = 0;
  *end = false;
  while (count < space && input_taken != lines_end && !*end) {
    const uint32_t at = input_taken++ % INPUT_BYTES;
    const bool end_of_file = ended[at / 8] >> at % 8 & 1;
    if (!end_of_file) to[count++] = input[at];
    *end = settings.local & LOCAL_CANONICAL && (end_of_file || input[at] == '\n');
  }
  return count;
}

#define PART_BYTES 256u
static int terminal_read(struct file *file, uint64_t *position, uint32_t to, uint32_t count) {
  uint8_t part[PART_BYTES];
  uint32_t done = 0;
  bool end = false;
  (void)position;
  if (count == 0) return 0;
  for (;;) {
    int error = background_stop(SIGTTIN);
    if (error) return error;
    if (input_taken != lines_end) break;
    if (file->flags & OPEN_NON_BLOCKING) return -EAGAIN;
    if (!(settings.local & LOCAL_CANONICAL) && settings.characters[V_MIN] == 0) {
      error = settings.characters[V_TIME] ? wait_until(&readers, deadline_in(settings.characters[V_TIME] * 10u)) : -ETIMEDOUT;
      if (error == -ETIMEDOUT) return 0;
    } else {
      error = wait_on(&readers);
    }
    if (error) return error;
  }
  while (done < count && input_taken != lines_end && !end) {
    const uint32_t bytes = line_copy(part, smaller(count - done, sizeof part), &end);
    if (arch_copy_to_user(to + done, part, bytes)) return done ? (int)done : -EFAULT;
    done += bytes;
  }
  return (int)done;
}

/* Lines with a carriage return in front of each end. */
static void output(const char *bytes, uint32_t count) {
  if (!(settings.output & OUTPUT_PROCESS && settings.output & OUTPUT_NL_TO_CRNL)) {
    arch_console_write(bytes, count);
    return;
  }
  uint32_t start = 0;
  for (uint32_t at = 0; at < count; at++) {
    if (bytes[at] != '\n') continue;
    arch_console_write(bytes + start, at - start);
    arch_console_write("\r\n", 2);
    start = at + 1;
  }
  arch_console_write(bytes + start, count - start);
}

static int terminal_write(struct file *file, uint64_t *position, uint32_t from, uint32_t count) {
  char part[PART_BYTES];
  (void)file, (void)position;
  const int error = settings.local & LOCAL_STOP_OUTPUT ? background_stop(SIGTTOU) : 0;
  if (error) return error;
  for (uint32_t done = 0; done < count;) {
    const uint32_t bytes = smaller(count - done, sizeof part);
    if (arch_copy_from_user(part, from + done, bytes)) return done ? (int)done : -EFAULT;
    output(part, bytes);
    done += bytes;
  }
  return (int)count;
}

static uint32_t terminal_poll(struct file *file) {
  (void)file;
  return POLL_OUT | (input_taken != lines_end ? POLL_IN : 0);
}

#define GET_SETTINGS 0x5401u
#define SET_SETTINGS 0x5402u
#define SET_SETTINGS_WAIT 0x5403u
#define SET_SETTINGS_FLUSH 0x5404u
#define FLUSH 0x540bu
#define SET_CONTROLLING 0x540eu
#define GET_FOREGROUND 0x540fu
#define SET_FOREGROUND 0x5410u
#define GET_WINDOW 0x5413u
#define SET_WINDOW 0x5414u
#define GET_READY 0x541bu
#define GIVE_UP_CONTROLLING 0x5422u
#define GET_SESSION 0x5429u

static int settings_set(uint32_t from, bool flush) {
  struct settings wanted;
  if (arch_copy_from_user(&wanted, from, sizeof wanted)) return -EFAULT;
  if (flush) input_taken = lines_end = input_put;
  /* What was typed so far becomes readable, or the beginning of nothing. */
  if (!(wanted.local & LOCAL_CANONICAL)) lines_end = input_put;
  settings = wanted;
  return 0;
}

static int foreground_set(uint32_t from) {
  uint32_t group;
  if (arch_copy_from_user(&group, from, sizeof group)) return -EFAULT;
  if (current->session != session) return -ENOTTY;
  if (!process_group_exists(group, session)) return -EPERM;
  const int error = background_stop(SIGTTOU);
  if (error) return error;
  foreground = group;
  return 0;
}

static int controlling_set(void) {
  if (current->session != current->pid) return -EPERM;
  if (session && session != current->session && process_group_exists(foreground, session)) return -EPERM;
  terminal_session_begin(current->session, current->group);
  return 0;
}

static int give(uint32_t to, const void *from, uint32_t bytes) {
  return arch_copy_to_user(to, from, bytes) ? -EFAULT : 0;
}

static int terminal_control(struct file *file, uint32_t request, uint32_t argument) {
  const uint32_t ready = lines_end - input_taken;
  (void)file;
  switch (request) {
    case GET_SETTINGS: return give(argument, &settings, sizeof settings);
    case SET_SETTINGS: case SET_SETTINGS_WAIT: return settings_set(argument, false);
    case SET_SETTINGS_FLUSH: return settings_set(argument, true);
    case FLUSH: input_taken = lines_end = input_put; return 0;
    case SET_CONTROLLING: return controlling_set();
    case GIVE_UP_CONTROLLING: return current->session == session ? 0 : -ENOTTY;
    case GET_FOREGROUND: return current->session == session ? give(argument, &foreground, sizeof foreground) : -ENOTTY;
    case SET_FOREGROUND: return foreground_set(argument);
    case GET_SESSION: return current->session == session ? give(argument, &session, sizeof session) : -ENOTTY;
    case GET_WINDOW: return give(argument, window, sizeof window);
    case SET_WINDOW: return arch_copy_from_user(window, argument, sizeof window) ? -EFAULT : 0;
    case GET_READY: return give(argument, &ready, sizeof ready);
    default: return -ENOTTY;
  }
}

const struct file_kind terminal_kind = { .read = terminal_read, .write = terminal_write, .poll = terminal_poll, .control = terminal_control };
