/* I/O ports that the workloads use: the PC's and the laboratory's own. */
#ifndef PORT_NUMBERS_H
#define PORT_NUMBERS_H

/* 8259 pair (Intel 8259A data sheet). */
#define PIC_MASTER_COMMAND 0x20
#define PIC_MASTER_DATA 0x21
#define PIC_SLAVE_COMMAND 0xa0
#define PIC_SLAVE_DATA 0xa1

/* Where the power-on self-test shows its progress; nothing listens after it, so a write only costs time. */
#define POST_CODE 0x80

/* 16550 at COM1 (National Semiconductor PC16550D data sheet, table II). */
#define COM1_DATA 0x3f8
#define COM1_INTERRUPT_ENABLE 0x3f9
#define COM1_FIFO_CONTROL 0x3fa
#define COM1_LINE_CONTROL 0x3fb
#define COM1_MODEM_CONTROL 0x3fc
#define COM1_LINE_STATUS 0x3fd
#define COM1_SCRATCH 0x3ff
/* With the divisor latch open, the first two ports are the divisor. */
#define COM1_DIVISOR_LOW COM1_DATA
#define COM1_DIVISOR_HIGH COM1_INTERRUPT_ENABLE

/* 1 starts the measured region, 2 ends it. */
#define MARKER_PORT 0xe8
#define MARKER_START 1
#define MARKER_STOP 2

/* Bytes written here are printed ("port_e9_hack" of Bochs). */
#define HOST_OUTPUT_PORT 0xe9

/* A status written here ends the run; of any width. */
#define DEBUG_EXIT_PORT 0xf4

#endif
