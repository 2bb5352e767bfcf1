/* execve: texts from the old program, the new one's space, its stack (Tool Interface Standard ELF 1.2; i386 ABI supplement). */
#include "process/exec.h"

#include "arch/arch.h"
#include "base/errors.h"
#include "base/text.h"
#include "devices/random-bytes.h"
#include "files/file.h"
#include "memory/heap.h"
#include "process/calls.h"
#include "process/elf.h"
#include "process/process.h"

#define SCRIPT_DEPTH_MOST 4u
#define SCRIPT_LINE_BYTES 256u
#define TEXTS_BYTES_MOST (EXEC_PAGES * PAGE_BYTES)

void exec_texts_free(struct exec_texts *texts) {
  for (uint32_t page = 0; page < EXEC_PAGES; page++) {
    heap_free(texts->pages[page]);
    texts->pages[page] = NULL;
  }
}

static int byte_add(struct exec_texts *texts, uint8_t byte) {
  if (texts->length >= TEXTS_BYTES_MOST) return -E2BIG;
  uint8_t **page = &texts->pages[texts->length / PAGE_BYTES];
  if (!*page && !(*page = heap_take_brief(PAGE_BYTES))) return -ENOMEM;
  (*page)[texts->length++ % PAGE_BYTES] = byte;
  return 0;
}

int exec_text_add(struct exec_texts *texts, const char *text) {
  int error;
  do {
    error = byte_add(texts, (uint8_t)*text);
  } while (!error && *text++);
  return error;
}

/* The texts that a null-terminated array in user memory points to. */
static int texts_read(struct exec_texts *texts, uint32_t array, uint32_t *count) {
  for (*count = 0; array; array += sizeof(uint32_t), ++*count) {
    uint32_t address;
    if (arch_copy_from_user(&address, array, sizeof address)) return -EFAULT;
    if (!address) break;
    uint8_t byte;
    do {
      if (arch_copy_from_user(&byte, address++, 1)) return -EFAULT;
      const int error = byte_add(texts, byte);
      if (error) return error;
    } while (byte);
  }
  return 0;
}

static char *skip_blanks(char *text) {
  while (*text == ' ' || *text == '\t') text++;
  return text;
}

/* Splits `#!interpreter argument` in place; the argument is null if there is none. */
static char *script_line(char *line, uint32_t length, char **argument) {
  uint32_t end = 2;
  while (end < length && line[end] != '\n') end++;
  if (end == SCRIPT_LINE_BYTES) return NULL;
  while (end > 2 && (line[end - 1] == ' ' || line[end - 1] == '\t' || line[end - 1] == '\r')) end--;
  line[end] = '\0';
  char *interpreter = skip_blanks(line + 2), *rest = interpreter;
  while (*rest && *rest != ' ' && *rest != '\t') rest++;
  *argument = *rest ? skip_blanks(rest + 1) : NULL;
  *rest = '\0';
  return *interpreter ? interpreter : NULL;
}

/* The texts of a script's interpreter: the line, the path, and all but the first of the old arguments. */
static int script_texts(const struct exec_texts *old, struct exec_texts *texts, const char *interpreter, const char *argument, const char *path) {
  int error = exec_text_add(texts, interpreter);
  if (!error && argument) error = exec_text_add(texts, argument);
  if (!error) error = exec_text_add(texts, path);
  uint32_t at = 0;
  while (at < old->environment_at && old->pages[at / PAGE_BYTES][at % PAGE_BYTES]) at++;
  at = old->arguments ? at + 1 : at;
  texts->arguments = 2 + (argument ? 1 : 0) + (old->arguments ? old->arguments - 1 : 0);
  texts->environment_at = texts->length + old->environment_at - at;
  texts->environment = old->environment;
  for (; !error && at < old->length; at++) error = byte_add(texts, old->pages[at / PAGE_BYTES][at % PAGE_BYTES]);
  return error;
}

static int exec_script(char *line, uint32_t length, struct exec_texts *texts, const char *path, uint32_t depth) {
  char *argument;
  const char *interpreter = script_line(line, length, &argument);
  if (!interpreter) return -ENOEXEC;
  if (depth >= SCRIPT_DEPTH_MOST) return -ELOOP;
  struct inode *inode = path_inode_kernel(interpreter);
  if (is_error(inode)) return error_of(inode);
  struct exec_texts *own = heap_take_brief(sizeof *own);
  int error = own ? script_texts(texts, own, interpreter, argument, path) : -ENOMEM;
  if (!error) error = exec_program(inode, own, interpreter, depth + 1);
  if (own) exec_texts_free(own);
  heap_free(own);
  inode_drop(inode);
  return error;
}

static void name_set(const char *path) {
  const char *name = path;
  for (const char *at = path; *at; at++) {
    if (*at == '/') name = at + 1;
  }
  text_copy(current->name, name, sizeof current->name);
}

/* From here on there is no way back to the old program. */
static void program_replace(struct inode *inode, struct space *space, const char *path) {
  struct space *old = current->space;
  current->space = space;
  arch_space_use(&space->arch);
  if (old) space_drop(old);
  process_release_parent(current);
  files_close_on_exec(current->files);
  signals_reset(&current->signals);
  arch_context_reset(&current->context);
  current->clear_thread_id = 0;
  inode_execution_begin(inode);
  if (current->executable) inode_execution_end(current->executable);
  current->executable = inode;
  current->has_executed = true;
  name_set(path);
}

/* There is no memory for its stack. It dies on the way to user mode, when the callers have given back what they hold. */
static void program_doom(void) {
  if (current->pid == 1) process_exit(SIGKILL);
  signal_send(current, SIGKILL, (struct signal_information){ CODE_KERNEL, 0, 0 });
}

int exec_program(struct inode *inode, struct exec_texts *texts, const char *path, uint32_t depth) {
  if (!inode_is(inode, MODE_REGULAR) || inode->node || !(inode->mode & MODE_EXECUTE)) return -EACCES;
  if (inode->writers > 0) return -ETXTBSY;
  char first[SCRIPT_LINE_BYTES + 1];
  const uint32_t length = inode_read(inode, 0, first, SCRIPT_LINE_BYTES);
  if (length >= 2 && first[0] == '#' && first[1] == '!') return exec_script(first, length, texts, path, depth);

  struct elf_program program;
  struct space *space = space_make();
  if (!space) return -ENOMEM;
  const int error = elf_load(inode, space, &program);
  if (error) {
    space_drop(space);
    return error;
  }
  program_replace(inode, space, path);
  uint32_t stack = 0;
  if (elf_stack_build(&program, texts, &stack)) program_doom();
  arch_registers_start(arch_user_registers(&current->context), program.entry, stack);
  return 0;
}

int call_execve(const uint32_t *a) {
  struct inode *inode = path_inode(AT_CURRENT, a[0], true);
  if (is_error(inode)) return error_of(inode);
  char *path = text_from_user(a[0]);
  struct exec_texts *texts = heap_take_brief(sizeof *texts);
  int error = is_error(path) ? error_of(path) : !texts ? -ENOMEM : texts_read(texts, a[1], &texts->arguments);
  if (!error) {
    texts->environment_at = texts->length;
    error = texts_read(texts, a[2], &texts->environment);
  }
  if (!error) error = exec_program(inode, texts, path, 0);
  if (texts) exec_texts_free(texts);
  heap_free(texts);
  if (!is_error(path)) heap_free(path);
  inode_drop(inode);
  return error;
}
