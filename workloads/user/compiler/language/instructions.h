/*
 * Code for the processor. Convention: an expression leaves its value in EAX and uses ECX and EDX; EBX points to the
 * globals, EBP to the frame; arguments are pushed from the left and removed by the caller.
 */
#ifndef INSTRUCTIONS_H
#define INSTRUCTIONS_H

#include <stdint.h>

#include "symbols.h"

struct code {
  uint8_t *bytes;
  uint32_t length, room;
};

void emit_constant(struct code *code, int32_t value);

/* EAX from a variable, and a variable from EAX. */
void emit_load(struct code *code, const struct definition *variable);
void emit_store(struct code *code, const struct definition *variable);

/* The element whose index is in EAX; for storing, the index was pushed and EAX is the value. */
void emit_load_element(struct code *code, const struct definition *array);
void emit_store_element(struct code *code, const struct definition *array);

void emit_push(struct code *code);

/* EAX := pushed value, operator, EAX. Returns 0 for a symbol that is no operator of two operands. */
int emit_binary(struct code *code, uint32_t symbol);

/* EAX := operator EAX, for `-`, `~` and `!`. */
void emit_unary(struct code *code, uint32_t symbol);

void emit_call(struct code *code, const struct definition *function);

/* Jumps: emitted with an open target, which is closed later; both give and take the place of the displacement. */
uint32_t emit_jump(struct code *code);
uint32_t emit_jump_if_zero(struct code *code);
void close_jump(struct code *code, uint32_t jump);
void emit_jump_back(struct code *code, uint32_t target);

/* A function's first and last instructions; the frame's size is written when it is known. */
uint32_t emit_prologue(struct code *code);
void close_prologue(struct code *code, uint32_t prologue, uint32_t locals);
void emit_return(struct code *code);

#endif
