/* Address spaces of the processor: a page directory each, which differ in one entry. */
#ifndef SPACES_H
#define SPACES_H

#include <stdint.h>

#define SPACES 2u
/* A directory entry of its own, far from the image. */
#define WINDOW_BASE 0x40000000u

/* Physical addresses of the directories. */
extern uint32_t space_directories[SPACES];

/* Maps a page of the window in one space, writable. */
void page_map(uint32_t space, uint32_t page, uint32_t *frame);

/* Loading CR3 forgets every translation that is not global (Intel SDM vol. 3, 4.10.4.1). */
static inline void space_enter(uint32_t space) {
  __asm__ volatile("movl %0, %%cr3" : : "r"(space_directories[space]) : "memory");
}

static inline uint32_t word_load(uint32_t address) {
  uint32_t value;
  __asm__ volatile("movl (%1), %0" : "=r"(value) : "r"(address) : "memory");
  return value;
}

static inline void word_store(uint32_t address, uint32_t value) {
  __asm__ volatile("movl %1, (%0)" : : "r"(address), "r"(value) : "memory");
}

#endif
