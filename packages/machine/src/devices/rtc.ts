/**
 * The MC146818 real-time clock with its CMOS memory at ports 70h and 71h (Motorola MC146818 data sheet, "Registers", "Update Cycle",
 * "Interrupts"; IBM PC/AT Technical Reference for the ports). The date follows the instruction clock and starts on 1 January 2002, 00:00:00 UTC.
 *
 * Nothing runs by itself: an access first brings the registers up to the present, and there are deadlines only for enabled interrupts.
 */
import type { PortBus } from '../bus.js';
import type { InstructionClock } from '../clock.js';
import { Deadline, remainder, TickRate } from '../clock.js';
import { civilDate, dayNumber } from './calendar.js';
import type { Geometry } from './ata-identify.js';
import { CMOS_BYTES, initialCmos, storeDiskTypes } from './cmos.js';

const INDEX_PORT = 0x70;
const PORTS = 2;
const NMI_MASK = 0x80;

/** The 32.768 kHz crystal: one second is 2^15 ticks. */
const TICKS_PER_SECOND = 32768;
/** UIP rises 244 µs before the update cycle, which takes 1984 µs at this crystal: 73 ticks. The registers have their new values when it ends. */
const UPDATE_TICKS = 73;
/** "Divider control": the first update comes half a second after the divider's reset is lifted. */
const TICKS_AFTER_DIVIDER_RESET = TICKS_PER_SECOND / 2;
const NEVER = Infinity;

const Register = {
  SECONDS: 0, SECONDS_ALARM: 1, MINUTES: 2, MINUTES_ALARM: 3, HOURS: 4, HOURS_ALARM: 5, DAY_OF_WEEK: 6, DAY: 7, MONTH: 8, YEAR: 9,
  A: 0x0a, B: 0x0b, C: 0x0c, D: 0x0d, CENTURY: 0x32,
} as const;
/** 2002-01-01 00:00:00, a Tuesday (Sunday is 1), BCD. */
const START: readonly (readonly [register: number, bcd: number])[] = [
  [Register.DAY_OF_WEEK, 0x03], [Register.DAY, 0x01], [Register.MONTH, 0x01], [Register.YEAR, 0x02], [Register.CENTURY, 0x20],
];

const A = { RATE: 0x0f, DIVIDER_RESET: 0x60, UPDATE_IN_PROGRESS: 0x80 } as const;
/** 32.768 kHz crystal, 1024 Hz periodic rate: what the AT's BIOS programs. */
const A_START = 0x26;
const B = { HOURS_24: 0x02, BINARY: 0x04, UPDATE_ENABLE: 0x10, ALARM_ENABLE: 0x20, PERIODIC_ENABLE: 0x40, SET: 0x80 } as const;
/** What the RESET pin clears: the interrupt enables and the square wave. */
const B_CLEARED_BY_RESET = 0x78;
const C = { UPDATE: 0x10, ALARM: 0x20, PERIODIC: 0x40, INTERRUPT: 0x80 } as const;
const INTERRUPT_CAUSES = C.UPDATE | C.ALARM | C.PERIODIC;
const D_VALID_RAM = 0x80;

const ALARM_DONT_CARE = 0xc0;
const PM = 0x80;
const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const DAYS_PER_WEEK = 7;
const MONTHS = 12;

function fromBcd(value: number): number {
  return (value >> 4) * 10 + (value & 15);
}

function toBcd(value: number): number {
  return (Math.floor(value / 10) << 4) | (value % 10);
}

/** Periodic interrupt period in ticks (table 5 of the data sheet); 0 for none. Rates 1 and 2 repeat 8 and 9 at this crystal. */
function periodOfRate(rate: number): number {
  if (rate === 0) return 0;
  return 1 << (rate <= 2 ? rate + 6 : rate - 1);
}

export interface RtcOptions {
  readonly clock: InstructionClock;
  /** For the memory-size bytes. */
  readonly ramBytes: number;
  /** Called with the level of IRQ 8 when it changes. */
  readonly onInterrupt: (level: boolean) => void;
  /** Called with bit 7 of the index port when it changes: the AT's NMI mask. */
  readonly onNmiMask?: (masked: boolean) => void;
  readonly instructionsPerSecond?: number;
}

export class Rtc {
  private readonly bytes: Uint8Array;
  private readonly rate: TickRate;
  private readonly wakeUp: Deadline;
  private index: number = Register.D;
  /** The divider chain counts ticks from here; seconds end at multiples of TICKS_PER_SECOND. */
  private dividerStart = 0;
  /** Seconds and periodic intervals of the divider that have been dealt with. */
  private secondsDone = 0;
  private periodsDone = 0;
  private causes = 0;
  private line = false;
  private nmiMask = false;

