import { BiosData, type BiosDataArea } from './bios-data.js';
import type { FirmwareHost } from './firmware-host.js';
import type { ServiceCall } from './service-call.js';

/** INT 1Ah and IRQ 0 (IBM PC/AT Technical Reference, "Time of Day"): the tick count, and the real-time clock's registers as they are, in BCD. */

const INDEX_PORT = 0x70;
const DATA_PORT = 0x71;
const Register = { SECONDS: 0x00, MINUTES: 0x02, HOURS: 0x04, DAY: 0x07, MONTH: 0x08, YEAR: 0x09, B: 0x0b, CENTURY: 0x32 } as const;
const DAYLIGHT_SAVING = 0x01;
/** Timer interrupts of a day, as the PC counts them. */
const TICKS_PER_DAY = 0x1800b0;

export class ClockServices {
  constructor(private readonly host: FirmwareHost, private readonly data: BiosDataArea) {}

  /** IRQ 0. */
  interrupt(): void {
    const ticks = this.data.long(BiosData.TICKS) + 1;
    if (ticks >= TICKS_PER_DAY) this.data.setByte(BiosData.MIDNIGHT, 1);
    this.data.setLong(BiosData.TICKS, ticks >= TICKS_PER_DAY ? 0 : ticks);
  }

  serve(call: ServiceCall): void {
    const isThere = this.answer(call);
    call.carry = !isThere;
  }

  private answer(call: ServiceCall): boolean {
    switch (call.ah) {
      case 0x00: this.getTicks(call); return true;
      case 0x01: this.data.setLong(BiosData.TICKS, (call.cx << 16) | call.dx); return true;
      case 0x02: this.getTime(call); return true;
      case 0x03: this.set([[Register.HOURS, call.ch], [Register.MINUTES, call.cl], [Register.SECONDS, call.dh]]); return true;
      case 0x04: this.getDate(call); return true;
      case 0x05: this.set([[Register.CENTURY, call.ch], [Register.YEAR, call.cl], [Register.MONTH, call.dh], [Register.DAY, call.dl]]); return true;
      default: return false;
    }
  }

  private getTicks(call: ServiceCall): void {
    const ticks = this.data.long(BiosData.TICKS);
    call.cx = Math.floor(ticks / 0x10000);
    call.dx = ticks;
    call.al = this.data.byte(BiosData.MIDNIGHT);
    this.data.setByte(BiosData.MIDNIGHT, 0);
  }

  private getTime(call: ServiceCall): void {
    call.ch = this.get(Register.HOURS);
    call.cl = this.get(Register.MINUTES);
    call.dh = this.get(Register.SECONDS);
    call.dl = this.get(Register.B) & DAYLIGHT_SAVING;
  }

  private getDate(call: ServiceCall): void {
    call.ch = this.get(Register.CENTURY);
    call.cl = this.get(Register.YEAR);
    call.dh = this.get(Register.MONTH);
    call.dl = this.get(Register.DAY);
  }

  private get(register: number): number {
    this.host.bus.writeByte(INDEX_PORT, register);
    return this.host.bus.readByte(DATA_PORT);
  }

  private set(registers: readonly (readonly [register: number, value: number])[]): void {
    for (const [register, value] of registers) {
      this.host.bus.writeByte(INDEX_PORT, register);
      this.host.bus.writeByte(DATA_PORT, value);
    }
  }
}
