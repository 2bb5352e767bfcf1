import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { assembleGuest, discoverWorkloads, recipeFor } from '@ringbench/harness';
import type { CoreDefinition, EngineOptions, EventCounts } from '@ringbench/engine';
import { at, consoleWords, EAX, ECX, EDX, KernelGuest, Page, PAGE_BYTES, PAGE_TABLE, pageEntry, runGuest, SCRATCH, summarize } from '@ringbench/engine/conformance';
import { Flag } from '@ringbench/isa';
import { registry } from '../src/registry.js';

const WAYS = ['emulated', 'static', 'virtual', 'layered'] as const;
type Way = (typeof WAYS)[number];
const MEMORY_BYTES = 8 << 20;
const BUDGET = 50_000_000;
/** Scale of the programs: reads, and lines. */
const READS = 4;
const LINE_CHARACTERS = 63;
const DISK_BLOCKS = 256;
/** The program's distance between two reads, in blocks. */
const STRIDE = 97;
const BLOCK_BYTES = 4096;
const [native = '', ...others] = registry.pcIds;
const workloads = discoverWorkloads(join(import.meta.dirname, '../../../workloads'));

/** A disk whose words say where they are. */
const disk = new Uint8Array(Uint32Array.from({ length: (DISK_BLOCKS * BLOCK_BYTES) / 4 }, (_, index) => index * 0x9e3779b1).buffer);

const blockAt = (block: number): Uint8Array => disk.subarray(block * BLOCK_BYTES, (block + 1) * BLOCK_BYTES);

interface Ran {
  readonly exit: string;
  readonly retired: number;
  readonly fingerprint: unknown;
  readonly text: string;
  readonly counts: EventCounts;
  readonly region: EventCounts;
  /** How many of the blocks that `disk-read-4k` reads lie in the guest's memory. */
  readonly blocks: number;
}

const ran = new Map<string, Promise<Ran>>();

/** A run of a program; the same one is run once. */
async function runProgram(core: string, id: string, settings: EngineOptions['settings']): Promise<Ran> {
  const key = JSON.stringify([core, id, settings]);
  const found = ran.get(key) ?? runOnce(core, id, settings);
  ran.set(key, found);
  return found;
}

async function runOnce(core: string, id: string, settings: EngineOptions['settings']): Promise<Ran> {
  const workload = workloads.find((candidate) => candidate.id === id);
  if (workload === undefined) throw new Error(`no workload ${id}`);
  const definition = await registry.load(core);
  let text = '';
  const engine = definition.create({ memoryBytes: MEMORY_BYTES, settings, disks: [disk], onConsole: (byte) => (text += String.fromCharCode(byte)) });
  expect(engine.load(assembleGuest(id, recipeFor(workload, READS)).image)).toEqual({ ok: true });
  const exit = JSON.stringify(engine.run(BUDGET));
  const memory = Buffer.from(engine.inspect().readPhysical(0, MEMORY_BYTES));
  const blocks = Array.from({ length: READS }, (_, read) => blockAt((read * STRIDE) % DISK_BLOCKS)).filter((block) => memory.includes(block));
  return { exit, retired: engine.retired, fingerprint: engine.fingerprint(), text, counts: engine.counts(), region: engine.region()?.counts ?? {}, blocks: blocks.length };
}
const both = (way: Way): EngineOptions['settings'] => ({ disk: way, console: way });
const equalPart = ({ exit, retired, fingerprint, text, blocks }: Ran): unknown => ({ exit, retired, fingerprint, text, blocks });

describe.each(WAYS)('a disk that is %s', (way) => {
  test('gives every core the same blocks, at the same time and with the same state as native', async () => {
    const expected = await runProgram(native, 'disk-read-4k', both(way));
    expect([expected.exit, expected.blocks]).toEqual(['{"kind":"power-off","status":0}', READS]);
    for (const core of others) expect(equalPart(await runProgram(core, 'disk-read-4k', both(way))), core).toEqual(equalPart(expected));
  });
});

describe.each(['trap', 'v386'])('under %s', (core) => {
  const accesses = async (id: string): Promise<readonly number[]> => Promise.all(WAYS.map(async (way) => (await runProgram(core, id, both(way))).region['vmm.device-access'] ?? 0));

  test.each(WAYS)('a console that is %s shows what it shows natively', async (way) => {
    const expected = await runProgram(native, 'console-write', both(way));
    expect(expected.text.split('\n').filter((line) => line.length === LINE_CHARACTERS)).toHaveLength(READS);
    expect(equalPart(await runProgram(core, 'console-write', both(way)))).toEqual(equalPart(expected));
  });

  test('few or none of the accesses trap where they need not', async () => {
    const [emulated, ...cheaper] = await accesses('disk-read-4k');
    expect(emulated).toBeGreaterThan(2000 * READS);
    // The interrupt controller stays virtual: two ends of interrupt for each of eight sectors. A request and an end of interrupt; a call.
    expect(cheaper).toEqual([16 * READS, 2 * READS, READS]);
    // A line of 64 bytes, four times the room of the transmitter's FIFO.
    expect(await accesses('console-write')).toEqual([68 * READS, 0, READS, READS]);
  });
});

