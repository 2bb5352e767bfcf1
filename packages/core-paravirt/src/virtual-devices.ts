import { Flag, Word } from '@ringbench/isa';
import { Deadline, INSTRUCTIONS_PER_SECOND, Irq, RequestControl, RequestPort, RequestRegister } from '@ringbench/machine';
import type { VirtualMachine, VmmCounters } from '@ringbench/vmm';
import { GuestDevice, GuestEvent } from './interface.js';
import type { VirtualRegisters } from './virtual-registers.js';

const MICROSECONDS_PER_SECOND = 1_000_000;
const NANOSECONDS_PER_SECOND = 1e9;
const WORD_RANGE = 2 ** 32;
const NANOSECONDS_PER_INSTRUCTION = NANOSECONDS_PER_SECOND / INSTRUCTIONS_PER_SECOND;
const INSTRUCTIONS_PER_MICROSECOND = INSTRUCTIONS_PER_SECOND / MICROSECONDS_PER_SECOND;
/** The interrupt controller behind the device models (8259A data sheet): its ports, the words that set it up, and the end of an interrupt. */
const Pic = { COMMAND: 0x20, MASK: 0x21, SET_UP: 0x11, HAS_SLAVE: 0x04, MODE_8086: 0x01, END: 0x20, FIRST_VECTOR: 0x20, ALL: 0xff } as const;
const EVENT_OF_LINE: Readonly<Record<number, number>> = { [Irq.REQUEST_CONSOLE]: GuestEvent.CONSOLE, [Irq.REQUEST_DISK]: GuestEvent.DISK, [Irq.REQUEST_NETWORK]: GuestEvent.NETWORK };
const PORT_OF_DEVICE: Readonly<Record<number, number>> = { [GuestDevice.DISK]: RequestPort.DISK, [GuestDevice.CONSOLE]: RequestPort.CONSOLE, [GuestDevice.NETWORK]: RequestPort.NETWORK };

/**
 * Console, disk, network card, timer and idling. The device models are those of every virtual machine; the monitor drives their interrupt controller, and what they
 * raise becomes a bit of PENDING, however often it happens before the guest looks.
 */
export class VirtualDevices {
  private readonly tick: Deadline;
  private readonly wake: Deadline;
  private period = 0;

  constructor(private readonly guest: VirtualMachine, private readonly registers: VirtualRegisters, private readonly counters: VmmCounters) {
    this.tick = new Deadline((at) => this.ticked(at));
    this.wake = new Deadline(() => (guest.processor.halted = false));
  }

  /** After a guest was loaded: lets the interrupts of its devices through to the monitor. The network card listens all the time: what is masked costs no trap. */
  start(): void {
    const { pc, processor } = this.guest;
    const lines = (1 << Irq.REQUEST_CONSOLE) | (1 << Irq.REQUEST_DISK) | (1 << Irq.REQUEST_NETWORK);
    pc.bus.write(Pic.COMMAND, 1, Pic.SET_UP);
    for (const word of [Pic.FIRST_VECTOR, Pic.HAS_SLAVE, Pic.MODE_8086, Pic.ALL & ~lines]) pc.bus.write(Pic.MASK, 1, word);
    processor.state[Word.FLAG_SYSTEM] |= Flag.IF;
    processor.halted = false;
    const size = pc.bus.read(RequestPort.DISK + RequestRegister.SIZE, 4);
    this.registers.store('DISK_SECTORS', pc.hasDisks ? size : 0);
    this.registers.store('NETWORK_BYTES', pc.bus.read(RequestPort.NETWORK + RequestRegister.SIZE, 4));
    pc.bus.write(RequestPort.NETWORK + RequestRegister.CONTROL, 4, RequestControl.LISTEN);
  }

  /**
   * What lies between two instructions: devices act, an idle guest sleeps until something comes. False when nothing can wake it. `isUnnoticed`: the guest did
   * not trap by itself, and must not find out. TIME stays as it is then, unless a device had its turn too.
   */
  settle(isUnnoticed: boolean): boolean {
    const { guest, counters } = this;
    const deadlines = counters.timerDeadlines;
    for (;;) {
      if (!guest.settle()) return false;
      const event = guest.pending;
      guest.pending = undefined;
      if (event === undefined) break;
      this.registers.raise(EVENT_OF_LINE[event.vector - Pic.FIRST_VECTOR] ?? 0);
      guest.pc.bus.write(Pic.COMMAND, 1, Pic.END);
    }
    this.guest.pc.clock.cancel(this.wake);
    if (!isUnnoticed || counters.timerDeadlines !== deadlines) this.publishTime();
    return true;
  }

  /** Starts a chain of requests: the one access of an I/O operation. False for a device that the machine does not have. */
  kick(device: number, chain: number): boolean {
    const port = PORT_OF_DEVICE[device];
    if (port === undefined || (device === GuestDevice.DISK && !this.guest.pc.hasDisks)) return false;
    this.write(port + RequestRegister.KICK, chain);
    return true;
  }

  listen(on: boolean): void { this.write(RequestPort.CONSOLE + RequestRegister.CONTROL, on ? RequestControl.LISTEN : 0); }

  /** A timer event each so many microseconds from now on; 0 ends them. */
  setTimer(microseconds: number): void {
    this.period = microseconds * INSTRUCTIONS_PER_MICROSECOND;
    const { clock } = this.guest.pc;
    if (this.period === 0) clock.cancel(this.tick);
    else clock.reschedule(this.tick, clock.now() + this.period);
  }

  /** The guest sleeps until an event is pending, or for so many microseconds unless that is 0. */
  idle(microseconds: number): void {
    if (this.registers.load('PENDING') !== 0) return;
    const { processor, pc } = this.guest;
    processor.halted = true;
    if (microseconds !== 0) pc.clock.reschedule(this.wake, pc.clock.now() + microseconds * INSTRUCTIONS_PER_MICROSECOND);
  }

  private ticked(at: number): void {
    this.registers.raise(GuestEvent.TIMER);
    this.guest.processor.halted = false;
    this.guest.pc.clock.reschedule(this.tick, at + this.period);
  }

  private publishTime(): void {
    const nanoseconds = this.guest.clock.now() * NANOSECONDS_PER_INSTRUCTION;
    this.registers.store('TIME_HIGH', Math.floor(nanoseconds / WORD_RANGE));
    this.registers.store('TIME_LOW', nanoseconds % WORD_RANGE);
  }

  private write(port: number, value: number): void {
    this.counters.deviceAccesses++;
    this.guest.pc.bus.write(port, 4, value | 0);
  }
}
