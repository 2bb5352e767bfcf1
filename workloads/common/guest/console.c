#include "console.h"

#include "ports.h"

/* Register values from the PC16550D data sheet, table II. */
#define LINE_DIVISOR_OPEN 0x80
#define LINE_8N1 0x03
#define DIVISOR_115200 1
#define FIFO_ENABLE_AND_CLEAR 0x07
#define MODEM_DTR_RTS 0x03
#define STATUS_TRANSMITTER_EMPTY 0x20

/* A UART that never gets ready must not hang the guest. */
#define READY_POLLS 100000

void console_open(void) {
  port_write(COM1_INTERRUPT_ENABLE, 0);
  port_write(COM1_LINE_CONTROL, LINE_DIVISOR_OPEN);
  port_write(COM1_DIVISOR_LOW, DIVISOR_115200);
  port_write(COM1_DIVISOR_HIGH, 0);
  port_write(COM1_LINE_CONTROL, LINE_8N1);
  port_write(COM1_FIFO_CONTROL, FIFO_ENABLE_AND_CLEAR);
  port_write(COM1_MODEM_CONTROL, MODEM_DTR_RTS);
}

static void console_byte(char byte) {
  for (uint32_t polls = 0; polls < READY_POLLS; polls++) {
    if (port_read(COM1_LINE_STATUS) & STATUS_TRANSMITTER_EMPTY) break;
  }
  port_write(COM1_DATA, (uint8_t)byte);
}

void console_text(const char *text) {
  while (*text) console_byte(*text++);
}

void console_hex(uint32_t value, uint32_t digits) {
  while (digits-- > 0) console_byte("0123456789abcdef"[value >> 4 * digits & 0xf]);
}
