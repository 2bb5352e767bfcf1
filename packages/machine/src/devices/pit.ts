/**
 * The 8254 Programmable Interval Timer of a PC (Intel 8254 data sheet, order number 231164-005, "Programming the 8254" and "Read
 * Operations") with port 61h (IBM PC/AT Technical Reference, "System Timers" and "Port B"). Channel 0's OUT is IRQ 0; channel 2 makes the speaker's tone.
 */
import type { PortBus } from '../bus.js';
import type { InstructionClock } from '../clock.js';
import { Deadline, remainder, TickRate } from '../clock.js';
import { CountingElement } from './counting-element.js';
import type { CounterMode } from './counting-element.js';

/** The colour burst frequency of 315/88 MHz, divided by 3, as every PC rounds it. */
export const PIT_FREQUENCY = 1_193_182;

const CHANNEL_PORT = 0x40;
const CONTROL_OFFSET = 3;
const PORTS = 4;
const SYSTEM_PORT_B = 0x61;

const CHANNELS = 3;
const SPEAKER_CHANNEL = 2;

/** Control word fields. */
const SELECT_SHIFT = 6;
const READ_BACK = 3;
const ACCESS_SHIFT = 4;
const MODE_SHIFT = 1;
const BCD = 0x01;
/** Read-back command; the two latch bits are active low. */
const READ_BACK_NO_COUNT = 0x20;
const READ_BACK_NO_STATUS = 0x10;
const STATUS_OUTPUT = 0x80;
const STATUS_NULL_COUNT = 0x40;
const PROGRAMMED_BITS = 0x3f;

/** Control word RW field: what a channel's port reads and writes. */
const Access = { LATCH: 0, LOW: 1, HIGH: 2, BOTH: 3 } as const;

/** Port 61h. */
const PortB = { GATE_2: 0x01, SPEAKER: 0x02, WRITABLE: 0x0f, REFRESH: 0x10, OUTPUT_2: 0x20 } as const;
/** Bit 4 toggles with each memory refresh request, every 15.09 µs: the AT's BIOS programs channel 1 so, here it is wired. */
const REFRESH_TICKS = 18;

const NOTHING_LATCHED = -1;
/** What the BIOS leaves: mode 3, both bytes. */
const RESET_CONTROL = 0x36;

/** A channel: the counting element, its latches and its two byte flip-flops. */
class Channel {
  readonly element = new CountingElement();
  private programmed = RESET_CONTROL & PROGRAMMED_BITS;
  private latchedCount = NOTHING_LATCHED;
  private latchedStatus = NOTHING_LATCHED;
  private readHigh = false;
  private writeHigh = false;
  private lowByte = 0;

  program(control: number, tick: number): void {
    this.programmed = control & PROGRAMMED_BITS;
    this.latchedCount = NOTHING_LATCHED;
    this.latchedStatus = NOTHING_LATCHED;
    this.readHigh = false;
    this.writeHigh = false;
    const mode = (control >> MODE_SHIFT) & 7;
    // Modes 6 and 7 are 2 and 3 with a "don't care" bit set.
    this.element.setMode((mode > 5 ? mode - 4 : mode) as CounterMode, (control & BCD) !== 0, tick);
  }

  /** A second latch before the first was read is ignored ("Counter Latch Command"). */
  latchCount(tick: number): void {
    if (this.latchedCount === NOTHING_LATCHED) this.latchedCount = this.element.read(tick);
  }

  latchStatus(tick: number): void {
    if (this.latchedStatus !== NOTHING_LATCHED) return;
    this.latchedStatus = this.programmed | (this.element.output(tick) ? STATUS_OUTPUT : 0) | (this.element.nullCount(tick) ? STATUS_NULL_COUNT : 0);
  }

  read(tick: number): number {
    if (this.latchedStatus !== NOTHING_LATCHED) {
      const status = this.latchedStatus;
      this.latchedStatus = NOTHING_LATCHED;
      return status;
    }
    const access = this.access();
    const value = this.latchedCount === NOTHING_LATCHED ? this.element.read(tick) : this.latchedCount;
    const high = access === Access.HIGH || (access === Access.BOTH && this.readHigh);
    if (access === Access.BOTH) this.readHigh = !this.readHigh;
    if (access !== Access.BOTH || high) this.latchedCount = NOTHING_LATCHED;
    return high ? value >> 8 : value & 0xff;
  }

