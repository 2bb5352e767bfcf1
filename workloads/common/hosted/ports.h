/*
 * Ports in the hosted form: a model of the one register that reads back what was written, the scratch register of a
 * 16550.
 */
#ifndef PORTS_H
#define PORTS_H

#include <stdint.h>

#include "port-numbers.h"

#define FLOATING_BUS 0xff

static uint8_t uart_scratch;

static inline void port_write(uint16_t port, uint8_t value) {
  if (port == COM1_SCRATCH) uart_scratch = value;
}

static inline uint8_t port_read(uint16_t port) {
  return port == COM1_SCRATCH ? uart_scratch : FLOATING_BUS;
}

#endif
