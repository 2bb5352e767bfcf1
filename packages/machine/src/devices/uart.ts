/**
 * The 16550A UART at COM1 (National Semiconductor PC16550D data sheet, section 8 "Registers"; IBM PC/AT Technical Reference, "Serial
 * Adapter", for OUT2 as the gate of the interrupt line).
 *
 * A transmitted byte leaves at once: the transmitter is empty whenever the guest looks, so that polling costs no guest time that depends
 * on a baud rate. The transmitter-empty interrupt still falls and rises with each byte. Bytes come in when the host says so; only the
 * receiver's time-out takes guest time, four characters at the programmed rate, on an exact instruction.
 */
import type { PortBus, PortRange } from '../bus.js';
import type { InstructionClock } from '../clock.js';
import { Deadline, TickRate } from '../clock.js';

const COM1_PORT = 0x3f8;
const PORTS = 8;
/** Where it is, for whoever hands it out. */
export const UART_PORTS: readonly PortRange[] = [{ first: COM1_PORT, count: PORTS }];
/** Crystal of the PC's serial adapter in Hz; a bit takes 16 · divisor of its periods. */
const UART_FREQUENCY = 1_843_200;
const PERIODS_PER_BIT = 16;
/** 9600 baud, which the BIOS leaves. */
const RESET_DIVISOR = 12;
/** Divisor 0 counts as the 17th bit. */
const DIVISOR_RANGE = 0x10000;

/** Register offsets; the first two are the divisor latch while LCR.DLAB is set. */
const Offset = { DATA: 0, IER: 1, IIR_FCR: 2, LCR: 3, MCR: 4, LSR: 5, MSR: 6, SCRATCH: 7 } as const;

const IER = { RECEIVED: 0x01, TRANSMITTER_EMPTY: 0x02, LINE_STATUS: 0x04, MODEM_STATUS: 0x08, WRITABLE: 0x0f } as const;
/** Interrupt identification, highest priority first: line status, data, time-out, transmitter, modem. */
const IIR = { LINE_STATUS: 0x06, RECEIVED: 0x04, TIMEOUT: 0x0c, TRANSMITTER_EMPTY: 0x02, MODEM_STATUS: 0x00, NONE: 0x01, FIFOS_ENABLED: 0xc0 } as const;
const FCR = { ENABLE: 0x01, RESET_RECEIVER: 0x02, TRIGGER_SHIFT: 6 } as const;
const LCR = { WORD_LENGTH: 0x03, TWO_STOP_BITS: 0x04, PARITY: 0x08, DLAB: 0x80 } as const;
const MCR = { DTR: 0x01, RTS: 0x02, OUT1: 0x04, OUT2: 0x08, LOOPBACK: 0x10, WRITABLE: 0x1f } as const;
const LSR = { DATA_READY: 0x01, OVERRUN: 0x02, TRANSMITTER_EMPTY: 0x60 } as const;
const MSR = { DELTA_CTS: 0x01, DELTA_DSR: 0x02, TRAILING_RI: 0x04, DELTA_DCD: 0x08, CTS: 0x10, DSR: 0x20, RI: 0x40, DCD: 0x80, INPUTS: 0xf0 } as const;
/** A terminal is connected and ready. */
const CONNECTED = MSR.CTS | MSR.DSR | MSR.DCD;

const FIFO_BYTES = 16;
const TRIGGER_LEVELS: readonly number[] = [1, 4, 8, 14];
const SHORTEST_WORD = 5;
const TIMEOUT_CHARACTERS = 4;

export interface UartOptions {
  readonly clock: InstructionClock;
  /** Called with each byte the guest transmits. */
  readonly onTransmit: (byte: number) => void;
  /** Called with the level of the interrupt line when it changes. */
  readonly onInterrupt: (level: boolean) => void;
  readonly instructionsPerSecond?: number;
}

export class Uart {
  private readonly rate: TickRate;
  private readonly timeout: Deadline;
  private readonly queue = new Uint8Array(FIFO_BYTES);
  private queueStart = 0;
  private queued = 0;
  private timedOut = false;
  private lastByte = 0;
  private overrun = false;
  /** The transmitter-empty interrupt is pending: since the transmitter ran empty or the interrupt was enabled, until IIR named it. */
  private transmitterInterrupt = false;
  private fifosEnabled = false;
  private triggerLevel = 1;
  private divisor = RESET_DIVISOR;
  private interruptEnable = 0;
  private lineControl = 0;
  private modemControl = 0;
  private modemStatus: number = CONNECTED;
  private scratch = 0;
  private line = false;