  write(value: number, tick: number): void {
    const access = this.access();
    if (access === Access.LOW) {
      this.element.setCount(value, tick);
    } else if (access === Access.HIGH) {
      this.element.setCount(value << 8, tick);
    } else if (this.writeHigh) {
      this.writeHigh = false;
      this.element.setCount((value << 8) | this.lowByte, tick);
    } else {
      this.writeHigh = true;
      this.lowByte = value;
      this.element.beginCount(tick);
    }
  }

  private access(): number {
    return (this.programmed >> ACCESS_SHIFT) & 3;
  }
}

export class Pit {
  private readonly channels = Array.from({ length: CHANNELS }, () => new Channel());
  private readonly rate: TickRate;
  private readonly edge: Deadline;
  private portB = 0;

  /** @param onTimerOutput called with channel 0's OUT, on the exact instruction; repeats of one level are possible. */
  constructor(
    private readonly clock: InstructionClock,
    private readonly onTimerOutput: (level: boolean) => void,
    instructionsPerSecond?: number,
  ) {
    this.rate = new TickRate(PIT_FREQUENCY, instructionsPerSecond);
    this.edge = new Deadline((at) => this.updateTimer(this.rate.ticksAt(at)));
    this.reset();
  }

  attach(bus: PortBus): void {
    bus.register(CHANNEL_PORT, PORTS, {
      readByte: (port) => this.readChannel(port - CHANNEL_PORT),
      writeByte: (port, value) => {
        if (port === CHANNEL_PORT + CONTROL_OFFSET) this.writeControl(value);
        else this.writeChannel(port - CHANNEL_PORT, value);
      },
    });
    bus.register(SYSTEM_PORT_B, 1, {
      readByte: () => this.readPortB(),
      writeByte: (_, value) => this.writePortB(value),
    });
  }

  /** Every channel waits for a count with OUT high, so that programming channel 0 makes no edge of its own; the speaker is off. */
  reset(): void {
    const tick = this.tick();
    this.writePortB(0);
    for (const channel of this.channels) channel.program(RESET_CONTROL, tick);
    this.updateTimer(tick);
  }

  private tick(): number {
    return this.rate.ticksAt(this.clock.now());
  }

  /** The control register cannot be read: the bus floats. */
  private readChannel(index: number): number {
    return index === CONTROL_OFFSET ? 0xff : this.channels[index].read(this.tick());
  }

  private writeChannel(index: number, value: number): void {
    const tick = this.tick();
    this.channels[index].write(value, tick);
    if (index === 0) this.updateTimer(tick);
  }

  private writeControl(value: number): void {
    const tick = this.tick();
    const select = value >> SELECT_SHIFT;
    if (select === READ_BACK) {
      this.readBack(value, tick);
    } else if (((value >> ACCESS_SHIFT) & 3) === Access.LATCH) {
      this.channels[select].latchCount(tick);
    } else {
      this.channels[select].program(value, tick);
      if (select === 0) this.updateTimer(tick);
    }
  }

  private readBack(command: number, tick: number): void {
    for (let index = 0; index < CHANNELS; index++) {
      if ((command & (2 << index)) === 0) continue;
      if ((command & READ_BACK_NO_COUNT) === 0) this.channels[index].latchCount(tick);
      if ((command & READ_BACK_NO_STATUS) === 0) this.channels[index].latchStatus(tick);
    }
  }

  private readPortB(): number {
    const tick = this.tick();
    const refresh = remainder(tick, 2 * REFRESH_TICKS) < REFRESH_TICKS ? 0 : PortB.REFRESH;
    return this.portB | refresh | (this.channels[SPEAKER_CHANNEL].element.output(tick) ? PortB.OUTPUT_2 : 0);
  }

  private writePortB(value: number): void {
    this.portB = value & PortB.WRITABLE;
    this.channels[SPEAKER_CHANNEL].element.setGate((value & PortB.GATE_2) !== 0, this.tick());
  }

  /** Presents OUT of channel 0 and arranges to be called at its next edge. */
  private updateTimer(tick: number): void {
    const { element } = this.channels[0];
    this.onTimerOutput(element.output(tick));
    this.clock.reschedule(this.edge, this.rate.instructionsAt(element.nextChange(tick)));
  }
}
