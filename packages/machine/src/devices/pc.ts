/**
 * The devices of one PC/AT-compatible machine, wired together. All state is in the objects made here, so that a VMM can make another set
 * as the virtual devices of its guest.
 */
import { PortBus } from '../bus.js';
import { InstructionClock, INSTRUCTIONS_PER_SECOND } from '../clock.js';
import { attachConsolePort } from './console-port.js';
import { attachDebugExit } from './debug-exit.js';
import { PicPair } from './pic.js';
import { Pit } from './pit.js';
import { PostPort } from './post-port.js';
import { Rtc } from './rtc.js';
import { SystemControl } from './system-control.js';
import { Uart } from './uart.js';

/** ISA interrupt lines (IBM PC/AT Technical Reference, "System Interrupts"). */
export const Irq = { TIMER: 0, COM1: 4, RTC: 8 } as const;

export interface PcOptions {
  /** Guest time before the current instruction: retired instructions plus idle units. */
  readonly now: () => number;
  /** Guest physical memory in bytes, for the CMOS memory-size bytes. */
  readonly ramBytes: number;
  /** Called with each byte that the guest writes to COM1 or to the console port. */
  readonly onConsole?: (byte: number) => void;
  /** Called when the guest writes its status to the debug-exit port. */
  readonly onExit: (status: number) => void;
  /** Called when the processor's INTR pin changes. */
  readonly onInterruptPin: (asserted: boolean) => void;
  /** Called when the earliest deadline has become earlier, outside `clock.fireDue`. */
  readonly onDeadlineChanged?: () => void;
  /** Called when the guest asks for a processor reset at port 92h. */
  readonly onReset?: () => void;
  /** Called with each byte written to port 80h. */
  readonly onPostCode?: (code: number) => void;
  /** Relates guest time to the devices' frequencies; default `INSTRUCTIONS_PER_SECOND`. */
  readonly instructionsPerSecond?: number;
}

export interface Pc {
  readonly bus: PortBus;
  readonly clock: InstructionClock;
  readonly pic: PicPair;
  readonly pit: Pit;
  readonly uart: Uart;
  readonly rtc: Rtc;
  readonly systemControl: SystemControl;
  readonly post: PostPort;
  /** The RESET line: every device as after power-on, except that the real-time clock and its memory go on. */
  reset(): void;
}

/** Builds the devices of a PC after power-on. */
export function createPc(options: PcOptions): Pc {
  const { instructionsPerSecond = INSTRUCTIONS_PER_SECOND, onConsole = () => undefined, onReset = () => undefined } = options;
  const bus = new PortBus();
  const clock = new InstructionClock(options.now, options.onDeadlineChanged);
  const pic = new PicPair(options.onInterruptPin);
  const pit = new Pit(clock, (level) => pic.setLine(Irq.TIMER, level), instructionsPerSecond);
  const uart = new Uart({ clock, onTransmit: onConsole, onInterrupt: (level) => pic.setLine(Irq.COM1, level), instructionsPerSecond });
  const rtc = new Rtc({ clock, ramBytes: options.ramBytes, onInterrupt: (level) => pic.setLine(Irq.RTC, level), instructionsPerSecond });
  const systemControl = new SystemControl(onReset);
  const post = new PostPort(options.onPostCode);
  for (const device of [pic, pit, uart, rtc, systemControl, post]) device.attach(bus);
  attachDebugExit(bus, options.onExit);
  attachConsolePort(bus, onConsole);
  return {
    bus, clock, pic, pit, uart, rtc, systemControl, post,
    reset() {
      for (const device of [pit, uart, rtc, systemControl, post, pic]) device.reset();
    },
  };
}
