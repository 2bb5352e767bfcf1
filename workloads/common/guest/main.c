/* What every bare guest does around its workload: own tables, paging, console, markers, exit. */
#include <stdint.h>

#include "console.h"
#include "descriptors.h"
#include "paging.h"
#include "ports.h"
#include "workload.h"

#define EXIT_SUCCESS_STATUS 0
#define EXIT_FAULT_STATUS 1

/* Multiboot Specification 0.6.96, section 3.3. */
#define MULTIBOOT_LOADER_MAGIC 0x2badb002u
#define MULTIBOOT_HAS_COMMAND_LINE 4u

struct multiboot_information {
  uint32_t flags, memory_lower, memory_upper, boot_device, command_line;
};

/* A longer command line or a larger scale is not ours. */
#define COMMAND_LINE_BYTES 1024
#define SCALE_MAXIMUM 100000000u

__attribute__((weak)) void workload_prepare(void) {}

static __attribute__((noreturn)) void power_off(uint8_t status) {
  port_write(DEBUG_EXIT_PORT, status);
  for (;;) __asm__ volatile("cli; hlt");
}

__attribute__((noreturn)) void trap_unexpected(uint32_t vector, uint32_t error, uint32_t eip) {
  console_text("FAULT ");
  console_hex(vector, 2);
  console_text(" ");
  console_hex(error, 8);
  console_text(" ");
  console_hex(eip, 8);
  console_text("\n");
  power_off(EXIT_FAULT_STATUS);
}

/* The number that fills `text` up to a space or the end; 0 if it is none or too large. */
static uint32_t number_of(const char *text) {
  uint32_t number = 0;
  for (; *text >= '0' && *text <= '9'; text++) {
    number = number * 10 + (uint32_t)(*text - '0');
    if (number > SCALE_MAXIMUM) return 0;
  }
  return *text == '\0' || *text == ' ' ? number : 0;
}

/* The text behind `key` if `text` begins with it. */
static const char *behind(const char *text, const char *key) {
  while (*key) {
    if (*text++ != *key++) return 0;
  }
  return text;
}

/* `scale=N` as a word of the multiboot command line, which some loaders pass and some do not. */
static uint32_t scale_asked_for(uint32_t magic, const struct multiboot_information *information) {
  if (magic != MULTIBOOT_LOADER_MAGIC || !(information->flags & MULTIBOOT_HAS_COMMAND_LINE)) return DEFAULT_SCALE;
  const char *line = (const char *)information->command_line;
  for (uint32_t at = 0; at < COMMAND_LINE_BYTES && line[at]; at++) {
    if (at > 0 && line[at - 1] != ' ') continue;
    const char *value = behind(line + at, "scale=");
    const uint32_t scale = value ? number_of(value) : 0;
    if (scale) return scale;
  }
  return DEFAULT_SCALE;
}

/*
 * Initializes both controllers as a PC kernel does and then masks every line: no device may interrupt a count (Intel
 * 8259A data sheet).
 */
static void interrupts_mask(void) {
  port_write(PIC_MASTER_COMMAND, 0x11);               /* ICW1: edge, cascade, ICW4 follows */
  port_write(PIC_SLAVE_COMMAND, 0x11);
  port_write(PIC_MASTER_DATA, FIRST_DEVICE_VECTOR);   /* ICW2: vectors */
  port_write(PIC_SLAVE_DATA, FIRST_DEVICE_VECTOR + 8);
  port_write(PIC_MASTER_DATA, 0x04);                  /* ICW3: slave on line 2 */
  port_write(PIC_SLAVE_DATA, 0x02);
  port_write(PIC_MASTER_DATA, 0x01);                  /* ICW4: 8086 mode */
  port_write(PIC_SLAVE_DATA, 0x01);
  port_write(PIC_MASTER_DATA, 0xff);                  /* OCW1: all masked */
  port_write(PIC_SLAVE_DATA, 0xff);
}

__attribute__((noreturn)) void guest_main(uint32_t magic, const struct multiboot_information *information) {
  /* Before paging: the loader may have put its information anywhere in memory. */
  const uint32_t scale = scale_asked_for(magic, information);
  descriptors_install();
  interrupts_mask();
  paging_enable();
  console_open();
  workload_prepare();

  console_text("START\n");
  port_write(MARKER_PORT, MARKER_START);
  const uint32_t sum = workload_run(scale);
  port_write(MARKER_PORT, MARKER_STOP);
  console_text("END sum=");
  console_hex(sum, 8);
  console_text("\n");
  power_off(EXIT_SUCCESS_STATUS);
}
