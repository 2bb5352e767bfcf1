import { Register, Vector, Word } from '@ringbench/isa';
import { FaultCode, type Machine } from '@ringbench/machine';
import type { Dispatcher, VirtualMachine } from '@ringbench/vmm';
import type { Hypercalls } from './hypercalls.js';
import { GuestVector } from './interface.js';
import type { VirtualRegisters } from './virtual-registers.js';
import type { World } from './world.js';

/** The monitor's own timer; the first vector that Intel leaves to software (SDM vol. 3, 6.2). */
export const TIMER_VECTOR = 0x20;
/** Exceptions of ring 3 without an error code, and with one. */
const PLAIN = [Vector.DE, Vector.DB, Vector.BR, Vector.UD, Vector.NM, Vector.MF, Vector.BP, Vector.OF] as const;
const CODED = [Vector.TS, Vector.NP, Vector.SS, Vector.AC] as const;
/** Length of INT n; the error code of the #GP with which a gate refuses it (SDM vol. 3, 6.13): the vector, and that it is of the IDT. */
const INT_BYTES = 2;
const IDT_BIT = 2;
const SELECTOR_SHIFT = 3;
/** RDTSC, low byte first. */
const RDTSC = 0x310f;
const WORD_RANGE = 2 ** 32;

/** What the monitor does for each vector through which the silicon traps while the guest runs. */
export class Traps {
  constructor(
    private readonly machine: Machine, private readonly guest: VirtualMachine, private readonly world: World, private readonly registers: VirtualRegisters,
    private readonly hypercalls: Hypercalls,
  ) {}

  /** Makes these the Dispatcher's handlers. */
  install(dispatcher: Dispatcher): void {
    const { world } = this;
    const handle = (vector: number, handler: () => void): void => dispatcher.handle(vector, () => {
      world.takeExit();
      handler();
    });
    for (const vector of PLAIN) handle(vector, () => this.reflect(vector, 0));
    for (const vector of CODED) handle(vector, () => this.reflect(vector, world.errorCode));
    handle(Vector.GP, () => this.generalProtection());
    handle(Vector.PF, () => this.pageFault());
    handle(GuestVector.SYSTEM_CALL, () => world.upcall(GuestVector.SYSTEM_CALL, world.general[Register.EAX]));
    handle(GuestVector.HYPERCALL, () => this.virtualInstruction(GuestVector.HYPERCALL, () => this.hypercalls.serve(world.general)));
    handle(GuestVector.RETURN, () => this.virtualInstruction(GuestVector.RETURN, () => world.returnByFrame()));
    // What is due is settled before the next entry.
    handle(TIMER_VECTOR, () => undefined);
  }

  /** An exception of the guest's: its kernel's affair. A guest that only ever faults is given up. */
  private reflect(vector: number, errorCode: number): void {
    this.guest.processor.noteFault();
    this.world.upcall(vector, errorCode);
  }

  /** The kernel's; a program's is the fault that the same bytes are on a PC, where there is no such gate. */
  private virtualInstruction(vector: number, action: () => void): void {
    const { world } = this;
    if (world.mode === 'kernel') {
      action();
      return;
    }
    world.eip = (world.eip - INT_BYTES) | 0;
    this.reflect(Vector.GP, (vector << SELECTOR_SHIFT) | IDT_BIT);
  }

  /** The time-stamp counter shows guest time; everything else that is privileged is the guest's fault. */
  private generalProtection(): void {
    const { world } = this;
    if (world.errorCode !== 0 || world.opcode() !== RDTSC) {
      this.reflect(Vector.GP, world.errorCode);
      return;
    }
    const now = this.guest.clock.now();
    world.general[Register.EAX] = now % WORD_RANGE;
    world.general[Register.EDX] = Math.floor(now / WORD_RANGE);
    world.eip = (world.eip + INT_BYTES) | 0;
    this.guest.clock.instructionEmulated();
    this.guest.counters.interpreted++;
  }

  /** The kernel is no user of its own pages, whatever ring the silicon has it in. */
  private pageFault(): void {
    const { world, registers } = this;
    if (world.supplyPage(this.machine.processor.state[Word.CR2], (world.errorCode & FaultCode.WRITE) !== 0)) return;
    registers.store('FAULT_ADDRESS', this.machine.processor.state[Word.CR2]);
    this.reflect(Vector.PF, world.mode === 'kernel' ? world.errorCode & ~FaultCode.USER : world.errorCode);
  }
}
