import { describe, expect, it } from 'vitest';
import { Word } from '@ringbench/isa';
import { DirectEngine, type CoreDefinition } from '../src/index.js';
import { buildImage, firstDifference, generateProgram, observe, PIECE_KINDS, PROFILES, shrinkList, shrinkPrograms, type Observation, type Program } from '../src/programs/index.js';
import { PAGE_BYTES, PAGE_DIRECTORY, PAGE_TABLE, SCRATCH } from '../src/conformance/memory-map.js';
import { GUARD_PAGES, IDENTITY_TABLE, OTHER_DIRECTORY, OTHER_TABLE, PROGRAM_MEMORY_BYTES, WINDOW_TABLE } from '../src/programs/places.js';
import { QuickDigest } from '../src/programs/quick-digest.js';
import { Dice } from '../src/programs/dice.js';
import { instructions, leavesDirectory, ROWS, showsX87Selectors } from '../src/programs/instructions.js';

const SEEDS = 6;
const PROGRAMS = 8;
const SURVIVORS = 120;
const SURVIVORS_OF_AN_IMAGE = 20;
const native: CoreDefinition = { id: 'native', title: '', exemplar: '', mechanism: '', events: [], create: (options) => new DirectEngine(options, (silicon) => silicon) };
const someImage = () => buildImage(Array.from({ length: PROGRAMS }, (_, seed) => generateProgram(seed, 'mixed')));

describe('generated programs', () => {
  it('follow from their seed alone', () => {
    expect(someImage().bytes).toEqual(someImage().bytes);
    expect(generateProgram(2, 'mixed')).not.toEqual(generateProgram(3, 'mixed'));
    expect(generateProgram(2, 'hostile')).not.toEqual(generateProgram(2, 'mixed'));
  });
  it('have pieces that do not depend on one another', () => {
    const { seed, pieces } = generateProgram(11, 'mixed');
    const codeOf = (program: Program): readonly number[] => buildImage([program]).places.map(({ from, to }) => to - from);
    expect(codeOf({ seed, pieces: pieces.slice(1) })).toEqual(codeOf({ seed, pieces }).slice(1));
  });
  it('are of kinds that leave the kernel able to begin the next program, most of the time', () => {
    /** Kinds after which the next program is not begun. */
    const stuckWith = (kinds: readonly string[], seed: number): readonly string[] => {
      const stuck: string[] = [];
      for (let left = kinds; left.length > 0; ) {
        const { begun } = observe(native, buildImage([...left.map((kind) => ({ seed, pieces: [{ kind, seed }] })), { seed, pieces: [] }]), { programBudget: 12_000 });
        stuck.push(...left.slice(begun - 1, begun));
        left = left.slice(Math.max(begun, 1));
      }
      return stuck;
    };
    expect(stuckWith(stuckWith(stuckWith(PIECE_KINDS, 1), 2), 3)).toEqual(['endless']);
  });
  it('run to their end, nine of ten', () => {
    let [finished, stuck] = [0, 0];
    for (let next = 0; next < SURVIVORS; ) {
      const batch = Array.from({ length: SURVIVORS_OF_AN_IMAGE }, (_, index) => generateProgram(next + index, 'mixed'));
      const { begun, exit } = observe(native, buildImage(batch));
      const isComplete = begun === batch.length && exit.kind === 'power-off';
      finished += isComplete ? begun : begun - 1;
      stuck += isComplete ? 0 : 1;
      next += begun;
    }
    expect(finished / (finished + stuck)).toBeGreaterThan(0.92);
  });
  it('use every kind of a profile', () => {
    for (const profile of ['mixed', 'hostile'] as const) {
      const used = new Set(Array.from({ length: 500 }, (_, seed) => generateProgram(seed, profile).pieces.map(({ kind }) => kind)).flat());
      expect(used).toEqual(new Set(PROFILES[profile].map(({ name }) => name)));
    }
  });
  it('end by a look at everything, also when they never end by themselves', () => {
    for (let seed = 0; seed < SEEDS; seed++) {
      const { looks, exit } = observe(native, buildImage([generateProgram(seed, 'hostile')]), { programBudget: 9000 });
      expect(looks.length).toBeGreaterThan(0);
      expect(['power-off', 'budget', 'halted', 'shutdown', 'reset', 'paused']).toContain(exit.kind);
    }
    const endless = observe(native, buildImage([{ seed: 1, pieces: [{ kind: 'endless', seed: 1 }] }]), { programBudget: 9000 });
    expect(endless.exit).toEqual({ kind: 'budget' });
  });
  it('run with pages before and behind the page tables that nothing maps: no string instruction goes over tables in use', () => {
    const engine = native.create({ memoryBytes: PROGRAM_MEMORY_BYTES });
    expect(engine.load({ name: 'programs', format: 'multiboot', bytes: buildImage([{ seed: 1, pieces: [{ kind: 'paging-on', seed: 1 }] }]).bytes })).toEqual({ ok: true });
    expect(engine.run(200_000)).toEqual({ kind: 'power-off', status: 0 });
    const seen = engine.inspect();
    expect(seen.state[Word.CR0] >>> 31).toBe(1);
    for (const table of [PAGE_TABLE, OTHER_TABLE]) {
      const view = new DataView(seen.readPhysical(table, PAGE_BYTES).buffer);
      const absent = Array.from({ length: PAGE_BYTES / 4 }, (_, page) => page).filter((page) => (view.getUint32(page * 4, true) & 1) === 0);
      expect(absent.map((page) => page * PAGE_BYTES)).toEqual(GUARD_PAGES);
    }
    const structures = [PAGE_DIRECTORY, PAGE_TABLE, OTHER_DIRECTORY, OTHER_TABLE, WINDOW_TABLE, IDENTITY_TABLE];
    expect(structures.every((page) => page > GUARD_PAGES[0] && page < GUARD_PAGES[1])).toBe(true);
    expect(GUARD_PAGES[1] + PAGE_BYTES).toBe(SCRATCH);
  });
  it('never take the page directory\'s address from CR3: stores from the middle of an instruction would change it', () => {
    expect([[0x0f, 0x20, 0xdf], [0x90, 0x0f, 0x20, 0x18], [0x0f, 0x20, 0xc7], [0x0f, 0x22, 0xdf]].map(leavesDirectory)).toEqual([true, true, false, false]);
    const rows = ROWS.privileged.filter(({ opcode }) => opcode.startsWith('0F 20'));
    expect(rows.length).toBeGreaterThan(0);
    expect(leavesDirectory(instructions(rows, 500, new Dice(1), { soup: true }))).toBe(false);
  });
  it('know what shows x87 selectors', () => {
    expect(showsX87Selectors([0x90, 0xd9, 0x30])).toBe(true); // FNSTENV [EAX]
    expect(showsX87Selectors([0xdd, 0x30])).toBe(true); // FNSAVE [EAX]
    expect(showsX87Selectors([0x0f, 0xae, 0x00])).toBe(true); // FXSAVE [EAX]
    expect(showsX87Selectors([0xd9, 0xf0, 0xdd, 0x10])).toBe(false); // F2XM1; FST [EAX]
  });
});

