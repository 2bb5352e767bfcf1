import { describe, expect, it } from 'vitest';
import { CopyOnWriteDisk } from '../../src/devices/block-store.js';
import { createPc } from '../../src/devices/pc.js';
import type { Pc, PcOptions } from '../../src/devices/pc.js';
import { numberedImage } from './ata-host.js';
import { GuestTime } from './guest-time.js';

interface TestPc {
  readonly pc: Pc;
  readonly time: GuestTime;
  readonly disks: readonly CopyOnWriteDisk[];
  readonly events: string[];
}

function makePc(options: Partial<PcOptions> = {}, images: readonly Uint8Array[] = []): TestPc {
  const time = new GuestTime();
  const events: string[] = [];
  const disks = images.map((image) => new CopyOnWriteDisk(image));
  const pc = createPc({
    now: () => time.now,
    ramBytes: 16 << 20,
    onExit: (status) => events.push(`exit ${status}`),
    onInterruptPin: (asserted) => events.push(`${time.now} pin ${asserted}`),
    onReset: () => events.push(`${time.now} reset`),
    disks,
    ...options,
  });
  return { pc, time, disks, events };
}

const EVERYTHING: Partial<PcOptions> = { keyboard: true, video: true, chipset: true };
const complete = (): TestPc => makePc(EVERYTHING, [numberedImage(300), numberedImage(9)]);

function initializePics({ bus }: Pc): void {
  for (const [port, base, cascade] of [[0x20, 0x20, 4], [0xa0, 0x28, 2]]) {
    bus.write(port, 1, 0x11);
    for (const word of [base, cascade, 0x01, 0x00]) bus.write(port + 1, 1, word);
  }
}

/** Ports that belong to no device of a PC without options. */
const NEW_PORTS = [0x00, 0x0f, 0x60, 0x64, 0x81, 0x8f, 0xc0, 0xdf, 0x1f0, 0x1f7, 0x3f6, 0x3b4, 0x3c0, 0x3cf, 0x3d4, 0x3da, 0x4d0, 0x4d1, 0xcf8, 0xcfc];
/** What a kernel looks for and must not find: the second channel, the drive address, LPT1, COM2 to COM4, the game port, APM. */
const ABSENT_PORTS = [0x170, 0x177, 0x376, 0x3f7, 0x378, 0x278, 0x3bc, 0x2f8, 0x3e8, 0x2e8, 0x201, 0xb2, 0xb3, 0x388, 0xcf9];

describe('the options of a PC', () => {
  it('are off by default: every new port floats', () => {
    const { pc } = makePc();
    expect(NEW_PORTS.filter((port) => pc.bus.isRegistered(port))).toEqual([]);
    expect([pc.ata, pc.keyboard, pc.vga]).toEqual([undefined, undefined, undefined]);
    expect([pc.bus.read(0x1f7, 1), pc.bus.read(0x64, 1), pc.bus.read(0xcf8, 4)]).toEqual([0xff, 0xff, -1]);
  });

  it('put the devices at their ports and leave the others out', () => {
    const { pc } = complete();
    expect(NEW_PORTS.filter((port) => !pc.bus.isRegistered(port))).toEqual([]);
    for (const port of ABSENT_PORTS) expect([pc.bus.isRegistered(port), pc.bus.read(port, 1)]).toEqual([false, 0xff]);
  });

  it('refuse a third disk', () => {
    const image = new Uint8Array(512);
    expect(() => makePc({}, [image, image, image])).toThrow('one or two disks');
  });
});

describe('the complete PC', () => {
  it('wires the disk to IRQ 14 and the keyboard to IRQ 1', () => {
    const { pc, time } = complete();
    initializePics(pc);
    pc.bus.write(0x1f7, 1, 0xec);
    time.runTo(1e6, pc.clock);
    expect([pc.pic.interruptPin, pc.pic.acknowledge()]).toEqual([true, 0x2e]);
    for (const port of [0xa0, 0x20]) pc.bus.write(port, 1, 0x20);
    expect([pc.bus.read(0x1f7, 1), pc.pic.interruptPin]).toEqual([0x58, false]);
    pc.keyboard?.type('x');
    time.runTo(2e6, pc.clock);
    expect([pc.pic.acknowledge(), pc.bus.read(0x60, 1)]).toEqual([0x21, 0x2d]);
  });

  it('asks for earlier attention when something is typed or commanded', () => {
    let attentions = 0;
    const { pc } = makePc({ ...EVERYTHING, onDeadlineChanged: () => attentions++ });
    pc.keyboard?.type('x');
    expect([attentions, pc.clock.nextDeadline()]).toEqual([1, 200_000]);
  });

  it('scales busy times to another nominal speed', () => {
    const { pc } = makePc({ instructionsPerSecond: 1_000_000 }, [numberedImage(1)]);
    pc.bus.write(0x1f7, 1, 0xec);
    expect(pc.clock.nextDeadline()).toBe(10);
  });

  it('remembers the NMI mask and the bits of port 61h, and POST stays at port 80h', () => {
    const { pc } = complete();
    pc.bus.write(0x70, 1, 0x8f);
    expect(pc.rtc.nmiMasked).toBe(true);
    pc.bus.write(0x70, 1, 0x0f);
    expect(pc.rtc.nmiMasked).toBe(false);
    pc.bus.write(0x61, 1, 0x0c);
    expect(pc.bus.read(0x61, 1) & 0x0f).toBe(0x0c);
    pc.bus.write(0x80, 1, 0x77);
    expect([pc.post.code, pc.bus.read(0x81, 1)]).toEqual([0x77, 0]);
  });

  it('is silent after a reset, and the disk keeps what was written', () => {
    const { pc, time, disks } = complete();
    pc.bus.write(0x1f6, 1, 0x40);
    pc.bus.write(0x1f2, 1, 1);
    pc.bus.write(0x1f7, 1, 0x30);
    time.runTo(1e6, pc.clock);
    for (let i = 0; i < 128; i++) pc.bus.write(0x1f0, 4, -1);
    time.runTo(2e6, pc.clock);
    pc.bus.write(0x4d0, 2, 0xffff);
    pc.bus.write(0x1f7, 1, 0xec);
    pc.keyboard?.type('x');
    pc.bus.write(0x64, 1, 0xfe);
    pc.reset();
    expect([pc.clock.nextDeadline(), pc.bus.read(0x1f7, 1), pc.bus.read(0x64, 1), pc.bus.read(0x4d0, 2)]).toEqual([Infinity, 0x50, 0x14, 0]);
    expect(disks[0].writtenSectors).toBe(1);
  });
});

