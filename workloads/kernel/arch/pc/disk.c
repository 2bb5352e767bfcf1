/* The first ATA disk, programmed I/O, 28-bit addresses (ATA/ATAPI-4, T13/1153D, 8.12, 8.27, 8.44 and 9.5). */
#include "base/errors.h"
#include "base/text.h"
#include "pc.h"

#define DATA 0x1f0
#define SECTOR_COUNT 0x1f2
#define ADDRESS_LOW 0x1f3
#define ADDRESS_MIDDLE 0x1f4
#define ADDRESS_HIGH 0x1f5
#define DEVICE 0x1f6
#define STATUS_COMMAND 0x1f7
#define ALTERNATE_STATUS 0x3f6

#define STATUS_ERROR 0x01
#define STATUS_DATA_REQUEST 0x08
#define STATUS_FAULT 0x20
#define STATUS_BUSY 0x80
#define STATUS_FLOATING 0xff
#define DEVICE_0_LINEAR 0xe0
#define COMMAND_READ 0x20
#define COMMAND_WRITE 0x30
#define COMMAND_IDENTIFY 0xec

#define DISK_LINE 14
#define SECTOR_WORDS (SECTOR_BYTES / 2)
#define IDENTIFY_SECTORS_WORD 60
#define POLLS_MOST 10000000u

static uint32_t sectors;
static volatile bool interrupted;

uint32_t arch_disk_sectors(void) {
  return sectors;
}

static void words_read(uint16_t *words) {
  uint32_t count = SECTOR_WORDS;
  __asm__ volatile("rep insw" : "+D"(words), "+c"(count) : "d"(DATA) : "memory");
}

static void words_write(const uint16_t *words) {
  uint32_t count = SECTOR_WORDS;
  __asm__ volatile("rep outsw" : "+S"(words), "+c"(count) : "d"(DATA) : "memory");
}

static void command(uint32_t sector, uint32_t count, uint8_t opcode) {
  port_write(DEVICE, (uint8_t)(DEVICE_0_LINEAR | (sector >> 24 & 0xf)));
  port_write(SECTOR_COUNT, (uint8_t)count);
  port_write(ADDRESS_LOW, (uint8_t)sector);
  port_write(ADDRESS_MIDDLE, (uint8_t)(sector >> 8));
  port_write(ADDRESS_HIGH, (uint8_t)(sector >> 16));
  interrupted = false;
  port_write(STATUS_COMMAND, opcode);
}

/* Before interrupts are on. False if nothing answers. */
static bool ready_polled(void) {
  for (uint32_t polls = 0; polls < POLLS_MOST; polls++) {
    const uint8_t status = port_read(STATUS_COMMAND);
    if (status == 0 || status == STATUS_FLOATING || status & STATUS_ERROR) return false;
    if (!(status & STATUS_BUSY) && status & STATUS_DATA_REQUEST) return true;
  }
  return false;
}

/* Sleeps in the processor, not in the scheduler: the disks of the laboratory answer within a tick. */
static void interrupt_wait(void) {
  for (;;) {
    arch_interrupts_disable();
    if (interrupted) break;
    arch_idle();
  }
  interrupted = false;
  arch_interrupts_enable();
}

static bool failed(void) {
  return port_read(ALTERNATE_STATUS) & (STATUS_ERROR | STATUS_FAULT);
}

void disk_install(void) {
  uint16_t identity[SECTOR_WORDS];
  if (port_read(STATUS_COMMAND) == STATUS_FLOATING) return;
  command(0, 0, COMMAND_IDENTIFY);
  if (!ready_polled()) return;
  words_read(identity);
  sectors = identity[IDENTIFY_SECTORS_WORD] | (uint32_t)identity[IDENTIFY_SECTORS_WORD + 1] << 16;
  port_read(STATUS_COMMAND);
  interrupts_line_enable(DISK_LINE);
}

/* Reading the status register takes the request back. */
void disk_interrupt(void) {
  port_read(STATUS_COMMAND);
  interrupted = true;
}

static int read(uint32_t sector, uint32_t count, uint8_t *buffer) {
  command(sector, count, COMMAND_READ);
  for (; count > 0; count--, buffer += SECTOR_BYTES) {
    interrupt_wait();
    if (failed()) return -EIO;
    words_read((uint16_t *)buffer);
  }
  return 0;
}

/* The first sector is asked for without an interrupt, each later one and the end with one. */
static int write(uint32_t sector, uint32_t count, const uint8_t *buffer) {
  command(sector, count, COMMAND_WRITE);
  while (port_read(ALTERNATE_STATUS) & STATUS_BUSY) {
  }
  for (; count > 0; count--, buffer += SECTOR_BYTES) {
    if (failed()) return -EIO;
    words_write((const uint16_t *)buffer);
    interrupt_wait();
  }
  return failed() ? -EIO : 0;
}

int arch_disk_transfer(uint32_t sector, uint32_t count, void *buffer, bool is_write) {
  return is_write ? write(sector, count, buffer) : read(sector, count, buffer);
}
