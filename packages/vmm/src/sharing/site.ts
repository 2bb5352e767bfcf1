import type { EngineOptions } from '@ringbench/engine';
import { Machine, type MachineOptions } from '@ringbench/machine';
import { Allocator, Owner } from '../allocator.js';
import { DeviceAllocator } from '../devices/device-allocator.js';
import { GuestMemory } from '../guest-memory.js';
import { SharedMachine } from './shared-machine.js';
import { Tenancy } from './tenancy.js';

const PAGE_BYTES = 4096;

/** What a technique builds its monitor and its guest on: a machine of its own, or its share of one. */
export interface Site {
  readonly machine: Machine;
  readonly allocator: Allocator;
  /** Whose the machine's devices are. */
  readonly devices: DeviceAllocator;
  /** The number of the guest as an owner of pages. */
  readonly owner: number;
  /** Machine-physical address of the trap page of all monitors; absent where the monitor takes one for itself. */
  readonly trapAddress?: number;
  /** Absent on a machine of its own. */
  readonly tenancy?: Tenancy;
  /** Takes a guest's memory of so many pages. */
  guestMemory(pages: number): GuestMemory;
}

/** `pages`: size of the machine for a guest by itself. */
export interface SiteNeeds extends Pick<MachineOptions, 'features' | 'cpu' | 'createExecutor' | 'onMarker' | 'memories'> {
  readonly pages: number;
}

/** The site that the options name. */
export function siteFor({ site }: EngineOptions, needs: SiteNeeds): Site {
  if (site === undefined) return ownSite(needs);
  if (!(site instanceof SharedMachine)) throw new Error('a site that this monitor did not make');
  return sharedSite(site, needs);
}

function ownSite({ pages, ...options }: SiteNeeds): Site {
  const machine = new Machine({ ...options, ramBytes: pages * PAGE_BYTES });
  const allocator = new Allocator(pages);
  return {
    machine, allocator, devices: new DeviceAllocator(), owner: Owner.FIRST_VM,
    // In falling order, so that the machine's pages are neither the guest's own numbers nor in their order.
    guestMemory: (count) => {
      const machinePages = allocator.allocateMany(Owner.FIRST_VM, count);
      if (machinePages === undefined) throw new Error('the machine was built without enough memory for its guest');
      return new GuestMemory(machine.memory, machine.processor.mmu, machinePages.toReversed());
    },
  };
}

function sharedSite(shared: SharedMachine, { features, cpu, createExecutor }: SiteNeeds): Site {
  const machine = shared.open({ ...(features === undefined ? {} : { features }), ...(cpu === undefined ? {} : { cpu }), createExecutor });
  const tenancy = new Tenancy(shared);
  const { allocator } = tenancy;
  return {
    machine, allocator, devices: shared.devices, owner: allocator.owner, trapAddress: shared.trapAddress, tenancy,
    guestMemory: (count) => new GuestMemory(machine.memory, machine.processor.mmu, count, tenancy.supply),
  };
}
