/* Opcodes from the Intel SDM, vol. 2. */
#include "instructions.h"

#include "compiler.h"
#include "program.h"

#define DISPLACEMENT_BYTES 4u

static void emit(struct code *code, const char *bytes, uint32_t count) {
  if (code->room - code->length < count) fail("the code is too long", 0);
  memcpy(code->bytes + code->length, bytes, count);
  code->length += count;
}

/* Instructions whose bytes are known as a whole. */
#define EMIT(code, text) emit(code, text, sizeof(text) - 1)

static void emit_word(struct code *code, int32_t word) {
  char bytes[sizeof word];
  memcpy(bytes, &word, sizeof word);
  emit(code, bytes, sizeof bytes);
}

void emit_constant(struct code *code, int32_t value) {
  EMIT(code, "\xb8"); /* mov eax, imm32 */
  emit_word(code, value);
}

void emit_load(struct code *code, const struct definition *variable) {
  if (variable->meaning == LOCAL) EMIT(code, "\x8b\x85"); /* mov eax, [ebp + disp32] */
  else EMIT(code, "\x8b\x83");                            /* mov eax, [ebx + disp32] */
  emit_word(code, variable->place);
}

void emit_store(struct code *code, const struct definition *variable) {
  if (variable->meaning == LOCAL) EMIT(code, "\x89\x85"); /* mov [ebp + disp32], eax */
  else EMIT(code, "\x89\x83");                            /* mov [ebx + disp32], eax */
  emit_word(code, variable->place);
}

void emit_load_element(struct code *code, const struct definition *array) {
  EMIT(code, "\x8b\x84\x83"); /* mov eax, [ebx + eax*4 + disp32] */
  emit_word(code, array->place);
}

void emit_store_element(struct code *code, const struct definition *array) {
  EMIT(code, "\x59\x89\x84\x8b"); /* pop ecx; mov [ebx + ecx*4 + disp32], eax */
  emit_word(code, array->place);
}

void emit_push(struct code *code) {
  EMIT(code, "\x50");
}

/* EAX := the flags' condition as 0 or 1, after comparing EAX with ECX. */
static void emit_compare(struct code *code, char condition) {
  const char set[] = { '\x0f', condition, '\xc0' };
  EMIT(code, "\x39\xc8"); /* cmp eax, ecx */
  emit(code, set, sizeof set);
  EMIT(code, "\x0f\xb6\xc0"); /* movzx eax, al */
}

int emit_binary(struct code *code, uint32_t symbol) {
  EMIT(code, "\x89\xc1\x58"); /* mov ecx, eax; pop eax */
  switch (symbol) {
    case '|': EMIT(code, "\x09\xc8"); return 1;
    case '^': EMIT(code, "\x31\xc8"); return 1;
    case '&': EMIT(code, "\x21\xc8"); return 1;
    case '+': EMIT(code, "\x01\xc8"); return 1;
    case '-': EMIT(code, "\x29\xc8"); return 1;
    case '*': EMIT(code, "\x0f\xaf\xc1"); return 1;
    case '/': EMIT(code, "\x99\xf7\xf9"); return 1;         /* cdq; idiv ecx */
    case '%': EMIT(code, "\x99\xf7\xf9\x89\xd0"); return 1; /* and mov eax, edx */
    case SHIFT_LEFT: EMIT(code, "\xd3\xe0"); return 1;
    case SHIFT_RIGHT: EMIT(code, "\xd3\xe8"); return 1;
    case EQUAL: emit_compare(code, '\x94'); return 1;
    case UNEQUAL: emit_compare(code, '\x95'); return 1;
    case '<': emit_compare(code, '\x9c'); return 1;
    case AT_LEAST: emit_compare(code, '\x9d'); return 1;
    case AT_MOST: emit_compare(code, '\x9e'); return 1;
    case '>': emit_compare(code, '\x9f'); return 1;
    default: return 0;
  }
}

void emit_unary(struct code *code, uint32_t symbol) {
  if (symbol == '-') EMIT(code, "\xf7\xd8");
  else if (symbol == '~') EMIT(code, "\xf7\xd0");
  else EMIT(code, "\x85\xc0\x0f\x94\xc0\x0f\xb6\xc0"); /* test eax, eax; sete al; movzx eax, al */
}

static void patch(struct code *code, uint32_t place, uint32_t word) {
  memcpy(code->bytes + place, &word, sizeof word);
}

/* Displacements count from behind themselves. */
static int32_t distance_to(const struct code *code, uint32_t target) {
  return (int32_t)(target - (code->length + DISPLACEMENT_BYTES));
}

void emit_call(struct code *code, const struct definition *function) {
  EMIT(code, "\xe8");
  emit_word(code, distance_to(code, (uint32_t)function->place));
  if (function->parameters == 0) return;
  EMIT(code, "\x81\xc4"); /* add esp, imm32 */
  emit_word(code, (int32_t)(4 * function->parameters));
}

uint32_t emit_jump(struct code *code) {
  EMIT(code, "\xe9");
  emit_word(code, 0);
  return code->length - DISPLACEMENT_BYTES;
}

uint32_t emit_jump_if_zero(struct code *code) {
  EMIT(code, "\x85\xc0\x0f\x84"); /* test eax, eax; jz */
  emit_word(code, 0);
  return code->length - DISPLACEMENT_BYTES;
}

void close_jump(struct code *code, uint32_t jump) {
  patch(code, jump, code->length - (jump + DISPLACEMENT_BYTES));
}

void emit_jump_back(struct code *code, uint32_t target) {
  EMIT(code, "\xe9");
  emit_word(code, distance_to(code, target));
}

uint32_t emit_prologue(struct code *code) {
  EMIT(code, "\x55\x89\xe5\x81\xec"); /* push ebp; mov ebp, esp; sub esp, imm32 */
  emit_word(code, 0);
  return code->length - DISPLACEMENT_BYTES;
}

void close_prologue(struct code *code, uint32_t prologue, uint32_t locals) {
  patch(code, prologue, 4 * locals);
}

void emit_return(struct code *code) {
  EMIT(code, "\xc9\xc3"); /* leave; ret */
}

int32_t call_object(const uint8_t *entry, int32_t *globals, int32_t argument) {
  int32_t result;
  /* The argument stays on the stack for the call, as the convention above wants it. */
  __asm__ volatile("pushl %2\n\tcall *%1\n\taddl $4, %%esp"
                   : "=a"(result) : "S"(entry), "D"(argument), "b"(globals) : "ecx", "edx", "memory", "cc");
  return result;
}
