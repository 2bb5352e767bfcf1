/* Page frames with reference counts. A frame is named by its physical address. */
#ifndef MEMORY_FRAMES_H
#define MEMORY_FRAMES_H

#include "arch/arch.h"

/* What the heap notes about a frame that it uses. */
struct frame {
  struct frame *next, *previous;
  void *free_objects;
  uint16_t references;
  uint8_t size_class, used;
};

/* Makes the table of frames at `free`, around the archive; returns what is free behind it. Called by the port. */
uint32_t frames_prepare(uint32_t memory_end, uint32_t free, uint32_t archive_start, uint32_t archive_end);

/* A frame with one reference and any content, or NO_FRAME. */
uint32_t frame_take(void);
uint32_t frame_take_zeroed(void);
/* The same for what lives as long as a program wants it to: page tables, and what the heap needs for kept objects. They leave FRAMES_BRIEF to the call itself. */
uint32_t frame_take_kept(void);
/* The same for pages of user programs and files, which must leave FRAMES_RESERVED to the kernel; those of init, which goes last, FRAMES_OF_INIT. */
uint32_t frame_take_for_user(void);
uint32_t frame_take_zeroed_for_user(void);
void frame_share(uint32_t frame);
void frame_drop(uint32_t frame);
uint32_t frame_references(uint32_t frame);
struct frame *frame_note(uint32_t frame);

#define FRAMES_RESERVED 160u
#define FRAMES_OF_INIT 96u
#define FRAMES_BRIEF 32u
uint32_t frames_free(void);
uint32_t frames_total(void);

/* The frame of zeroes that all untouched pages share. */
uint32_t frame_zero(void);

#endif
