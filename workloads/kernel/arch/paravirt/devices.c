/* Console and disk: one hypercall a request (docs/paravirt.md, section 7; the format of requests is that of docs/virtual-devices.md, section 2). */
#include "arch/ported/events.h"
#include "arch/shared-space/request.h"
#include "base/errors.h"
#include "base/text.h"
#include "paravirt.h"

/* Kernel stacks lie where no device reaches, so that what is written is copied. */
#define PART_BYTES 4096u

static struct request transfer;
static bool transfer_active;

static void request_start(uint32_t device, struct request *request, const void *buffer) {
  request->status = STATUS_PENDING;
  request->buffer = arch_frame_of(buffer);
  hypercall(CALL_KICK, device, arch_frame_of(request), 0);
}

void arch_console_start(void) {}

void arch_console_listen(void) {
  hypercall(CALL_LISTEN, 1, 0, 0);
}

static void channel_write(uint32_t channel, const char *bytes, uint32_t count) {
  static struct request request;
  static char part[PART_BYTES];
  request.operation = OPERATION_WRITE;
  request.position = channel;
  for (uint32_t done = 0; done < count; done += request.bytes) {
    request.bytes = smaller(count - done, sizeof part);
    memcpy(part, bytes + done, request.bytes);
    request_start(DEVICE_CONSOLE, &request, part);
  }
}

void arch_console_write(const char *bytes, uint32_t count) {
  channel_write(CHANNEL_SERIAL, bytes, count);
}

void arch_host_write(const char *bytes, uint32_t count) {
  channel_write(CHANNEL_HOST, bytes, count);
}

/* The device keeps what there is no room for, and tells of it anew when it is listened to again. */
void console_event(void) {
  static struct request request;
  static uint8_t byte;
  request.operation = OPERATION_READ;
  request.bytes = sizeof byte;
  while (kernel_console_has_room()) {
    request_start(DEVICE_CONSOLE, &request, &byte);
    if (request.status != STATUS_DONE || request.transferred == 0) return;
    kernel_console_byte(byte);
  }
  hypercall(CALL_LISTEN, 0, 0, 0);
}

uint32_t arch_disk_sectors(void) {
  return MACHINE->disk_sectors;
}

void arch_disk_begin(uint32_t sector, uint32_t count, void *buffer, bool write) {
  transfer.operation = write ? OPERATION_WRITE : OPERATION_READ;
  transfer.position = sector;
  transfer.bytes = count * SECTOR_BYTES;
  transfer_active = true;
  request_start(DEVICE_DISK, &transfer, buffer);
}

void disk_event(void) {
  if (!transfer_active || transfer.status == STATUS_PENDING) return;
  transfer_active = false;
  kernel_disk_answer(transfer.status == STATUS_DONE ? 0 : -EIO);
}
