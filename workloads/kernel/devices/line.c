#include "devices/line.h"

#include "arch/arch.h"
#include "base/text.h"
#include "process/process.h"

#define INPUT_BYTES 4096u
#define DELETE 0x7fu
#define CONTROL_BIT 0x40u
#define TAB_COLUMNS 8u

static const uint8_t default_characters[CHARACTERS] = { 3, 28, 127, 21, 4, 0, 1, 0, 17, 19, 26, 0, 18, 15, 23, 22, 0 };

struct line_settings line_settings;
struct wait_queue line_readers, line_writers;

/* What programs read; positions count on for ever. Canonical: up to `lines_end` complete lines, behind it the line being typed. */
static uint8_t input[INPUT_BYTES];
static uint32_t input_taken, lines_end, input_put;
/* Ends of lines that were typed as end of file: marked so, since the byte itself is not read. */
static uint8_t ended[INPUT_BYTES / 8];
/* The next byte is none of the special characters. */
static bool literal;
static bool output_stopped;
/* Where the cursor is, and where it was when the line being typed began: a tab can be erased only by who knows. */
static uint32_t column, line_column;

void line_start(bool raw) {
  memcpy(line_settings.characters, default_characters, sizeof default_characters);
  line_settings.control = CONTROL_38400_8_READ;
  if (raw) return;
  line_settings.input = INPUT_CR_TO_NL | INPUT_FLOW_CONTROL;
  line_settings.output = OUTPUT_PROCESS | OUTPUT_NL_TO_CRNL;
  line_settings.local = LOCAL_SIGNALS | LOCAL_CANONICAL | LOCAL_ECHO | LOCAL_ECHO_ERASE | LOCAL_ECHO_KILL | LOCAL_ECHO_CONTROL | LOCAL_ECHO_KILL_ERASES | LOCAL_EXTENDED;
}

bool line_output_stopped(void) {
  return output_stopped;
}

void line_output_stop(bool stop) {
  if (output_stopped == stop) return;
  output_stopped = stop;
  if (!stop) wake_all(&line_writers);
}

/* ---- Output ---- */

static bool is_control(uint8_t byte) {
  return byte < ' ' || byte == DELETE;
}

static void column_follow(uint8_t byte) {
  if (byte == '\r') column = line_column = 0;
  else if (byte == '\t') column += TAB_COLUMNS - column % TAB_COLUMNS;
  else if (byte == '\b') column -= column > 0;
  else if (!is_control(byte)) column++;
}

/* With output processing, a carriage return in front of each end of line. */
void line_write(const char *bytes, uint32_t count) {
  uint32_t start = 0;
  const bool adds = line_settings.output & OUTPUT_PROCESS && line_settings.output & OUTPUT_NL_TO_CRNL;
  for (uint32_t at = 0; at < count; at++) {
    column_follow((uint8_t)bytes[at]);
    if (bytes[at] != '\n' || !adds) continue;
    column = line_column = 0;
    arch_console_write(bytes + start, at - start);
    arch_console_write("\r\n", 2);
    start = at + 1;
  }
  arch_console_write(bytes + start, count - start);
}

/* ---- Echo ---- */

static bool is_local(uint32_t flag) {
  return line_settings.local & flag;
}

/* As it is, or ^ and a letter. */
static void show(uint8_t byte) {
  const char text[2] = { '^', (char)(byte ^ CONTROL_BIT) };
  if (is_control(byte) && byte != '\t' && byte != '\n' && is_local(LOCAL_ECHO_CONTROL)) line_write(text, sizeof text);
  else line_write((const char *)&byte, 1);
}

static void echo(uint8_t byte) {
  if (is_local(LOCAL_ECHO) || (byte == '\n' && is_local(LOCAL_ECHO_NL) && is_local(LOCAL_CANONICAL))) show(byte);
}

