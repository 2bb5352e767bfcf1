/* Requests to the laboratory's own devices (docs/virtual-devices.md). */
#ifndef PC_REQUEST_H
#define PC_REQUEST_H

#include "arch/shared-space/request.h"

#define REQUEST_DISK_PORT 0xb10
#define REQUEST_CONSOLE_PORT 0xb20
#define SERVICES_PORT 0xb30
#define REQUEST_DISK_IDENTITY 0x31444252u
#define REQUEST_CONSOLE_IDENTITY 0x31434252u
#define SERVICES_IDENTITY 0x31534252u

/* Registers, from a device's first port. */
#define REGISTER_IDENTITY 0x0
#define REGISTER_SIZE 0x4
#define REGISTER_KICK 0x8
#define REGISTER_CONTROL 0xc
#define CONTROL_LISTEN 1u

static inline void port_write_long(uint16_t port, uint32_t value) {
  __asm__ volatile("outl %0, %1" : : "a"(value), "Nd"(port) : "memory");
}
static inline uint32_t port_read_long(uint16_t port) {
  uint32_t value;
  __asm__ volatile("inl %1, %0" : "=a"(value) : "Nd"(port));
  return value;
}

/* Gives a device a request, which lies in the kernel's image as `buffer` does, or on a page of the heap. */
void request_start(uint16_t device, struct request *request, const void *buffer);
/* The same for a device that answers at once; whether it was done. */
bool request_perform(uint16_t device, struct request *request, const void *buffer);
/* Handle of a service of the I/O API; 0 if there is none of that name. */
uint32_t service_open(const char *name);

#endif