describe('layers', () => {
  test.each(WAYS)('that fail requests are seen by the program, whatever the way: %s', async (way) => {
    const { exit, text, counts } = await runProgram(native, 'disk-read-4k', { disk: way, 'disk-layers': 'trace.faults', 'fault-period': 3 });
    expect([exit, text]).toEqual(['{"kind":"power-off","status":1}', expect.stringContaining('FAIL pread64')]);
    expect(counts['io.disk.failed']).toBe(1);
  });
});

const SECTOR_BYTES = 512;
const PTE_BYTES = 4;
const SERVICES_KICK = 0xb38;
const [READ, FIRST_SERVICE] = [1, 1];
/** Where the guest puts its requests and its code. */
const [BLOCK, CODE] = [SCRATCH + 4 * PAGE_BYTES, SCRATCH + 5 * PAGE_BYTES];
const PLAIN = Page.PRESENT | Page.WRITABLE | Page.USER;
/** The part of the guest's page table that maps SCRATCH, by sectors. */
const TABLE_PART = pageEntry(SCRATCH) - (pageEntry(SCRATCH) % SECTOR_BYTES);

/** Sector 0: that part as it is, but SCRATCH leads to the next page. Sector 1: MOV EAX, 2; RET. */
function preparedDisk(): Uint8Array {
  const first = (TABLE_PART - PAGE_TABLE) / PTE_BYTES;
  const entries = Uint32Array.from({ length: SECTOR_BYTES / PTE_BYTES }, (_, index) => ((first + index) * PAGE_BYTES) | PLAIN);
  entries[(pageEntry(SCRATCH) - TABLE_PART) / PTE_BYTES] = (SCRATCH + PAGE_BYTES) | PLAIN;
  const bytes = new Uint8Array(2 * SECTOR_BYTES);
  bytes.set(new Uint8Array(entries.buffer));
  bytes.set([0xb8, 2, 0, 0, 0, 0xc3], SECTOR_BYTES);
  return bytes;
}

/** Has the disk's service overwrite the guest's own page table, and code that it has run. */
function overwrittenGuest(): Uint8Array {
  const guest = new KernelGuest();
  const read = (sector: number, buffer: number): void => {
    [0, READ, 0, 0, sector, SECTOR_BYTES, buffer, FIRST_SERVICE].forEach((value, index) => guest.mov(at(BLOCK + index * 4), value));
    guest.mov(EAX, BLOCK).mov(EDX, SERVICES_KICK).raw(0xef).logMemory(BLOCK + 8);
  };
  guest.enablePaging().mov(at(SCRATCH), 1).mov(at(SCRATCH + PAGE_BYTES), 0x600d).logMemory(SCRATCH);
  read(0, TABLE_PART);
  guest.invlpg(at(SCRATCH)).logMemory(SCRATCH);
  guest.mov(at(CODE), 0x01b8).mov(at(CODE + 4), 0xc300).mov(ECX, CODE).call(ECX).log(EAX).mov(ECX, CODE).call(ECX);
  read(1, CODE);
  guest.mov(ECX, CODE).call(ECX).log(EAX).jmp('finish');
  return guest.build();
}

describe('what a device writes to memory', () => {
  const image = overwrittenGuest();
  test.each(registry.pcIds)('is what a guest on %s finds there, in its page tables and its code', async (core) => {
    const console: number[] = [];
    const engine = (await registry.load(core)).create({ memoryBytes: MEMORY_BYTES, disks: [preparedDisk()], settings: { disk: 'layered' }, onConsole: (byte) => console.push(byte) });
    engine.load({ name: 'overwritten', format: 'multiboot', bytes: image });
    expect(engine.run(BUDGET)).toEqual({ kind: 'power-off', status: 0 });
    expect(consoleWords(Uint8Array.from(console))).toEqual([1, 1, 0x600d, 1, 1, 2]);
  });
});