/* Columns that the line being typed takes from its beginning, or from its last tab, if `*tab` becomes true. */
static uint32_t columns_typed(bool *tab) {
  uint32_t columns = 0;
  for (uint32_t at = input_put; at != lines_end; at--) {
    const uint8_t byte = input[(at - 1) % INPUT_BYTES];
    *tab = byte == '\t';
    if (*tab) break;
    if (!is_control(byte)) columns++;
    else if (is_local(LOCAL_ECHO_CONTROL)) columns += 2;
  }
  return columns;
}

static void tab_wipe(void) {
  bool tab = false;
  uint32_t columns = columns_typed(&tab);
  if (!tab) columns += line_column;
  for (uint32_t left = TAB_COLUMNS - columns % TAB_COLUMNS; left > 0; left--) line_write("\b", 1);
}

/* ---- Editing ---- */

static void add(uint8_t byte, bool end_of_file) {
  if (input_put - input_taken >= INPUT_BYTES) return;
  const uint32_t at = input_put++ % INPUT_BYTES;
  input[at] = byte;
  if (end_of_file) ended[at / 8] |= (uint8_t)(1u << at % 8);
  else ended[at / 8] &= (uint8_t)~(1u << at % 8);
}

static void publish(void) {
  lines_end = input_put;
  wake_all(&line_readers);
}

/* Takes the last character back, which is there, and from the screen. */
static void erase_one(void) {
  const uint8_t byte = input[--input_put % INPUT_BYTES];
  if (!is_local(LOCAL_ECHO)) return;
  if (byte == '\t') {
    tab_wipe();
    return;
  }
  if (is_control(byte) && !is_local(LOCAL_ECHO_CONTROL)) return;
  for (uint32_t columns = is_control(byte) ? 2 : 1; columns > 0; columns--) line_write("\b \b", 3);
}

static void erase_character(uint8_t byte) {
  if (input_put == lines_end) return;
  if (is_local(LOCAL_ECHO_ERASE)) {
    erase_one();
  } else {
    input_put--;
    echo(byte);
  }
}

static bool is_word(uint8_t byte) {
  const uint8_t letter = byte | 0x20;
  return (byte >= '0' && byte <= '9') || (letter >= 'a' && letter <= 'z') || byte == '_';
}

static void erase_word(void) {
  bool seen = false;
  while (input_put != lines_end) {
    const bool word = is_word(input[(input_put - 1) % INPUT_BYTES]);
    if (seen && !word) return;
    seen = seen || word;
    erase_one();
  }
}

static void erase_line(uint8_t byte) {
  if (is_local(LOCAL_ECHO) && !(is_local(LOCAL_ECHO_KILL) && is_local(LOCAL_ECHO_KILL_ERASES) && is_local(LOCAL_ECHO_ERASE))) {
    input_put = lines_end;
    show(byte);
    if (is_local(LOCAL_ECHO_KILL)) line_write("\n", 1);
    return;
  }
  while (input_put != lines_end) erase_one();
}

static void reprint(uint8_t byte) {
  show(byte);
  line_write("\n", 1);
  for (uint32_t at = lines_end; at != input_put; at++) show(input[at % INPUT_BYTES]);
}

static bool is_character(uint8_t byte, enum line_character which) {
  if (which >= V_REPRINT && !is_local(LOCAL_EXTENDED)) return false;
  return byte && byte == line_settings.characters[which];
}

/* False if the byte only changes the line. */
static bool edit(uint8_t byte) {
  if (is_character(byte, V_ERASE)) {
    erase_character(byte);
  } else if (is_character(byte, V_WERASE)) {
    erase_word();
  } else if (is_character(byte, V_KILL)) {
    erase_line(byte);
  } else if (is_character(byte, V_LNEXT)) {
    literal = true;
    if (is_local(LOCAL_ECHO) && is_local(LOCAL_ECHO_CONTROL)) line_write("^\b", 2);
  } else if (is_character(byte, V_REPRINT) && is_local(LOCAL_ECHO)) {
    reprint(byte);
  } else {
    return true;
  }
  return false;
}

