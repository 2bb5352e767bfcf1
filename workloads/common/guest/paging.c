#include "paging.h"

/* Image borders from image.ld. */
extern const char image_start[], image_end[], read_only_end[];
extern const char user_code_start[], user_code_end[], user_data_start[], user_data_end[];

static uint32_t page_directory[TABLE_ENTRIES] __attribute__((aligned(4096)));
static uint32_t image_table[TABLE_ENTRIES] __attribute__((aligned(4096)));

static int within(uint32_t address, const char *start, const char *end) {
  return address >= (uint32_t)start && address < (uint32_t)end;
}

static uint32_t image_page_rights(uint32_t page) {
  uint32_t rights = PAGE_PRESENT;
  if (page >= (uint32_t)read_only_end) rights |= PAGE_WRITABLE;
  if (within(page, user_code_start, user_code_end) || within(page, user_data_start, user_data_end)) rights |= PAGE_USER;
  return rights;
}

void page_table_attach(uint32_t linear, const uint32_t *table) {
  page_directory[linear / TABLE_SPAN] = (uint32_t)table | PAGE_PRESENT | PAGE_WRITABLE | PAGE_USER;
}

void paging_enable(void) {
  /* image.ld asserts that the image ends below TABLE_SPAN, so one table is enough. */
  const uint32_t first = (uint32_t)image_start & ~(PAGE_BYTES - 1);
  for (uint32_t page = first; page < (uint32_t)image_end; page += PAGE_BYTES) {
    image_table[page / PAGE_BYTES] = page | image_page_rights(page);
  }
  page_table_attach(0, image_table);
  __asm__ volatile("movl %0, %%cr3" : : "r"(page_directory) : "memory");
  __asm__ volatile("movl %0, %%cr0\n\tjmp 1f\n1:" : : "r"(CONTROL_REGISTER_0) : "memory");
}
