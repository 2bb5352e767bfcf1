/* The function that is copied and rewritten (template.S): EAX in and out, EDX an operand that it writes itself, or 0. */
#ifndef TEMPLATE_H
#define TEMPLATE_H

extern const char rewritten_template[], rewritten_template_end[];

/* Where the opcode and operand of `op eax, imm32` are that the caller rewrites. */
extern const char rewritten_opcode[], rewritten_operand[];

#endif
