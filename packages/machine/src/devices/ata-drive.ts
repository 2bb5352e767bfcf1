/**
 * One ATA disk drive: programmed I/O, 28-bit block addresses and cylinder-head-sector addresses (AT Attachment with Packet Interface
 * Extension, ATA/ATAPI-4; the protocols "PIO data in", "PIO data out" and "non-data" as commonly documented).
 *
 * A command makes the drive busy for a fixed time on the instruction clock, and the store is touched when that time has passed. The times are
 * short, because nothing here measures disks, but never zero: a guest that forgets to wait for BSY fails here as it does on a real drive.
 */
import type { InstructionClock } from '../clock.js';
import { Deadline, TickRate } from '../clock.js';
import { COMMAND_OF_OPCODE, PowerMode } from './ata-commands.js';
import type { CommandName } from './ata-commands.js';
import { identifyDevice, MOST_LBA28_SECTORS, MOST_MULTIPLE_SECTORS } from './ata-identify.js';
import { DeviceHead, ErrorBit, FLOATING_WORD, Register, Status } from './ata-registers.js';
import { AtaSettings } from './ata-settings.js';
import { NOWHERE, TaskFile } from './ata-task-file.js';
import type { BlockStore } from './block-store.js';
import { SECTOR_BYTES } from './block-store.js';

const MICROSECONDS_PER_SECOND = 1_000_000;
/** How long the drive is busy, in microseconds of guest time. */
export const BusyTime = {
  /** A command that does not touch the medium, until its end or its first data request; between two blocks of a transfer. */
  COMMAND: 10,
  /** Finding the first sector of a command. */
  ACCESS: 50,
  /** From the end of a software reset or a diagnostic command on. */
  RESET: 1000,
} as const;

const READY = Status.DRDY | Status.DSC;
/** Diagnostic code "no error", which the error register holds after a reset. */
const DIAGNOSTIC_PASSED = 0x01;

/** What happens when the drive is no longer busy. */
type Step = 'complete' | 'identify' | 'read-block' | 'open-write' | 'commit-write' | 'diagnosed' | 'reset';
type Direction = 'none' | 'identify' | 'in' | 'out';

export interface AtaDriveOptions {
  readonly clock: InstructionClock;
  /** Sectors beyond the 28-bit addresses cannot be reached. */
  readonly store: BlockStore;
  /** 0 for the master, 1 for the slave. */
  readonly unit: 0 | 1;
  /** Called when `interruptPending` may have changed. */
  readonly onInterruptChanged: () => void;
  readonly instructionsPerSecond?: number;
}

export class AtaDrive {
  /** The drive asks for an interrupt; the channel decides whether that reaches the line. */
  interruptPending = false;
  private readonly microseconds: TickRate;
  private readonly busy: Deadline;
  private readonly capacity: number;
  private readonly buffer = new Uint8Array(MOST_MULTIPLE_SECTORS * SECTOR_BYTES);
  private readonly words = new DataView(this.buffer.buffer);
  /** Bytes of the buffer that are transferred, and that there are to transfer. */
  private position = 0;
  private end = 0;
  private direction: Direction = 'none';
  private step: Step = 'complete';
  private readonly taskFile = new TaskFile();
  private readonly settings: AtaSettings;
  private status: number = READY;
  private error = DIAGNOSTIC_PASSED;
  /** The next sector of the command in progress, how many are left, and how many make a block. */
  private lba = 0;
  private remaining = 0;
  private blockSectors = 1;
  private power: number = PowerMode.ACTIVE;
  private asleep = false;

  private readonly handlers: Readonly<Record<CommandName, () => void>> = {
    recalibrate: () => this.completeAfter(BusyTime.ACCESS),
    read: () => this.beginTransfer(1, 'read-block', BusyTime.ACCESS),
    write: () => this.beginTransfer(1, 'open-write', BusyTime.COMMAND),
    verify: () => this.verify(),
    seek: () => this.seek(),
    diagnose: () => this.after('diagnosed', BusyTime.RESET),
    initializeParameters: () => this.initializeParameters(),
    readMultiple: () => this.beginMultiple('read-block', BusyTime.ACCESS),
    writeMultiple: () => this.beginMultiple('open-write', BusyTime.COMMAND),
    setMultiple: () => this.finishSetting(this.settings.setMultiple(this.taskFile.get(Register.SECTOR_COUNT))),
    standby: () => this.setPower(PowerMode.STANDBY),
    idle: () => this.setPower(PowerMode.IDLE),
    checkPower: () => {
      this.taskFile.set(Register.SECTOR_COUNT, this.power);
      this.completeAfter(BusyTime.COMMAND);
    },
    sleep: () => {
      this.asleep = true;
      this.completeAfter(BusyTime.COMMAND);
    },
    flushCache: () => this.completeAfter(BusyTime.ACCESS),
    identify: () => this.after('identify', BusyTime.COMMAND),
    setFeatures: () => this.finishSetting(this.settings.setFeature(this.taskFile.get(Register.ERROR_FEATURES), this.taskFile.get(Register.SECTOR_COUNT))),
  };

