/* Drivers of the PC port: for the devices that every PC has, and for the laboratory's own (docs/virtual-devices.md). */
#ifndef PC_DEVICES_H
#define PC_DEVICES_H

#include "base/types.h"

/* Interrupt lines of a PC, and those of the laboratory's own console and disk. */
#define REQUEST_CONSOLE_LINE 3
#define CONSOLE_LINE 4
#define REQUEST_DISK_LINE 5
#define DISK_LINE 14

/* The functions are those of arch.h; `install` and `start` are false where there is no such device. */
struct disk_driver {
  bool (*install)(void);
  uint32_t (*sectors)(void);
  void (*begin)(uint32_t sector, uint32_t count, void *buffer, bool write);
  void (*interrupt)(void);
};
struct console_driver {
  bool (*start)(void);
  void (*write)(const char *bytes, uint32_t count);
  void (*host_write)(const char *bytes, uint32_t count);
  void (*listen)(void);
  void (*interrupt)(void);
};

extern const struct disk_driver ata_disk, request_disk, service_disk;
extern const struct console_driver uart_console, request_console;

#endif
