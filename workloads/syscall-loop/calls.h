/*
 * The system calls: number in EAX, arguments in EBX and ECX, result in EAX, errors as small negative numbers, as on
 * Linux.
 */
#ifndef CALLS_H
#define CALLS_H

#include <stdint.h>

enum call { CALL_EXIT, CALL_GETPID, CALL_TICKS, CALL_BREAK, CALL_READ, CALL_WRITE };

#define BAD_ADDRESS ((uint32_t)-14)
#define INVALID_ARGUMENT ((uint32_t)-22)
#define NO_SUCH_CALL ((uint32_t)-38)

/* The kernel's side: what each call returns. CALL_EXIT does not come here. */
uint32_t system_call(uint32_t number, uint32_t first, uint32_t second);

/* The program in ring 3: makes `calls` system calls and exits with its checksum. */
void user_main(uint32_t calls);

#endif
