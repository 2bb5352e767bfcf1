import { Debug6, Vector, Word } from '@ringbench/isa';
import { FaultCode, type Machine } from '@ringbench/machine';
import type { Dispatcher } from '../dispatcher.js';
import type { VirtualMachine } from '../virtual-machine.js';
import type { ShadowTables } from './shadow-tables.js';
import type { TrappedInstructions } from './trapped-instructions.js';
import type { WorldSwitch } from './world-switch.js';

/** Vector of the processor's timer, the first that Intel leaves to software (SDM vol. 3, 6.2). */
export const TIMER_VECTOR = 0x20;

const CODE_STORE = 'real-mode code stores through CS while its segments are not those of virtual-8086 mode, before the first far jump after a reset or in "unreal mode"';
const CAUSES = Debug6.BREAKPOINTS | Debug6.BD | Debug6.BS | Debug6.BT;
/** Exceptions that a guest's instruction causes whoever runs it: they are the guest's own. */
const REFLECTED = [Vector.DE, Vector.BR, Vector.UD, Vector.NM, Vector.MF] as const;
const REFLECTED_WITH_CODE = [Vector.TS, Vector.NP, Vector.SS, Vector.AC] as const;

/** What the VMM does for each vector through which the silicon traps while a deprivileged guest runs. */
export class GuestTraps {
  /** Why the guest cannot go on under this technique; undefined while it can. */
  refusal: string | undefined = undefined;

  constructor(
    private readonly dispatcher: Dispatcher, private readonly machine: Machine, private readonly guest: VirtualMachine, private readonly world: WorldSwitch, private readonly shadow: ShadowTables,
    private readonly instructions: TrappedInstructions,
  ) {}

  /** Makes these the Dispatcher's handlers. */
  install(): void {
    const { world, instructions } = this;
    const handle = (vector: number, handler: () => void): void => this.dispatcher.handle(vector, () => {
      world.takeExit(vector === TIMER_VECTOR || vector === Vector.DB);
      this.settleAdvance();
      handler();
    });
    for (const vector of REFLECTED) handle(vector, () => this.reflect(vector, 0));
    for (const vector of REFLECTED_WITH_CODE) handle(vector, () => this.reflect(vector, world.errorCode));
    handle(Vector.GP, () => {
      if (instructions.interpret()) return;
      if (!world.runsIn8086Mode && instructions.storesThroughCode()) this.refusal = CODE_STORE;
      this.reflect(Vector.GP, world.errorCode);
    });
    handle(Vector.PF, () => this.pageFault());
    handle(Vector.DB, () => this.debugException());
    // What is due is settled before the next entry.
    handle(TIMER_VECTOR, () => undefined);
  }

  /** The guest completed instructions: what was allowed or held back for just one is over. */
  private settleAdvance(): void {
    const { guest, world, shadow } = this;
    if (!world.hasAdvanced) return;
    if (shadow.hasGrants) shadow.endGrants();
    const { state } = guest.processor;
    if (state[Word.PENDING_DEBUG] === 0) return;
    state[Word.DR + 6] |= state[Word.PENDING_DEBUG];
    state[Word.PENDING_DEBUG] = 0;
    guest.raiseException(Vector.DB, 0);
  }

  private reflect(vector: number, errorCode: number): void {
    this.guest.processor.noteFault();
    this.guest.raiseException(vector, errorCode);
  }

  private pageFault(): void {
    const { guest, world } = this;
    const linear = this.machine.processor.state[Word.CR2];
    const fault = this.shadow.handleFault(linear, (world.errorCode & FaultCode.WRITE) !== 0);
    if (fault.kind === 'filled') {
      world.restart();
      return;
    }
    guest.processor.state[Word.CR2] = linear;
    this.reflect(Vector.PF, fault.errorCode);
  }

  /** A breakpoint or single step of the guest's, or INT1, which leaves DR6 alone (SDM vol. 2, INT n). */
  private debugException(): void {
    const { state } = this.guest.processor;
    const cause = this.machine.processor.state[Word.DR + 6] & CAUSES;
    state[Word.DR + 6] |= cause;
    if (cause !== 0) this.guest.processor.noteFault();
    this.guest.raiseException(Vector.DB, 0);
  }
}
