/**
 * The 8042 keyboard controller at ports 60h and 64h (IBM PS/2 Hardware Interface Technical Reference, "Keyboard and Auxiliary Device
 * Controller") with its keyboard and without an auxiliary device.
 *
 * The controller itself answers at once, so that its input buffer is always empty; a byte from the keyboard takes as long as it does on the
 * cable. A controller's answer overwrites a byte that the guest has not fetched.
 */
import type { PortBus } from '../bus.js';
import type { InstructionClock } from '../clock.js';
import { Deadline, TickRate } from '../clock.js';
import { AddressLine20 } from './address-line-20.js';
import { Keyboard, NO_BYTE } from './keyboard.js';
import { ScanCodeTranslator, SWALLOWED } from './scan-codes.js';

const DATA_PORT = 0x60;
const COMMAND_PORT = 0x64;

const MICROSECONDS_PER_SECOND = 1_000_000;
/** Eleven bits at some 11 kHz, from one byte's fetching, or the keyboard's having one, to the next. */
export const KEYBOARD_BYTE_MICROSECONDS = 1000;

const Status = { OUTPUT_FULL: 0x01, SYSTEM: 0x04, COMMAND: 0x08, UNLOCKED: 0x10, AUXILIARY: 0x20, TIMEOUT: 0x40 } as const;
/** The command byte is byte 0 of the controller's RAM. */
const CommandByte = { INTERRUPT: 0x01, SYSTEM: 0x04, KEYBOARD_DISABLED: 0x10, AUXILIARY_DISABLED: 0x20, TRANSLATE: 0x40 } as const;
/** What the BIOS leaves. */
const RESET_COMMAND_BYTE = CommandByte.INTERRUPT | CommandByte.SYSTEM | CommandByte.AUXILIARY_DISABLED | CommandByte.TRANSLATE;

const Command = {
  READ_RAM: 0x20, WRITE_RAM: 0x60, TEST_AUXILIARY: 0xa9, SELF_TEST: 0xaa, TEST_KEYBOARD: 0xab, DISABLE_KEYBOARD: 0xad, ENABLE_KEYBOARD: 0xae,
  READ_INPUT_PORT: 0xc0, READ_OUTPUT_PORT: 0xd0, WRITE_OUTPUT_PORT: 0xd1, WRITE_OUTPUT_BUFFER: 0xd2, WRITE_AUXILIARY_BUFFER: 0xd3,
  WRITE_AUXILIARY: 0xd4, READ_TEST_INPUTS: 0xe0, PULSE: 0xf0,
} as const;
const NO_COMMAND = 0;
/** The read and write commands have the RAM address in their low bits. */
const RAM_BYTES = 0x20;
const RAM_ADDRESS = RAM_BYTES - 1;
const RAM_COMMAND = 0xff & ~RAM_ADDRESS;
const PULSED_LINES = 0x0f;

const SELF_TEST_PASSED = 0x55;
const LINES_GOOD = 0x00;
/** No auxiliary device is wired: its clock line is stuck low. */
const AUXILIARY_CLOCK_LOW = 0x01;
/** What comes instead of an auxiliary device's answer, with the time-out bit. */
const AUXILIARY_SILENT = 0xfe;
/** Not locked; a colour display. */
const INPUT_PORT = 0x80;
const TEST_INPUTS = 0x00;

/** Output port: the processor runs while bit 0 is high. Bit 4 is the interrupt line; the rest is wired to the keyboard's cable. */
const OutputPort = { RUN: 0x01, A20: 0x02, INTERRUPT: 0x10 } as const;
const RESET_OUTPUT_PORT = 0xcf;

export interface KeyboardControllerOptions {
  readonly clock: InstructionClock;
  /** Called with the level of IRQ 1 when it changes. */
  readonly onInterrupt: (level: boolean) => void;
  /** The gate that the output port's bit 1 is; its own unless given. */
  readonly line20?: AddressLine20;
  /** Called when the guest pulls the processor's reset line. */
  readonly onReset: () => void;
  readonly instructionsPerSecond?: number;
}