describe('the quick digest', () => {
  const words = Int32Array.from({ length: 4096 }, (_, index) => Math.imul(index, 0x9e3779b1));
  const digestOf = (...parts: readonly Int32Array[]): string => {
    const digest = new QuickDigest();
    for (const part of parts) digest.update(part);
    return digest.result();
  };
  it('does not depend on how memory is cut', () => expect(digestOf(words.subarray(0, 1024), words.subarray(1024))).toBe(digestOf(words)));
  it('sees each bit, pairs of top bits and the order of words', () => {
    const changed = (change: (copy: Int32Array) => void): string => {
      const copy = words.slice();
      change(copy);
      return digestOf(copy);
    };
    for (let bit = 0; bit < 32; bit++) expect(changed((copy) => (copy[bit * 97] ^= 1 << bit))).not.toBe(digestOf(words));
    for (let distance = 1; distance < 32; distance++) expect(changed((copy) => { copy[8] ^= 1 << 31; copy[8 + distance] ^= 1 << 31; })).not.toBe(digestOf(words));
    expect(changed((copy) => copy.copyWithin(4, 8, 12))).not.toBe(digestOf(words));
  });
});

describe('comparison', () => {
  const base = observe(native, someImage());
  const changed = (change: Partial<Observation>): string | undefined => firstDifference(base, { ...base, ...change });
  const [first, ...rest] = base.looks;
  it('finds no difference between two runs', () => expect(firstDifference(base, observe(native, someImage()))).toBeUndefined());
  it.each(['EAX', 'FLAG_RESULT', 'CR3', 'IDTR_LIMIT', 'X87_FDS'] as const)('sees %s', (name) => {
    const state = first?.state.slice() ?? new Int32Array();
    state[Word[name]] ^= 1;
    expect(first && changed({ looks: [{ ...first, state }, ...rest] })).toContain(name === 'FLAG_RESULT' ? 'look 1: EFLAGS' : `look 1: ${name}`);
  });
  it('sees hidden parts of segments, memory, time, console, end and the neighbour', () => {
    if (first === undefined) throw new Error('there is no look');
    const state = first.state.slice();
    state[Word.LIMIT + 3]++;
    expect(changed({ looks: [{ ...first, state }, ...rest] })).toContain('LIMIT+3');
    expect(changed({ looks: [{ ...first, memory: '' }, ...rest] })).toContain('memory');
    expect(changed({ looks: [{ ...first, retired: 0 }, ...rest] })).toContain('retired');
    expect(changed({ looks: rest })).toBeDefined();
    expect(changed({ console: [] })).toBe('console');
    expect(changed({ exit: { kind: 'halted' } })).toContain('end');
    expect(changed({ neighbourChanges: [5] })).toContain('pages of another owner');
  });
});

describe('shrinking', () => {
  it('leaves what is needed for the failure', () => {
    const items = Array.from({ length: 40 }, (_, item) => item);
    expect(shrinkList(items, (left) => left.includes(7) && left.includes(31))).toEqual([7, 31]);
    expect(shrinkList(items, () => true)).toEqual([]);
  });
  it('leaves out programs, then pieces', () => {
    const programs = Array.from({ length: PROGRAMS }, (_, seed) => generateProgram(seed, 'mixed'));
    const culprit = programs[3]?.pieces[1];
    const least = shrinkPrograms(programs, (left) => left.some(({ pieces }) => pieces.some(({ seed }) => seed === culprit?.seed)));
    expect(least.map(({ pieces }) => pieces)).toEqual([[culprit]]);
  });
  it('keeps a program without pieces where the kernel before it is what it takes', () => {
    const programs = Array.from({ length: PROGRAMS }, (_, seed) => generateProgram(seed, 'mixed'));
    expect(shrinkPrograms(programs, (left) => left.length >= 2).map(({ pieces }) => pieces)).toEqual([[], []]);
  });
});
