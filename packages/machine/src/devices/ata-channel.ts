/** The primary ATA channel of a PC: the ports at 1F0h and 3F6h, IRQ 14, and which of up to two drives they mean. */
import type { PortBus, PortRange } from '../bus.js';
import type { InstructionClock } from '../clock.js';
import { EXECUTE_DEVICE_DIAGNOSTIC } from './ata-commands.js';
import { AtaDrive } from './ata-drive.js';
import { DeviceControl, DeviceHead, FLOATING_WORD, Register } from './ata-registers.js';
import type { BlockStore } from './block-store.js';

const COMMAND_BLOCK = 0x1f0;
/** Alternate status when read, device control when written. The drive address register behind it is absent, as on most drives. */
const CONTROL_PORT = 0x3f6;
const REGISTERS_BEHIND_DATA = 7;
/** Where it is, for whoever hands it out. */
export const ATA_PORTS: readonly PortRange[] = [{ first: COMMAND_BLOCK, count: 1 + REGISTERS_BEHIND_DATA }, { first: CONTROL_PORT, count: 1 }];
const MOST_DRIVES = 2;
/** What the master answers for a slave that is not there. */
const NO_DEVICE_STATUS = 0;

export interface AtaChannelOptions {
  readonly clock: InstructionClock;
  /** The master's store and, optionally, the slave's. */
  readonly disks: readonly BlockStore[];
  /** Called with the level of IRQ 14 when it changes. */
  readonly onInterrupt: (level: boolean) => void;
  readonly instructionsPerSecond?: number;
}

export class AtaChannel {
  private readonly drives: readonly AtaDrive[];
  private selected = 0;
  private control = 0;
  private line = false;

  /** Throws unless there are one or two disks: a channel without drives is not built at all, its ports then float. */
  constructor(private readonly options: AtaChannelOptions) {
    const { clock, disks, instructionsPerSecond } = options;
    if (disks.length < 1 || disks.length > MOST_DRIVES) throw new Error(`an ATA channel takes one or two disks, not ${disks.length}`);
    this.drives = disks.map((store, index) => new AtaDrive({
      clock, store, unit: index === 0 ? 0 : 1, onInterruptChanged: () => this.updateLine(), instructionsPerSecond,
    }));
  }

  attach(bus: PortBus): void {
    bus.register(COMMAND_BLOCK, 1, {
      // A byte access is a word access of which the host takes, or drives, one half.
      readByte: () => this.readData() & 0xff,
      writeByte: (_port, value) => this.writeData(value),
      readWord: () => this.readData(),
      writeWord: (_port, value) => this.writeData(value),
      readLong: () => this.readData() | (this.readData() << 16),
      writeLong: (_port, value) => {
        this.writeData(value & 0xffff);
        this.writeData(value >>> 16);
      },
    });
    bus.register(COMMAND_BLOCK + 1, REGISTERS_BEHIND_DATA, {
      readByte: (port) => this.read(port - COMMAND_BLOCK),
      writeByte: (port, value) => this.write(port - COMMAND_BLOCK, value),
    });
    bus.register(CONTROL_PORT, 1, {
      readByte: () => this.drive()?.readAlternateStatus() ?? NO_DEVICE_STATUS,
      writeByte: (_port, value) => this.writeControl(value),
    });
  }

  /** The RESET line. */
  reset(): void {
    this.selected = 0;
    this.control = 0;
    for (const drive of this.drives) drive.reset();
    this.updateLine();
  }

  private drive(): AtaDrive | undefined {
    return this.drives[this.selected];
  }

  private readData(): number {
    const drive = this.drive();
    return drive === undefined ? FLOATING_WORD : drive.readData();
  }

  private writeData(word: number): void {
    this.drive()?.writeData(word);
  }

  /** A master alone answers for the slave: with its own registers, but with status 0, so that no drive is seen there. */
  private read(register: number): number {
    const drive = this.drive();
    if (drive !== undefined) return drive.read(register);
    return register === Register.STATUS_COMMAND ? NO_DEVICE_STATUS : this.drives[0].read(register);
  }

  /** Both drives hear every write; only the selected one takes the command. */
  private write(register: number, value: number): void {
    if (register === Register.STATUS_COMMAND) {
      this.writeCommand(value);
      return;
    }
    if (register === Register.DEVICE_HEAD && this.drive()?.isBusy !== true) {
      this.selected = (value & DeviceHead.DEVICE_1) === 0 ? 0 : 1;
    }
    for (const drive of this.drives) drive.write(register, value);
    this.updateLine();
  }

  private writeCommand(opcode: number): void {
    if (opcode !== EXECUTE_DEVICE_DIAGNOSTIC) {
      this.drive()?.execute(opcode);
      return;
    }
    if (this.drive()?.isBusy === true) return;
    // Both drives execute it, whichever is selected, and the master is selected afterwards.
    this.selected = 0;
    for (const drive of this.drives) drive.execute(opcode);
  }

  private writeControl(value: number): void {
    const changed = this.control ^ value;
    this.control = value;
    if ((changed & DeviceControl.SRST) !== 0) {
      const begins = (value & DeviceControl.SRST) !== 0;
      if (begins) this.selected = 0;
      for (const drive of this.drives) {
        if (begins) drive.beginReset();
        else drive.endReset();
      }
    }
    this.updateLine();
  }

  /** Only the selected drive drives the line, and only while nIEN is clear. */
  private updateLine(): void {
    const level = (this.control & DeviceControl.NIEN) === 0 && this.drive()?.interruptPending === true;
    if (level === this.line) return;
    this.line = level;
    this.options.onInterrupt(level);
  }
}
