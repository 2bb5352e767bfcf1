/**
 * The devices of one PC/AT-compatible machine, wired together. All state is in the objects made here, so that a VMM can make another set
 * as the virtual devices of its guest.
 */
import { PortBus } from '../bus.js';
import { InstructionClock, INSTRUCTIONS_PER_SECOND } from '../clock.js';
import { AtaChannel } from './ata-channel.js';
import type { BlockStore } from './block-store.js';
import { attachConsolePort } from './console-port.js';
import { attachDebugExit } from './debug-exit.js';
import { DmaControllers } from './dma.js';
import { EdgeLevelControl } from './edge-level.js';
import { KeyboardController } from './keyboard-controller.js';
import { PciConfiguration } from './pci-configuration.js';
import { PicPair } from './pic.js';
import { Pit } from './pit.js';
import { PostPort } from './post-port.js';
import { Rtc } from './rtc.js';
import { SystemControl } from './system-control.js';
import { Uart } from './uart.js';
import { Vga } from './vga.js';

/** ISA interrupt lines (IBM PC/AT Technical Reference, "System Interrupts"). */
export const Irq = { TIMER: 0, KEYBOARD: 1, COM1: 4, RTC: 8, DISK: 14 } as const;

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
  /** Called when the guest asks for a processor reset, at port 92h or through the keyboard controller. */
  readonly onReset?: () => void;
  /** Called with each byte written to port 80h. */
  readonly onPostCode?: (code: number) => void;
  /** Relates guest time to the devices' frequencies; default `INSTRUCTIONS_PER_SECOND`. */
  readonly instructionsPerSecond?: number;
  /** The master and the slave of the primary ATA channel; default none, and no channel. */
  readonly disks?: readonly BlockStore[];
  /** Whether there is a keyboard with its controller; default false. */
  readonly keyboard?: boolean;
  /** Whether there is a VGA in text mode; default false. */
  readonly video?: boolean;
  /** Whether there are the ports of a PCI board that kernels probe: DMA controllers, configuration ports, edge/level control; default false. */
  readonly chipset?: boolean;
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
  readonly ata: AtaChannel | undefined;
  readonly keyboard: KeyboardController | undefined;
  readonly vga: Vga | undefined;
  /** The RESET line: every device as after power-on, except that the real-time clock and its memory go on. */
  reset(): void;
}

/** What a PC has on request. */
interface OptionalDevices extends Pick<Pc, 'ata' | 'keyboard' | 'vga'> {
  readonly chipset: readonly { attach(bus: PortBus): void; reset(): void }[];
}

function createOptionalDevices(options: PcOptions, clock: InstructionClock, pic: PicPair): OptionalDevices {
  const { disks = [], instructionsPerSecond, onReset = () => undefined } = options;
  const onInterrupt = (irq: number) => (level: boolean): void => pic.setLine(irq, level);
  return {
    ata: disks.length === 0 ? undefined : new AtaChannel({ clock, disks, onInterrupt: onInterrupt(Irq.DISK), instructionsPerSecond }),
    keyboard: options.keyboard === true ? new KeyboardController({ clock, onInterrupt: onInterrupt(Irq.KEYBOARD), onReset, instructionsPerSecond }) : undefined,
    vga: options.video === true ? new Vga(clock, instructionsPerSecond) : undefined,
    chipset: options.chipset === true ? [new DmaControllers(), new PciConfiguration(), new EdgeLevelControl(pic)] : [],
  };
}

/** Builds the devices of a PC after power-on. Throws when there are more than two disks. */
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
  const { ata, keyboard, vga, chipset } = createOptionalDevices(options, clock, pic);
  const onRequest = [ata, keyboard, vga, ...chipset].filter((device) => device !== undefined);
  for (const device of [pic, pit, uart, rtc, systemControl, post, ...onRequest]) device.attach(bus);
  attachDebugExit(bus, options.onExit);
  attachConsolePort(bus, onConsole);
  return {
    bus, clock, pic, pit, uart, rtc, systemControl, post, ata, keyboard, vga,
    reset() {
      for (const device of [pit, uart, rtc, systemControl, post, ...onRequest, pic]) device.reset();
    },
  };
}
