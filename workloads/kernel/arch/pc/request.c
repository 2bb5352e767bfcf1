#include "request.h"

#include "base/text.h"
#include "pc.h"

#define SERVICE_NAME_BYTES 32u

void request_start(uint16_t device, struct request *request, const void *buffer) {
  request->status = STATUS_PENDING;
  request->buffer = arch_frame_of(buffer);
  port_write_long(device + REGISTER_KICK, arch_frame_of(request));
}

bool request_perform(uint16_t device, struct request *request, const void *buffer) {
  request_start(device, request, buffer);
  return request->status == STATUS_DONE;
}

uint32_t service_open(const char *name) {
  static struct request request;
  static char text[SERVICE_NAME_BYTES];
  if (port_read_long(SERVICES_PORT + REGISTER_IDENTITY) != SERVICES_IDENTITY) return 0;
  request.operation = OPERATION_OPEN;
  request.bytes = text_length(name);
  memcpy(text, name, request.bytes);
  return request_perform(SERVICES_PORT, &request, text) ? request.transferred : 0;
}
