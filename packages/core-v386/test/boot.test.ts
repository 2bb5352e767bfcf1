import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { DirectEngine, type Engine, type EngineOptions, type GuestImage } from '@ringbench/engine';
import { Word } from '@ringbench/isa';
import { V386Engine } from '../src/index.js';

const MEMORY_BYTES = 4 << 20;
const BUDGET = 1_000_000;
/** Instructions before anything is typed. */
const BEFORE_TYPING = 100;

const bytesOf = (name: string): Uint8Array => readFileSync(new URL(`boot/${name}.bin`, import.meta.url));
const disk = (name: string): GuestImage => ({ name, format: 'disk', bytes: bytesOf(name) });
const rom = (address = 0xff000): GuestImage => ({ name: 'rom', format: 'rom', roms: [{ name: 'rom', bytes: bytesOf('rom'), address }] });

interface Outcome {
  readonly engine: Engine;
  readonly console: string;
  readonly visible: object;
}

function boot(create: (options: EngineOptions) => Engine, image: GuestImage, typed: string, memoryBytes: number): Outcome {
  let console = '';
  const codes: number[] = [];
  const engine = create({ memoryBytes, onConsole: (byte, source) => (console += source === 'e9' ? String.fromCharCode(byte) : ''), onPostCode: (code) => codes.push(code) });
  expect(engine.load(image)).toEqual({ ok: true });
  if (typed !== '') {
    engine.run(BEFORE_TYPING);
    expect(engine.type(typed)).toBe(true);
  }
  const exit = engine.run(BUDGET);
  const view = engine.inspect();
  const memory = view.readPhysical(0, 0x200);
  const visible = { exit, retired: engine.retired, console, codes, screen: engine.screen(), fingerprint: engine.fingerprint(), state: view.state, memory, idle: engine.counts().idle };
  return { engine, console, visible };
}

/** Boots on both; everything that the guest or its user can see must be equal. */
function bootOnBoth(image: GuestImage, { typed = '', memoryBytes = MEMORY_BYTES } = {}): Outcome {
  const native = boot((options) => new DirectEngine(options, (silicon) => silicon), image, typed, memoryBytes);
  const v386 = boot((options) => new V386Engine(options), image, typed, memoryBytes);
  expect(v386.visible).toEqual(native.visible);
  return v386;
}

describe('boot sectors under V386 mode and natively', () => {
  it('find the BIOS services that loaders use', () => {
    const { visible, console, engine } = bootOnBoth(disk('services'));
    expect(visible).toMatchObject({ exit: { kind: 'power-off', status: 0x2a } });
    const [disks, rest] = console.split('\n');
    expect(disks).toBe('00800003- 0222- 027F- 000100040000- 00040300- AA550100- 0000- AA5500000400C 0100C 0400C 0101C 0001- AA550001- FFFF');
    expect(rest).toBe([
      '0C00- 00000C00- 000000000001 0009FC000002 000F00000002 001000000001 4150- 0001- 8601C 0001- AA55', '000301012002B100C 0A0B0D0E500318000008',
    ].join(''));
    const screen = engine.screen().map((line) => line.trimEnd());
    expect([screen[9], screen[23].length, screen[23].at(-1)]).toEqual(['     Hello!', 80, '.']);
  });

  it('wait for keys without spinning', () => {
    const { console, engine } = bootOnBoth(disk('keys'), { typed: 'aB1\x03\t\x1b' });
    expect(console).toBe('1E61 3042 0231 2E03 0F09 011B ');
    expect(engine.retired).toBeLessThan(2000);
  });

  it('switch address line 20', () => {
    // 22222222: both addresses are one byte of memory.
    expect(bootOnBoth(disk('line20')).console).toBe('11112222 22222222 11112222 22222222 \x0011112222 ');
  });

  it('end the run when they reset the machine', () => {
    expect(bootOnBoth(disk('reset')).visible).toMatchObject({ exit: { kind: 'reset' }, retired: 2 });
  });
});

describe('ROMs under V386 mode and natively', () => {
  const PASS = '13231323132310000B05AF086';

  it('start at the reset vector, drop stores, and start again after a reset', () => {
    const { visible } = bootOnBoth(rom());
    expect(visible).toMatchObject({ exit: { kind: 'power-off', status: 9 }, codes: [0x11, 0x11], console: `${PASS}\n${PASS}` });
  });

  it('work beyond the end of memory', () => {
    // A store across the ROM's start finds nothing below it.
    const { console } = bootOnBoth(rom(), { memoryBytes: 512 << 10 });
    expect(console.split('\n')[1]).toBe(PASS.replace('B05A', 'B0FF'));
  });

  it('start again after a reset behind which the single-step trap shuts the processor down', () => {
    const [page, entry, pointer] = [4096, 0xff0, 0x800];
    const code = [
      0xfe, 0x06, 0x00, 0x05, 0x80, 0x3e, 0x00, 0x05, 0x02, 0x74, 0x14, // INC BYTE [500h]; CMP BYTE [500h], 2; JE off
      0x2e, 0x0f, 0x01, 0x1e, pointer & 0xff, 0xf0 | (pointer >> 8), // LIDT CS:[pointer]: no table
      0x31, 0xc0, 0x8e, 0xd0, 0xbc, 0x00, 0x06, 0xb0, 0xfe, 0x68, 0x02, 0x01, 0x9d, 0xe6, 0x64, // SS:SP = 0:600h; AL = FEh; PUSH 102h; POPF; OUT 64h, AL
      0xb0, 0x09, 0xe6, 0xf4, // off: MOV AL, 9; OUT F4h, AL
    ];
    const bytes = new Uint8Array(page);
    bytes.set(code);
    bytes.set([0xea, 0x00, 0xf0, 0x00, 0xf0], entry); // JMP F000:F000
    const { visible, engine } = bootOnBoth({ name: 'reset', format: 'rom', roms: [{ name: 'reset', bytes, address: 0xff000 }] });
    expect(visible).toMatchObject({ exit: { kind: 'power-off', status: 9 } });
    expect(engine.counts()['v386.exit.shutdown']).toBe(1);
  });

  it('count no exit for a store', () => {
    const { engine } = bootOnBoth(rom());
    expect(engine.counts()['v386.exit.second-level'] ?? 0).toBe(0);
  });
});

it('shows the same processor while the guest runs and while it does not', () => {
  const { engine } = bootOnBoth(disk('services'));
  const view = engine.inspect();
  const { state } = view;
  expect([state[Word.IN_V386], state[Word.FEATURES], state[Word.SELECTOR + 1], view.translate(0x12345), view.translate(-1)]).toEqual([0, 0, 0, 0x12345, 0xffffffff]);
});
