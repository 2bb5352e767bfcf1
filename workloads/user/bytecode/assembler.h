/* Bytecode from text: words, each an operation, a number, `name:` for a place or `@name` for that place's index. */
#ifndef ASSEMBLER_H
#define ASSEMBLER_H

#include "machine.h"

/* Fails on an unknown word, on a place that is not there, and where the program is too long. */
void assemble(const char *text, struct bytecode *program);

#endif
