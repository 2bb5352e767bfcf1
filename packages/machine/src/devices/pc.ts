/**
 * The devices of one PC/AT-compatible machine, wired together. All state is in the objects made here, so that a VMM can make another set
 * as the virtual devices of its guest.
 */
import { PortBus } from '../bus.js';
import { InstructionClock, INSTRUCTIONS_PER_SECOND } from '../clock.js';
import { AddressLine20 } from './address-line-20.js';
import { AtaChannel } from './ata-channel.js';
import { defaultGeometry } from './ata-identify.js';
import type { BlockStore } from './block-store.js';
import { attachConsolePort } from './console-port.js';
import { CoprocessorError } from './coprocessor-error.js';
import { attachDebugExit } from './debug-exit.js';
import { DmaControllers } from './dma.js';
import { EdgeLevelControl } from './edge-level.js';
import { KeyboardController } from './keyboard-controller.js';
import { PciConfiguration } from './pci-configuration.js';
import { PicPair } from './pic.js';
import { Pit } from './pit.js';
import { PostPort, POST_PORT } from './post-port.js';
import { Rtc } from './rtc.js';
import { SystemControl } from './system-control.js';
import { Uart } from './uart.js';
import { Vga } from './vga.js';

/** ISA interrupt lines (IBM PC/AT Technical Reference, "System Interrupts"). */
export const Irq = { TIMER: 0, KEYBOARD: 1, COM1: 4, RTC: 8, COPROCESSOR: 13, DISK: 14 } as const;

/** Where a byte came from that a guest wrote to a console. */
export type ConsoleSource = 'uart' | 'e9';

/** What a PC has and who listens to it: the same for the machine itself and for the virtual one of a VMM. */
export interface PcEquipment {
  /** Called with each byte that the guest writes to COM1 or to the console port. */
  readonly onConsole?: (byte: number, source: ConsoleSource) => void;
  /** Called with each byte written to `postPort`. */
  readonly onPostCode?: (code: number) => void;
  /** Where `onPostCode` listens; default POST_PORT. Another device that has the port keeps it. */
  readonly postPort?: number;
  /** The master and the slave of the primary ATA channel; default none, and no channel. */
  readonly disks?: readonly BlockStore[];
  /** Whether there is a keyboard with its controller; default false. */
  readonly keyboard?: boolean;
  /** Whether there is a VGA in text mode; default false. */
  readonly video?: boolean;
  /** Whether there are the ports of a PCI board that kernels probe: DMA controllers, configuration ports, edge/level control; default false. */
  readonly chipset?: boolean;
}

export interface PcOptions extends PcEquipment {
  /** Guest time before the current instruction: retired instructions plus idle units. */
  readonly now: () => number;
  /** Guest physical memory in bytes, for the CMOS memory-size bytes. */
  readonly ramBytes: number;
  /** Called when the guest writes its status to the debug-exit port. */
  readonly onExit: (status: number) => void;
  /** Called when the processor's INTR pin changes. */
  readonly onInterruptPin: (asserted: boolean) => void;
  /** Called when the earliest deadline has become earlier, outside `clock.fireDue`. */
  readonly onDeadlineChanged?: () => void;
  /** Called when the guest asks for a processor reset, at port 92h or through the keyboard controller. */
  readonly onReset?: () => void;
  /** Called when the guest switches address line 20 on or off. */
  readonly onLine20?: (enabled: boolean) => void;
  /** Called when the guest masks or unmasks NMI (bit 7 of port 70h). */
  readonly onNmiMask?: (masked: boolean) => void;
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
  readonly coprocessor: CoprocessorError;
  /** The gate of address line 20. */
  readonly line20: AddressLine20;
  readonly ata: AtaChannel | undefined;
  readonly keyboard: KeyboardController | undefined;
  readonly vga: Vga | undefined;
  /** Connects disks to a PC without any, as before power-on: master, then slave. Throws when it has some, or for more than two. */
  connectDisks(disks: readonly BlockStore[]): void;
  /** The RESET line: every device as after power-on, except that the real-time clock and its memory go on. */
  reset(): void;
}