  constructor(private readonly options: RtcOptions) {
    this.bytes = initialCmos(options.ramBytes);
    for (const [register, bcd] of START) this.bytes[register] = bcd;
    this.bytes[Register.A] = A_START;
    this.bytes[Register.B] = B.HOURS_24;
    this.rate = new TickRate(TICKS_PER_SECOND, options.instructionsPerSecond);
    this.wakeUp = new Deadline((at) => this.settle(this.rate.ticksAt(at)));
  }

  attach(bus: PortBus): void {
    bus.register(INDEX_PORT, PORTS, {
      // The index cannot be read.
      readByte: (port) => (port === INDEX_PORT ? 0xff : this.read(this.index)),
      writeByte: (port, value) => {
        if (port === INDEX_PORT) this.writeIndex(value);
        else this.write(this.index, value);
      },
    });
  }

  /** The RESET pin: interrupts are disabled, time and memory go on. */
  reset(): void {
    this.advance(this.tick());
    this.bytes[Register.B] &= ~B_CLEARED_BY_RESET;
    this.causes = 0;
    this.arm();
  }

  /** Bit 7 of the index port is the AT's NMI mask. */
  get nmiMasked(): boolean {
    return this.nmiMask;
  }

  /** What set-up would have stored for these disks, master first. */
  storeDiskTypes(disks: readonly Geometry[]): void {
    storeDiskTypes(this.bytes, disks);
  }

  private writeIndex(value: number): void {
    this.index = value & (CMOS_BYTES - 1);
    const masked = (value & NMI_MASK) !== 0;
    if (masked === this.nmiMask) return;
    this.nmiMask = masked;
    this.options.onNmiMask?.(masked);
  }

  private tick(): number {
    return this.rate.ticksAt(this.options.clock.now());
  }

  private read(register: number): number {
    const tick = this.tick();
    this.advance(tick);
    switch (register) {
      case Register.A:
        return this.bytes[Register.A] | (this.updateInProgress(tick) ? A.UPDATE_IN_PROGRESS : 0);
      case Register.C:
        return this.readCauses();
      case Register.D:
        return D_VALID_RAM;
      default:
        return this.bytes[register];
    }
  }

  private write(register: number, value: number): void {
    const tick = this.tick();
    this.advance(tick);
    switch (register) {
      case Register.A:
        this.writeA(value, tick);
        break;
      case Register.B:
        // Setting SET ends update interrupts ("Register B").
        this.bytes[Register.B] = (value & B.SET) === 0 ? value : value & ~B.UPDATE_ENABLE;
        break;
      case Register.C:
      case Register.D:
        break;
      default:
        this.bytes[register] = value;
    }
    this.arm();
  }

  private writeA(value: number, tick: number): void {
    const wasReset = this.dividerIsReset();
    this.bytes[Register.A] = value & ~A.UPDATE_IN_PROGRESS;
    if (wasReset && !this.dividerIsReset()) {
      this.dividerStart = tick + TICKS_AFTER_DIVIDER_RESET - TICKS_PER_SECOND;
      this.secondsDone = 0;
    }
    const period = periodOfRate(value & A.RATE);
    this.periodsDone = period === 0 ? 0 : Math.floor((tick - this.dividerStart) / period);
  }

  private readCauses(): number {
    const causes = this.causes | (this.line ? C.INTERRUPT : 0);
    this.causes = 0;
    this.arm();
    return causes;
  }

  private dividerIsReset(): boolean {
    return (this.bytes[Register.A] & A.DIVIDER_RESET) === A.DIVIDER_RESET;
  }

  private updateInProgress(tick: number): boolean {
    if (this.dividerIsReset() || (this.bytes[Register.B] & B.SET) !== 0) return false;
    return remainder(tick - this.dividerStart, TICKS_PER_SECOND) >= TICKS_PER_SECOND - UPDATE_TICKS;
  }

  private settle(tick: number): void {
    this.advance(tick);
    this.arm();
  }

  /** Brings registers and interrupt causes up to `tick`. */
  private advance(tick: number): void {
    if (this.dividerIsReset()) return;
    const elapsed = tick - this.dividerStart;
    const period = periodOfRate(this.bytes[Register.A] & A.RATE);
    if (period !== 0) {
      const periods = Math.floor(elapsed / period);
      if (periods > this.periodsDone) this.causes |= C.PERIODIC;
      this.periodsDone = periods;
    }
    const seconds = Math.floor(elapsed / TICKS_PER_SECOND) - this.secondsDone;
    if (seconds <= 0) return;
    this.secondsDone += seconds;
    if ((this.bytes[Register.B] & B.SET) !== 0) return;
    this.causes |= C.UPDATE;
    if (this.secondsToAlarm() <= seconds) this.causes |= C.ALARM;
    this.addSeconds(seconds);
  }

