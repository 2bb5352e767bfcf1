/* The disk as one of the laboratory's own devices, or as a service of the I/O API (docs/virtual-devices.md, sections 4 and 6). */
#include "base/errors.h"
#include "devices.h"
#include "pc.h"
#include "request.h"

/* One transfer at a time, as arch.h has it. */
static struct request transfer;
static uint32_t sectors;
static bool active;

static uint32_t disk_sectors(void) {
  return sectors;
}

static void transfer_describe(uint32_t sector, uint32_t count, bool write) {
  transfer.operation = write ? OPERATION_WRITE : OPERATION_READ;
  transfer.position = sector;
  transfer.bytes = count * SECTOR_BYTES;
}

static void answer(void) {
  kernel_disk_answer(transfer.status == STATUS_DONE ? 0 : -EIO);
}

static bool request_install(void) {
  if (port_read_long(REQUEST_DISK_PORT + REGISTER_IDENTITY) != REQUEST_DISK_IDENTITY) return false;
  sectors = port_read_long(REQUEST_DISK_PORT + REGISTER_SIZE);
  interrupts_line_enable(REQUEST_DISK_LINE);
  return true;
}

static void request_begin(uint32_t sector, uint32_t count, void *buffer, bool write) {
  transfer_describe(sector, count, write);
  active = true;
  request_start(REQUEST_DISK_PORT, &transfer, buffer);
}

/* The answer is in memory; the next request takes the interrupt back. */
static void request_interrupt(void) {
  if (!active || transfer.status == STATUS_PENDING) return;
  active = false;
  answer();
}

static bool service_install(void) {
  transfer.service = service_open("disk");
  if (transfer.service == 0) return false;
  transfer.operation = OPERATION_SIZE;
  transfer.bytes = 0;
  if (!request_perform(SERVICES_PORT, &transfer, &transfer)) return false;
  sectors = transfer.transferred;
  return true;
}

static void service_begin(uint32_t sector, uint32_t count, void *buffer, bool write) {
  transfer_describe(sector, count, write);
  request_perform(SERVICES_PORT, &transfer, buffer);
  answer();
}

static void service_interrupt(void) {}

const struct disk_driver request_disk = { .install = request_install, .sectors = disk_sectors, .begin = request_begin, .interrupt = request_interrupt };
const struct disk_driver service_disk = { .install = service_install, .sectors = disk_sectors, .begin = service_begin, .interrupt = service_interrupt };
