/* The console as one of the laboratory's own devices, or as a service of the I/O API (docs/virtual-devices.md, sections 5 and 6), which differ in where a request goes. */
#include "base/text.h"
#include "devices.h"
#include "pc.h"
#include "request.h"

/* Kernel stacks lie where no device reaches, so that what is written is copied. */
#define PART_BYTES 512u

static uint16_t device;
static uint32_t service;

static bool request_console_start(void) {
  service = service_open("console");
  if (service) device = SERVICES_PORT;
  else if (port_read_long(REQUEST_CONSOLE_PORT + REGISTER_IDENTITY) == REQUEST_CONSOLE_IDENTITY) device = REQUEST_CONSOLE_PORT;
  return device != 0;
}

static void channel_write(uint32_t channel, const char *bytes, uint32_t count) {
  static struct request request;
  static char part[PART_BYTES];
  request.operation = OPERATION_WRITE;
  request.position = channel;
  request.service = service;
  for (uint32_t done = 0; done < count; done += request.bytes) {
    request.bytes = smaller(count - done, sizeof part);
    memcpy(part, bytes + done, request.bytes);
    request_perform(device, &request, part);
  }
}

static void request_console_write(const char *bytes, uint32_t count) {
  channel_write(CHANNEL_SERIAL, bytes, count);
}

static void request_host_write(const char *bytes, uint32_t count) {
  channel_write(CHANNEL_HOST, bytes, count);
}

/* The device keeps what there is no room for; it interrupts anew when it is told to listen again. */
static void request_console_interrupt(void) {
  static struct request request;
  static uint8_t byte;
  request.operation = OPERATION_READ;
  request.service = service;
  request.bytes = sizeof byte;
  while (kernel_console_has_room()) {
    if (!request_perform(device, &request, &byte) || request.transferred == 0) return;
    kernel_console_byte(byte);
  }
  port_write_long(device + REGISTER_CONTROL, 0);
}

static void request_console_listen(void) {
  interrupts_line_enable(REQUEST_CONSOLE_LINE);
  port_write_long(device + REGISTER_CONTROL, CONTROL_LISTEN);
}

const struct console_driver request_console = {
  .start = request_console_start, .write = request_console_write, .host_write = request_host_write, .listen = request_console_listen, .interrupt = request_console_interrupt,
};
