/**
 * Guest time: instructions of this guest that were completed, whoever executed them, plus the time that it idled. The machine's instruction clock
 * counts what the silicon executed, the VMM's own instructions included; the two differ by an offset that changes only while the guest does not run.
 */
export class GuestClock {
  /** Guest time minus machine time. */
  offset = 0;
  /** Guest time spent halted. */
  idle = 0;
  /** The machine's time at which the guest lost the machine to others, while it has not got it back. */
  private heldAt: number | undefined = undefined;
  /** Told of each sleep, which guest time has then passed over. */
  onSlept: (() => void) | undefined = undefined;

  /** `machineNow`: the machine's instruction clock. */
  constructor(private readonly machineNow: () => number) {
    this.offset = -machineNow();
  }

  /** Guest time before the guest's current instruction. */
  now(): number {
    return (this.heldAt ?? this.machineNow()) + this.offset;
  }

  /** Guest instructions completed. */
  get retired(): number {
    return this.now() - this.idle;
  }

  /** Of these, what the VMM completed. */
  emulated = 0;

  /** The VMM completed one instruction of the guest. */
  instructionEmulated(): void {
    this.offset++;
    this.emulated++;
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
    this.onSlept?.();
  }

  /** The machine runs for others from now on: its time passes, the guest's does not. */
  hold(): void {
    this.heldAt = this.machineNow();
  }
  /** The machine is the guest's again. */
  goOn(): void {
    this.offset -= this.machineNow() - (this.heldAt ?? this.machineNow());
    this.heldAt = undefined;
  }

  /** The machine time at which it will be this guest time, if the guest runs until then. */
  toMachineTime(time: number): number {
    return time - this.offset;
  }
}
