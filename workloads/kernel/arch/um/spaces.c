/*
 * Address spaces. The page tables are the kernel's record (common/tables.c); what of it a program touches is mapped in a process of the host's by the stub
 * there, or with skas3 through /proc/mm. Changes wait until the program runs.
 */
#include "spaces.h"

#include "base/errors.h"
#include "base/text.h"
#include "memory/frames.h"
#include "process/signals.h"

#define MM_MAP 54u
#define MM_UNMAP 55u
#define MM_PROTECT 56u
/* What write() to a descriptor of /proc/mm takes (SKAS3 patch, struct proc_mm_op). */
struct mm_operation {
  uint32_t operation, address, bytes, protection, flags;
  int32_t file;
  uint32_t offset, unused;
};

enum { ADDRESS, BYTES, PROTECTION, FLAGS, FILE, PAGE_OFFSET };

static struct arch_space nursery;
static struct arch_space *active;

static bool uses_stub(void) {
  return host_options.arrangement != SKAS3;
}

/* ---- Telling the host ---- */

static void stub_order(struct arch_space *space, const char *entry) {
  tracer_order->kind = ORDER_STUB;
  tracer_order->pid = space->process.pid;
  tracer_order->entry = entry;
  tracer_obey();
}

static void memory_write(const struct arch_space *space, const struct stub_record *record) {
  const uint32_t *a = record->arguments;
  struct mm_operation operation = { MM_UNMAP, a[ADDRESS], a[BYTES], 0, 0, 0, 0, 0 };
  if (record->number == HOST_MPROTECT) operation = (struct mm_operation){ MM_PROTECT, a[ADDRESS], a[BYTES], a[PROTECTION], 0, 0, 0, 0 };
  if (record->number == HOST_MMAP2) operation = (struct mm_operation){ MM_MAP, a[ADDRESS], a[BYTES], a[PROTECTION], a[FLAGS], (int32_t)a[FILE], a[PAGE_OFFSET] << PAGE_SHIFT, 0 };
  const int32_t written = HOST(HOST_WRITE, space->memory, &operation, sizeof operation);
  if (written != (int32_t)sizeof operation) panic("the host refused operation %u at %8x: error %d", operation.operation, a[ADDRESS], -written);
}

static void changes_count(const struct arch_space *space) {
  for (uint32_t at = 0; at < space->changes; at++) {
    const uint32_t number = space->stub->records[at].number;
    if (number == HOST_MMAP2) host_counts->maps++;
    else if (number == HOST_MUNMAP) host_counts->unmaps++;
    else host_counts->protects++;
  }
}

static void changes_tell(struct arch_space *space) {
  if (space->changes == 0) return;
  changes_count(space);
  if (uses_stub()) {
    space->stub->records[space->changes].number = 0;
    stub_order(space, stub_run);
    if (space->stub->result) panic("the host refused to change a mapping: error %d", -(int32_t)space->stub->result);
  } else {
    for (uint32_t at = 0; at < space->changes; at++) memory_write(space, &space->stub->records[at]);
  }
  space->changes = 0;
}

/* Whether a change continues the last one. */
static bool change_joins(struct stub_record *last, const struct stub_record *change) {
  const uint32_t *a = last->arguments, *b = change->arguments;
  if (last->number != change->number || a[ADDRESS] + a[BYTES] != b[ADDRESS] || a[PROTECTION] != b[PROTECTION]) return false;
  return change->number != HOST_MMAP2 || a[PAGE_OFFSET] + (a[BYTES] >> PAGE_SHIFT) == b[PAGE_OFFSET];
}

static void change_add(struct arch_space *space, const struct stub_record *change) {
  struct stub_record *records = space->stub->records;
  if (space->changes > 0 && change_joins(&records[space->changes - 1], change)) {
    records[space->changes - 1].arguments[BYTES] += change->arguments[BYTES];
    return;
  }
  /* The last place is for the number 0. */
  if (space->changes == STUB_RECORDS_MOST - 1) changes_tell(space);
  records[space->changes++] = *change;
}

static uint32_t protection_of(uint32_t entry) {
  return entry & PAGE_WRITABLE ? PROT_EVERYTHING : PROT_READ_EXECUTE;
}

int mapping_prepare(struct arch_space *space, uint32_t address) {
  (void)space, (void)address;
  return 0;
}

/*
 * A page that takes the place of another: Linux takes the old one away before it puts the new one there, so that nobody sees both (ptep_clear_flush), and
 * User-Mode Linux tells its host both. So does this.
 */
void mapping_changed(struct arch_space *space, uint32_t address, uint32_t before, uint32_t now) {
  const bool was = before & PAGE_PRESENT, is = now & PAGE_PRESENT, same = was && is && page_down(before) == page_down(now);
  if (same) {
    if (protection_of(before) == protection_of(now)) return;
    change_add(space, &(struct stub_record){ HOST_MPROTECT, { address, PAGE_BYTES, protection_of(now) } });
    return;
  }
  if (was) change_add(space, &(struct stub_record){ HOST_MUNMAP, { address, PAGE_BYTES } });
  if (was && is) changes_tell(space);
  if (!is) return;
  change_add(space, &(struct stub_record){ HOST_MMAP2, { address, PAGE_BYTES, protection_of(now), MAP_SHARED_FIXED, (uint32_t)host_memory_file, now >> PAGE_SHIFT } });
}

/* ---- Making and freeing ---- */

