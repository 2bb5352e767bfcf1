/* The first ATA disk, programmed I/O, 28-bit addresses (ATA/ATAPI-4, T13/1153D, 8.12, 8.27, 8.44 and 9.5). */
#include "base/errors.h"
#include "base/text.h"
#include "devices.h"
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

#define SECTOR_WORDS (SECTOR_BYTES / 2)
#define IDENTIFY_SECTORS_WORD 60
#define POLLS_MOST 10000000u

static uint32_t sectors;
/* The transfer that is under way, moved sector by sector by the interrupt handler: where the next one goes to or comes from, and how many are left. */
static struct {
  uint8_t *at;
  uint32_t left;
  bool active, write;
} transfer;

static uint32_t ata_sectors(void) {
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
  port_write(STATUS_COMMAND, opcode);
}

/* Waits for a data request that no interrupt announces. False if there is none. */
static bool ready_polled(void) {
  for (uint32_t polls = 0; polls < POLLS_MOST; polls++) {
    const uint8_t status = port_read(STATUS_COMMAND);
    if (status == 0 || status == STATUS_FLOATING || status & STATUS_ERROR) return false;
    if (!(status & STATUS_BUSY) && status & STATUS_DATA_REQUEST) return true;
  }
  return false;
}

static bool ata_install(void) {
  uint16_t identity[SECTOR_WORDS];
  if (port_read(STATUS_COMMAND) == STATUS_FLOATING) return false;
  command(0, 0, COMMAND_IDENTIFY);
  if (!ready_polled()) return false;
  words_read(identity);
  sectors = identity[IDENTIFY_SECTORS_WORD] | (uint32_t)identity[IDENTIFY_SECTORS_WORD + 1] << 16;
  port_read(STATUS_COMMAND);
  interrupts_line_enable(DISK_LINE);
  return true;
}

static void finish(int error) {
  transfer.active = false;
  kernel_disk_answer(error);
}

static void sector_move(void) {
  if (transfer.write) words_write((const uint16_t *)transfer.at);
  else words_read((uint16_t *)transfer.at);
  transfer.at += SECTOR_BYTES;
  transfer.left--;
}

/*
 * Reading the status register takes the request back. A read interrupts when a sector is there; a write when a sector has been taken, so that one more
 * interrupt follows the last.
 */
static void ata_interrupt(void) {
  const uint8_t status = port_read(STATUS_COMMAND);
  if (!transfer.active) return;
  if (status & (STATUS_ERROR | STATUS_FAULT)) {
    finish(-EIO);
    return;
  }
  const bool taken = transfer.left == 0;
  if (!taken) sector_move();
  if (taken || (!transfer.write && transfer.left == 0)) finish(0);
}

/* The first sector of a write is asked for without an interrupt, within microseconds. Interrupts are off, so that none finds half of all this. */
static void ata_begin(uint32_t sector, uint32_t count, void *buffer, bool write) {
  arch_interrupts_disable();
  transfer.at = buffer;
  transfer.left = count;
  transfer.write = write;
  transfer.active = true;
  command(sector, count, write ? COMMAND_WRITE : COMMAND_READ);
  if (write) {
    if (ready_polled()) sector_move();
    else finish(-EIO);
  }
  arch_interrupts_enable();
}

const struct disk_driver ata_disk = { .install = ata_install, .sectors = ata_sectors, .begin = ata_begin, .interrupt = ata_interrupt };
