import { CR0, Segment, Word } from '@ringbench/isa';
import type { BlockStore } from '@ringbench/machine';
import { BASE_MEMORY_KIB, BIOS_DATA_ADDRESS, BiosData, BiosDataArea, EXTENDED_DATA_ADDRESS, EXTENDED_DATA_KIB } from './bios-data.js';
import { ClockServices } from './clock.js';
import { DiskServices } from './disk.js';
import type { FirmwareHost } from './firmware-host.js';
import { KeyboardServices } from './keyboard.js';
import { FIRMWARE_PORT, MASTER_VECTORS, ROM_SEGMENT, Service, SLAVE_VECTORS, type BiosRom } from './rom.js';
import { SerialServices } from './serial.js';
import { ServiceCall } from './service-call.js';
import { SystemServices } from './system.js';
import { VideoServices } from './video.js';

const VECTOR_BYTES = 4;
const BIOS_DATA_BYTES = 0x100;
/** A coprocessor, an 80 by 25 colour display, one serial port, no diskette drive. */
const EQUIPMENT = 0x0222;
const COM1_PORT = 0x3f8;
const NO_PRINTER = 0x30;
const NO_BOOT_MESSAGE = 'No bootable disk.\r\n';
/** Initialization of the interrupt controllers: ICW1 to ICW4 and the mask, which leaves the timer, the keyboard, the cascade, the coprocessor and the disk. */
const CONTROLLERS: readonly (readonly [port: number, words: readonly number[]])[] = [
  [0x20, [0x11, MASTER_VECTORS, 0x04, 0x01, 0xf8]], [0xa0, [0x11, SLAVE_VECTORS, 0x02, 0x01, 0x9f]],
];
/** Channel 0 of the timer: mode 3, the longest count, 18.2 Hz. */
const TIMER_CONTROL_PORT = 0x43;
const TIMER_PORT = 0x40;
const TIMER_CONTROL = 0x36;

/** The BIOS services of a machine that boots a disk; `rom.ts` has the guest's part of them. They keep their state in guest memory. */
export class Bios {
  private readonly call: ServiceCall;
  private readonly data: BiosDataArea;
  private readonly video: VideoServices;
  private readonly disk: DiskServices;
  private readonly keyboard: KeyboardServices;
  private readonly clock: ClockServices;
  /** Each returns whether the stub is to wait for an interrupt and call again, or to give up. */
  private readonly services: ReadonlyMap<number, () => boolean>;

  /** @param disks drives from 80h on. */
  constructor(private readonly host: FirmwareHost, ramBytes: number, disks: readonly BlockStore[]) {
    this.call = new ServiceCall(host);
    this.data = new BiosDataArea(host);
    this.video = new VideoServices(host, this.data);
    this.disk = new DiskServices(host, this.data, disks);
    this.keyboard = new KeyboardServices(host, this.data);
    this.clock = new ClockServices(host, this.data);
    this.services = this.createServices(new SystemServices(host, ramBytes), new SerialServices(host));
  }

  private createServices(system: SystemServices, serial: SerialServices): ReadonlyMap<number, () => boolean> {
    const { call, data, video, disk, keyboard, clock } = this;
    const services = new Map<number, () => unknown>([
      [Service.TIMER_INTERRUPT, () => clock.interrupt()], [Service.KEYBOARD_INTERRUPT, () => keyboard.interrupt()], [Service.DISK_INTERRUPT, () => disk.interrupt()],
      [Service.VIDEO, () => video.serve(call)], [Service.DISK, () => disk.serve(call)], [Service.SERIAL, () => serial.serve(call)],
      [Service.SYSTEM, () => system.serve(call)], [Service.CLOCK, () => clock.serve(call)], [Service.KEYBOARD, () => keyboard.serve(call)],
      [Service.EQUIPMENT, () => (call.ax = data.word(BiosData.EQUIPMENT))], [Service.MEMORY_SIZE, () => (call.ax = data.word(BiosData.MEMORY_KIB))],
      [Service.PRINTER, () => (call.ah = NO_PRINTER)], [Service.NO_BOOT, () => video.print(NO_BOOT_MESSAGE)], [Service.BOOT, () => !disk.loadBootSector(call)],
    ]);
    return new Map(Array.from(services, ([number, service]) => [number, () => service() === true]));
  }

  /** Listens at FIRMWARE_PORT. */
  attach(): void {
    this.host.bus.register(FIRMWARE_PORT, 1, { writeByte: () => this.serve() });
  }

  /** What power-on leaves: vectors, data areas, devices. */
  initialize(rom: BiosRom): void {
    const { host, data } = this;
    const table = new DataView(new ArrayBuffer(BIOS_DATA_ADDRESS));
    for (const [vector, offset] of rom.vectors) {
      table.setUint16(vector * VECTOR_BYTES, offset, true);
      table.setUint16(vector * VECTOR_BYTES + 2, ROM_SEGMENT, true);
    }
    host.writePhysical(0, new Uint8Array(table.buffer));
    host.writePhysical(BIOS_DATA_ADDRESS, new Uint8Array(BIOS_DATA_BYTES));
    host.writePhysical(EXTENDED_DATA_ADDRESS, Uint8Array.of(EXTENDED_DATA_KIB));
    data.setWord(BiosData.SERIAL_PORTS, COM1_PORT);
    data.setWord(BiosData.EXTENDED_DATA_SEGMENT, EXTENDED_DATA_ADDRESS / 16);
    data.setWord(BiosData.EQUIPMENT, EQUIPMENT);
    data.setWord(BiosData.MEMORY_KIB, BASE_MEMORY_KIB);
    this.disk.initialize();
    this.keyboard.initialize();
    this.video.initialize();
    this.initializeDevices();
  }

  private initializeDevices(): void {
    const { bus } = this.host;
    for (const [port, [first, ...others]] of CONTROLLERS) {
      bus.writeByte(port, first);
      for (const word of others) bus.writeByte(port + 1, word);
    }
    bus.writeByte(TIMER_CONTROL_PORT, TIMER_CONTROL);
    for (let byte = 0; byte < 2; byte++) bus.writeByte(TIMER_PORT, 0);
  }

  /** A write to the port by anything but the ROM's stubs in real mode means nothing. */
  private serve(): void {
    const { state } = this.host;
    if ((state[Word.CR0] & CR0.PE) !== 0 || state[Word.SELECTOR + Segment.CS] !== ROM_SEGMENT) return;
    const service = this.services.get(this.call.service);
    if (service !== undefined) this.call.finish(service());
  }
}