export class KeyboardController {
  readonly keyboard = new Keyboard();
  private readonly ram = new Uint8Array(RAM_BYTES);
  private readonly translator = new ScanCodeTranslator();
  private readonly byteTime: number;
  private readonly arrival: Deadline;
  private outputBuffer = 0;
  private outputFull = false;
  /** The byte in the output buffer stands for an auxiliary device's. */
  private fromAuxiliary = false;
  /** The last write was to the command port. */
  private wroteCommand = false;
  /** The command whose data byte comes next at port 60h. */
  private awaiting: number = NO_COMMAND;
  private outputPort: number = RESET_OUTPUT_PORT;
  private line = false;
  private readonly line20: AddressLine20;

  constructor(private readonly options: KeyboardControllerOptions) {
    this.byteTime = new TickRate(MICROSECONDS_PER_SECOND, options.instructionsPerSecond).instructionsAt(KEYBOARD_BYTE_MICROSECONDS);
    this.arrival = new Deadline(() => this.takeFromKeyboard());
    this.ram[0] = RESET_COMMAND_BYTE;
    this.line20 = options.line20 ?? new AddressLine20();
  }

  get a20Enabled(): boolean {
    return this.line20.enabled;
  }

  /** Types a text on the keyboard, at the current instruction; false when it cannot (`Keyboard.type`). */
  type(text: string): boolean {
    if (!this.keyboard.type(text)) return false;
    this.update();
    return true;
  }

  attach(bus: PortBus): void {
    bus.register(DATA_PORT, 1, {
      readByte: () => this.readData(),
      writeByte: (_port, value) => this.writeData(value),
    });
    bus.register(COMMAND_PORT, 1, {
      readByte: () => this.readStatus(),
      writeByte: (_port, value) => this.writeCommand(value),
    });
  }

  reset(): void {
    this.keyboard.reset();
    this.translator.reset();
    this.ram.fill(0);
    this.ram[0] = RESET_COMMAND_BYTE;
    this.outputFull = false;
    this.fromAuxiliary = false;
    this.wroteCommand = false;
    this.awaiting = NO_COMMAND;
    this.outputPort = RESET_OUTPUT_PORT;
    this.line20.enabled = true;
    this.update();
  }

  private readStatus(): number {
    this.settle();
    return Status.UNLOCKED
      | (this.outputFull ? Status.OUTPUT_FULL : 0)
      | ((this.ram[0] & CommandByte.SYSTEM) === 0 ? 0 : Status.SYSTEM)
      | (this.wroteCommand ? Status.COMMAND : 0)
      | (this.fromAuxiliary ? Status.AUXILIARY | Status.TIMEOUT : 0);
  }

  /** An empty output buffer still shows its last byte. */
  private readData(): number {
    this.settle();
    this.outputFull = false;
    this.fromAuxiliary = false;
    this.update();
    return this.outputBuffer;
  }

  private writeData(value: number): void {
    this.settle();
    const { awaiting } = this;
    this.awaiting = NO_COMMAND;
    this.wroteCommand = false;
    if (awaiting === NO_COMMAND) {
      // Sending to the keyboard enables its interface.
      this.ram[0] &= ~CommandByte.KEYBOARD_DISABLED;
      this.keyboard.receive(value);
    } else if ((awaiting & RAM_COMMAND) === Command.WRITE_RAM) {
      this.ram[awaiting & RAM_ADDRESS] = value;
    } else if (awaiting === Command.WRITE_OUTPUT_PORT) {
      this.writeOutputPort(value);
    } else if (awaiting === Command.WRITE_OUTPUT_BUFFER) {
      this.answer(value);
    } else {
      this.answer(AUXILIARY_SILENT);
      this.fromAuxiliary = true;
    }
    this.update();
  }

