/* The probes on the processor. Each leaves flags and segment registers as it found them: IF, DF, NT and IOPL zero. */
#ifndef MACHINE_PROBES_H
#define MACHINE_PROBES_H

#include "descriptors.h"
#include "probes.h"

/* The operand of a push: flags between probes. */
#define RESTING_FLAGS "$2"

static inline uint32_t probe_pushf(uint32_t a, uint32_t b) {
  uint32_t flags;
  __asm__ volatile("cmpl %2, %1\n\tpushfl\n\tpopl %0" : "=r"(flags) : "r"(a), "r"(b) : "cc", "memory");
  return flags;
}

/* Reads back what POPF made of `flags`. */
static inline uint32_t probe_popf(uint32_t flags) {
  __asm__ volatile(
    "pushl %0\n\tpopfl\n\t"
    "pushfl\n\tpopl %0\n\t"
    "pushl " RESTING_FLAGS "\n\tpopfl"
    : "+r"(flags) : : "cc", "memory");
  return flags;
}

/* STI holds interrupts back for one instruction, but IF is set at once. */
static inline uint32_t probe_sti(void) {
  uint32_t flags;
  __asm__ volatile("cmpl %0, %0\n\tsti\n\tpushfl\n\tpopl %0" : "=r"(flags) : : "cc", "memory");
  return flags;
}

static inline uint32_t probe_cli(void) {
  uint32_t flags;
  __asm__ volatile("cmpl %0, %0\n\tcli\n\tpushfl\n\tpopl %0" : "=r"(flags) : : "cc", "memory");
  return flags;
}

/* What SGDT and SIDT store (Intel SDM vol. 3, 3.5.1). */
struct pseudo_descriptor {
  uint16_t limit;
  uint32_t base;
} __attribute__((packed));

static inline struct stored_table probe_sgdt(void) {
  struct pseudo_descriptor stored;
  __asm__ volatile("sgdt %0" : "=m"(stored));
  return (struct stored_table){ stored.limit, stored.base - global_table_address() };
}

static inline struct stored_table probe_sidt(void) {
  struct pseudo_descriptor stored;
  __asm__ volatile("sidt %0" : "=m"(stored));
  return (struct stored_table){ stored.limit, stored.base - interrupt_table_address() };
}

static inline uint32_t probe_sldt(void) {
  uint16_t selector;
  __asm__ volatile("sldt %w0" : "=r"(selector));
  return selector;
}

static inline uint32_t probe_str(void) {
  uint16_t selector;
  __asm__ volatile("str %w0" : "=r"(selector));
  return selector;
}

static inline uint32_t probe_smsw(void) {
  uint16_t status;
  __asm__ volatile("smsw %w0" : "=r"(status));
  return status;
}

/* The destinations of LAR and LSL keep their zero where the instruction finds the selector unusable. */
static inline struct selector_view probe_selector(uint16_t selector) {
  uint32_t rights = 0, limit = 0;
  uint8_t has_rights, has_limit, readable, writable;
  __asm__ volatile("larl %2, %0\n\tsetz %1" : "+r"(rights), "=q"(has_rights) : "r"((uint32_t)selector) : "cc");
  __asm__ volatile("lsll %2, %0\n\tsetz %1" : "+r"(limit), "=q"(has_limit) : "r"((uint32_t)selector) : "cc");
  __asm__ volatile("verr %w1\n\tsetz %0" : "=q"(readable) : "r"(selector) : "cc");
  __asm__ volatile("verw %w1\n\tsetz %0" : "=q"(writable) : "r"(selector) : "cc");
  const uint32_t valid = has_rights | has_limit << 1 | readable << 2 | writable << 3;
  return (struct selector_view){ rights & ACCESS_RIGHTS_DEFINED, limit, valid };
}

#define SEGMENT_READER(name, segment)                                  \
  static inline uint32_t name(void) {                                  \
    uint16_t selector;                                                 \
    __asm__ volatile("movw %%" segment ", %w0" : "=r"(selector));      \
    return selector;                                                   \
  }
SEGMENT_READER(probe_read_cs, "cs")
SEGMENT_READER(probe_read_ss, "ss")
SEGMENT_READER(probe_read_ds, "ds")

/* The upper half of a pushed selector's slot is undefined. */
#define SEGMENT_PUSHER(name, segment)                                                           \
  static inline uint32_t name(void) {                                                           \
    uint32_t slot;                                                                              \
    __asm__ volatile("pushl %%" segment "\n\tpopl %0" : "=r"(slot) : : "memory");               \
    return slot & 0xffff;                                                                       \
  }
SEGMENT_PUSHER(probe_push_cs, "cs")
SEGMENT_PUSHER(probe_push_ss, "ss")
SEGMENT_PUSHER(probe_push_es, "es")

/* Nothing else uses FS and GS. */
static inline uint32_t probe_load_fs(uint16_t selector) {
  uint16_t read;
  __asm__ volatile("movw %w1, %%fs\n\tmovw %%fs, %w0" : "=r"(read) : "r"(selector) : "memory");
  return read;
}

static inline uint32_t probe_pop_gs(uint16_t selector) {
  uint16_t read;
  __asm__ volatile("pushl %1\n\tpopl %%gs\n\tmovw %%gs, %w0" : "=r"(read) : "r"((uint32_t)selector) : "memory");
  return read;
}

/* A far call to the next instruction but one, which looks at the frame and returns. */
static inline struct far_frame probe_far_call(void) {
  uint32_t selector, offset;
  __asm__ volatile(
    "lcall %2, $2f\n"
    "1:\n\t"
    "jmp 3f\n"
    "2:\n\t"
    "movzwl 4(%%esp), %0\n\t"
    "movl (%%esp), %1\n\t"
    "subl $1b, %1\n\t"
    "lret\n"
    "3:"
    : "=&r"(selector), "=&r"(offset) : "i"(KERNEL_CODE) : "cc", "memory");
  return (struct far_frame){ selector, 0, offset };
}

static inline uint32_t probe_far_jump(void) {
  uint16_t selector;
  __asm__ volatile("ljmp %1, $1f\n1:\n\tmovw %%cs, %w0" : "=r"(selector) : "i"(KERNEL_CODE));
  return selector;
}

/* The handler, same_ring_entry, returns the frame in EAX, EDX and ECX. */
static inline struct far_frame probe_interrupt(uint32_t a, uint32_t b) {
  uint32_t selector, flags, offset;
  __asm__ volatile(
    "cmpl %2, %0\n\t"
    "int %3\n"
    "1:\n\t"
    "subl $1b, %2"
    : "=a"(selector), "=d"(flags), "=c"(offset) : "i"(SAME_RING_VECTOR), "0"(a), "2"(b) : "cc", "memory");
  return (struct far_frame){ selector, flags, offset };
}

/* Returns into the same ring with the given flags and reads them. */
static inline uint32_t probe_iret(uint32_t flags) {
  __asm__ volatile(
    "pushl %0\n\tpushl %%cs\n\tpushl $1f\n\tiret\n"
    "1:\n\t"
    "pushfl\n\tpopl %0"
    : "+r"(flags) : : "cc", "memory");
  return flags;
}

#endif
