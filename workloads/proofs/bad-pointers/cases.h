/* Every pointer that a system call of the lab kernel takes. */
#ifndef BAD_POINTERS_CASES_H
#define BAD_POINTERS_CASES_H

#include <stdint.h>

#define CASE_ARGUMENTS 6u

/* Stand for what exists only at run time; no argument is one of these otherwise. */
#define FILE_OPEN 0xf0000001u
#define FOLDER_OPEN 0xf0000002u
#define PIPE_READ 0xf0000003u
#define PIPE_WRITE 0xf0000004u
#define PATH 0xf0000005u
#define NEW_PATH 0xf0000006u
#define ROOM 0xf0000007u
#define ZEROES 0xf0000008u
#define PROGRAM 0xf000000bu
/* The argument under test: the kernel reads from it, or writes to it. */
#define BAD_IN 0xf0000009u
#define BAD_OUT 0xf000000au

struct pointer_case {
  uint16_t number;
  uint32_t arguments[CASE_ARGUMENTS];
};
extern const struct pointer_case pointer_cases[];
extern const uint32_t pointer_case_count;

#endif
