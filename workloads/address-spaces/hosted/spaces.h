/* A model of the translation: which frame each page of the window has in the space that is entered. */
#ifndef SPACES_H
#define SPACES_H

#include <stdint.h>

#define SPACES 2u
#define WINDOW_BASE 0x40000000u

void page_map(uint32_t space, uint32_t page, uint32_t *frame);
void space_enter(uint32_t space);
uint32_t word_load(uint32_t address);
void word_store(uint32_t address, uint32_t value);

#endif