static int process_make(struct arch_space *space) {
  struct stub_data *stub = nursery.stub;
  stub->child_page = arch_frame_of(space->stub) >> PAGE_SHIFT;
  stub_order(&nursery, stub_clone);
  const int32_t pid = (int32_t)stub->result;
  if (pid < 0) return -ENOMEM;
  host_counts->clones++;
  space->process = (struct host_process){ .pid = pid };
  tracer_order->kind = ORDER_ADOPT;
  tracer_order->pid = pid;
  tracer_obey();
  return space->stub->result == STUB_DATA ? 0 : -ENOMEM;
}

static int memory_make(struct arch_space *space) {
  space->memory = HOST(HOST_OPEN, "/proc/mm", OPEN_WRITE);
  return space->memory < 0 ? -ENOMEM : 0;
}

static void frames_give_back(uint32_t directory, uint32_t stub) {
  if (directory != NO_FRAME) frame_drop(directory);
  if (stub != NO_FRAME) frame_drop(stub);
}

int arch_space_make(struct arch_space *space) {
  const uint32_t directory = frame_take_kept(), stub = frame_take_kept();
  if (directory == NO_FRAME || stub == NO_FRAME) {
    frames_give_back(directory, stub);
    return -ENOMEM;
  }
  *space = (struct arch_space){ .directory = arch_frame_address(directory), .stub = arch_frame_address(stub), .memory = NO_MEMORY };
  memset(space->directory, 0, PAGE_BYTES);
  const int error = uses_stub() ? process_make(space) : memory_make(space);
  if (error) frames_give_back(directory, stub);
  return error;
}

void arch_space_free(struct arch_space *space) {
  if (active == space) active = NULL;
  if (uses_stub()) {
    tracer_order->kind = ORDER_END;
    tracer_order->pid = space->process.pid;
    tracer_obey();
  } else {
    HOST(HOST_CLOSE, space->memory);
  }
  frame_drop(arch_frame_of(space->stub));
  tables_free(space);
}

void arch_space_use(const struct arch_space *space) {
  active = (struct arch_space *)space;
}

struct host_process *space_settle(void) {
  changes_tell(active);
  return uses_stub() ? &active->process : &nursery.process;
}

void space_describe(struct order *order) {
  order->memory = active->memory;
  order->stub = active->stub;
}

/* ---- The nursery ---- */

/* Before anything is made of it: the page is the second of physical memory. */
static void nursery_stub_prepare(void) {
  memcpy(arch_frame_address(0), stub_start, (uint32_t)(stub_end - stub_start));
  nursery.stub = arch_frame_address(PAGE_BYTES);
  nursery.stub->memory_file = host_memory_file;
}

void nursery_begin(void) {
  const struct host_stack stack = { STUB_STACK, 0, STUB_STACK_BYTES };
  const uint32_t handler = STUB_CODE + (uint32_t)(stub_fault - stub_start);
  /* The handler never returns, so that SIGSEGV must not be blocked behind it, and there is nothing to restore. */
  const struct host_action action = { handler, ACTION_RESTORER | ACTION_ALTERNATE_STACK | ACTION_NO_DEFER, handler, { 0, 0 } };
  HOST(HOST_PTRACE, PTRACE_TRACEME, 0, 0, 0);
  if (uses_stub()) {
    HOST(HOST_MMAP2, STUB_CODE, PAGE_BYTES, PROT_READ_EXECUTE, MAP_SHARED_FIXED, host_memory_file, 0);
    HOST(HOST_MMAP2, STUB_DATA, PAGE_BYTES, PROT_READ_WRITE, MAP_SHARED_FIXED, host_memory_file, 1);
    HOST(HOST_MMAP2, STUB_STACK, STUB_STACK_BYTES, PROT_READ_WRITE, MAP_PRIVATE_ANONYMOUS_FIXED, -1, 0);
    HOST(HOST_SIGALTSTACK, &stack, 0);
    HOST(HOST_RT_SIGACTION, SIGSEGV, &action, 0, HOST_MASK_BYTES);
  }
  for (;;) __asm__ volatile("int3");
}

/* What the arrangement needs of the host. */
static void host_check(void) {
  if (uses_stub()) {
    const int32_t at = HOST(HOST_MMAP2, STUB_CODE, STUB_END - STUB_CODE, 0, MAP_PRIVATE_ANONYMOUS_FIXED, -1, 0);
    if (at != (int32_t)STUB_CODE) refuse("this host gives a process no memory at %8x (error %d)", STUB_CODE, -at);
    HOST(HOST_MUNMAP, STUB_CODE, STUB_END - STUB_CODE);
  } else {
    const int32_t memory = HOST(HOST_OPEN, "/proc/mm", OPEN_WRITE);
    if (memory < 0) refuse("this host has no /proc/mm (error %d), which arrangement=skas3 needs", -memory);
    HOST(HOST_CLOSE, memory);
  }
}

void spaces_start(void) {
  nursery_stub_prepare();
  host_check();
  /* No record is there yet. */
  tracer_start((uint32_t *)nursery.stub->records);
  nursery.process = (struct host_process){ .pid = tracer_order->pid };
  memcpy(x87_initial, nursery.stub->records, X87_BYTES);
  if (!uses_stub()) return;
  change_add(&nursery, &(struct stub_record){ HOST_MUNMAP, { 0, STUB_CODE } });
  change_add(&nursery, &(struct stub_record){ HOST_MUNMAP, { STUB_END, SPACE_END - STUB_END } });
  changes_tell(&nursery);
}
