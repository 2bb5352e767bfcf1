#include "cases.h"

#define HERE 0xffffff9cu /* AT_FDCWD */
#define USER_SIGNAL 10
#define MASK 8
#define COUNT 16
#define CLOCK 1
#define EMPTY_PATH 0x1000 /* AT_EMPTY_PATH */
#define STATX_BASIC 0x7ff
#define STAT_BYTES 84 /* statfs64 */

/* Numbers as in arch/x86/entry/syscalls/syscall_32.tbl of Linux; a row for each pointer. */
const struct pointer_case pointer_cases[] = {
  /* Paths. */
  { 5, { BAD_IN } }, { 8, { BAD_IN, 0600 } }, { 9, { BAD_IN, NEW_PATH } }, { 9, { PATH, BAD_IN } }, { 10, { BAD_IN } },
  { 11, { BAD_IN, ZEROES, ZEROES } }, { 12, { BAD_IN } }, { 14, { BAD_IN, 0100600 } }, { 15, { BAD_IN, 0600 } }, { 16, { BAD_IN } },
  { 33, { BAD_IN } }, { 38, { BAD_IN, NEW_PATH } }, { 38, { PATH, BAD_IN } }, { 39, { BAD_IN, 0700 } }, { 40, { BAD_IN } },
  { 83, { BAD_IN, NEW_PATH } }, { 83, { PATH, BAD_IN } }, { 85, { BAD_IN, ROOM, COUNT } }, { 92, { BAD_IN, 0 } }, { 182, { BAD_IN } },
  { 193, { BAD_IN, 0, 0 } }, { 198, { BAD_IN } }, { 212, { BAD_IN } }, { 295, { HERE, BAD_IN } }, { 296, { HERE, BAD_IN, 0700 } },
  { 297, { HERE, BAD_IN, 0100600 } }, { 298, { HERE, BAD_IN } }, { 301, { HERE, BAD_IN } }, { 302, { HERE, BAD_IN, HERE, NEW_PATH } },
  { 302, { HERE, PATH, HERE, BAD_IN } }, { 303, { HERE, BAD_IN, HERE, NEW_PATH } }, { 303, { HERE, PATH, HERE, BAD_IN } },
  { 304, { BAD_IN, HERE, NEW_PATH } }, { 304, { PATH, HERE, BAD_IN } }, { 305, { HERE, BAD_IN, ROOM, COUNT } }, { 306, { HERE, BAD_IN, 0600 } },
  { 307, { HERE, BAD_IN } }, { 353, { HERE, BAD_IN, HERE, NEW_PATH } }, { 353, { HERE, PATH, HERE, BAD_IN } }, { 439, { HERE, BAD_IN } },
  /* Lists of arguments. */
  { 11, { PROGRAM, BAD_IN, ZEROES } }, { 11, { PROGRAM, ZEROES, BAD_IN } },
  /* Attributes of files. */
  { 99, { BAD_IN, ROOM } }, { 99, { PATH, BAD_OUT } }, { 100, { FILE_OPEN, BAD_OUT } }, { 106, { BAD_IN, ROOM } }, { 106, { PATH, BAD_OUT } },
  { 107, { BAD_IN, ROOM } }, { 107, { PATH, BAD_OUT } }, { 108, { FILE_OPEN, BAD_OUT } }, { 195, { BAD_IN, ROOM } }, { 195, { PATH, BAD_OUT } },
  { 196, { BAD_IN, ROOM } }, { 196, { PATH, BAD_OUT } }, { 197, { FILE_OPEN, BAD_OUT } }, { 268, { BAD_IN, STAT_BYTES, ROOM } },
  { 268, { PATH, STAT_BYTES, BAD_OUT } }, { 269, { FILE_OPEN, STAT_BYTES, BAD_OUT } }, { 300, { HERE, BAD_IN, ROOM } },
  { 300, { HERE, PATH, BAD_OUT } }, { 383, { HERE, BAD_IN, 0, STATX_BASIC, ROOM } }, { 383, { HERE, PATH, 0, STATX_BASIC, BAD_OUT } },
  { 30, { BAD_IN, 0 } }, { 30, { PATH, BAD_IN } }, { 271, { BAD_IN, 0 } }, { 271, { PATH, BAD_IN } }, { 320, { HERE, BAD_IN, 0 } },
  { 320, { HERE, PATH, BAD_IN } }, { 412, { HERE, BAD_IN, 0 } }, { 412, { HERE, PATH, BAD_IN } },
  /* Contents of files. */
  { 3, { FILE_OPEN, BAD_OUT, COUNT } }, { 4, { FILE_OPEN, BAD_IN, COUNT } }, { 4, { PIPE_WRITE, BAD_IN, COUNT } }, { 3, { PIPE_READ, BAD_OUT, COUNT } },
  { 145, { FILE_OPEN, BAD_IN, 1 } }, { 146, { FILE_OPEN, BAD_IN, 1 } }, { 180, { FILE_OPEN, BAD_OUT, COUNT, 0, 0 } },
  { 181, { FILE_OPEN, BAD_IN, COUNT, 0, 0 } }, { 140, { FILE_OPEN, 0, 0, BAD_OUT, 0 } }, { 141, { FOLDER_OPEN, BAD_OUT, 512 } },
  { 220, { FOLDER_OPEN, BAD_OUT, 512 } }, { 187, { PIPE_WRITE, FILE_OPEN, BAD_IN, COUNT } }, { 239, { PIPE_WRITE, FILE_OPEN, BAD_IN, COUNT } },
  { 42, { BAD_OUT } }, { 331, { BAD_OUT, 0 } }, { 183, { BAD_OUT, 512 } }, { 54, { PIPE_READ, 0x541b, BAD_OUT } } /* FIONREAD */,
  /* Waiting. */
  { 82, { BAD_IN } }, { 142, { 8, BAD_IN, 0, 0, ZEROES } }, { 142, { 8, 0, BAD_IN, 0, ZEROES } }, { 142, { 8, 0, 0, BAD_IN, ZEROES } },
  { 142, { 0, 0, 0, 0, BAD_IN } }, { 168, { BAD_IN, 1, 0 } }, { 308, { 8, BAD_IN, 0, 0, ZEROES, 0 } }, { 308, { 0, 0, 0, 0, BAD_IN, 0 } },
  { 308, { 0, 0, 0, 0, ZEROES, BAD_IN } }, { 309, { BAD_IN, 1, ZEROES, 0, 0 } }, { 309, { 0, 0, BAD_IN, 0, 0 } }, { 309, { 0, 0, ZEROES, BAD_IN, MASK } },
  { 162, { BAD_IN, 0 } }, { 267, { CLOCK, 0, BAD_IN, 0 } }, { 407, { CLOCK, 0, BAD_IN, 0 } }, { 414, { BAD_IN, 1, ZEROES, 0, 0 } },
  /* Time and limits. */
  { 13, { BAD_OUT } }, { 43, { BAD_OUT } }, { 78, { BAD_OUT, 0 } }, { 78, { 0, BAD_OUT } }, { 104, { 0, BAD_IN, 0 } }, { 105, { 0, BAD_OUT } },
  { 265, { CLOCK, BAD_OUT } }, { 266, { CLOCK, BAD_OUT } }, { 403, { CLOCK, BAD_OUT } }, { 406, { CLOCK, BAD_OUT } }, { 75, { 1, BAD_IN } },
  { 76, { 1, BAD_OUT } }, { 191, { 1, BAD_OUT } }, { 77, { 0, BAD_OUT } }, { 340, { 0, 1, BAD_IN, 0 } }, { 340, { 0, 1, 0, BAD_OUT } },
  /* Signals. */
  { 67, { USER_SIGNAL, BAD_IN, 0 } }, { 67, { USER_SIGNAL, 0, BAD_OUT } }, { 174, { USER_SIGNAL, BAD_IN, 0, MASK } },
  { 174, { USER_SIGNAL, 0, BAD_OUT, MASK } }, { 126, { 0, BAD_IN, 0 } }, { 126, { 0, 0, BAD_OUT } }, { 175, { 0, BAD_IN, 0, MASK } },
  { 175, { 0, 0, BAD_OUT, MASK } }, { 73, { BAD_OUT } }, { 176, { BAD_OUT, MASK } }, { 177, { BAD_IN, 0, ZEROES, MASK } },
  { 177, { ZEROES, 0, BAD_IN, MASK } }, { 179, { BAD_IN, MASK } }, { 186, { BAD_IN, 0 } }, { 186, { 0, BAD_OUT } }, { 421, { BAD_IN, 0, ZEROES, MASK } },
  /* The system and the process. */
  { 122, { BAD_OUT } }, { 116, { BAD_OUT } }, { 165, { BAD_OUT, ROOM, ROOM } }, { 165, { ROOM, BAD_OUT, ROOM } }, { 165, { ROOM, ROOM, BAD_OUT } },
  { 171, { BAD_OUT, ROOM, ROOM } }, { 209, { BAD_OUT, ROOM, ROOM } }, { 209, { ROOM, ROOM, BAD_OUT } }, { 211, { ROOM, BAD_OUT, ROOM } },
  { 242, { 0, 128, BAD_OUT } }, { 243, { BAD_IN } }, { 240, { BAD_IN, 0, 0, 0 } }, { 318, { BAD_OUT, 0, 0 } }, { 318, { 0, BAD_OUT, 0 } },
  { 355, { BAD_OUT, COUNT, 0 } }, { 172, { 16, BAD_OUT } } /* PR_GET_NAME */, { 172, { 15, BAD_IN } } /* PR_SET_NAME */,
};
const uint32_t pointer_case_count = sizeof pointer_cases / sizeof pointer_cases[0];
