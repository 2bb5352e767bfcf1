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
import { LaboratoryDevices, type ConsoleInterface, type DiskInterface } from './laboratory-devices.js';
import { Ne2000 } from './ne2000.js';
import { PciConfiguration } from './pci-configuration.js';
import { PicPair } from './pic.js';
import { Pit } from './pit.js';
import { PostPort, POST_PORT } from './post-port.js';
import { RequestNetwork } from './request-network.js';
import type { DeviceMemory } from './requests.js';
import { Rtc } from './rtc.js';
import { SystemControl } from './system-control.js';
import { Uart } from './uart.js';
import { Vga } from './vga.js';

export type { ConsoleInterface, DiskInterface } from './laboratory-devices.js';

/** ISA interrupt lines (IBM PC/AT Technical Reference, "System Interrupts"), those of the laboratory's own console, disk and network card, where a PC may have COM2, LPT2 and a floppy, and the NE2000's. */
export const Irq = { TIMER: 0, KEYBOARD: 1, REQUEST_CONSOLE: 3, COM1: 4, REQUEST_DISK: 5, REQUEST_NETWORK: 6, RTC: 8, NETWORK: 10, COPROCESSOR: 13, DISK: 14 } as const;

/** How a guest reaches its network: an NE2000, or the request network card. */
export type NetworkInterface = 'ne2000' | 'request';

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
  /** The master and the slave of the primary ATA channel, or what stands for them; default none, and no channel. */
  readonly disks?: readonly BlockStore[];
  /** Default `ata`. */
  readonly diskInterface?: DiskInterface;
  /** Default `uart`. */
  readonly consoleInterface?: ConsoleInterface;
  /** The network card, whose cable leads to a peer that echoes; default none. */
  readonly networkInterface?: NetworkInterface;
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
  /** For devices that reach memory by themselves, the laboratory's own. */
  readonly memory?: DeviceMemory;
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
  readonly hasDisks: boolean;
  /** How many disks there is room for. */
  readonly mostDisks: number;
  /** Connects disks to a PC without any, as before power-on: master, then slave. Throws when it has some, or for more than `mostDisks`. */
  connectDisks(disks: readonly BlockStore[]): void;
  /** A byte arrives at the console, of which there may be another than the serial port. False when the sender must wait. */
  offerInput(byte: number): boolean;
  /** The RESET line: every device as after power-on, except that the real-time clock and its memory go on. */
  reset(): void;
}

/** The equipment among options that have more. */
export function equipmentOf({ onConsole, onPostCode, postPort, disks, diskInterface, consoleInterface, networkInterface, keyboard, video, chipset }: PcEquipment): PcEquipment {
  return { onConsole, onPostCode, postPort, disks, diskInterface, consoleInterface, networkInterface, keyboard, video, chipset };
}

/** What a PC has on request. */
interface OptionalDevices extends Pick<Pc, 'keyboard' | 'vga'> {
  readonly chipset: readonly Attachable[];
  readonly network: Attachable | undefined;
}
interface Attachable { attach(bus: PortBus): void; reset(): void }

function createNetwork({ networkInterface, memory, instructionsPerSecond }: PcOptions, clock: InstructionClock, pic: PicPair): Attachable | undefined {
  if (networkInterface === undefined) return undefined;
  if (networkInterface === 'ne2000') return new Ne2000({ clock, onInterrupt: (level) => pic.setLine(Irq.NETWORK, level), instructionsPerSecond });
  if (memory === undefined) throw new Error('a board without memory has no request devices');
  return new RequestNetwork({ clock, memory, onInterrupt: (level) => pic.setLine(Irq.REQUEST_NETWORK, level), instructionsPerSecond });
}

