/* Port input and output (Intel SDM vol. 2, IN and OUT). */
#ifndef PORTS_H
#define PORTS_H

#include <stdint.h>

#include "port-numbers.h"

/* "Nd" lets the compiler use the form with an immediate port where the number fits a byte. */
static inline void port_write(uint16_t port, uint8_t value) {
  __asm__ volatile("outb %0, %1" : : "a"(value), "Nd"(port));
}

static inline uint8_t port_read(uint16_t port) {
  uint8_t value;
  __asm__ volatile("inb %1, %0" : "=a"(value) : "Nd"(port));
  return value;
}

#endif