/** Marsaglia's xorshift: the same sequence everywhere. */
class Random {
  constructor(private state: number) {}

  below(limit: number): number {
    this.state ^= this.state << 13;
    this.state ^= this.state >>> 17;
    this.state ^= this.state << 5;
    return (this.state >>> 0) % limit;
  }
}

const DEVICE_PORTS = [
  ...Array.from({ length: 0x100 }, (_, port) => port),
  ...Array.from({ length: 9 }, (_, i) => 0x1ef + i),
  ...Array.from({ length: 0x50 }, (_, i) => 0x3b0 + i),
  0x4d0, 0x4d1, 0xcf8, 0xcfb, 0xcfc, 0xffff,
];
const DISK_PORTS = [0x1f0, 0x1f1, 0x1f2, 0x1f3, 0x1f4, 0x1f5, 0x1f6, 0x1f7, 0x3f6];
const COMMANDS = [0x20, 0x30, 0x40, 0xc4, 0xc5, 0xc6, 0x91, 0xec, 0xef, 0x90, 0xe5, 0x70];
const WIDTHS = [1, 2, 4] as const;

/** A guest that does anything at all; gives a digest of everything it could see. */
class HostileGuest {
  digest = 0;

  constructor(private readonly machine: TestPc, private readonly random: Random) {
    initializePics(machine.pc);
  }

  step(): void {
    const { random, machine } = this;
    switch (random.below(4)) {
      case 0: return this.access(DEVICE_PORTS[random.below(DEVICE_PORTS.length)]);
      case 1: return this.access(DISK_PORTS[random.below(DISK_PORTS.length)]);
      case 2: return this.transfer();
      default:
        machine.time.runTo(machine.time.now + random.below(3000), machine.pc.clock);
        if (machine.pc.pic.interruptPin && random.below(2) === 0) this.note(machine.pc.pic.acknowledge());
    }
  }

  private access(port: number): void {
    const { random, machine: { pc } } = this;
    const width = WIDTHS[random.below(3)];
    if (random.below(2) === 0) this.note(pc.bus.read(port, width));
    else pc.bus.write(port, width, random.below(4) === 0 ? -1 : random.below(0x10000) * random.below(0x10000));
  }

  /** Something like a driver, so that transfers get anywhere: a plausible command, then words in one direction. */
  private transfer(): void {
    const { random, machine: { pc, time } } = this;
    pc.bus.write(0x1f6, 1, 0xe0 & ~(random.below(4) === 0 ? 0x40 : 0));
    for (const port of [0x1f4, 0x1f5]) pc.bus.write(port, 1, 0);
    pc.bus.write(0x1f2, 1, random.below(5));
    pc.bus.write(0x1f3, 1, random.below(256));
    pc.bus.write(0x1f7, 1, COMMANDS[random.below(COMMANDS.length)]);
    time.runTo(time.now + random.below(20_000), pc.clock);
    const words = random.below(300);
    for (let i = 0; i < words; i++) {
      if (random.below(2) === 0) this.note(pc.bus.read(0x1f0, 4));
      else pc.bus.write(0x1f0, 4, i);
    }
  }

  private note(value: number): void {
    this.digest = (Math.imul(this.digest, 31) + value) | 0;
  }
}

function attack(seed: number, operations: number): { digest: number; machine: TestPc } {
  const machine = complete();
  const guest = new HostileGuest(machine, new Random(seed));
  for (let i = 0; i < operations; i++) {
    guest.step();
    if (i % 1000 === 0) machine.pc.keyboard?.type('Hi\n');
  }
  return { digest: guest.digest, machine };
}

function summary({ digest, machine }: ReturnType<typeof attack>): unknown {
  return [digest, machine.time.now, machine.events, machine.disks.map((disk) => disk.contents()), machine.pc.vga?.text(new Uint8Array(1 << 20).fill(0x41))];
}

describe('a hostile guest', () => {
  it('breaks nothing in 200,000 operations, and the same ones give the same result', () => {
    const first = attack(1, 200_000);
    expect(first.machine.disks[0].writtenSectors).toBeGreaterThan(20);
    expect(first.machine.events.length).toBeGreaterThan(100);
    expect(summary(attack(1, 200_000))).toEqual(summary(first));
  });

  it('does not reach another machine', () => {
    const alone = summary(attack(7, 5000));
    const [first, second] = [complete(), complete()];
    const [victim, attacker] = [new HostileGuest(first, new Random(7)), new HostileGuest(second, new Random(8))];
    for (let i = 0; i < 5000; i++) {
      victim.step();
      attacker.step();
      if (i % 1000 === 0) first.pc.keyboard?.type('Hi\n');
    }
    expect(summary({ digest: victim.digest, machine: first })).toEqual(alone);
    expect(attacker.digest).not.toBe(victim.digest);
  });
});
