#include "monitor.h"

#include "descriptors.h"
#include "paging.h"
#include "real-mode.h"
#include "workload.h"

/* EFLAGS (Intel SDM vol. 1, 3.4.3). */
#define FLAG_ALWAYS 0x00000002u
#define FLAG_TRAP 0x00000100u
#define FLAG_INTERRUPT 0x00000200u
#define FLAG_VIRTUAL_8086 0x00020000u
/* What the program may change by POPF and IRET: everything in the low word but IF, which is virtual, and IOPL. */
#define FLAGS_FREE 0x4dd5u

#define GENERAL_PROTECTION 13
#define PROGRAM_BYTES 0x10000u
#define PROGRAM_BASE (PROGRAM_SEGMENT * 16u)
#define LOW_WORD 0xffffu

/* Opcodes (Intel SDM vol. 2). */
#define OPCODE_PUSHF 0x9c
#define OPCODE_POPF 0x9d
#define OPCODE_INT 0xcd
#define OPCODE_IRET 0xcf
#define OPCODE_IN 0xe4
#define OPCODE_OUT 0xe6
#define OPCODE_HLT 0xf4
#define OPCODE_CLI 0xfa
#define OPCODE_STI 0xfb

extern const uint8_t real_mode_program[], real_mode_program_end[];

/* What lies at linear 1000:0000, and at 0 with the interrupt table. */
static uint8_t program_memory[PROGRAM_BYTES] __attribute__((aligned(4096)));
static uint8_t vector_page[PAGE_BYTES] __attribute__((aligned(4096)));

static uint32_t virtual_interrupt_flag;
static uint8_t turning_byte;
static struct real_mode_result result;

static uint8_t *linear(uint32_t segment, uint32_t offset) {
  return (uint8_t *)(((segment & LOW_WORD) << 4) + (offset & LOW_WORD));
}

static uint32_t load_word(uint32_t segment, uint32_t offset) {
  return *linear(segment, offset) | (uint32_t)*linear(segment, offset + 1) << 8;
}

static void push(struct trap_frame *frame, uint32_t word) {
  frame->esp = (frame->esp - 2) & LOW_WORD;
  *linear(frame->ss, frame->esp) = (uint8_t)word;
  *linear(frame->ss, frame->esp + 1) = (uint8_t)(word >> 8);
}

static uint32_t pop(struct trap_frame *frame) {
  const uint32_t word = load_word(frame->ss, frame->esp);
  frame->esp = (frame->esp + 2) & LOW_WORD;
  return word;
}

/* The flags as the program sees them: its own IF in place of the processor's. */
static uint32_t visible_flags(const struct trap_frame *frame) {
  return (frame->eflags & FLAGS_FREE) | FLAG_ALWAYS | virtual_interrupt_flag;
}

static void accept_flags(struct trap_frame *frame, uint32_t flags) {
  virtual_interrupt_flag = flags & FLAG_INTERRUPT;
  frame->eflags = (frame->eflags & ~FLAGS_FREE) | (flags & FLAGS_FREE);
}

/* Through the program's own table, as the 8086 does (Intel SDM vol. 3, 20.1.4). */
static void interrupt(struct trap_frame *frame, uint32_t vector) {
  push(frame, visible_flags(frame));
  push(frame, frame->cs);
  push(frame, frame->eip);
  frame->eip = load_word(0, vector * 4);
  frame->cs = load_word(0, vector * 4 + 2);
  frame->eflags &= ~FLAG_TRAP;
  virtual_interrupt_flag = 0;
}

static void return_from_interrupt(struct trap_frame *frame) {
  frame->eip = pop(frame);
  frame->cs = pop(frame);
  accept_flags(frame, pop(frame));
}

static void port_output(uint32_t port, uint32_t value) {
  if (port == TURNING_PORT) turning_byte = (uint8_t)value;
}

static uint32_t port_input(uint32_t port) {
  return port == TURNING_PORT ? (uint8_t)(turning_byte << 1 | turning_byte >> 7) : 0xffu;
}

