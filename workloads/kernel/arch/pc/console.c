/* The first serial port (National Semiconductor PC16550D data sheet, table II): polled output, input by interrupt. */
#include "devices.h"
#include "pc.h"

#define LINE_DIVISOR_OPEN 0x80
#define LINE_8N1 0x03
#define DIVISOR_115200 1
#define FIFO_ENABLE_AND_CLEAR 0x07
#define FIFO_BYTES 16
/* OUT2 opens the gate of the interrupt line on a PC. */
#define MODEM_DTR_RTS_OUT2 0x0b
#define INTERRUPT_RECEIVED 0x01
#define STATUS_DATA_READY 0x01
#define STATUS_TRANSMITTER_EMPTY 0x20
/* A port that never gets ready must not hang the kernel. */
#define READY_POLLS 100000

static bool uart_start(void) {
  port_write(COM1_INTERRUPT_ENABLE, 0);
  port_write(COM1_LINE_CONTROL, LINE_DIVISOR_OPEN);
  port_write(COM1_DIVISOR_LOW, DIVISOR_115200);
  port_write(COM1_DIVISOR_HIGH, 0);
  port_write(COM1_LINE_CONTROL, LINE_8N1);
  port_write(COM1_FIFO_CONTROL, FIFO_ENABLE_AND_CLEAR);
  port_write(COM1_MODEM_CONTROL, MODEM_DTR_RTS_OUT2);
  return true;
}

/* An empty transmitter takes a whole FIFO. */
static void uart_write(const char *bytes, uint32_t count) {
  while (count > 0) {
    for (uint32_t polls = 0; polls < READY_POLLS; polls++) {
      if (port_read(COM1_LINE_STATUS) & STATUS_TRANSMITTER_EMPTY) break;
    }
    const uint32_t part = smaller(count, FIFO_BYTES);
    for (uint32_t at = 0; at < part; at++) port_write(COM1_DATA, (uint8_t)bytes[at]);
    bytes += part;
    count -= part;
  }
}

static void uart_interrupt(void) {
  while (port_read(COM1_LINE_STATUS) & STATUS_DATA_READY) {
    if (!kernel_console_has_room()) {
      port_write(COM1_INTERRUPT_ENABLE, 0);
      return;
    }
    kernel_console_byte(port_read(COM1_DATA));
  }
}

static void uart_listen(void) {
  interrupts_line_enable(CONSOLE_LINE);
  port_write(COM1_INTERRUPT_ENABLE, INTERRUPT_RECEIVED);
}

static void host_port_write(const char *bytes, uint32_t count) {
  __asm__ volatile("rep outsb" : "+S"(bytes), "+c"(count) : "d"(HOST_OUTPUT_PORT) : "memory");
}

const struct console_driver uart_console = { .start = uart_start, .write = uart_write, .host_write = host_port_write, .listen = uart_listen, .interrupt = uart_interrupt };
