import { CR0, CR4, Word } from '@ringbench/isa';
import { FaultCode, type Machine } from '@ringbench/machine';
import type { SecondLevelTables } from '../second-level.js';
import type { AddressSpaces, SpaceFault } from './address-spaces.js';
import type { MonitorInstructions } from './monitor-instructions.js';

const FRAME_MASK = ~0xfff;
const USER_LEVEL = 3;
const FILLED: SpaceFault = { kind: 'filled' };
/** Control bits of the guest's that the silicon's walks obey. */
const PAGING_CR0 = CR0.PG | CR0.WP;
const PAGING_CR4 = CR4.PSE | CR4.PGE;

/**
 * The guest's own page tables walked by the silicon, and each of its physical addresses translated again (docs/decisions/0017-second-level-at-ring-3.md): nothing is
 * shadowed, and page faults are the guest's own but where it reaches beyond its memory. The silicon's control registers have the guest's paging bits;
 * the monitor, in ring 0, has physical addresses.
 */
export class SecondLevelSpaces implements AddressSpaces {
  readonly hasGrants = false;
  /** The silicon may hold translations that the guest has removed. */
  private isStale = true;
  private directory = 0;

  constructor(private readonly machine: Machine, private readonly tables: SecondLevelTables, private readonly guest: Int32Array, private readonly monitor: MonitorInstructions) {
    machine.processor.mmu.hostGuest(tables.root);
    tables.onMoved = () => machine.processor.flushTranslations();
  }

  get pagingControls(): number { return this.guest[Word.CR0] & PAGING_CR0; }

  activate(): void {
    const { guest, machine, monitor } = this;
    const real = machine.processor.state;
    const controls = (real[Word.CR4] & ~PAGING_CR4) | (guest[Word.CR4] & PAGING_CR4);
    if (controls !== real[Word.CR4]) monitor.loadCr4(controls);
    const isSupervisor = guest[Word.CPL] !== USER_LEVEL;
    const directory = (guest[Word.CR3] & FRAME_MASK) | (isSupervisor ? 1 : 0);
    if (directory === this.directory && !this.isStale) return;
    this.directory = directory;
    this.isStale = false;
    monitor.loadGuestDirectory(guest[Word.CR3] & FRAME_MASK, isSupervisor);
  }

  contextChanged(): void { this.isStale = true; }
  pageInvalidated(linear: number): void { this.monitor.invalidatePage(linear); }

  handleFault(address: number, write: boolean, errorCode: number): SpaceFault {
    if ((errorCode & FaultCode.SECOND_LEVEL) === 0) return { kind: 'guest', errorCode };
    if (!this.tables.resolve(address >>> 0, write)) throw new Error(`the second level lacks guest-physical ${(address >>> 0).toString(16)}, which is mapped`);
    return FILLED;
  }
  handleFetchFault(): never { throw new Error('code is where the guest\'s own tables have it'); }

  endGrants(): void {}
  emptied(): void { this.isStale = true; }
  written(): void {}
  mapped(first: number, count: number): void { this.tables.mapBeyond(first, count); }
  dropAll(): void {
    this.tables.remap();
    this.machine.processor.flushTranslations();
    this.isStale = true;
  }
}
