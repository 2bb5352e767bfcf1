import type { Exit } from '@ringbench/engine';
import type { Machine } from '@ringbench/machine';
import type { Dispatcher } from './dispatcher.js';
import type { GuestClock } from './guest-clock.js';

/** What a monitor's engine does over and over: enter the guest, run it until it traps, dispatch the trap. */
export class GuestLoop {
  /** The last trap is handled and the guest not entered again. */
  awaitsEntry = true;

  /** @param enterGuest does what lies between two instructions of the guest, and enters it: then `awaitsEntry` is false. Left true, an instruction was interpreted instead. A result ends the run. */
  constructor(
    private readonly machine: Machine, private readonly dispatcher: Dispatcher, private readonly world: { readonly isGuestRunning: boolean }, private readonly clock: GuestClock,
    private readonly enterGuest: (end: number) => Exit | undefined,
  ) {}

  /** Runs the guest for at most so many of its instructions. */
  run(budget: number): Exit {
    const { world, clock } = this;
    const end = clock.retired + budget;
    for (;;) {
      if (this.awaitsEntry) {
        const exit = this.enterGuest(end);
        if (exit !== undefined) return exit;
        if (this.awaitsEntry) continue;
      } else {
        const stop = this.runToTrap(end - clock.retired);
        if (stop !== undefined) return stop;
      }
      if (!world.isGuestRunning) this.takeTrap();
    }
  }

  /** Has the monitor handle what took the processor from the guest. */
  takeTrap(): void {
    this.dispatcher.dispatch();
    this.awaitsEntry = true;
  }

  /**
   * Gives the guest the silicon for at most so many instructions. Undefined once it has trapped to the monitor; the end of the slice if the guest still has the
   * processor. Throws when the machine stops for another reason, which is a bug of the monitor's.
   */
  private runToTrap(instructions: number): Exit | undefined {
    const { machine, world } = this;
    const stop = machine.run(Math.max(0, instructions));
    if (world.isGuestRunning && stop.kind === 'budget') return { kind: 'budget' };
    // A trap at the end of a slice: the host still fetches the trap page, as after any other trap.
    const trapped = stop.kind === 'budget' ? machine.run(1) : stop;
    if (trapped.kind !== 'trap-page') throw new Error(`the machine stopped under its monitor: ${trapped.kind}`);
    return undefined;
  }
}
