/* Which driver serves the disk and which the console: the first whose device is there. */
#include "devices.h"

#include "pc.h"

static const struct disk_driver *const disks[] = { &service_disk, &request_disk, &ata_disk };
static const struct disk_driver *disk;
/* A PC always has the serial port. It is started in any case, so that a console of the laboratory's need not be trusted with a panic before it is there. */
static const struct console_driver *console = &uart_console;

void arch_console_start(void) {
  uart_console.start();
  if (request_console.start()) console = &request_console;
}

void arch_console_listen(void) {
  console->listen();
}

void arch_console_write(const char *bytes, uint32_t count) {
  console->write(bytes, count);
}

void arch_host_write(const char *bytes, uint32_t count) {
  console->host_write(bytes, count);
}

void disk_install(void) {
  for (uint32_t at = 0; at < COUNT_OF(disks); at++) {
    if (!disks[at]->install()) continue;
    disk = disks[at];
    return;
  }
}

uint32_t arch_disk_sectors(void) {
  return disk ? disk->sectors() : 0;
}

void arch_disk_begin(uint32_t sector, uint32_t count, void *buffer, bool write) {
  disk->begin(sector, count, buffer, write);
}

void device_interrupt(uint32_t line) {
  switch (line) {
    case REQUEST_CONSOLE_LINE: case CONSOLE_LINE: console->interrupt(); break;
    case REQUEST_DISK_LINE: case DISK_LINE: disk->interrupt(); break;
    default: break;
  }
}
