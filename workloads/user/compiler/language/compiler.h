/*
 * A compiler for a small language. Everything is a 32-bit integer or an array of them:
 *
 *   program     { "var" NAME [ "[" NUMBER "]" ] ";" | "fn" NAME "(" [ NAME { "," NAME } ] ")" block }
 *   block       "{" { statement } "}"
 *   statement   "var" NAME "=" expression ";" | NAME [ "[" expression "]" ] "=" expression ";"
 *             | "if" "(" expression ")" block [ "else" ( block | if-statement ) ] | "while" "(" expression ")" block
 *             | "return" expression ";" | expression ";"
 *   expression  operators of C with C's precedence: | ^ & == != < > <= >= << >> + - * / % and unary - ! ~
 *
 * A function is known from its definition on, so it may call itself and those above it. `main` has one parameter.
 * Shifts are logical, everything else is signed. A `#` begins a comment.
 */
#ifndef COMPILER_H
#define COMPILER_H

#include <stdint.h>

/* What a program's variables and arrays may take together, in words. */
#define GLOBAL_WORDS 8192u

/* Position-independent code; `entry` is where main begins in it. */
struct object {
  uint32_t bytes, entry;
};

/* Compiles the text up to `end`. Fails with line and reason where the source is wrong or the code does not fit. */
struct object compile(const char *source, const char *end, uint8_t *code, uint32_t room);

/* Calls compiled code at its entry: EBX holds the address of its globals (instructions.c). */
int32_t call_object(const uint8_t *entry, int32_t *globals, int32_t argument);

/* The source that is part of the image; sample.S. */
extern const char sample_source[], sample_source_end[];

#endif