  private writeCommand(command: number): void {
    this.settle();
    this.wroteCommand = true;
    this.awaiting = NO_COMMAND;
    if ((command & RAM_COMMAND) === Command.READ_RAM) this.answer(this.ram[command & RAM_ADDRESS]);
    else if ((command & RAM_COMMAND) === Command.WRITE_RAM) this.awaiting = command;
    else if (command >= Command.PULSE) this.pulse(command & PULSED_LINES);
    else this.execute(command);
    this.update();
  }

  /** A command that is not known is ignored. */
  private execute(command: number): void {
    switch (command) {
      case Command.WRITE_OUTPUT_PORT:
      case Command.WRITE_OUTPUT_BUFFER:
      case Command.WRITE_AUXILIARY_BUFFER:
      case Command.WRITE_AUXILIARY:
        this.awaiting = command;
        break;
      case Command.SELF_TEST:
        this.ram[0] |= CommandByte.SYSTEM;
        this.answer(SELF_TEST_PASSED);
        break;
      case Command.TEST_KEYBOARD: return this.answer(LINES_GOOD);
      case Command.TEST_AUXILIARY: return this.answer(AUXILIARY_CLOCK_LOW);
      case Command.READ_INPUT_PORT: return this.answer(INPUT_PORT);
      case Command.READ_TEST_INPUTS: return this.answer(TEST_INPUTS);
      case Command.READ_OUTPUT_PORT: return this.answer(this.readOutputPort());
      case Command.DISABLE_KEYBOARD:
        this.ram[0] |= CommandByte.KEYBOARD_DISABLED;
        break;
      case Command.ENABLE_KEYBOARD:
        this.ram[0] &= ~CommandByte.KEYBOARD_DISABLED;
        break;
      default:
        break;
    }
  }

  private readOutputPort(): number {
    const wired = this.outputPort & ~(OutputPort.INTERRUPT | OutputPort.A20);
    return wired | (this.line ? OutputPort.INTERRUPT : 0) | (this.line20.enabled ? OutputPort.A20 : 0);
  }

  private writeOutputPort(value: number): void {
    const resets = (this.outputPort & ~value & OutputPort.RUN) !== 0;
    this.outputPort = value;
    this.line20.enabled = (value & OutputPort.A20) !== 0;
    if (resets) this.options.onReset();
  }

  /** Pulls output lines low for a moment, those whose bits are clear. */
  private pulse(lines: number): void {
    if ((lines & OutputPort.RUN) === 0) this.options.onReset();
  }

  private answer(byte: number): void {
    this.outputBuffer = byte;
    this.outputFull = true;
    this.fromAuxiliary = false;
  }

  /** An access on the very instruction finds the byte, whether or not the driver has fired the deadline yet. */
  private settle(): void {
    const { clock } = this.options;
    if (this.arrival.at > clock.now()) return;
    clock.cancel(this.arrival);
    this.takeFromKeyboard();
  }

  private takeFromKeyboard(): void {
    let byte = this.translated(this.keyboard.nextByte());
    // The release prefix and what it belongs to arrive as one.
    if (byte === SWALLOWED) byte = this.translated(this.keyboard.nextByte());
    if (byte >= 0) this.answer(byte);
    this.update();
  }

  private translated(byte: number): number {
    if (byte === NO_BYTE || (this.ram[0] & CommandByte.TRANSLATE) === 0) return byte;
    return this.translator.feed(byte);
  }

  /** Presents IRQ 1 and lets the keyboard send when it may: its interface is enabled and the output buffer empty. */
  private update(): void {
    const level = this.outputFull && !this.fromAuxiliary && (this.ram[0] & CommandByte.INTERRUPT) !== 0;
    if (level !== this.line) {
      this.line = level;
      this.options.onInterrupt(level);
    }
    const { clock } = this.options;
    const maySend = !this.outputFull && (this.ram[0] & CommandByte.KEYBOARD_DISABLED) === 0 && this.keyboard.hasByte;
    if (!maySend) clock.cancel(this.arrival);
    else if (this.arrival.at === Infinity) clock.reschedule(this.arrival, clock.now() + this.byteTime);
  }
}