const COM1 = { DATA: 0x3f8, INTERRUPT_ENABLE: 0x3f9, IDENTIFICATION: 0x3fa, MODEM_CONTROL: 0x3fc, LINE_STATUS: 0x3fd } as const;
const TRANSMITTER_EMPTY = 2;
const OUT2 = 0x0b;
const COM1_LINE = 4;
/** Vector of line 0, as KernelGuest sets the controllers up. */
const FIRST_LINE = 0x20;
const MASTER_DATA = 0x21;
const IOPL_3 = 3 << 12;

const output = (guest: KernelGuest, port: number, value: number): KernelGuest => guest.mov(EDX, port).movAl(value).raw(0xee);
const input = (guest: KernelGuest, port: number): KernelGuest => guest.mov(EAX, 0).mov(EDX, port).raw(0xec);

/** Logs the time of each interrupt of a transmitter that it feeds, some of them while interrupts are off. */
function transmitterGuest(): Uint8Array {
  const guest = new KernelGuest();
  guest.handle(FIRST_LINE + COM1_LINE, 'sent').enableTimerInterrupt().outByte(MASTER_DATA, 0xff & ~(1 << COM1_LINE));
  output(guest, COM1.MODEM_CONTROL, OUT2);
  output(guest, COM1.INTERRUPT_ENABLE, TRANSMITTER_EMPTY);
  guest.sti().nop();
  for (let byte = 0; byte < 6; byte++) output(guest, COM1.DATA, 0x61 + byte).nop(byte);
  guest.cli();
  output(guest, COM1.DATA, 0x7a).nop(3).sti().nop(2);
  // REP OUTSB, interrupted between its iterations.
  guest.mov(EDX, COM1.DATA).raw(0xbe).long(0x1000).raw(0xb9).long(5).raw(0xf3, 0x6e).cli();
  guest.attemptInRing3((inner) => input(inner, COM1.LINE_STATUS));
  guest.attemptInRing3((inner) => input(inner, COM1.LINE_STATUS), Flag.FIXED | IOPL_3);
  input(guest, COM1.LINE_STATUS).log(EAX).jmp('finish');
  guest.routine('sent', (inner) => input(inner.push(EAX).push(EDX), COM1.IDENTIFICATION).log(EAX).rdtsc().log(EAX).endOfInterrupt().pop(EDX).pop(EAX).iret());
  return guest.build();
}

const SLAVE_DATA = 0xa1;
const CASCADE_LINE = 2;
const DISK_LINE = 14;
const ATA_COMMAND = 0x1f7;
const IDENTIFY = 0xec;

/** Has the disk work while it counts, and logs when it was interrupted. */
function spinningGuest(): Uint8Array {
  const guest = new KernelGuest();
  guest.handle(FIRST_LINE + DISK_LINE, 'ready').enableTimerInterrupt().outByte(MASTER_DATA, 0xff & ~(1 << CASCADE_LINE));
  guest.outByte(SLAVE_DATA, 0xff & ~(1 << (DISK_LINE - 8))).sti().mov(ECX, 0);
  output(guest, ATA_COMMAND, IDENTIFY).label('count').inc(ECX).jmp('count');
  guest.routine('ready', (inner) => inner.log(ECX).rdtsc().log(EAX).jmp('finish'));
  return guest.build();
}

describe('a disk that belongs to the guest', () => {
  const image = spinningGuest();
  const run = async (core: string, way: Way): Promise<readonly unknown[]> => {
    const console: number[] = [];
    const engine = (await registry.load(core)).create({ memoryBytes: MEMORY_BYTES, disks: [disk], settings: { disk: way }, onConsole: (byte) => console.push(byte) });
    engine.load({ name: 'spinning', format: 'multiboot', bytes: image });
    return [engine.run(BUDGET), engine.retired, console];
  };
  test.each(others)('interrupts a guest on %s that never lets go of the processor', async (core) => {
    const expected = await run(native, 'emulated');
    expect(expected[0]).toEqual({ kind: 'power-off', status: 0 });
    expect(await run(core, 'static')).toEqual(expected);
  });
});

describe('a serial port that belongs to the guest', () => {
  const image = transmitterGuest();
  test.each(others)('interrupts a guest on %s at the instruction at which it does natively, and only ring 0 or its IOPL reaches it', async (id) => {
    const run = (core: CoreDefinition, way: Way) => runGuest(core, { image, settings: { console: way } });
    const expected = run(await registry.load(native), 'emulated');
    expect(expected.exit).toEqual({ kind: 'power-off', status: 0 });
    const core = await registry.load(id);
    for (const way of ['emulated', 'static'] as const) {
      const found = run(core, way);
      expect([found.exit, found.console], way).toEqual([expected.exit, expected.console]);
      expect(summarize(found), way).toBe(summarize(expected));
    }
  });
});
