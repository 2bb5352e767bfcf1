#include "base/text.h"
#include "pc.h"

/* A pseudo-descriptor: what LGDT and LIDT read (Intel SDM vol. 3, 3.5.1). */
struct table_pointer {
  uint16_t limit;
  uint32_t base;
} __attribute__((packed));

/* 32-bit task state segment (Intel SDM vol. 3, 7.2.1) with the map of the ports that a program may use. */
struct task_state {
  uint32_t back_link, esp0, ss0, unused[4];
  uint32_t cr3, eip, eflags, eax, ecx, edx, ebx, esp, ebp, esi, edi;
  uint32_t es, cs, ss, ds, fs, gs, ldt;
  uint16_t trap, port_map_offset;
  uint8_t port_map[PORT_MAP_BYTES + 1];
} __attribute__((packed));

/* Flat 4 GB segments with the accessed bit already set, so that loading one does not change the table. */
#define FLAT_CODE_RING0 0x00cf9b000000ffffull
#define FLAT_DATA_RING0 0x00cf93000000ffffull
#define FLAT_CODE_RING3 0x00cffb000000ffffull
#define FLAT_DATA_RING3 0x00cff3000000ffffull
#define PRESENT_AVAILABLE_TASK 0x89
#define KERNEL_INTERRUPT_GATE 0x8e
#define USER_INTERRUPT_GATE 0xee
#define TASK_GATE 0x85
#define BREAKPOINT_VECTOR 3
#define OVERFLOW_VECTOR 4
#define VECTORS (SYSTEM_CALL_VECTOR + 1)
#define FAULT_STACK_BYTES 4096
#define ALL_CLOSED 0xff

static uint64_t global_table[GLOBAL_ENTRIES] __attribute__((aligned(64)));
static uint64_t interrupt_table[VECTORS] __attribute__((aligned(64)));
static struct task_state task __attribute__((aligned(256)));
/* A kernel stack overflow cannot be reported on that stack: the double fault gets a task of its own. */
static struct task_state fault_task __attribute__((aligned(256)));
static uint8_t fault_stack[FAULT_STACK_BYTES] __attribute__((aligned(16)));
static const uint8_t *ports_loaded;

/* Byte-granular system descriptor; bases and limits are split as in Intel SDM vol. 3, figure 3-8. */
static uint64_t system_descriptor(uint32_t base, uint32_t limit, uint8_t access) {
  const uint32_t low = base << 16 | (limit & 0xffff);
  const uint32_t high = (base & 0xff000000) | (limit & 0xf0000) | (uint32_t)access << 8 | (base >> 16 & 0xff);
  return (uint64_t)high << 32 | low;
}

static void gate_set(uint32_t vector, uint16_t selector, uint32_t handler, uint8_t access) {
  const uint32_t low = (uint32_t)selector << 16 | (handler & 0xffff);
  const uint32_t high = (handler & 0xffff0000) | (uint32_t)access << 8;
  interrupt_table[vector] = (uint64_t)high << 32 | low;
}

static void double_fault(void) {
  panic("kernel stack overflow at %8x", task.eip);
}

static void fault_task_prepare(void) {
  uint32_t directory;
  __asm__ volatile("movl %%cr3, %0" : "=r"(directory));
  fault_task.cr3 = directory;
  fault_task.eip = (uint32_t)double_fault;
  fault_task.eflags = FLAG_ALWAYS;
  fault_task.esp = (uint32_t)(fault_stack + FAULT_STACK_BYTES);
  fault_task.cs = KERNEL_CODE;
  fault_task.ss = fault_task.ds = fault_task.es = KERNEL_DATA;
  fault_task.port_map_offset = sizeof fault_task;
  global_table[FAULT_TASK_STATE / 8] = system_descriptor((uint32_t)&fault_task, sizeof fault_task - 1, PRESENT_AVAILABLE_TASK);
  gate_set(EXCEPTION_DOUBLE_FAULT, FAULT_TASK_STATE, 0, TASK_GATE);
}

static void gates_prepare(void) {
  for (uint32_t vector = 0; vector < EXCEPTIONS + DEVICE_VECTORS; vector++) {
    const bool user = vector == BREAKPOINT_VECTOR || vector == OVERFLOW_VECTOR;
    gate_set(vector, KERNEL_CODE, (uint32_t)trap_stubs + vector * TRAP_STUB_BYTES, user ? USER_INTERRUPT_GATE : KERNEL_INTERRUPT_GATE);
  }
  gate_set(SYSTEM_CALL_VECTOR, KERNEL_CODE, (uint32_t)system_call_entry, USER_INTERRUPT_GATE);
}

static void global_table_load(void) {
  const struct table_pointer global = { sizeof global_table - 1, (uint32_t)global_table };
  __asm__ volatile(
    "lgdt %0\n\t"
    "ljmp %1, $1f\n"
    "1:\n\t"
    "movl %2, %%ds\n\t"
    "movl %2, %%es\n\t"
    "movl %2, %%ss\n\t"
    "movl %3, %%fs\n\t"
    "movl %3, %%gs"
    : : "m"(global), "i"(KERNEL_CODE), "r"(KERNEL_DATA), "r"(0) : "memory");
}

void descriptors_install(void) {
  global_table[KERNEL_CODE / 8] = FLAT_CODE_RING0;
  global_table[KERNEL_DATA / 8] = FLAT_DATA_RING0;
  global_table[USER_CODE / 8] = FLAT_CODE_RING3;
  global_table[USER_DATA / 8] = FLAT_DATA_RING3;
  task.ss0 = KERNEL_DATA;
  task.port_map_offset = (uint16_t)offsetof(struct task_state, port_map);
  memset(task.port_map, ALL_CLOSED, sizeof task.port_map);
  global_table[TASK_STATE / 8] = system_descriptor((uint32_t)&task, sizeof task - 1, PRESENT_AVAILABLE_TASK);
  gates_prepare();
  fault_task_prepare();
  global_table_load();
  const struct table_pointer interrupts = { sizeof interrupt_table - 1, (uint32_t)interrupt_table };
  __asm__ volatile("lidt %0" : : "m"(interrupts));
  __asm__ volatile("lldt %w0" : : "r"(0));
  __asm__ volatile("ltr %w0" : : "r"(TASK_STATE) : "memory");
}

void descriptors_stack_set(uint32_t esp0) {
  task.esp0 = esp0;
}

void descriptors_thread_set(const uint64_t *segments) {
  for (uint32_t index = 0; index < THREAD_SEGMENTS; index++) global_table[THREAD_SEGMENT_FIRST + index] = segments[index];
}

/* Null closes all; most programs have no map, and then nothing is copied. */
void descriptors_ports_set(const uint8_t *map) {
  if (map == ports_loaded && !map) return;
  if (map) memcpy(task.port_map, map, PORT_MAP_BYTES);
  else memset(task.port_map, ALL_CLOSED, PORT_MAP_BYTES);
  ports_loaded = map;
}
