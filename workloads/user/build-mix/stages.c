#include "stages.h"

#include "checksum.h"
#include "compiler.h"
#include "program.h"

/* A stage writes and reads as much at once as a standard library does. */
#define TRANSFER_BYTES 512u
#define SOURCE_BYTES (16u * 1024)
#define CODE_BYTES (64u * 1024)
#define HEADING_BYTES 96
#define FILE_MODE 0600
#define STATUS_MASK 0xffu

char GENERATE[] = "--generate", COMPILE[] = "--compile", RUN[] = "--run", LINK[] = "--link";

void object_path(char *path, const char *prefix, uint32_t unit) {
  text_append_decimal(text_copy(text_copy(path, prefix), "."), unit);
}

static void write_in_parts(const char *text, uint32_t bytes) {
  for (uint32_t part; bytes > 0; text += part, bytes -= part) {
    part = bytes < TRANSFER_BYTES ? bytes : TRANSFER_BYTES;
    write_all(STANDARD_OUTPUT, text, part);
  }
}

/* The sample source behind a function that makes each unit's code another. */
static int32_t generate(const char *unit) {
  char heading[HEADING_BYTES];
  char *end = text_copy(text_copy(heading, "fn unit() { return "), unit);
  end = text_copy(end, "; }\n");
  write_in_parts(heading, (uint32_t)(end - heading));
  write_in_parts(sample_source, (uint32_t)(sample_source_end - sample_source));
  return 0;
}

static int32_t compile_stage(const char *path) {
  static char source[SOURCE_BYTES];
  static uint8_t code[CODE_BYTES];
  const uint32_t bytes = read_all(STANDARD_INPUT, source, SOURCE_BYTES);
  const struct object object = compile(source, source + bytes, code, CODE_BYTES);
  const int32_t file = checked(call_open(path, O_WRONLY | O_CREAT | O_TRUNC, FILE_MODE), path);
  write_all(file, &object, sizeof object);
  write_all(file, code, object.bytes);
  return call_close(file);
}

/* Reads an object file; `code` has CODE_BYTES. */
static struct object read_object(const char *path, uint8_t *code) {
  struct object object;
  const int32_t file = checked(call_open(path, O_RDONLY, 0), path);
  if (read_all(file, &object, sizeof object) != sizeof object) fail(path, 0);
  if (read_all(file, code, CODE_BYTES) != object.bytes) fail(path, 0);
  call_close(file);
  return object;
}

static int32_t run_stage(const char *path) {
  static int32_t globals[GLOBAL_WORDS];
  uint8_t *code = pages_map(CODE_BYTES, PROT_READ | PROT_WRITE | PROT_EXEC);
  const struct object object = read_object(path, code);
  return (int32_t)((uint32_t)call_object(code + object.entry, globals, 0) & STATUS_MASK);
}

static int32_t link_stage(const char *request) {
  static uint8_t code[CODE_BYTES];
  char path[TEMPORARY_PATH_BYTES], count[HEADING_BYTES];
  uint32_t digest = CHECKSUM_SEED, length = 0;
  while (request[length] && request[length] != ':') length++;
  memcpy(count, request, length);
  count[length] = '\0';
  const uint32_t units = text_number(count, 0);
  for (uint32_t unit = 0; unit < units; unit++) {
    object_path(path, request + length + 1, unit);
    const struct object object = read_object(path, code);
    for (uint32_t at = 0; at < object.bytes; at++) digest = fold(digest, code[at]);
  }
  write_all(STANDARD_OUTPUT, &digest, sizeof digest);
  return 0;
}

int32_t program_role(const char *role, const char *argument) {
  if (text_compare(role, GENERATE) == 0) return generate(argument);
  if (text_compare(role, COMPILE) == 0) return compile_stage(argument);
  if (text_compare(role, RUN) == 0) return run_stage(argument);
  if (text_compare(role, LINK) == 0) return link_stage(argument);
  return NO_ROLE;
}
