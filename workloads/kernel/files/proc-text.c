/* The texts of /proc (proc(5)), as far as BusyBox reads them. */
#include "files/proc.h"
#include "memory/frames.h"
#include "process/process.h"
#include "process/version.h"

#define KIB_PER_PAGE (PAGE_BYTES / 1024)

static void mounts(struct text_buffer *text, const struct process *process) {
  (void)process;
  text_add(text, "tmpfs / tmpfs rw 0 0\nproc /proc proc rw 0 0\n");
}

static void memory(struct text_buffer *text, const struct process *process) {
  (void)process;
  const uint32_t total = frames_total() * KIB_PER_PAGE, free = frames_free() * KIB_PER_PAGE;
  text_add(text, "MemTotal: %u kB\nMemFree: %u kB\nMemAvailable: %u kB\n", total, free, free);
  text_add(text, "Buffers: 0 kB\nCached: %u kB\nSwapCached: 0 kB\nShmem: 0 kB\n", inode_space_used() * KIB_PER_PAGE);
  text_add(text, "SwapTotal: 0 kB\nSwapFree: 0 kB\nSReclaimable: 0 kB\n");
}

static void uptime(struct text_buffer *text, const struct process *process) {
  (void)process;
  const uint32_t now = ticks;
  text_add(text, "%u.%2u %u.%2u\n", now / TICKS_PER_SECOND, now % TICKS_PER_SECOND, idle_ticks / TICKS_PER_SECOND, idle_ticks % TICKS_PER_SECOND);
}

static void version(struct text_buffer *text, const struct process *process) {
  (void)process;
  text_add(text, "%s version %s (%s)\n", SYSTEM_NAME, SYSTEM_RELEASE, SYSTEM_VERSION);
}

static void processor(struct text_buffer *text, const struct process *process) {
  (void)process;
  struct processor_identity identity;
  arch_processor(&identity);
  text_add(text, "processor\t: 0\nvendor_id\t: %s\ncpu family\t: %u\nmodel\t\t: %u\n", identity.vendor, identity.family, identity.model);
  text_add(text, "model name\t: Ringbench\nstepping\t: %u\nfpu\t\t: yes\nwp\t\t: yes\nflags\t\t: fpu\n\n", identity.stepping);
}

/* Times in ticks: user, nice, system, idle. */
static void statistics(struct text_buffer *text, const struct process *process) {
  uint32_t user = 0, system = 0;
  (void)process;
  for (const struct process *at = process_list; at; at = at->next) user += at->user_ticks, system += at->system_ticks;
  text_add(text, "cpu  %u 0 %u %u 0 0 0 0 0 0\ncpu0 %u 0 %u %u 0 0 0 0 0 0\n", user, system, idle_ticks, user, system, idle_ticks);
  text_add(text, "intr %u\nctxt %u\nbtime %u\nprocesses %u\nprocs_running 1\nprocs_blocked 0\n", ticks, context_switches, BOOT_DATE, process_count());
}

static void load(struct text_buffer *text, const struct process *process) {
  (void)process;
  text_add(text, "0.00 0.00 0.00 1/%u %u\n", process_count(), current->pid);
}

static void file_systems(struct text_buffer *text, const struct process *process) {
  (void)process;
  text_add(text, "nodev\ttmpfs\nnodev\tproc\n");
}

static void command_line(struct text_buffer *text, const struct process *process) {
  (void)process;
  text_add(text, "%s\n", arch_command_line());
}

static void devices(struct text_buffer *text, const struct process *process) {
  (void)process;
  text_add(text, "Character devices:\n  1 mem\n  4 ttyS\n  5 tty\n\nBlock devices:\n  3 ide0\n");
}

static char state_letter(const struct process *process) {
  switch (process->state) {
    case RUNNABLE: return 'R';
    case WAITING: return process->undisturbed ? 'D' : 'S';
    case STOPPED: return 'T';
    default: return 'Z';
  }
}

static uint32_t space_bytes(const struct process *process) {
  uint32_t bytes = 0;
  for (const struct region *region = process->space ? process->space->regions : NULL; region; region = region->next) bytes += region->end - region->start;
  return bytes;
}

static uint32_t parent_id(const struct process *process) {
  return process->parent ? process->parent->pid : 0;
}