  constructor(private readonly options: AtaDriveOptions) {
    this.capacity = Math.min(options.store.sectors, MOST_LBA28_SECTORS);
    if (this.capacity < 1) throw new Error('a disk needs at least one sector');
    this.microseconds = new TickRate(MICROSECONDS_PER_SECOND, options.instructionsPerSecond);
    this.busy = new Deadline(() => this.finishBusy());
    this.settings = new AtaSettings(this.capacity);
  }

  get isBusy(): boolean {
    this.settle();
    return (this.status & Status.BSY) !== 0;
  }

  /** Reads a register of the command block other than the data port. A busy drive shows its status everywhere. */
  read(register: number): number {
    if (register === Register.STATUS_COMMAND) return this.readStatus();
    if (this.isBusy) return this.status;
    return register === Register.ERROR_FEATURES ? this.error : this.taskFile.get(register);
  }

  /** The alternate status register: it does not acknowledge the interrupt. */
  readAlternateStatus(): number {
    this.settle();
    return this.status;
  }

  /** Writes a register between the data port and the command register; a busy drive ignores it. */
  write(register: number, value: number): void {
    if (!this.isBusy) this.taskFile.set(register, value);
  }

  /** The command register. In the middle of a transfer a new command ends the old one. */
  execute(opcode: number): void {
    if (this.isBusy || this.asleep) return;
    this.setInterrupt(false);
    this.direction = 'none';
    this.error = 0;
    this.status = Status.BSY;
    const command = COMMAND_OF_OPCODE[opcode];
    if (command === undefined) this.abort();
    else this.handlers[command]();
  }

  /** The data port as 16 bits. */
  readData(): number {
    this.settle();
    if ((this.status & Status.DRQ) === 0 || this.direction === 'out') return FLOATING_WORD;
    const word = this.words.getUint16(this.position, true);
    this.position += 2;
    if (this.position === this.end) this.blockTaken();
    return word;
  }

  writeData(word: number): void {
    this.settle();
    if ((this.status & Status.DRQ) === 0 || this.direction !== 'out') return;
    this.words.setUint16(this.position, word, true);
    this.position += 2;
    if (this.position !== this.end) return;
    this.status = Status.BSY;
    this.after('commit-write', BusyTime.COMMAND);
  }

  /** SRST is set: whatever the drive does ends, and it is busy until `endReset`. */
  beginReset(): void {
    this.options.clock.cancel(this.busy);
    this.direction = 'none';
    this.status = Status.BSY;
    this.setInterrupt(false);
  }

  /** SRST is cleared. */
  endReset(): void {
    this.after('reset', BusyTime.RESET);
  }

  /** The hardware reset line; the drive has come up again when the guest gets to look. */
  reset(): void {
    this.beginReset();
    this.settings.revert();
    this.power = PowerMode.ACTIVE;
    this.finishReset();
  }

  private readStatus(): number {
    this.settle();
    this.setInterrupt(false);
    return this.status;
  }

  private setInterrupt(pending: boolean): void {
    this.interruptPending = pending;
    this.options.onInterruptChanged();
  }

  private after(step: Step, microseconds: number): void {
    this.step = step;
    const { clock } = this.options;
    clock.reschedule(this.busy, clock.now() + this.microseconds.instructionsAt(microseconds));
  }

  /** An access on the very instruction sees the step done, whether or not the driver has fired the deadline yet. */
  private settle(): void {
    if ((this.status & Status.BSY) === 0) return;
    const { clock } = this.options;
    if (this.busy.at > clock.now()) return;
    clock.cancel(this.busy);
    this.finishBusy();
  }

  private finishBusy(): void {
    switch (this.step) {
      case 'complete': return this.complete();
      case 'identify': return this.presentIdentity();
      case 'read-block': return this.presentBlock();
      case 'open-write': return this.openWrite(false);
      case 'commit-write': return this.commitWrite();
      case 'diagnosed': return this.finishDiagnostic();
      case 'reset': return this.finishReset();
    }
  }

  private completeAfter(microseconds: number): void {
    this.after('complete', microseconds);
  }

  private abort(): void {
    this.error = ErrorBit.ABRT;
    this.completeAfter(BusyTime.COMMAND);
  }

  private complete(): void {
    this.status = READY | (this.error === 0 ? 0 : Status.ERR);
    this.setInterrupt(true);
  }

  private requestData(direction: Direction, bytes: number): void {
    this.direction = direction;
    this.position = 0;
    this.end = bytes;
    this.status = READY | Status.DRQ;
  }

  private presentIdentity(): void {
    identifyDevice(this.buffer, this.options.unit, this.capacity, this.settings);
    this.requestData('identify', SECTOR_BYTES);
    this.setInterrupt(true);
  }

