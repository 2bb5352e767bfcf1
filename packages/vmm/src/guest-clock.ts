/**
 * Guest time: instructions of this guest that were completed, whoever executed them, plus the time that it idled. The machine's instruction clock
 * counts what the silicon executed, the VMM's own instructions included; the two differ by an offset that changes only while the guest does not run.
 */
export class GuestClock {
  /** Guest time minus machine time. */
  offset = 0;
  /** Guest time spent halted. */
  idle = 0;

  /** `machineNow`: the machine's instruction clock. */
  constructor(private readonly machineNow: () => number) {
    this.offset = -machineNow();
  }

  /** Guest time before the guest's current instruction. */
  now(): number {
    return this.machineNow() + this.offset;
  }

  /** Guest instructions completed. */
  get retired(): number {
    return this.now() - this.idle;
  }

  /** The VMM completed one instruction of the guest. */
  instructionEmulated(): void {
    this.offset++;
  }

  /** The silicon completed an instruction of the VMM: the machine's time passed, the guest's did not. */
  monitorInstructionRetired(): void {
    this.offset--;
  }

  /** The guest sleeps until a guest time, which must not have passed. */
  sleepUntil(time: number): void {
    const units = time - this.now();
    this.offset += units;
    this.idle += units;
  }

  /** The machine time at which it will be this guest time, if the guest runs until then. */
  toMachineTime(time: number): number {
    return time - this.offset;
  }
}