  constructor(private readonly options: UartOptions) {
    this.rate = new TickRate(UART_FREQUENCY, options.instructionsPerSecond);
    this.timeout = new Deadline(() => {
      this.timedOut = true;
      this.updateLine();
    });
  }

  attach(bus: PortBus): void {
    bus.register(COM1_PORT, PORTS, {
      readByte: (port) => this.read(port - COM1_PORT),
      writeByte: (port, value) => this.write(port - COM1_PORT, value),
    });
  }

  /** How many bytes `receive` can take before it overruns. */
  get receiveSpace(): number {
    return this.capacity() - this.queued;
  }

  /** A byte arrives if there is space for it; false when the sender must wait. */
  offer(byte: number): boolean {
    if (this.receiveSpace === 0) return false;
    this.receive(byte);
    return true;
  }

  /**
   * A byte arrives from the host at the current instruction. Without space the receiver overruns: with FIFOs the new byte is lost,
   * without them the old one. In loopback the line is cut off and the byte lost.
   */
  receive(byte: number): void {
    if ((this.modemControl & MCR.LOOPBACK) === 0) this.shiftIn(byte);
  }

  /** The master reset pin. It leaves the divisor and the scratch register alone. */
  reset(): void {
    this.interruptEnable = 0;
    this.lineControl = 0;
    this.modemControl = 0;
    this.modemStatus = CONNECTED;
    this.fifosEnabled = false;
    this.triggerLevel = 1;
    this.transmitterInterrupt = false;
    this.overrun = false;
    this.clearReceiver();
    this.updateLine();
  }

  private read(offset: number): number {
    switch (offset) {
      case Offset.DATA:
        return this.divisorSelected() ? this.divisor & 0xff : this.readData();
      case Offset.IER:
        return this.divisorSelected() ? this.divisor >> 8 : this.interruptEnable;
      case Offset.IIR_FCR:
        return this.readIdentification();
      case Offset.LCR:
        return this.lineControl;
      case Offset.MCR:
        return this.modemControl;
      case Offset.LSR:
        return this.readLineStatus();
      case Offset.MSR:
        return this.readModemStatus();
      default:
        return this.scratch;
    }
  }

  private write(offset: number, value: number): void {
    switch (offset) {
      case Offset.DATA:
        if (this.divisorSelected()) this.divisor = (this.divisor & 0xff00) | value;
        else this.transmit(value);
        break;
      case Offset.IER:
        if (this.divisorSelected()) this.divisor = (this.divisor & 0xff) | (value << 8);
        else this.writeInterruptEnable(value);
        break;
      case Offset.IIR_FCR:
        this.writeFifoControl(value);
        break;
      case Offset.LCR:
        this.lineControl = value;
        break;
      case Offset.MCR:
        this.modemControl = value & MCR.WRITABLE;
        this.updateModemInputs();
        break;
      case Offset.SCRATCH:
        this.scratch = value;
        break;
      default:
        // LSR and MSR: writes are for the factory's test.
        break;
    }
    this.updateLine();
  }

  private divisorSelected(): boolean {
    return (this.lineControl & LCR.DLAB) !== 0;
  }

  private capacity(): number {
    return this.fifosEnabled ? FIFO_BYTES : 1;
  }

  private readData(): number {
    if (this.queued > 0) {
      this.lastByte = this.queue[this.queueStart];
      this.queueStart = (this.queueStart + 1) % FIFO_BYTES;
      this.queued--;
    }
    this.restartTimeout();
    this.updateLine();
    return this.lastByte;
  }

  private shiftIn(byte: number): void {
    if (this.queued === this.capacity()) {
      this.overrun = true;
      if (!this.fifosEnabled) this.queue[this.queueStart] = byte;
    } else {
      this.queue[(this.queueStart + this.queued) % FIFO_BYTES] = byte;
      this.queued++;
    }
    this.restartTimeout();
    this.updateLine();
  }

  /** "FIFO interrupt mode operation": the time-out counts from the last byte received or read while bytes wait. */
  private restartTimeout(): void {
    this.timedOut = false;
    const { clock } = this.options;
    if (!this.fifosEnabled || this.queued === 0) {
      clock.cancel(this.timeout);
      return;
    }
    const now = this.rate.ticksAt(clock.now());
    clock.reschedule(this.timeout, this.rate.instructionsAt(now + TIMEOUT_CHARACTERS * this.characterPeriods()));
  }

  /** Crystal periods of one character: start bit, word, parity and stop bits. */
  private characterPeriods(): number {
    const word = SHORTEST_WORD + (this.lineControl & LCR.WORD_LENGTH);
    const parity = (this.lineControl & LCR.PARITY) === 0 ? 0 : 1;
    const stop = (this.lineControl & LCR.TWO_STOP_BITS) === 0 ? 1 : 2;
    return (1 + word + parity + stop) * PERIODS_PER_BIT * (this.divisor === 0 ? DIVISOR_RANGE : this.divisor);
  }

