import { Vector } from '@ringbench/isa';
import { Region, type Machine } from '@ringbench/machine';
import type { HostContext } from '@ringbench/vmm';
import { GuestVector } from './interface.js';

const GATE_BYTES = 8;
/** DPL 3 in the upper word of a gate (SDM vol. 3, figure 6-2). */
const USER_GATE = 3 << 13;
/** What the guest may enter by an instruction: its own virtual ones, system calls, INT3 and INTO. */
const OPEN = [Vector.BP, Vector.OF, GuestVector.SYSTEM_CALL, GuestVector.HYPERCALL, GuestVector.RETURN] as const;

/** Opens those gates of the monitor's table to ring 3. Call it when the monitor is where it will stay. */
export function openGates(machine: Machine, host: HostContext): void {
  const { view } = machine.memory;
  for (const vector of OPEN) {
    const upper = Region.RAM + host.interruptTable + vector * GATE_BYTES + GATE_BYTES / 2;
    view.setInt32(upper, view.getInt32(upper, true) | USER_GATE, true);
  }
}
