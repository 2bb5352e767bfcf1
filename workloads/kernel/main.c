/* Start: file system, devices, init with its arguments from the command line. */
#include "base/errors.h"
#include "base/text.h"
#include "devices/random-bytes.h"
#include "devices/terminal.h"
#include "files/archive.h"
#include "files/file.h"
#include "files/proc.h"
#include "kernel.h"
#include "memory/frames.h"
#include "memory/heap.h"
#include "process/calls.h"
#include "process/exec.h"
#include "process/process.h"

#define DIRECTORY_MODE (MODE_DIRECTORY | 0755)
#define STATUS_NO_INIT 127u
#define STATUS_SIGNAL 128u
/* Files may have this part of memory. */
#define FILE_SPACE_NUMERATOR 3u
#define FILE_SPACE_DENOMINATOR 4u

struct kernel_options kernel_options;
static const char *stream_paths[3];

struct device_name {
  const char *name;
  uint32_t mode, device;
};
static const struct device_name device_names[] = {
  { "null", MODE_CHARACTER | 0666, DEVICE_NULL }, { "zero", MODE_CHARACTER | 0666, DEVICE_ZERO }, { "full", MODE_CHARACTER | 0666, DEVICE_FULL },
  { "random", MODE_CHARACTER | 0666, DEVICE_RANDOM }, { "urandom", MODE_CHARACTER | 0666, DEVICE_URANDOM }, { "tty", MODE_CHARACTER | 0666, DEVICE_TTY },
  { "console", MODE_CHARACTER | 0600, DEVICE_CONSOLE }, { "ttyS0", MODE_CHARACTER | 0660, DEVICE_SERIAL },
  { "marker", MODE_CHARACTER | 0222, DEVICE_MARKER }, { "hda", MODE_BLOCK | 0660, DEVICE_DISK },
  { "host-input", MODE_CHARACTER | 0444, DEVICE_HOST_INPUT }, { "host-output", MODE_CHARACTER | 0222, DEVICE_HOST_OUTPUT },
  { "host-error", MODE_CHARACTER | 0222, DEVICE_HOST_ERROR },
};
static const struct {
  const char *name, *target;
} device_links[] = { { "stdin", "/proc/self/fd/0" }, { "stdout", "/proc/self/fd/1" }, { "stderr", "/proc/self/fd/2" }, { "fd", "/proc/self/fd" } };

static struct inode *directory_ensure(const char *name, uint32_t mode) {
  struct inode *inode = directory_find(root_directory, name);
  if (inode) inode_drop(inode);
  else inode = directory_make(root_directory, name, mode);
  if (is_error(inode)) panic("no memory for /%s", name);
  return inode;
}

/* A device that the archive brings stays as it is there, but the disk exists only if it does. */
static void devices_make(void) {
  struct inode *directory = directory_ensure("dev", DIRECTORY_MODE);
  for (uint32_t at = 0; at < COUNT_OF(device_names); at++) {
    if (device_names[at].device == DEVICE_DISK && arch_disk_sectors() == 0) continue;
    struct inode *inode = directory_make(directory, device_names[at].name, device_names[at].mode);
    if (!is_error(inode)) inode->device = device_names[at].device;
  }
  for (uint32_t at = 0; at < COUNT_OF(device_links); at++) {
    struct inode *inode = directory_make(directory, device_links[at].name, MODE_LINK | 0777);
    if (!is_error(inode)) inode->target = heap_text(device_links[at].target);
  }
}

static void file_system_start(void) {
  const struct boot_archive archive = arch_archive();
  root_directory = inode_make(DIRECTORY_MODE);
  if (!root_directory) panic("no memory for the file system");
  root_directory->links = 2;
  inode_space_set((frames_total() + (archive.length >> PAGE_SHIFT)) / FILE_SPACE_DENOMINATOR * FILE_SPACE_NUMERATOR);
  archive_unpack(archive.bytes, archive.length);
  arch_archive_release();
  directory_ensure("tmp", DIRECTORY_MODE | 01777);
  proc_start(directory_ensure("proc", DIRECTORY_MODE));
  devices_make();
}

/* Takes the next word of the command line, where quotes keep blanks together; null at the end. */
static char *word_take(char **rest) {
  char *from = *rest, quote = '\0';
  while (*from == ' ') from++;
  if (!*from) return NULL;
  char *word = from, *to = from;
  for (; *from && (quote || *from != ' '); from++) {
    if (quote ? *from == quote : *from == '"' || *from == '\'') quote = quote ? '\0' : *from;
    else *to++ = *from;
  }
  *rest = *from ? from + 1 : from;
  *to = '\0';
  return word;
}