  private clearReceiver(): void {
    this.queued = 0;
    this.restartTimeout();
  }

  private transmit(byte: number): void {
    // The holding register fills, the interrupt goes; then it is empty again. The line must show both.
    this.transmitterInterrupt = false;
    this.updateLine();
    if ((this.modemControl & MCR.LOOPBACK) === 0) this.options.onTransmit(byte);
    else this.shiftIn(byte);
    this.transmitterInterrupt = true;
  }

  private writeInterruptEnable(value: number): void {
    const before = this.interruptEnable;
    this.interruptEnable = value & IER.WRITABLE;
    // Enabling it with an empty transmitter interrupts at once; Linux's 8250 driver tests for that.
    if ((this.interruptEnable & ~before & IER.TRANSMITTER_EMPTY) !== 0) this.transmitterInterrupt = true;
  }

  private writeFifoControl(value: number): void {
    const enable = (value & FCR.ENABLE) !== 0;
    const changed = enable !== this.fifosEnabled;
    this.fifosEnabled = enable;
    // The other bits are programmed only together with the enable bit.
    this.triggerLevel = enable ? TRIGGER_LEVELS[value >> FCR.TRIGGER_SHIFT] : 1;
    if (changed || (enable && (value & FCR.RESET_RECEIVER) !== 0)) this.clearReceiver();
  }

  private readIdentification(): number {
    const cause = this.identification();
    if (cause === IIR.TRANSMITTER_EMPTY) {
      this.transmitterInterrupt = false;
      this.updateLine();
    }
    return this.fifosEnabled ? cause | IIR.FIFOS_ENABLED : cause;
  }

  private readLineStatus(): number {
    const status = LSR.TRANSMITTER_EMPTY | (this.queued > 0 ? LSR.DATA_READY : 0) | (this.overrun ? LSR.OVERRUN : 0);
    this.overrun = false;
    this.updateLine();
    return status;
  }

  private readModemStatus(): number {
    const status = this.modemStatus;
    this.modemStatus &= MSR.INPUTS;
    this.updateLine();
    return status;
  }

  /** In loopback the four modem outputs drive the four modem inputs. */
  private updateModemInputs(): void {
    const before = this.modemStatus;
    let inputs: number = CONNECTED;
    if ((this.modemControl & MCR.LOOPBACK) !== 0) {
      inputs = 0;
      if ((this.modemControl & MCR.RTS) !== 0) inputs |= MSR.CTS;
      if ((this.modemControl & MCR.DTR) !== 0) inputs |= MSR.DSR;
      if ((this.modemControl & MCR.OUT1) !== 0) inputs |= MSR.RI;
      if ((this.modemControl & MCR.OUT2) !== 0) inputs |= MSR.DCD;
    }
    const changed = before ^ inputs;
    let deltas = before & ~MSR.INPUTS;
    if ((changed & MSR.CTS) !== 0) deltas |= MSR.DELTA_CTS;
    if ((changed & MSR.DSR) !== 0) deltas |= MSR.DELTA_DSR;
    if ((changed & before & MSR.RI) !== 0) deltas |= MSR.TRAILING_RI;
    if ((changed & MSR.DCD) !== 0) deltas |= MSR.DELTA_DCD;
    this.modemStatus = inputs | deltas;
  }

  /** The pending interrupt of the highest priority ("Interrupt Identification Register", table IV). */
  private identification(): number {
    const enabled = this.interruptEnable;
    if ((enabled & IER.LINE_STATUS) !== 0 && this.overrun) return IIR.LINE_STATUS;
    if ((enabled & IER.RECEIVED) !== 0) {
      if (this.queued >= this.triggerLevel) return IIR.RECEIVED;
      if (this.timedOut) return IIR.TIMEOUT;
    }
    if ((enabled & IER.TRANSMITTER_EMPTY) !== 0 && this.transmitterInterrupt) return IIR.TRANSMITTER_EMPTY;
    if ((enabled & IER.MODEM_STATUS) !== 0 && (this.modemStatus & ~MSR.INPUTS) !== 0) return IIR.MODEM_STATUS;
    return IIR.NONE;
  }

  /** OUT2 lets the interrupt through to the bus; in loopback that pin is inactive. */
  private updateLine(): void {
    const gate = (this.modemControl & (MCR.OUT2 | MCR.LOOPBACK)) === MCR.OUT2;
    const level = gate && this.identification() !== IIR.NONE;
    if (level === this.line) return;
    this.line = level;
    this.options.onInterrupt(level);
  }
}
