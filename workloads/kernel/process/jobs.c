#include "process/jobs.h"

bool group_orphaned(uint32_t group, uint32_t session, const struct process *leaving) {
  for (const struct process *process = process_list; process; process = process->next) {
    const struct process *parent = process->parent;
    if (process->group != group || process == leaving || process->state == ZOMBIE || !parent || process->adopted || parent == leaving) continue;
    if (parent->session == session && parent->group != group) return false;
  }
  return true;
}

static bool group_has_stopped(uint32_t group) {
  for (const struct process *process = process_list; process; process = process->next) {
    if (process->group == group && process->state == STOPPED) return true;
  }
  return false;
}

/* Nobody would ever let it go on (POSIX, _exit, "Consequences of Process Termination"). */
static void group_release(const struct process *member, const struct process *parent) {
  if (!parent || parent->group == member->group || parent->session != member->session) return;
  if (!group_has_stopped(member->group) || !group_orphaned(member->group, member->session, current)) return;
  signal_send_group(member->group, SIGHUP, (struct signal_information){ CODE_KERNEL, 0, 0 });
  signal_send_group(member->group, SIGCONT, (struct signal_information){ CODE_KERNEL, 0, 0 });
}

void groups_leave(void) {
  group_release(current, current->parent);
  for (const struct process *process = process_list; process; process = process->next) {
    if (process->parent == current && process->state != ZOMBIE) group_release(process, current);
  }
}
