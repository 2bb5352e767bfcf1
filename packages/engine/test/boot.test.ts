import { describe, expect, it } from 'vitest';
import { DirectEngine, type EngineOptions, type GuestImage, type Rom } from '../src/index.js';

const MIB = 1 << 20;
const make = (options: Partial<EngineOptions> = {}): DirectEngine => new DirectEngine({ memoryBytes: 2 * MIB, ...options }, (silicon) => silicon);

function problemOf(image: GuestImage, options: Partial<EngineOptions> = {}): string {
  const loaded = make(options).load(image);
  return loaded.ok ? '' : loaded.problem;
}

/** A disk of `sectors` sectors whose boot sector is `code`. */
function disk(code: readonly number[], sectors = 4): GuestImage {
  const bytes = new Uint8Array(sectors * 512);
  bytes.set(code);
  bytes.set([0x55, 0xaa], 510);
  return { name: 'a.img', format: 'disk', bytes };
}

describe('a disk', () => {
  it('needs a boot sector, room, and one machine', () => {
    const image = (bytes: Uint8Array): GuestImage => ({ name: 'a.img', format: 'disk', bytes });
    expect(problemOf(image(new Uint8Array(0)))).toBe('a.img is empty: a disk has at least one byte');
    expect(problemOf(image(new Uint8Array(100)))).toBe('a.img is no bootable disk: it has 100 bytes, a boot sector has 512');
    expect(problemOf(image(new Uint8Array(512)))).toBe('a.img is no bootable disk: its first sector does not end in 55 AA');
    expect(problemOf(disk([]), { memoryBytes: 512 * 1024 })).toBe('a.img needs a machine with at least 1 MiB of memory');
    expect(problemOf(disk([]), { disks: [new Uint8Array(512), new Uint8Array(512)] })).toBe('3 disks are too many: the machine has room for 2');
    expect(problemOf(disk([]), { disks: [new Uint8Array(0)] })).toBe('disk 1 is empty: a disk has at least one byte');
  });

  it('can be loaded after an image that was refused', () => {
    const engine = make();
    expect(engine.load({ name: 'x', format: 'disk', bytes: new Uint8Array(512) }).ok).toBe(false);
    // MOV AL, 5; OUT F4h, AL
    expect(engine.load(disk([0xb0, 5, 0xe6, 0xf4, 0xeb, 0xfe]))).toEqual({ ok: true });
    expect(engine.run(100)).toEqual({ kind: 'power-off', status: 5 });
  });

  it('is what the guest finds behind the ATA ports, and stays as it was', () => {
    // Write AL = 1 sector of itself over sector 2 (INT 13h), then read the status of the drive.
    const image = disk([0xb8, 1, 3, 0xbb, 0, 0x7c, 0xb9, 2, 0, 0xcd, 0x13, 0xba, 0xf7, 1, 0xec, 0xe6, 0xf4, 0xeb, 0xfe]);
    const before = image.format === 'disk' ? image.bytes.slice() : undefined;
    const engine = make();
    engine.load(image);
    expect(engine.run(1000)).toEqual({ kind: 'power-off', status: 0x50 });
    expect(image.format === 'disk' && image.bytes).toEqual(before);
  });

  it('halts with a message when the boot fails', () => {
    // INT 18h
    const engine = make();
    engine.load(disk([0xcd, 0x18]));
    expect(engine.run(1000)).toEqual({ kind: 'halted' });
    expect(engine.screen()[0].trimEnd()).toBe('No bootable disk.');
  });

  it('keeps its budget however the boot sector loops', () => {
    const engine = make();
    // INT 16h AH=0 for ever; nobody types.
    engine.load(disk([0xb4, 0, 0xcd, 0x16, 0xeb, 0xfa]));
    expect(engine.run(10_000)).toEqual({ kind: 'budget' });
  });
});

const rom = (address: number, length = 0x10000, name = 'bios'): Rom => ({ name, address, bytes: new Uint8Array(length).fill(0x90) });
const machine = (...roms: readonly Rom[]): GuestImage => ({ name: 'machine', format: 'rom', roms });

