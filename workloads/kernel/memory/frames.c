#include "memory/frames.h"

#include "base/text.h"
#include "process/process.h"

#define REFERENCES_MOST 0xffff

static struct frame *table;
static struct frame *free_list;
static uint32_t free_count, total_count, zero;

static uint32_t number_of(const struct frame *frame) {
  return (uint32_t)(frame - table);
}

struct frame *frame_note(uint32_t frame) {
  return &table[frame >> PAGE_SHIFT];
}

uint32_t frames_prepare(uint32_t memory_end, uint32_t free, uint32_t archive_start, uint32_t archive_end) {
  const uint32_t bytes = page_up((memory_end >> PAGE_SHIFT) * sizeof *table);
  if (free < archive_end && free + bytes > archive_start) free = archive_end;
  if (free + bytes > memory_end) panic("no memory for the table of frames");
  table = arch_frame_address(free);
  memset(table, 0, bytes);
  return free + bytes;
}

/* Low addresses are taken first. */
void frames_add(uint32_t first, uint32_t end) {
  for (uint32_t frame = end; frame > first; frame -= PAGE_BYTES) {
    struct frame *note = frame_note(frame - PAGE_BYTES);
    note->next = free_list;
    free_list = note;
    free_count++;
    total_count++;
  }
}

uint32_t frame_take(void) {
  struct frame *note = free_list;
  if (!note) return NO_FRAME;
  free_list = note->next;
  free_count--;
  note->references = 1;
  return number_of(note) << PAGE_SHIFT;
}

uint32_t frame_take_zeroed(void) {
  const uint32_t frame = frame_take();
  if (frame != NO_FRAME) memset(arch_frame_address(frame), 0, PAGE_BYTES);
  return frame;
}

uint32_t frame_take_kept(void) {
  return free_count > FRAMES_BRIEF ? frame_take() : NO_FRAME;
}

static bool user_may_take(void) {
  return free_count > (current && current->pid == 1 ? FRAMES_OF_INIT : FRAMES_RESERVED);
}

uint32_t frame_take_for_user(void) {
  return user_may_take() ? frame_take() : NO_FRAME;
}

uint32_t frame_take_zeroed_for_user(void) {
  return user_may_take() ? frame_take_zeroed() : NO_FRAME;
}

void frame_share(uint32_t frame) {
  struct frame *note = frame_note(frame);
  /* At the most the count sticks, and the frame stays for ever. */
  if (note->references < REFERENCES_MOST) note->references++;
}

void frame_drop(uint32_t frame) {
  struct frame *note = frame_note(frame);
  if (note->references == 0) panic("frame %x dropped twice", frame);
  if (note->references == REFERENCES_MOST || --note->references > 0) return;
  note->next = free_list;
  free_list = note;
  free_count++;
}

uint32_t frame_references(uint32_t frame) {
  return frame_note(frame)->references;
}

uint32_t frames_free(void) {
  return free_count;
}

uint32_t frames_total(void) {
  return total_count;
}

uint32_t frame_zero(void) {
  if (!zero) {
    zero = frame_take_zeroed();
    frame_note(zero)->references = REFERENCES_MOST;
  }
  return zero;
}