/* Does what the instruction would have done; `operand` is the byte behind the opcode. */
static enum emulated perform(struct trap_frame *frame, uint32_t opcode, uint32_t operand) {
  switch (opcode) {
    case OPCODE_CLI: virtual_interrupt_flag = 0; return EMULATED_CLI;
    case OPCODE_STI: virtual_interrupt_flag = FLAG_INTERRUPT; return EMULATED_STI;
    case OPCODE_PUSHF: push(frame, visible_flags(frame)); return EMULATED_PUSHF;
    case OPCODE_POPF: accept_flags(frame, pop(frame)); return EMULATED_POPF;
    case OPCODE_INT: interrupt(frame, operand); return EMULATED_INT;
    case OPCODE_IRET: return_from_interrupt(frame); return EMULATED_IRET;
    case OPCODE_IN: frame->eax = (frame->eax & ~0xffu) | port_input(operand); return EMULATED_IN;
    case OPCODE_OUT: port_output(operand, frame->eax); return EMULATED_OUT;
    case OPCODE_HLT: return EMULATED_HLT;
    default: trap_unexpected(GENERAL_PROTECTION, frame->error, frame->eip);
  }
}

static uint32_t length_of(uint32_t opcode) {
  return opcode == OPCODE_INT || opcode == OPCODE_IN || opcode == OPCODE_OUT ? 2 : 1;
}

int monitor_emulate(struct trap_frame *frame) {
  const uint32_t opcode = *linear(frame->cs, frame->eip), operand = *linear(frame->cs, frame->eip + 1);
  frame->eip = (frame->eip + length_of(opcode)) & LOW_WORD;
  const enum emulated kind = perform(frame, opcode, operand);
  result.emulated[kind]++;
  if (kind != EMULATED_HLT) return 1;
  result.stream = frame->esi;
  result.gathered = frame->edi;
  result.serviced = frame->ebp;
  return 0;
}

/* Opens one page below 1 MB to the program. The first page table is the image's, and mapped with it. */
static void map_low_page(uint32_t address, const uint8_t *frame) {
  const uint32_t *directory;
  __asm__("movl %%cr3, %0" : "=r"(directory));
  uint32_t *const table = (uint32_t *)(directory[0] & ~(PAGE_BYTES - 1));
  table[address / PAGE_BYTES] = (uint32_t)frame | PAGE_PRESENT | PAGE_WRITABLE | PAGE_USER;
  __asm__ volatile("invlpg (%0)" : : "r"(address) : "memory");
}

void workload_prepare(void) {
  map_low_page(0, vector_page);
  for (uint32_t at = 0; at < PROGRAM_BYTES; at += PAGE_BYTES) map_low_page(PROGRAM_BASE + at, program_memory + at);
  for (uint32_t at = 0; at < (uint32_t)(real_mode_program_end - real_mode_program); at++) {
    program_memory[at] = real_mode_program[at];
  }
  uint16_t *const vector = (uint16_t *)(vector_page + SERVICE_VECTOR * 4);
  vector[0] = SERVICE_OFFSET;
  vector[1] = PROGRAM_SEGMENT;
  gate_set(GENERAL_PROTECTION, general_protection_entry, KERNEL_INTERRUPT_GATE);
}

struct real_mode_result real_mode_run(uint32_t rounds, uint32_t stream) {
  const struct trap_frame frame = {
    .esi = stream, .ecx = rounds, .cs = PROGRAM_SEGMENT, .eflags = FLAG_VIRTUAL_8086 | FLAG_ALWAYS, .esp = STACK_TOP,
    .ss = PROGRAM_SEGMENT, .es = PROGRAM_SEGMENT, .ds = PROGRAM_SEGMENT, .fs = PROGRAM_SEGMENT, .gs = PROGRAM_SEGMENT,
  };
  virtual_8086_enter(&frame);
  return result;
}