  private beginTransfer(blockSectors: number, step: Step, microseconds: number): void {
    this.power = PowerMode.ACTIVE;
    this.lba = this.taskFile.addressedSector(this.settings.current);
    this.remaining = this.taskFile.sectorCount;
    this.blockSectors = blockSectors;
    this.after(step, microseconds);
  }

  private beginMultiple(step: Step, microseconds: number): void {
    const { multiple } = this.settings;
    if (multiple === 0) this.abort();
    else this.beginTransfer(multiple, step, microseconds);
  }

  /** Sectors of the block that comes next: the last one of a command may be shorter. */
  private nextBlock(): number {
    return Math.min(this.blockSectors, this.remaining);
  }

  private presentBlock(): void {
    const sectors = this.nextBlock();
    if (!this.checkReach(sectors)) return;
    if (!this.options.store.read(this.lba, sectors, this.buffer)) {
      this.failTransfer(ErrorBit.UNC);
      return;
    }
    this.requestData('in', sectors * SECTOR_BYTES);
    this.setInterrupt(true);
  }

  /** The medium could not: the registers name the first sector of the block that was not transferred. */
  private failTransfer(error: number): void {
    this.error = error;
    this.taskFile.set(Register.SECTOR_COUNT, this.remaining);
    this.taskFile.putAddress(this.lba, this.settings.current);
    this.complete();
  }

  /** The host has read a block. No interrupt follows the last one. */
  private blockTaken(): void {
    this.status = READY;
    if (this.direction === 'in') {
      this.advance(this.nextBlock());
      if (this.remaining > 0) {
        this.status = Status.BSY;
        this.after('read-block', BusyTime.COMMAND);
      }
    }
    this.direction = 'none';
  }

  /** Asks for a block; the first one of a command comes without an interrupt. */
  private openWrite(interrupts: boolean): void {
    const sectors = this.nextBlock();
    if (!this.checkReach(sectors)) return;
    this.requestData('out', sectors * SECTOR_BYTES);
    if (interrupts) this.setInterrupt(true);
  }

  private commitWrite(): void {
    const sectors = this.nextBlock();
    this.direction = 'none';
    if (!this.options.store.write(this.lba, sectors, this.buffer)) {
      this.failTransfer(0);
      this.status |= Status.DF;
      return;
    }
    this.advance(sectors);
    if (this.remaining > 0) this.openWrite(true);
    else this.complete();
  }

  /** Counts sectors as transferred: the registers name the last one and how many are left. */
  private advance(sectors: number): void {
    this.lba += sectors;
    this.remaining -= sectors;
    this.taskFile.putAddress(this.lba - 1, this.settings.current);
    this.taskFile.set(Register.SECTOR_COUNT, this.remaining);
  }

  /**
   * Whether the next sectors exist. If not, the command ends with IDNF, and the registers name the first sector that is missing; a block is
   * transferred as a whole or not at all.
   */
  private checkReach(sectors: number): boolean {
    if (this.lba + sectors <= this.capacity) return true;
    this.error = ErrorBit.IDNF;
    this.taskFile.set(Register.SECTOR_COUNT, this.remaining);
    if (this.lba !== NOWHERE) this.taskFile.putAddress(Math.max(this.lba, this.capacity), this.settings.current);
    this.complete();
    return false;
  }

  private verify(): void {
    this.beginTransfer(1, 'complete', BusyTime.ACCESS);
    const { lba, remaining } = this;
    const present = Math.max(0, Math.min(remaining, this.capacity - lba));
    if (present > 0) this.advance(present);
    if (present === remaining) return;
    this.error = ErrorBit.IDNF;
    if (lba !== NOWHERE) this.taskFile.putAddress(lba + present, this.settings.current);
  }

  private seek(): void {
    if (this.taskFile.addressedSector(this.settings.current) >= this.capacity) this.error = ErrorBit.IDNF;
    this.completeAfter(BusyTime.ACCESS);
  }

  private initializeParameters(): void {
    const heads = (this.taskFile.get(Register.DEVICE_HEAD) & DeviceHead.HEAD) + 1;
    this.finishSetting(this.settings.setGeometry(heads, this.taskFile.get(Register.SECTOR_COUNT)));
  }

  private finishSetting(accepted: boolean): void {
    if (accepted) this.completeAfter(BusyTime.COMMAND);
    else this.abort();
  }

  private setPower(mode: number): void {
    this.power = mode;
    this.completeAfter(BusyTime.COMMAND);
  }

  /** Only the master interrupts at the end of EXECUTE DEVICE DIAGNOSTIC. */
  private finishDiagnostic(): void {
    this.status = READY;
    this.error = DIAGNOSTIC_PASSED;
    this.taskFile.putSignature();
    if (this.options.unit === 0) this.setInterrupt(true);
  }

  private finishReset(): void {
    this.settings.softwareReset();
    this.asleep = false;
    this.status = READY;
    this.error = DIAGNOSTIC_PASSED;
    this.taskFile.putSignature();
  }
}
