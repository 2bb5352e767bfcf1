/* The two 8259A interrupt controllers and channel 0 of the 8254 timer (Intel data sheets 8259A and 8254). */
#include "pc.h"

#define LINES_PER_CONTROLLER 8
#define CASCADE_LINE 2
#define LAST_LINE 7
#define END_OF_INTERRUPT_SPECIFIC 0x60
#define READ_IN_SERVICE 0x0b
#define READ_REQUESTS 0x0a

#define TIMER_CHANNEL 0x40
#define TIMER_CONTROL 0x43
/* Channel 0, both bytes, mode 2 (rate generator), binary. */
#define TIMER_RATE_GENERATOR 0x34
#define TIMER_LATCH_CHANNEL_0 0x00
#define TIMER_HZ 1193182u
#define TICKS_PER_SECOND 100u
#define TIMER_RELOAD ((TIMER_HZ + TICKS_PER_SECOND / 2) / TICKS_PER_SECOND)
#define NANOSECONDS_PER_TICK (1000000000u / TICKS_PER_SECOND)
/* A timer clock is 838.0965 ns: as a fraction with a power of two below. */
#define NANOSECONDS_PER_CLOCK_TIMES_1024 858211u
#define TIMER_LINE 0

static uint8_t masks[2] = { 0xff, 0xff };

static void masks_write(void) {
  port_write(PIC_MASTER_DATA, masks[0]);
  port_write(PIC_SLAVE_DATA, masks[1]);
}

void interrupts_install(void) {
  port_write(PIC_MASTER_COMMAND, 0x11);               /* ICW1: edge, cascade, ICW4 follows */
  port_write(PIC_SLAVE_COMMAND, 0x11);
  port_write(PIC_MASTER_DATA, DEVICE_VECTOR_FIRST);   /* ICW2: vectors */
  port_write(PIC_SLAVE_DATA, DEVICE_VECTOR_FIRST + LINES_PER_CONTROLLER);
  port_write(PIC_MASTER_DATA, 1 << CASCADE_LINE);     /* ICW3: slave on line 2 */
  port_write(PIC_SLAVE_DATA, CASCADE_LINE);
  port_write(PIC_MASTER_DATA, 0x01);                  /* ICW4: 8086 mode */
  port_write(PIC_SLAVE_DATA, 0x01);
  masks[0] = (uint8_t)~(1u << CASCADE_LINE);
  masks_write();
}

void interrupts_line_enable(uint32_t line) {
  masks[line / LINES_PER_CONTROLLER] &= (uint8_t)~(1u << line % LINES_PER_CONTROLLER);
  masks_write();
}

/* False when the line only twitched (8259A data sheet, "default IR 7"). */
static bool interrupt_begin(uint32_t line) {
  if (line % LINES_PER_CONTROLLER != LAST_LINE) return true;
  const uint16_t command = line < LINES_PER_CONTROLLER ? PIC_MASTER_COMMAND : PIC_SLAVE_COMMAND;
  port_write(command, READ_IN_SERVICE);
  const bool real = port_read(command) >> LAST_LINE & 1;
  if (!real && line > LAST_LINE) port_write(PIC_MASTER_COMMAND, END_OF_INTERRUPT_SPECIFIC | CASCADE_LINE);
  return real;
}

static void interrupt_end(uint32_t line) {
  if (line >= LINES_PER_CONTROLLER) {
    port_write(PIC_SLAVE_COMMAND, (uint8_t)(END_OF_INTERRUPT_SPECIFIC | line % LINES_PER_CONTROLLER));
    line = CASCADE_LINE;
  }
  port_write(PIC_MASTER_COMMAND, (uint8_t)(END_OF_INTERRUPT_SPECIFIC | line));
}

void interrupt(struct registers *registers) {
  const uint32_t line = registers->vector - DEVICE_VECTOR_FIRST;
  if (!interrupt_begin(line)) return;
  if (line == TIMER_LINE) kernel_tick(arch_from_user(registers));
  else device_interrupt(line);
  interrupt_end(line);
}

void arch_interrupts_enable(void) {
  __asm__ volatile("sti" : : : "memory");
}

void arch_interrupts_disable(void) {
  __asm__ volatile("cli" : : : "memory");
}

/* STI takes effect behind the next instruction, so that no interrupt comes between the two (Intel SDM vol. 2, STI). */
void arch_idle(void) {
  __asm__ volatile("sti; hlt" : : : "memory");
}

void arch_timer_start(void) {
  port_write(TIMER_CONTROL, TIMER_RATE_GENERATOR);
  port_write(TIMER_CHANNEL, TIMER_RELOAD & 0xff);
  port_write(TIMER_CHANNEL, TIMER_RELOAD >> 8);
  interrupts_line_enable(TIMER_LINE);
}

uint32_t arch_nanoseconds_in_tick(void) {
  uint32_t flags;
  __asm__ volatile("pushfl; popl %0; cli" : "=r"(flags) : : "memory");
  port_write(TIMER_CONTROL, TIMER_LATCH_CHANNEL_0);
  uint32_t count = port_read(TIMER_CHANNEL);
  count |= (uint32_t)port_read(TIMER_CHANNEL) << 8;
  /* A tick that waits for its interrupt has not been counted yet. */
  port_write(PIC_MASTER_COMMAND, READ_REQUESTS);
  const bool waiting = port_read(PIC_MASTER_COMMAND) >> TIMER_LINE & 1;
  if (flags & FLAG_INTERRUPT) __asm__ volatile("sti" : : : "memory");
  const uint32_t clocks = count < TIMER_RELOAD ? TIMER_RELOAD - count : 0;
  const uint32_t nanoseconds = (uint32_t)((uint64_t)clocks * NANOSECONDS_PER_CLOCK_TIMES_1024 >> 10);
  /* The count may have been latched before the reload that caused the request: a late count belongs to the old tick. */
  if (waiting && clocks < TIMER_RELOAD / 2) return NANOSECONDS_PER_TICK + smaller(nanoseconds, NANOSECONDS_PER_TICK - 1);
  return smaller(nanoseconds, NANOSECONDS_PER_TICK - 1);
}
