/* Address spaces of user programs: a sorted list of regions, filled page by page when they are touched. */
#ifndef MEMORY_SPACE_H
#define MEMORY_SPACE_H

#include "arch/arch.h"

struct inode;

/* Rights of regions and of mmap, and what mmap may be told. */
#define PROT_READ 1u
#define PROT_WRITE 2u
#define PROT_EXEC 4u
#define PROT_ALL 7u
#define MAP_SHARED 0x01u
#define MAP_PRIVATE 0x02u
#define MAP_TYPE 0x0fu
#define MAP_FIXED 0x10u
#define MAP_ANONYMOUS 0x20u
#define MAP_FIXED_NOREPLACE 0x100000u

struct region {
  struct region *next;
  uint32_t start, end;
  uint32_t protection;
  bool shared;
  /* Pages of its own that the file does not have. */
  bool changed;
  /* Null: zeroes. `offset` is the file's byte at `start`, in pages. */
  struct inode *inode;
  uint32_t page_offset;
};

struct space {
  struct arch_space arch;
  uint32_t references;
  struct region *regions;
  uint32_t region_count;
  uint32_t break_start, break_end;
  uint32_t resident;
};

#define REGIONS_MOST 4096u
/* The first page stays free, so that null faults. */
#define USER_START 0x10000u
#define STACK_TOP 0xbffff000u
#define STACK_BYTES_MOST 0x800000u
#define MAPPINGS_TOP 0xb7800000u

struct space *space_make(void);
/* A copy for fork: private pages are shared until one side writes. Null when memory is exhausted. */
struct space *space_copy(struct space *space);
void space_share(struct space *space);
void space_drop(struct space *space);

struct region *space_region(const struct space *space, uint32_t address);
/* A region over a free range; takes a reference to the inode. 0 or -ENOMEM. */
int space_add(struct space *space, const struct region *wanted);
/* Unmaps whatever is in the range. 0 or -ENOMEM. */
int space_remove(struct space *space, uint32_t start, uint32_t end);
bool space_is_free(const struct space *space, uint32_t start, uint32_t end);
/* Makes a region border at an address that lies within a region. 0 or -ENOMEM. */
int space_split(struct space *space, uint32_t address);
/* A free range of `bytes`, from MAPPINGS_TOP down, or 0. */
uint32_t space_find(const struct space *space, uint32_t bytes);

/* Brings a page in. 0 or the signal that the access earns. */
int space_fault(struct space *space, uint32_t address, bool write);
/* Drops a page of a region. */
void space_page_drop(struct space *space, uint32_t address);

#endif