static void store(uint8_t byte) {
  if (input_put == lines_end) line_column = column;
  echo(byte);
  add(byte, false);
}

static void canonical(uint8_t byte) {
  if (!edit(byte)) return;
  if (is_character(byte, V_EOF)) {
    add(byte, true);
    publish();
    return;
  }
  store(byte);
  if (byte == '\n' || is_character(byte, V_EOL) || is_character(byte, V_EOL2)) publish();
}

static uint32_t signal_of(uint8_t byte) {
  if (!is_local(LOCAL_SIGNALS)) return 0;
  if (is_character(byte, V_INTR)) return SIGINT;
  if (is_character(byte, V_QUIT)) return SIGQUIT;
  return is_character(byte, V_SUSP) ? SIGTSTP : 0;
}

/* Stop and start characters are no data. */
static bool flow_control(uint8_t byte) {
  if (!(line_settings.input & INPUT_FLOW_CONTROL)) return false;
  const bool starts = is_character(byte, V_START), stops = !starts && is_character(byte, V_STOP);
  if (starts || stops) line_output_stop(stops);
  else if (line_settings.input & INPUT_ANY_STARTS || signal_of(byte)) line_output_stop(false);
  return starts || stops;
}

static uint32_t signal_take(uint8_t byte, uint32_t signal) {
  if (!is_local(LOCAL_NO_FLUSH)) line_forget();
  echo(byte);
  return signal;
}

uint32_t line_receive(uint8_t byte) {
  if (literal) {
    literal = false;
    store(byte);
    return 0;
  }
  if (flow_control(byte)) return 0;
  const uint32_t signal = signal_of(byte);
  if (signal) return signal_take(byte, signal);
  if (byte == '\r') {
    if (line_settings.input & INPUT_IGNORE_CR) return 0;
    if (line_settings.input & INPUT_CR_TO_NL) byte = '\n';
  } else if (byte == '\n' && line_settings.input & INPUT_NL_TO_CR) {
    byte = '\r';
  }
  if (is_local(LOCAL_CANONICAL)) {
    canonical(byte);
  } else {
    store(byte);
    publish();
  }
  return 0;
}

/* ---- What is read ---- */

/* Without a complete line, what does not fit is lost, as in every terminal: nobody can make room. */
bool line_has_room(void) {
  return input_put - input_taken < INPUT_BYTES || input_taken == lines_end;
}

uint32_t line_ready(void) {
  return lines_end - input_taken;
}

uint32_t line_take(uint8_t *to, uint32_t space, bool *end) {
  uint32_t count = 0;
  *end = false;
  while (count < space && input_taken != lines_end && !*end) {
    const uint32_t at = input_taken++ % INPUT_BYTES;
    const bool end_of_file = ended[at / 8] >> at % 8 & 1;
    if (!end_of_file) to[count++] = input[at];
    *end = is_local(LOCAL_CANONICAL) && (end_of_file || input[at] == '\n' || is_character(input[at], V_EOL) || is_character(input[at], V_EOL2));
  }
  return count;
}

void line_forget(void) {
  input_taken = lines_end = input_put;
}

/* Without lines, an end of file that waits is a byte like others, as Linux has it. */
static void ends_forget(void) {
  for (uint32_t position = input_taken; position != input_put; position++) {
    const uint32_t at = position % INPUT_BYTES, bit = 1u << at % 8;
    if (ended[at / 8] & bit) input[at] = 0;
    ended[at / 8] &= (uint8_t)~bit;
  }
}

void line_settings_set(const struct line_settings *wanted) {
  line_settings = *wanted;
  if (!(wanted->input & INPUT_FLOW_CONTROL)) line_output_stop(false);
  if (wanted->local & LOCAL_CANONICAL) return;
  ends_forget();
  /* What was typed so far becomes readable. */
  lines_end = input_put;
}
