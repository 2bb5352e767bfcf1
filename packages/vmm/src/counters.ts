/** Events that every VMM counts, for `CoreDefinition.events`. Cores add those of their technique. */
export const VMM_EVENTS = [
  { name: 'direct', meaning: 'guest instructions that the silicon ran directly' },
  { name: 'vmm.interpreted', meaning: 'guest instructions that the VMM interpreted' },
  { name: 'vmm.exit', meaning: 'times that the machine trapped to the VMM\'s dispatcher' },
  { name: 'vmm.device-access', meaning: 'accesses to ports of virtual devices' },
  { name: 'vmm.injected-interrupt', meaning: 'interrupts of virtual devices that the VMM gave to the guest' },
  { name: 'vmm.injected-exception', meaning: 'faults and traps of interpreted instructions that the VMM raised in the guest' },
  { name: 'vmm.device-interrupt', meaning: 'times that a device allocated to the guest interrupted it while it had the processor' },
  { name: 'vmm.timer-deadline', meaning: 'times that the VMM advanced its virtual devices to a deadline' },
] as const;

/** What a VMM counts while it works; all exact integers. */
export class VmmCounters {
  interpreted = 0;
  exits = 0;
  deviceAccesses = 0;
  injectedInterrupts = 0;
  injectedExceptions = 0;
  timerDeadlines = 0;
  deviceInterrupts = 0;

  /** By the names of `VMM_EVENTS`, without `direct`; what never happened is left out. */
  counts(): Record<string, number> {
    const all: Readonly<Record<string, number>> = {
      'vmm.interpreted': this.interpreted, 'vmm.exit': this.exits, 'vmm.device-access': this.deviceAccesses, 'vmm.injected-interrupt': this.injectedInterrupts,
      'vmm.injected-exception': this.injectedExceptions, 'vmm.timer-deadline': this.timerDeadlines, 'vmm.device-interrupt': this.deviceInterrupts,
    };
    return Object.fromEntries(Object.entries(all).filter(([, count]) => count !== 0));
  }
}
