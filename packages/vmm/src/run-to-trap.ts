import type { Machine } from '@ringbench/machine';

/**
 * Gives the guest the silicon for at most so many instructions. Undefined once it has trapped to the monitor; the end of the slice if the guest still has the
 * processor. Throws when the machine stops for another reason, which is a bug of the monitor's.
 */
export function runToTrap(machine: Machine, instructions: number, world: { readonly isGuestRunning: boolean }): { readonly kind: 'budget' } | undefined {
  const stop = machine.run(Math.max(0, instructions));
  if (world.isGuestRunning && stop.kind === 'budget') return stop;
  // A trap at the end of a slice: the host still fetches the trap page, as after any other trap.
  const trapped = stop.kind === 'budget' ? machine.run(1) : stop;
  if (trapped.kind !== 'trap-page') throw new Error(`the machine stopped under its monitor: ${trapped.kind}`);
  return undefined;
}
