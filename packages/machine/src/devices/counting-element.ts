/**
 * One counter of the 8254 Programmable Interval Timer without its bus interface (Intel 8254 data sheet, order number 231164-005,
 * "Mode Definitions"). Nothing happens tick by tick: value and OUT are functions of the tick number.
 *
 * A tick number t means "after t CLK pulses". What is written or gated between pulses t and t + 1 is presented with t and takes effect
 * at pulse t + 1 where the data sheet says "on the next CLK pulse".
 */
import { remainder } from '../clock.js';

/** The data sheet's modes: interrupt on terminal count, one-shot, rate generator, square wave, software and hardware triggered strobe. */
export type CounterMode = 0 | 1 | 2 | 3 | 4 | 5;

const BINARY_MODULUS = 0x10000;
const BCD_MODULUS = 10000;
/** "Minimum count" of the periodic modes; a smaller one behaves like it. */
const MINIMUM_PERIOD = 2;
const RUNNING = Infinity;
const NEVER = Infinity;

function fromBcd(register: number): number {
  return (register >> 12) * 1000 + ((register >> 8) & 15) * 100 + ((register >> 4) & 15) * 10 + (register & 15);
}

function toBcd(value: number): number {
  const hundreds = Math.floor(value / 100);
  const rest = value - hundreds * 100;
  return (Math.floor(hundreds / 10) << 12) | ((hundreds % 10) << 8) | (Math.floor(rest / 10) << 4) | (rest % 10);
}

function isPeriodic(mode: CounterMode): boolean {
  return mode === 2 || mode === 3;
}

/** Modes 1 and 5 start counting at a rising GATE only. */
function needsTrigger(mode: CounterMode): boolean {
  return mode === 1 || mode === 5;
}

export class CountingElement {
  private mode: CounterMode = 3;
  private modulus = BINARY_MODULUS;
  /** The count being counted down, from `epoch` on; 0 while none has been loaded since the control word. */
  private count = 0;
  private epoch = 0;
  /** The count register: the last count written; 0 when none was since the control word. */
  private written = 0;
  /** When the count register goes into the counting element. */
  private nextLoad = NEVER;
  /** Mode 3: that load starts the low half of a square wave. */
  private nextLoadStartsLow = false;
  private gate = true;
  /** The tick since which GATE suspends counting. */
  private heldAt = RUNNING;
  /** What a read finds until a count is loaded. */
  private residue = 0;
  private isNullCount = true;

  /** A control word with a mode: OUT goes to its initial level, the counter waits for a count. */
  setMode(mode: CounterMode, bcd: boolean, tick: number): void {
    this.unload(tick);
    this.mode = mode;
    this.modulus = bcd ? BCD_MODULUS : BINARY_MODULUS;
    this.written = 0;
    this.heldAt = this.gate || needsTrigger(mode) ? RUNNING : tick;
    this.isNullCount = true;
  }

  /** The first of two count bytes: only mode 0 reacts, it stops and its OUT goes low. */
  beginCount(tick: number): void {
    if (this.mode === 0) this.unload(tick);
  }

  /** A complete count was written; 0 is the largest. */
  setCount(register: number, tick: number): void {
    this.settle(tick);
    const count = this.modulus === BCD_MODULUS ? fromBcd(register) % BCD_MODULUS : register;
    this.written = count === 0 ? this.modulus : count;
    this.isNullCount = true;
    if (!isPeriodic(this.mode)) {
      if (!needsTrigger(this.mode)) this.nextLoad = tick + 1;
      return;
    }
    this.written = Math.max(this.written, MINIMUM_PERIOD);
    if (this.count === 0) this.nextLoad = tick + 1;
    else if (this.heldAt === RUNNING) this.loadAtBoundary(tick);
  }