describe('ROMs', () => {
  it('must fit the machine', () => {
    expect(problemOf(machine())).toMatch('no ROM at the reset vector, FFFF0h or FFFFFFF0h');
    expect(problemOf(machine(rom(0xe0000)))).toMatch('no ROM at the reset vector');
    expect(problemOf(machine(rom(0xf0000, 0)))).toBe('bios is an empty ROM');
    expect(problemOf(machine(rom(0xf0010)))).toBe('bios cannot lie at F0010h: a ROM starts at a multiple of 1000h');
    expect(problemOf(machine(rom(-4096)))).toMatch('cannot lie at');
    expect(problemOf(machine(rom(0xfffff000, 0x2000)))).toBe('bios ends at 100001000h, beyond 4 GB');
    expect(problemOf(machine(rom(0xf0000)), { memoryBytes: 0xf8000 })).toBe('bios, from F0000h to 100000h, lies across the end of memory at F8000h');
    expect(problemOf(machine(rom(0xf0000), rom(0xf8000, 0x4000, 'option')))).toBe('bios and option overlap at F8000h');
    expect(problemOf(machine(rom(0xf0000), rom(0x400000, 2 * MIB)))).toMatch('bytes of ROM beyond the end of memory');
  });

  it('of odd sizes end in ones, and appear below 4 GB when they end at 1 MB', () => {
    const engine = make();
    expect(engine.load(machine(rom(0xff000, 4095)))).toEqual({ ok: true });
    const view = engine.inspect();
    expect([...view.readPhysical(0xffffe, 2), ...view.readPhysical(0xffffeffe, 4), ...view.readPhysical(0xfffffffe, 2)]).toEqual([0x90, 0xff, 0xff, 0xff, 0x90, 0x90, 0x90, 0xff]);
  });

  it('of the top of the address space hide the shadow of a low one', () => {
    const engine = make();
    expect(engine.load(machine(rom(0xf0000), { ...rom(0xfffff000, 4096, 'top'), bytes: new Uint8Array(4096).fill(0xcc) }))).toEqual({ ok: true });
    expect(engine.inspect().readPhysical(0xfffffff0, 1)[0]).toBe(0xcc);
  });
});

describe('an engine', () => {
  it('tells POST codes at any port, and the source of console bytes', () => {
    const codes: number[] = [];
    const bytes: [number, string][] = [];
    // OUT 84h, 7; OUT E9h, 7; DX = 3F8h: OUT DX, 7; OUT F4h. Port 84h is a DMA page register too.
    const image = disk([0xb0, 7, 0xe6, 0x84, 0xe6, 0xe9, 0xba, 0xf8, 3, 0xee, 0xe4, 0x84, 0xe6, 0xf4]);
    const engine = make({ postPort: 0x84, onPostCode: (code) => codes.push(code), onConsole: (byte, source) => bytes.push([byte, source]) });
    engine.load(image);
    expect(engine.run(100)).toEqual({ kind: 'power-off', status: 7 });
    expect([codes, bytes]).toEqual([[7], [[7, 'e9'], [7, 'uart']]]);
  });

  it('refuses to type what has no key and more than the keyboard holds', () => {
    const engine = make();
    expect([engine.type('ü'), engine.type('a'.repeat(5000)), engine.type('a')]).toEqual([false, false, true]);
  });

  it('looks without leaving a trace', () => {
    const engine = make();
    engine.load(disk([0xeb, 0xfe]));
    engine.run(10);
    const before = JSON.stringify([engine.counts(), engine.fingerprint()]);
    const view = engine.inspect();
    expect([view.translate(0x7c00), view.readPhysical(0x7c00, 2), view.readPhysical(0xfffffffe, 4)]).toEqual([0x7c00, Uint8Array.of(0xeb, 0xfe), expect.any(Uint8Array)]);
    expect(JSON.stringify([engine.counts(), engine.fingerprint()])).toBe(before);
  });

  it('shows the chosen processor: EFLAGS.ID can be set on a Pentium only', () => {
    // PUSHFD; POP EAX; BTC EAX, 21; PUSH EAX; POPFD; PUSHFD; POP EAX; SHR EAX, 21; AND AL, 1; OUT F4h, AL
    const code = [0x66, 0x9c, 0x66, 0x58, 0x66, 0x0f, 0xba, 0xf8, 21, 0x66, 0x50, 0x66, 0x9d, 0x66, 0x9c, 0x66, 0x58, 0x66, 0xc1, 0xe8, 21, 0x24, 1, 0xe6, 0xf4];
    const ends = (['i386', 'i586'] as const).map((cpu) => {
      const engine = make({ cpu });
      engine.load(disk(code));
      return engine.run(100);
    });
    expect(ends).toEqual([{ kind: 'power-off', status: 0 }, { kind: 'power-off', status: 1 }]);
  });
});