/* Fields 1 to 24 and zeroes for the rest of the 52. */
static void process_statistics(struct text_buffer *text, const struct process *process) {
  text_add(text, "%u (%s) %c %u %u %u 0 -1 0 ", process->pid, process->name, state_letter(process), parent_id(process), process->group, process->session);
  text_add(text, "%u 0 0 0 %u %u ", process->faults, process->user_ticks, process->system_ticks);
  text_add(text, "%u %u 20 0 1 0 %u ", process->children_user_ticks, process->children_system_ticks, process->start_tick);
  text_add(text, "%u %u 4294967295", space_bytes(process), process->space ? process->space->resident : 0);
  for (uint32_t field = 26; field <= 52; field++) text_add(text, " 0");
  text_add(text, "\n");
}

static void process_memory(struct text_buffer *text, const struct process *process) {
  const uint32_t resident = process->space ? process->space->resident : 0;
  text_add(text, "%u %u 0 0 0 0 0\n", space_bytes(process) / PAGE_BYTES, resident);
}

static void process_status(struct text_buffer *text, const struct process *process) {
  text_add(text, "Name:\t%s\nState:\t%c\nTgid:\t%u\nPid:\t%u\nPPid:\t%u\n", process->name, state_letter(process), process->pid, process->pid, parent_id(process));
  text_add(text, "Uid:\t%u\t%u\t%u\t%u\nGid:\t0\t0\t0\t0\n", process->user, process->user, process->user, process->user);
  text_add(text, "VmSize:\t%u kB\nVmRSS:\t%u kB\nThreads:\t1\n", space_bytes(process) / 1024, process->space ? process->space->resident * KIB_PER_PAGE : 0);
}

/* The arguments are read from the process's own memory; for others, whose space is not in use, the name must do. */
static void process_arguments(struct text_buffer *text, const struct process *process) {
  const uint32_t bytes = smaller(process->arguments_end - process->arguments_start, text->space);
  if (process == current && !arch_copy_from_user(text->start, process->arguments_start, bytes)) text->length = bytes;
  else text_add(text, "%s", process->name);
}

static void process_name(struct text_buffer *text, const struct process *process) {
  text_add(text, "%s\n", process->name);
}

static void process_regions(struct text_buffer *text, const struct process *process) {
  for (const struct region *region = process->space->regions; region; region = region->next) {
    const uint32_t rights = region->protection;
    text_add(text, "%8x-%8x %c%c%c%c ", region->start, region->end, rights & PROT_READ ? 'r' : '-', rights & PROT_WRITE ? 'w' : '-', rights & PROT_EXEC ? 'x' : '-',
             region->shared ? 's' : 'p');
    text_add(text, "%8x 00:01 %u\n", region->page_offset * PAGE_BYTES, region->inode ? region->inode->number : 0);
  }
}

const struct process_node proc_system_nodes[] = {
  { "self", NODE_SELF, NULL }, { "mounts", NODE_TEXT, mounts }, { "meminfo", NODE_TEXT, memory }, { "uptime", NODE_TEXT, uptime },
  { "version", NODE_TEXT, version }, { "cpuinfo", NODE_TEXT, processor }, { "stat", NODE_TEXT, statistics }, { "loadavg", NODE_TEXT, load },
  { "filesystems", NODE_TEXT, file_systems }, { "cmdline", NODE_TEXT, command_line }, { "devices", NODE_TEXT, devices },
};
const uint32_t proc_system_count = COUNT_OF(proc_system_nodes);

const struct process_node proc_process_nodes[] = {
  { "stat", NODE_TEXT, process_statistics }, { "statm", NODE_TEXT, process_memory }, { "status", NODE_TEXT, process_status },
  { "cmdline", NODE_TEXT, process_arguments }, { "comm", NODE_TEXT, process_name }, { "maps", NODE_TEXT, process_regions },
  { "mounts", NODE_TEXT, mounts }, { "exe", NODE_EXECUTABLE, NULL }, { "cwd", NODE_DIRECTORY, NULL }, { "fd", NODE_DESCRIPTORS, NULL },
};
const uint32_t proc_process_count = COUNT_OF(proc_process_nodes);
