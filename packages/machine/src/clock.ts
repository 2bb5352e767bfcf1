/**
 * Guest time. It is the number of retired guest instructions plus the units spent idle, a plain integer that is exact to 2^53, so that
 * every timer tick falls on the same instruction number on every core. Nothing here or in the devices reads a host clock.
 */

/** Nominal frequency: a Pentium Pro at 200 MHz, one instruction per cycle. It only relates guest time to device frequencies and the date. */
export const INSTRUCTIONS_PER_SECOND = 200_000_000;

/** Called when a deadline falls due; `at` is the instruction number it was scheduled for, which is not later than the current one. */
export type DeadlineCallback = (at: number) => void;

/** A point in guest time at which a device wants to act. Made by `InstructionClock.schedule`; may be scheduled again and again. */
export class Deadline {
  /** Instruction number, or Infinity while nothing is scheduled. */
  at = Infinity;
  /** Neighbour in the clock's queue; only the clock touches it. */
  next: Deadline | undefined = undefined;

  constructor(readonly callback: DeadlineCallback) {}
}

/**
 * The queue of deadlines. The driver runs guest instructions until `nextDeadline()`, calls `fireDue(now())`, and goes on; a deadline at n
 * acts before the instruction executes that finds `now() === n`. A PC has a handful of deadlines, hence a sorted list.
 */
export class InstructionClock {
  private head: Deadline | undefined = undefined;
  private firing = false;

  /**
   * @param now guest time before the current instruction.
   * @param onDeadlineChanged called when the earliest deadline has become earlier, so that the driver can cut its slice short. It is not
   * called from within `fireDue`, after which a driver asks for `nextDeadline` anyway.
   */
  constructor(
    readonly now: () => number,
    private readonly onDeadlineChanged: () => void = () => undefined,
  ) {}

  /** Arranges a call of `callback` at instruction number `at`; a time that has passed means the next `fireDue`. Throws unless `at` is an integer or Infinity. */
  schedule(callback: DeadlineCallback, at: number): Deadline {
    const deadline = new Deadline(callback);
    this.reschedule(deadline, at);
    return deadline;
  }

  /** Moves a deadline, pending or not, to `at`, behind the others of that time. Does not allocate. Infinity cancels. */
  reschedule(deadline: Deadline, at: number): void {
    this.cancel(deadline);
    // A guest can sleep its way to the end of exact time. What lies beyond never comes.
    if (at > Number.MAX_SAFE_INTEGER) return;
    if (!Number.isInteger(at)) throw new Error(`a deadline needs an instruction number, not ${at}`);
    deadline.at = at;
    const earliest = this.nextDeadline();
    this.insert(deadline);
    if (at < earliest && !this.firing) this.onDeadlineChanged();
  }

  /** Forgets a deadline; one that is not pending is left alone. */
  cancel(deadline: Deadline): void {
    if (deadline.at === Infinity) return;
    if (this.head === deadline) {
      this.head = deadline.next;
    } else {
      let before = this.head;
      while (before !== undefined && before.next !== deadline) before = before.next;
      if (before === undefined) throw new Error('this deadline belongs to another clock');
      before.next = deadline.next;
    }
    deadline.next = undefined;
    deadline.at = Infinity;
  }

  /** Instruction number of the earliest deadline; Infinity when there is none. */
  nextDeadline(): number {
    return this.head === undefined ? Infinity : this.head.at;
  }

  /** Fires every deadline not later than `now`, in order of time, those of one time in the order they were scheduled; including those that a callback adds. */
  fireDue(now: number): void {
    this.firing = true;
    for (let due = this.head; due !== undefined && due.at <= now; due = this.head) {
      const at = due.at;
      this.cancel(due);
      due.callback(at);
    }
    this.firing = false;
  }

  private insert(deadline: Deadline): void {
    if (this.head === undefined || deadline.at < this.head.at) {
      deadline.next = this.head;
      this.head = deadline;
      return;
    }
    let before = this.head;
    while (before.next !== undefined && before.next.at <= deadline.at) before = before.next;
    deadline.next = before.next;
    before.next = deadline;
  }
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}

/** `value` modulo `divisor`, never negative. Exact for integers up to 2^53 and quicker than `%`, which is a library call for large values. */
export function remainder(value: number, divisor: number): number {
  return value - Math.floor(value / divisor) * divisor;
}

/**
 * Exact conversion between instruction numbers and the ticks of an oscillator that started with them. With the frequencies' ratio reduced
 * to ticks/instructions = p/q, an instruction number is split as n = a·q + r; a·p + floor(r·p/q) then never leaves the exact integers.
 */
export class TickRate {
  private readonly ticks: number;
  private readonly instructions: number;

  /** Both in Hz, integers. Throws when the reduced ratio is too fine for exact arithmetic. */
  constructor(ticksPerSecond: number, instructionsPerSecond: number = INSTRUCTIONS_PER_SECOND) {
    const divisor = greatestCommonDivisor(ticksPerSecond, instructionsPerSecond);
    this.ticks = ticksPerSecond / divisor;
    this.instructions = instructionsPerSecond / divisor;
    // Half of 2^53 leaves room for the final sum.
    if (!(this.ticks * this.instructions < 2 ** 52)) throw new Error(`no exact arithmetic for ${ticksPerSecond} Hz at ${instructionsPerSecond} Hz`);
  }

  /** Ticks that have elapsed at instruction number `n`: floor(n·p/q). */
  ticksAt(n: number): number {
    const whole = Math.floor(n / this.instructions);
    return whole * this.ticks + Math.floor(((n - whole * this.instructions) * this.ticks) / this.instructions);
  }

  /** The first instruction number at which `tick` ticks have elapsed: ceil(tick·q/p). Infinity for Infinity. */
  instructionsAt(tick: number): number {
    if (tick === Infinity) return Infinity;
    const whole = Math.floor(tick / this.ticks);
    return whole * this.instructions + Math.ceil(((tick - whole * this.ticks) * this.instructions) / this.ticks);
  }
}