/** The equipment among options that have more. */
export function equipmentOf({ onConsole, onPostCode, postPort, disks, keyboard, video, chipset }: PcEquipment): PcEquipment {
  return { onConsole, onPostCode, postPort, disks, keyboard, video, chipset };
}

/** What a PC has on request. */
interface OptionalDevices extends Pick<Pc, 'keyboard' | 'vga'> {
  readonly chipset: readonly { attach(bus: PortBus): void; reset(): void }[];
}

function createOptionalDevices(options: PcOptions, clock: InstructionClock, pic: PicPair, line20: AddressLine20): OptionalDevices {
  const { instructionsPerSecond, onReset = () => undefined } = options;
  const onInterrupt = (level: boolean): void => pic.setLine(Irq.KEYBOARD, level);
  return {
    keyboard: options.keyboard === true ? new KeyboardController({ clock, line20, onInterrupt, onReset, instructionsPerSecond }) : undefined,
    vga: options.video === true ? new Vga(clock, instructionsPerSecond) : undefined,
    chipset: options.chipset === true ? [new DmaControllers(), new PciConfiguration(), new EdgeLevelControl(pic)] : [],
  };
}

/** The devices that every PC has. */
function createBoard(options: PcOptions, clock: InstructionClock, line20: AddressLine20) {
  const { instructionsPerSecond = INSTRUCTIONS_PER_SECOND, onConsole = () => undefined, onReset = () => undefined, onNmiMask } = options;
  const pic = new PicPair(options.onInterruptPin);
  const onInterrupt = (irq: number) => (level: boolean): void => pic.setLine(irq, level);
  return {
    pic,
    pit: new Pit(clock, onInterrupt(Irq.TIMER), instructionsPerSecond),
    uart: new Uart({ clock, onTransmit: (byte) => onConsole(byte, 'uart'), onInterrupt: onInterrupt(Irq.COM1), instructionsPerSecond }),
    rtc: new Rtc({ clock, ramBytes: options.ramBytes, onInterrupt: onInterrupt(Irq.RTC), onNmiMask, instructionsPerSecond }),
    systemControl: new SystemControl(onReset, line20),
    post: new PostPort(),
    coprocessor: new CoprocessorError(onInterrupt(Irq.COPROCESSOR)),
  };
}

/** Builds the devices of a PC after power-on. Throws when there are more than two disks. */
export function createPc(options: PcOptions): Pc {
  const { onConsole = () => undefined, onPostCode, postPort = POST_PORT, disks = [] } = options;
  const bus = new PortBus();
  const clock = new InstructionClock(options.now, options.onDeadlineChanged);
  const line20 = new AddressLine20(options.onLine20);
  const board = createBoard(options, clock, line20);
  const { pic, pit, uart, rtc, systemControl, post, coprocessor } = board;
  const { keyboard, vga, chipset } = createOptionalDevices(options, clock, pic, line20);
  const onRequest = [keyboard, vga, ...chipset].filter((device) => device !== undefined);
  const devices = [pit, uart, rtc, systemControl, post, coprocessor, ...onRequest];
  for (const device of [pic, ...devices]) device.attach(bus);
  attachDebugExit(bus, options.onExit);
  attachConsolePort(bus, (byte) => onConsole(byte, 'e9'));
  let ata: AtaChannel | undefined;
  const pc: Pc = {
    ...board, bus, clock, line20, keyboard, vga,
    get ata() { return ata; },
    connectDisks(stores) {
      if (ata !== undefined) throw new Error('this PC has its disks already');
      const { instructionsPerSecond } = options;
      ata = new AtaChannel({ clock, disks: stores, onInterrupt: (level) => pic.setLine(Irq.DISK, level), instructionsPerSecond });
      ata.attach(bus);
      rtc.storeDiskTypes(stores.map((store) => defaultGeometry(store.sectors)));
    },
    reset() {
      for (const device of [...devices, ...(ata === undefined ? [] : [ata]), pic]) device.reset();
    },
  };
  if (disks.length > 0) pc.connectDisks(disks);
  if (onPostCode !== undefined) bus.observe(postPort, onPostCode);
  return pc;
}