static bool option_take(const char *word, const char *key, const char **value) {
  if (!text_starts(word, key)) return false;
  *value = word + text_length(key);
  return true;
}

struct start {
  const char *program;
  struct exec_texts texts;
  char *environment;
};

static void environment_add(struct start *start, uint32_t *length, const char *text) {
  const uint32_t bytes = text_length(text) + 1;
  if (*length + bytes > PAGE_BYTES) panic("the environment is too long");
  memcpy(start->environment + *length, text, bytes);
  *length += bytes;
  start->texts.environment++;
}

static void argument_add(struct start *start, const char *text) {
  if (exec_text_add(&start->texts, text)) panic("the arguments of init are too long");
  start->texts.arguments++;
}

/* Before init= come options, behind it its arguments. */
static void command_line_read(struct start *start, char *line) {
  const char *value;
  uint32_t environment_bytes = 0, number;
  for (char *word = word_take(&line); word; word = word_take(&line)) {
    if (start->program) argument_add(start, word);
    else if (option_take(word, "init=", &value)) argument_add(start, start->program = value);
    else if (option_take(word, "env=", &value)) environment_add(start, &environment_bytes, value);
    else if (option_take(word, "seed=", &value) && text_number(value, &number)) random_seed(number);
    else if (option_take(word, "stdin=", &value)) stream_paths[0] = value;
    else if (option_take(word, "stdout=", &value)) stream_paths[1] = value;
    else if (option_take(word, "stderr=", &value)) stream_paths[2] = value;
    else if (text_equal(word, "verbose")) kernel_options.verbose = true;
    else if (text_equal(word, "raw")) kernel_options.raw = true;
    else if (text_equal(word, "framed")) kernel_options.framed = true;
    else if (text_equal(word, "mortal")) kernel_options.mortal = true;
  }
  if (!start->program) argument_add(start, start->program = "/init");
  start->texts.environment_at = start->texts.length;
  for (uint32_t at = 0; at < environment_bytes; at += text_length(start->environment + at) + 1) {
    if (exec_text_add(&start->texts, start->environment + at)) panic("the environment is too long");
  }
}

static void streams_open(void) {
  for (uint32_t at = 0; at < COUNT_OF(stream_paths); at++) {
    const char *path = stream_paths[at] ? stream_paths[at] : "/dev/console";
    struct inode *inode = path_inode_kernel(path);
    struct file *file = is_error(inode) ? (struct file *)inode : file_open(inode, OPEN_READ_WRITE);
    if (is_error(file)) panic("%s: error %d", path, -error_of(file));
    inode_drop(inode);
    current->files->open[at] = file;
  }
}

static void limits_start(struct process *process) {
  for (uint32_t at = 0; at < LIMITS; at++) process->limits[at] = (struct limit){ LIMIT_INFINITY, LIMIT_INFINITY };
  process->limits[LIMIT_STACK].soft = STACK_BYTES_MOST;
  process->limits[LIMIT_FILES] = (struct limit){ DESCRIPTORS, DESCRIPTORS };
}

static void init_make(void) {
  struct process *init = process_make();
  if (is_error(init)) panic("no memory for init");
  init->state = RUNNABLE;
  init->group = init->session = init->pid;
  init->file_mask = 022;
  init->directory = root_directory;
  inode_share(root_directory);
  init->files = files_make();
  if (!init->files) panic("no memory for init");
  limits_start(init);
  current = init;
  terminal_session_begin(init->session, init->group);
}

void kernel_main(void) {
  frame_zero();
  file_system_start();
  char *line = heap_text(arch_command_line());
  struct start *start = heap_take(sizeof *start);
  if (!line || !start || !(start->environment = heap_take(PAGE_BYTES))) panic("no memory to start");
  command_line_read(start, line);
  terminal_start(kernel_options.raw);
  init_make();
  streams_open();
  arch_console_listen();
  arch_timer_start();

  struct inode *inode = path_inode_kernel(start->program);
  const int error = is_error(inode) ? error_of(inode) : exec_program(inode, &start->texts, start->program, 0);
  if (error) {
    print("init %s: error %d\n", start->program, -error);
    arch_power_off(STATUS_NO_INIT);
  }
  inode_drop(inode);
  exec_texts_free(&start->texts);
  heap_free(start->environment);
  heap_free(start);
  heap_free(line);
  arch_enter_user(&current->context);
}

void kernel_finish(uint32_t wait_status) {
  const uint32_t signal = wait_status & 0x7f;
  if (kernel_options.verbose) calls_report();
  arch_power_off((uint8_t)(signal ? STATUS_SIGNAL + signal : wait_status >> 8));
}