  setGate(level: boolean, tick: number): void {
    this.settle(tick);
    if (level === this.gate) return;
    this.gate = level;
    if (needsTrigger(this.mode)) {
      if (level && this.written !== 0) this.nextLoad = tick + 1;
    } else if (!level) {
      this.heldAt = tick;
      // The end of a period never comes now; the count is loaded when GATE rises.
      if (isPeriodic(this.mode) && this.count !== 0) this.nextLoad = NEVER;
    } else if (isPeriodic(this.mode)) {
      if (this.written !== 0) this.nextLoad = tick + 1;
      this.nextLoadStartsLow = false;
    } else {
      this.epoch = tick - this.elapsed(tick);
      this.heldAt = RUNNING;
    }
  }

  /** The OUT pin. */
  output(tick: number): boolean {
    this.settle(tick);
    if (this.count === 0) return this.mode !== 0;
    const elapsed = this.elapsed(tick);
    switch (this.mode) {
      case 0:
        return this.nextLoad === NEVER && elapsed >= this.count;
      case 1:
        return elapsed >= this.count;
      case 2:
        return this.heldAt !== RUNNING || remainder(elapsed, this.count) !== this.count - 1;
      case 3:
        return this.heldAt !== RUNNING || remainder(elapsed, this.count) < this.highHalf();
      default:
        return elapsed !== this.count;
    }
  }

  /** What the count latch would hold: 16 bits, binary or four decimal digits. */
  read(tick: number): number {
    this.settle(tick);
    if (this.count === 0) return this.residue;
    const value = this.value(this.elapsed(tick));
    return this.modulus === BCD_MODULUS ? toBcd(value % BCD_MODULUS) : value % BINARY_MODULUS;
  }

  /** Status bit 6: the last count written is not in the counting element yet. */
  nullCount(tick: number): boolean {
    this.settle(tick);
    return this.isNullCount;
  }

  /** The first tick behind `tick` at which OUT may differ or a count is loaded; Infinity when only a write or GATE can change it. */
  nextChange(tick: number): number {
    this.settle(tick);
    if (this.count === 0 || this.heldAt !== RUNNING) return this.nextLoad;
    return Math.min(this.nextLoad, tick + this.ticksToEdge(this.elapsed(tick)));
  }

  private ticksToEdge(elapsed: number): number {
    if (!isPeriodic(this.mode)) {
      if (elapsed < this.count) return this.count - elapsed;
      const strobing = this.mode >= 4 && elapsed === this.count;
      return strobing ? 1 : NEVER;
    }
    const phase = remainder(elapsed, this.count);
    const fall = this.mode === 2 ? this.count - 1 : this.highHalf();
    return phase < fall ? fall - phase : this.count - phase;
  }

  /** Mode 2 takes a new count at the end of the period, mode 3 at the end of the half-period. */
  private loadAtBoundary(tick: number): void {
    const phase = remainder(this.elapsed(tick), this.count);
    this.nextLoadStartsLow = this.mode === 3 && phase < this.highHalf();
    this.nextLoad = tick + (this.nextLoadStartsLow ? this.highHalf() : this.count) - phase;
  }

  /** Carries out a load whose tick has come. */
  private settle(tick: number): void {
    if (tick < this.nextLoad) return;
    this.count = this.written;
    this.epoch = this.nextLoad - (this.nextLoadStartsLow ? this.highHalf() : 0);
    this.nextLoad = NEVER;
    this.nextLoadStartsLow = false;
    this.isNullCount = false;
    if (this.gate) this.heldAt = RUNNING;
  }

  private unload(tick: number): void {
    this.residue = this.read(tick);
    this.count = 0;
    this.nextLoad = NEVER;
    this.nextLoadStartsLow = false;
  }

  private elapsed(tick: number): number {
    return Math.max(0, Math.min(tick, this.heldAt) - this.epoch);
  }

  /** Ticks of a square wave's high half: an odd count gives it one more than the low half. */
  private highHalf(): number {
    return Math.ceil(this.count / 2);
  }

  private value(elapsed: number): number {
    if (!isPeriodic(this.mode)) return remainder(this.count - elapsed, this.modulus);
    const phase = remainder(elapsed, this.count);
    if (this.mode === 2) return this.count - phase;
    // Mode 3 counts down by two in each half, from the count without its lowest bit.
    const half = this.highHalf();
    return this.count - (this.count % 2) - 2 * (phase < half ? phase : phase - half);
  }
}
