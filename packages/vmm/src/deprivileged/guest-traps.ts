import { Access, Debug6, Segment, Vector, Word } from '@ringbench/isa';
import { FaultCode, type Machine } from '@ringbench/machine';
import type { Dispatcher } from '../dispatcher.js';
import type { AddressSpaces } from './address-spaces.js';
import type { ScannedCode } from '../scanning/index.js';
import type { VirtualMachine } from '../virtual-machine.js';
import type { TrappedInstructions } from './trapped-instructions.js';
import type { WorldSwitch } from './world-switch.js';

/** Vector of the processor's timer, the first that Intel leaves to software (SDM vol. 3, 6.2). */
export const TIMER_VECTOR = 0x20;

const LOW_WORD = 0xffff;
/** Bits of an error code that name a gate of the IDT (SDM vol. 3, 6.13), but EXT. */
const GATE_CODE = { IDT: 2, INDEX_SHIFT: 3, EXTERNAL: 1 } as const;
const DEBUG_GATE = (Vector.DB << GATE_CODE.INDEX_SHIFT) | GATE_CODE.IDT;
const CAUSES = Debug6.BREAKPOINTS | Debug6.BD | Debug6.BS | Debug6.BT;
/** Exceptions that a guest's instruction causes whoever runs it: they are the guest's own. */
const REFLECTED = [Vector.DE, Vector.BR, Vector.UD, Vector.NM, Vector.MF] as const;
const REFLECTED_WITH_CODE = [Vector.TS, Vector.SS, Vector.AC] as const;

/** What the VMM does for each vector through which the silicon traps while a deprivileged guest runs. */
export class GuestTraps {
  constructor(
    private readonly dispatcher: Dispatcher, private readonly machine: Machine, private readonly guest: VirtualMachine, private readonly world: WorldSwitch, private readonly spaces: AddressSpaces,
    private readonly instructions: TrappedInstructions, private readonly code: ScannedCode | undefined,
  ) {}

  /** Makes these the Dispatcher's handlers. */
  install(): void {
    const { world } = this;
    const handle = (vector: number, handler: () => void): void => this.dispatcher.handle(vector, () => {
      world.takeExit(vector === TIMER_VECTOR || vector === Vector.DB);
      this.settleAdvance();
      handler();
    });
    for (const vector of REFLECTED) handle(vector, () => this.reflect(vector, 0));
    for (const vector of REFLECTED_WITH_CODE) handle(vector, () => this.reflect(vector, world.errorCode));
    handle(Vector.NP, () => this.notPresent());
    handle(Vector.GP, () => this.generalProtection());
    handle(Vector.PF, () => this.pageFault());
    handle(Vector.DB, () => this.debugException());
    // What is due is settled before the next entry.
    handle(TIMER_VECTOR, () => undefined);
  }

  /** The guest completed instructions: what was allowed or held back for just one is over. */
  private settleAdvance(): void {
    const { guest, world, spaces } = this;
    if (!world.hasAdvanced) return;
    if (spaces.hasGrants) spaces.endGrants();
    const { state } = guest.processor;
    if (state[Word.PENDING_DEBUG] === 0) return;
    state[Word.DR + 6] |= state[Word.PENDING_DEBUG];
    state[Word.PENDING_DEBUG] = 0;
    guest.raiseException(Vector.DB, 0);
  }

  private reflect(vector: number, errorCode: number): void {
    this.guest.raiseException(vector, errorCode);
  }

  /** The gate that is absent is the VMM's, and the instruction INT1 (`WorldSwitch.mayDebugTrap`): a guest's segment that is absent is named by a selector. */
  private notPresent(): void {
    const { errorCode } = this.world;
    if ((errorCode & ~GATE_CODE.EXTERNAL) === DEBUG_GATE) this.instructions.interpretAny();
    else this.reflect(Vector.NP, errorCode);
  }

  private generalProtection(): void {
    const { world, instructions } = this;
    const met = this.code?.breakpoint() ?? 'none';
    if (met === 'resume') world.restart();
    else if (met === 'interpret') instructions.interpretAny();
    else if (!instructions.interpret()) this.reflect(Vector.GP, world.errorCode);
  }

  private pageFault(): void {
    const { world, spaces } = this;
    const linear = this.machine.processor.state[Word.CR2];
    const isWrite = (world.errorCode & FaultCode.WRITE) !== 0;
    if (!isWrite && this.code?.isFetch(linear) === true) {
      const errorCode = spaces.handleFetchFault(linear);
      if (errorCode === undefined) {
        this.code.fetchAgain();
        world.restart();
      } else this.reflectPageFault(linear, errorCode);
      return;
    }
    const fault = spaces.handleFault(linear, isWrite, world.errorCode);
    if (fault.kind === 'filled') world.restart();
    else if (fault.kind === 'interpret') this.instructions.interpretAny();
    else this.reflectPageFault(linear, fault.errorCode);
  }

  private reflectPageFault(linear: number, errorCode: number): void {
    this.guest.processor.state[Word.CR2] = linear;
    this.reflect(Vector.PF, errorCode);
  }

  /** A breakpoint or single step of the guest's, or INT1, which leaves DR6 alone (SDM vol. 2, INT n). */
  private debugException(): void {
    const { state } = this.guest.processor;
    const cause = this.machine.processor.state[Word.DR + 6] & CAUSES;
    if (cause === 0) {
      this.debugBreakpoint();
      return;
    }
    state[Word.DR + 6] |= cause;
    this.guest.raiseException(Vector.DB, 0);
  }

  /**
   * INT1 through the VMM's gate: the silicon stands behind the instruction. The guest's gate may be at fault, and then the instruction has not been executed; so it
   * is interpreted from where it began, and the silicon's execution of it was for the VMM. It began where the guest was entered, if that was the only instruction
   * since, as when the guest single-steps; else prefixes before its one byte are not known (docs/decisions/0012-deprivileged-guests.md).
   */
  private debugBreakpoint(): void {
    const { processor, clock } = this.guest;
    const isWide = (processor.state[Word.ACCESS + Segment.CS] & Access.BIG) !== 0;
    processor.state[Word.EIP] = this.world.soleInstruction ?? (isWide ? processor.state[Word.EIP] - 1 : (processor.state[Word.EIP] - 1) & LOW_WORD);
    clock.monitorInstructionRetired();
    this.instructions.interpretAny();
  }
}
