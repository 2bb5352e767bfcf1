/* The first serial port, written by polling. */
#ifndef CONSOLE_H
#define CONSOLE_H

#include <stdint.h>

/* 115200 baud, 8 data bits, no parity, one stop bit, no interrupts. */
void console_open(void);

void console_text(const char *text);

/* The lowest `digits` hexadecimal digits of a value, in lower case. */
void console_hex(uint32_t value, uint32_t digits);

#endif
