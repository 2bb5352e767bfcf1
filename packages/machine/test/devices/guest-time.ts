import { InstructionClock } from '../../src/clock.js';

/** A driver without a processor: moves guest time forward and fires each deadline at its exact instruction. */
export class GuestTime {
  now = 0;
  readonly clock = new InstructionClock(() => this.now);

  runTo(instruction: number, clock: InstructionClock = this.clock): void {
    while (clock.nextDeadline() <= instruction) {
      this.now = Math.max(this.now, clock.nextDeadline());
      clock.fireDue(this.now);
    }
    this.now = instruction;
  }
}
