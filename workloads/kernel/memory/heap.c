/*
 * A page holds objects of one size; its free ones are threaded on a list that hangs from the page's note. Pages with a
 * free object are on the list of their class, empty pages go back.
 */
#include "memory/heap.h"

#include "base/text.h"
#include "memory/frames.h"

#define SMALLEST 32u
#define CLASSES 8
#define PAGE_CLASS (CLASSES - 1)

static struct frame *partial[CLASSES];

static uint32_t class_of(uint32_t bytes) {
  uint32_t class = 0;
  while (SMALLEST << class < bytes) class++;
  return class;
}

static void list_add(struct frame *note) {
  struct frame **head = &partial[note->size_class];
  note->previous = NULL;
  note->next = *head;
  if (*head) (*head)->previous = note;
  *head = note;
}

static void list_remove(struct frame *note) {
  if (note->previous) note->previous->next = note->next;
  else partial[note->size_class] = note->next;
  if (note->next) note->next->previous = note->previous;
}

static struct frame *page_make(uint32_t class, bool brief) {
  const uint32_t frame = brief ? frame_take() : frame_take_kept();
  if (frame == NO_FRAME) return NULL;
  struct frame *note = frame_note(frame);
  uint8_t *page = arch_frame_address(frame);
  note->size_class = (uint8_t)class;
  note->used = 0;
  note->free_objects = NULL;
  for (uint32_t at = PAGE_BYTES; at > 0; at -= SMALLEST << class) {
    void **object = (void **)(page + at - (SMALLEST << class));
    *object = note->free_objects;
    note->free_objects = object;
  }
  list_add(note);
  return note;
}

static void *take(uint32_t bytes, bool brief) {
  if (bytes > PAGE_BYTES) panic("an object of %u bytes", bytes);
  const uint32_t class = class_of(bytes);
  struct frame *note = partial[class];
  if (!note && !(note = page_make(class, brief))) return NULL;
  void **object = note->free_objects;
  note->free_objects = *object;
  note->used++;
  if (!note->free_objects) list_remove(note);
  return memset(object, 0, SMALLEST << class);
}

void *heap_take(uint32_t bytes) {
  return take(bytes, false);
}

void *heap_take_brief(uint32_t bytes) {
  return take(bytes, true);
}

void heap_free(void *object) {
  if (!object) return;
  const uint32_t frame = page_down(arch_frame_of(object));
  struct frame *note = frame_note(frame);
  const bool was_full = !note->free_objects;
  *(void **)object = note->free_objects;
  note->free_objects = object;
  if (was_full) list_add(note);
  if (--note->used == 0) {
    list_remove(note);
    frame_drop(frame);
  }
}

char *heap_text(const char *text) {
  const uint32_t length = text_length(text);
  char *copy = heap_take(length + 1);
  return copy ? memcpy(copy, text, length) : NULL;
}