  /** Presents IRQ 8 and arranges to be called when an enabled interrupt comes. */
  private arm(): void {
    const enabled = this.bytes[Register.B] & INTERRUPT_CAUSES;
    const level = (this.causes & enabled) !== 0;
    const { clock, onInterrupt } = this.options;
    if (level !== this.line) {
      this.line = level;
      onInterrupt(level);
    }
    // While the line is up, nothing more can happen to it before register C is read.
    clock.reschedule(this.wakeUp, level ? NEVER : this.rate.instructionsAt(this.nextInterrupt(enabled)));
  }

  /** Tick of the next enabled interrupt. */
  private nextInterrupt(enabled: number): number {
    if (this.dividerIsReset()) return NEVER;
    let next = NEVER;
    const period = periodOfRate(this.bytes[Register.A] & A.RATE);
    if ((enabled & B.PERIODIC_ENABLE) !== 0 && period !== 0) next = this.dividerStart + (this.periodsDone + 1) * period;
    if ((this.bytes[Register.B] & B.SET) !== 0) return next;
    if ((enabled & B.UPDATE_ENABLE) !== 0) next = Math.min(next, this.tickOfSecond(1));
    if ((enabled & B.ALARM_ENABLE) !== 0) next = Math.min(next, this.tickOfSecond(this.secondsToAlarm()));
    return next;
  }

  private tickOfSecond(fromNow: number): number {
    return this.dividerStart + (this.secondsDone + fromNow) * TICKS_PER_SECOND;
  }

  /** Seconds until the alarm registers next match, at least 1; Infinity when they name no time of day. */
  private secondsToAlarm(): number {
    const now = remainder(this.secondOfDay(), DAY);
    for (let time = now + 1; time <= now + DAY;) {
      if (!this.alarmMatches(Register.HOURS_ALARM, Math.floor(time / HOUR) % 24)) time += HOUR - (time % HOUR);
      else if (!this.alarmMatches(Register.MINUTES_ALARM, Math.floor(time / MINUTE) % 60)) time += MINUTE - (time % MINUTE);
      else if (!this.alarmMatches(Register.SECONDS_ALARM, time % 60)) time++;
      else return time - now;
    }
    return NEVER;
  }

  private alarmMatches(register: number, value: number): boolean {
    const alarm = this.bytes[register];
    if ((alarm & ALARM_DONT_CARE) === ALARM_DONT_CARE) return true;
    return (register === Register.HOURS_ALARM ? this.decodeHours(alarm) : this.decode(alarm)) === value;
  }

  private secondOfDay(): number {
    return this.decodeHours(this.bytes[Register.HOURS]) * HOUR + this.decode(this.bytes[Register.MINUTES]) * MINUTE + this.decode(this.bytes[Register.SECONDS]);
  }

  /** Advances time and date. Whatever nonsense the guest wrote there counts on from what it says. */
  private addSeconds(seconds: number): void {
    const total = this.secondOfDay() + seconds;
    const days = Math.floor(total / DAY);
    const second = total - days * DAY;
    this.bytes[Register.SECONDS] = this.encode(second % MINUTE);
    this.bytes[Register.MINUTES] = this.encode(Math.floor(second / MINUTE) % 60);
    this.bytes[Register.HOURS] = this.encodeHours(Math.floor(second / HOUR));
    if (days > 0) this.addDays(days);
  }

  private addDays(days: number): void {
    const weekday = this.decode(this.bytes[Register.DAY_OF_WEEK]);
    this.bytes[Register.DAY_OF_WEEK] = this.encode(remainder(weekday - 1 + days, DAYS_PER_WEEK) + 1);
    const date = civilDate(days + dayNumber({
      year: this.decode(this.bytes[Register.CENTURY]) * 100 + this.decode(this.bytes[Register.YEAR]),
      month: remainder(this.decode(this.bytes[Register.MONTH]) - 1, MONTHS) + 1,
      day: this.decode(this.bytes[Register.DAY]),
    }));
    this.bytes[Register.DAY] = this.encode(date.day);
    this.bytes[Register.MONTH] = this.encode(date.month);
    this.bytes[Register.YEAR] = this.encode(date.year % 100);
    this.bytes[Register.CENTURY] = this.encode(Math.floor(date.year / 100) % 100);
  }

  private isBinary(): boolean {
    return (this.bytes[Register.B] & B.BINARY) !== 0;
  }

  private decode(value: number): number {
    return this.isBinary() ? value : fromBcd(value);
  }

  private encode(value: number): number {
    return this.isBinary() ? value : toBcd(value);
  }

  private decodeHours(value: number): number {
    if ((this.bytes[Register.B] & B.HOURS_24) !== 0) return this.decode(value);
    return (this.decode(value & ~PM) % 12) + ((value & PM) === 0 ? 0 : 12);
  }

  private encodeHours(hours: number): number {
    if ((this.bytes[Register.B] & B.HOURS_24) !== 0) return this.encode(hours);
    return this.encode(hours % 12 === 0 ? 12 : hours % 12) | (hours < 12 ? 0 : PM);
  }
}
