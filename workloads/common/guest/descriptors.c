#include "descriptors.h"

/* A pseudo-descriptor: what LGDT and LIDT read (Intel SDM vol. 3, 3.5.1). */
struct table_pointer {
  uint16_t limit;
  uint32_t base;
} __attribute__((packed));

/* 32-bit task state segment (Intel SDM vol. 3, 7.2.1); only the ring-0 stack and the I/O map's offset are used. */
struct task_state {
  uint32_t back_link, esp0, ss0;
  uint32_t unused[22];
  uint16_t trap, io_map;
};

/* Flat 4 GB segments with the accessed bit already set, so that loading one does not change the table. */
#define FLAT_CODE_RING0 0x00cf9b000000ffffull
#define FLAT_DATA_RING0 0x00cf93000000ffffull
#define FLAT_CODE_RING3 0x00cffb000000ffffull
#define FLAT_DATA_RING3 0x00cff3000000ffffull
#define PRESENT_AVAILABLE_TASK 0x89

/* The processor marks the task busy in the table, hence no const. */
static uint64_t global_table[] __attribute__((aligned(64))) = {
  0, FLAT_CODE_RING0, FLAT_DATA_RING0, FLAT_CODE_RING3, FLAT_DATA_RING3, 0, 0,
};

static uint64_t interrupt_table[VECTORS] __attribute__((aligned(64)));

/* Aligned so that it does not cross a page. */
static struct task_state task __attribute__((aligned(128)));

extern const char trap_stubs[];

static uint32_t address_of(const void *object) {
  return (uint32_t)object;
}

/* Byte-granular system descriptor; bases and limits are split as in Intel SDM vol. 3, figure 3-8. */
static uint64_t system_descriptor(uint32_t base, uint32_t limit, uint8_t access) {
  const uint32_t low = base << 16 | (limit & 0xffff);
  const uint32_t high = (base & 0xff000000) | (limit & 0xf0000) | (uint32_t)access << 8 | (base >> 16 & 0xff);
  return (uint64_t)high << 32 | low;
}

static void gate_write(uint32_t vector, uint32_t handler, uint8_t access) {
  const uint32_t low = (uint32_t)KERNEL_CODE << 16 | (handler & 0xffff);
  const uint32_t high = (handler & 0xffff0000) | (uint32_t)access << 8;
  interrupt_table[vector] = (uint64_t)high << 32 | low;
}

void gate_set(uint32_t vector, void (*handler)(void), uint8_t access) {
  gate_write(vector, (uint32_t)handler, access);
}

void local_table_set(const uint64_t *table, uint32_t bytes) {
  global_table[LOCAL_TABLE / 8] = system_descriptor(address_of(table), bytes - 1, PRESENT_LOCAL_TABLE);
  __asm__ volatile("lldt %w0" : : "r"(LOCAL_TABLE) : "memory");
}

void kernel_stack_set(uint32_t esp) {
  task.esp0 = esp;
}

uint32_t global_table_address(void) {
  return address_of(global_table);
}

uint32_t interrupt_table_address(void) {
  return address_of(interrupt_table);
}

static void segments_load(void) {
  const struct table_pointer global = { sizeof global_table - 1, address_of(global_table) };
  __asm__ volatile(
    "lgdt %0\n\t"
    "ljmp %1, $1f\n"
    "1:\n\t"
    "movl %2, %%ds\n\t"
    "movl %2, %%es\n\t"
    "movl %2, %%fs\n\t"
    "movl %2, %%gs\n\t"
    "movl %2, %%ss"
    : : "m"(global), "i"(KERNEL_CODE), "r"(KERNEL_DATA) : "memory");
}

void descriptors_install(void) {
  task.ss0 = KERNEL_DATA;
  task.io_map = sizeof task;
  global_table[TASK_STATE / 8] = system_descriptor(address_of(&task), sizeof task - 1, PRESENT_AVAILABLE_TASK);
  segments_load();

  for (uint32_t vector = 0; vector < HANDLED_VECTORS; vector++) {
    gate_write(vector, address_of(trap_stubs) + vector * TRAP_STUB_BYTES, KERNEL_INTERRUPT_GATE);
  }
  const struct table_pointer interrupts = { sizeof interrupt_table - 1, address_of(interrupt_table) };
  __asm__ volatile("lidt %0" : : "m"(interrupts));
  __asm__ volatile("lldt %w0" : : "r"(0));
  __asm__ volatile("ltr %w0" : : "r"(TASK_STATE) : "memory");
}