function createOptionalDevices(options: PcOptions, clock: InstructionClock, pic: PicPair, line20: AddressLine20): OptionalDevices {
  const { instructionsPerSecond, onReset = () => undefined } = options;
  const onInterrupt = (level: boolean): void => pic.setLine(Irq.KEYBOARD, level);
  return {
    keyboard: options.keyboard === true ? new KeyboardController({ clock, line20, onInterrupt, onReset, instructionsPerSecond }) : undefined,
    vga: options.video === true ? new Vga(clock, instructionsPerSecond) : undefined,
    chipset: options.chipset === true ? [new DmaControllers(), new PciConfiguration(), new EdgeLevelControl(pic)] : [],
    network: createNetwork(options, clock, pic),
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

function createLaboratory(options: PcOptions, clock: InstructionClock, pic: PicPair, bus: PortBus): LaboratoryDevices {
  const { onConsole = () => undefined, diskInterface = 'ata', consoleInterface = 'uart', memory, instructionsPerSecond } = options;
  return new LaboratoryDevices({
    clock, memory, diskInterface, consoleInterface, instructionsPerSecond,
    outputs: [(byte) => onConsole(byte, 'uart'), (byte) => onConsole(byte, 'e9')],
    onDiskInterrupt: (level) => pic.setLine(Irq.REQUEST_DISK, level), onConsoleInterrupt: (level) => pic.setLine(Irq.REQUEST_CONSOLE, level),
  }, bus);
}

/** What connects disks to a board that is made. */
function diskConnector(options: PcOptions, board: Pick<Pc, 'bus' | 'clock' | 'pic' | 'rtc'>, laboratory: LaboratoryDevices) {
  let ata: AtaChannel | undefined;
  let hasDisks = false;
  return {
    get ata() { return ata; },
    get hasDisks() { return hasDisks; },
    mostDisks: laboratory.mostDisks,
    connectDisks(stores: readonly BlockStore[]): void {
      if (hasDisks) throw new Error('this PC has its disks already');
      const { diskInterface = 'ata', instructionsPerSecond } = options;
      const { bus, clock, pic, rtc } = board;
      if (diskInterface === 'ata') {
        ata = new AtaChannel({ clock, disks: stores, onInterrupt: (level) => pic.setLine(Irq.DISK, level), instructionsPerSecond });
        ata.attach(bus);
        rtc.storeDiskTypes(stores.map((store) => defaultGeometry(store.sectors)));
      } else {
        laboratory.connectDisks(stores);
      }
      hasDisks = true;
    },
  };
}

/** Builds the devices of a PC after power-on. Throws when there are more disks than it has room for. */
export function createPc(options: PcOptions): Pc {
  const { onConsole = () => undefined, onPostCode, postPort = POST_PORT, disks = [] } = options;
  const bus = new PortBus();
  const clock = new InstructionClock(options.now, options.onDeadlineChanged);
  const line20 = new AddressLine20(options.onLine20);
  const board = createBoard(options, clock, line20);
  const { pic, pit, uart, rtc, systemControl, post, coprocessor } = board;
  const { keyboard, vga, chipset, network } = createOptionalDevices(options, clock, pic, line20);
  const onRequest = [keyboard, vga, network, ...chipset].filter((device) => device !== undefined);
  const devices = [pit, uart, rtc, systemControl, post, coprocessor, ...onRequest];
  for (const device of [pic, ...devices]) device.attach(bus);
  attachDebugExit(bus, options.onExit);
  attachConsolePort(bus, (byte) => onConsole(byte, 'e9'));
  const laboratory = createLaboratory(options, clock, pic, bus);
  const connector = diskConnector(options, { bus, clock, pic, rtc }, laboratory);
  const pc: Pc = {
    ...board, bus, clock, line20, keyboard, vga,
    get ata() { return connector.ata; },
    get hasDisks() { return connector.hasDisks; },
    mostDisks: connector.mostDisks,
    connectDisks: (stores) => connector.connectDisks(stores),
    offerInput: (byte) => laboratory.offer(byte) ?? uart.offer(byte),
    reset() {
      for (const device of [...devices, ...(connector.ata === undefined ? [] : [connector.ata]), laboratory, pic]) device.reset();
    },
  };
  if (disks.length > 0) pc.connectDisks(disks);
  if (onPostCode !== undefined) bus.observe(postPort, onPostCode);
  return pc;
}
