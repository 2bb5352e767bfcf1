/* Where the real-mode program, its stack and its array lie; also for assembly. */
#ifndef PROGRAM_LAYOUT_H
#define PROGRAM_LAYOUT_H

/* The virtual device at this port gives back the last byte written, turned by one bit to the left. */
#define TURNING_PORT 0x42
/* The vector of the program's own service. */
#define SERVICE_VECTOR 0x60

/* The program's segment and that of its array, in paragraphs of 16 bytes, within the 64 KB from 1000:0000. */
#define PROGRAM_SEGMENT 0x1000
#define ARRAY_SEGMENT 0x1800
#define ARRAY_MASK 0x7ffe
#define STACK_TOP 0x7ff0
/* The service's entry in the program's segment. */
#define SERVICE_OFFSET 16

#endif
