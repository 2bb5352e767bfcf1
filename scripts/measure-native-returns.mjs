// Asks what scan before execute would gain if RET and other computed near branches ran natively (docs/decisions/0014-scan-before-execute.md). Nothing stops such
// a branch in the middle of an instruction, so while one may run, no instruction may be shown in whose middle a sensitive one begins. Counts both kinds in
// windows of the instructions that compute workloads execute on `native`. Needs a build.
//
//   node scripts/measure-native-returns.mjs [ID…]
//
// Columns, in percent of the instructions: computed branches, each an interpreted instruction today; instructions with a sensitive one inside that does not trap by
// itself; the least that any choice of breakpoints costs, which may be another one at each trap (interpreted instructions and changes of the choice); and what
// breaks if each byte of a mirror that is no breakpoint begins a harmless instruction of bytes that are none either.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { registry } from '../packages/cli/dist/index.js';
import { byteSource, CPU_MODELS, decode, DEFAULT_CPU_MODEL, Segment, Word } from '../packages/isa/dist/index.js';
import { executable, labGuest, labProgram, WORKLOADS } from './lab-guest.mjs';

const BAD_INPUT = 2;
const PAGE_BYTES = 4096;
const PAGE_SHIFT = 12;
const OFFSET_MASK = PAGE_BYTES - 1;
const MEMORY_BYTES = 64 << 20;
/** Instructions before the first window and between two, in a window, and how many windows. */
const SKIPPED = 1_000_003;
const WINDOW = 8_000;
const WINDOWS = 40;
const BARE = [{ id: 'coremark-like', scale: 100 }, { id: 'sieve-sort', scale: 100 }];
const PROGRAMS = ['bytecode', 'compiler', 'compression', 'dhrystone-like', 'fft', 'matrix', 'nbody', 'sha256', 'sort', 'user-coremark-like'];
const { features } = CPU_MODELS[DEFAULT_CPU_MODEL];
const COMPUTED = new Set(['ret', 'jmp-indirect', 'call-indirect']);
/** Sensitive ones that trap all the same: the gates are the monitor's, and a selector that is written in the code names no segment of the silicon's tables. */
const TRAPPING = new Set(['int', 'jmpf', 'callf']);

const decodeAt = (bytes, offset) => decode(byteSource(bytes), offset, { code32: true, features });

/** By offset of a page of 32-bit code, what begins there. `sensitive`: it would run natively, and must not. */
export function instructionsAt(bytes) {
  return Array.from({ length: PAGE_BYTES }, (_, offset) => {
    const instruction = decodeAt(bytes, offset);
    // Bytes that are no instruction fault wherever they are, on two bytes at least; one that goes on in the next page is a breakpoint.
    if (typeof instruction === 'string') return { length: instruction === 'truncated' ? PAGE_BYTES : 2, sensitive: false, computed: false };
    const { row, length, operands } = instruction;
    const traps = TRAPPING.has(row.mnemonic) && operands.every(({ kind }) => kind !== 'memory');
    return { length, sensitive: row.traits.sensitive !== undefined && !traps, computed: COMPUTED.has(row.mnemonic) };
  });
}

/** Whether a sensitive instruction begins in the middle of the one at an offset. */
export function hidesSensitive(page, offset) {
  for (let at = offset + 1; at < offset + page[offset].length && at < PAGE_BYTES; at++) if (page[at].sensitive) return true;
  return false;
}

/** By offset, whether there is a breakpoint if every other byte is to begin a harmless instruction without a breakpoint in it: the least such set. */
export function breakpointsOfSafeStarts(page) {
  const isBroken = page.map(({ sensitive, length }, offset) => sensitive || offset + length > PAGE_BYTES);
  for (let hasChanged = true; hasChanged; ) {
    hasChanged = false;
    for (let offset = PAGE_BYTES - 1; offset >= 0; offset--) {
      if (isBroken[offset] || !isBroken.slice(offset, offset + page[offset].length).includes(true)) continue;
      isBroken[offset] = true;
      hasChanged = true;
    }
  }
  return isBroken;
}

/** The pages of a guest as they are first executed. */
class Pages {
  known = new Map();

  at(view, linear) {
    const number = linear >>> PAGE_SHIFT;
    const known = this.known.get(number);
    if (known !== undefined) return known;
    const page = instructionsAt(view.readPhysical(view.translate(linear) & ~OFFSET_MASK, PAGE_BYTES));
    const made = { page, isBroken: breakpointsOfSafeStarts(page), hides: page.map((_, offset) => hidesSensitive(page, offset)) };
    this.known.set(number, made);
    return made;
  }
}

/** Sums over a sequence of instructions. */
export class Tally {
  instructions = 0;
  computed = 0;
  hiding = 0;
  broken = 0;
  /** The least cost so far if computed branches are breakpoints now, and if they run natively now. */
  interpreting = 0;
  returning = 0;

  add({ page, isBroken, hides }, offset) {
    const { sensitive, computed } = page[offset];
    this.instructions++;
    if (sensitive) return;
    if (computed) this.computed++;
    if (hides[offset]) this.hiding++;
    if (isBroken[offset]) this.broken++;
    const interpreting = Math.min(this.interpreting, this.returning + 1) + (computed ? 1 : 0);
    this.returning = Math.min(this.returning, this.interpreting + 1) + (hides[offset] ? 1 : 0);
    this.interpreting = interpreting;
  }

  get least() { return Math.min(this.interpreting, this.returning); }

  row(id) {
    const share = (count) => `${((100 * count) / this.instructions).toFixed(3)} %`.padStart(10);
    return `${id.padEnd(20)}${[this.computed, this.hiding, this.least, this.broken].map(share).join('')}`;
  }
}

function guestOf(id) {
  const bare = BARE.find((workload) => workload.id === id);
  if (bare !== undefined) return { name: id, format: 'multiboot', bytes: readFileSync(join(WORKLOADS, id, 'image.elf')), commandLine: `scale=${bare.scale}` };
  const { manifest, bytes } = labProgram('user', id);
  return labGuest([`/bin/${id}`, String(manifest.scale.default)], [executable(`bin/${id}`, bytes)]);
}

function measure(native, id) {
  const engine = native.create({ memoryBytes: MEMORY_BYTES });
  const loaded = engine.load(guestOf(id));
  if (!loaded.ok) throw new Error(`${id} cannot be loaded: ${loaded.problem}`);
  const [pages, tally] = [new Pages(), new Tally()];
  for (let window = 0; window < WINDOWS && engine.run(SKIPPED).kind === 'budget'; window++) {
    for (let step = 0; step < WINDOW && engine.run(1).kind === 'budget'; step++) {
      const view = engine.inspect();
      const linear = (view.state[Word.BASE + Segment.CS] + view.state[Word.EIP]) >>> 0;
      tally.add(pages.at(view, linear), linear & OFFSET_MASK);
    }
  }
  return tally;
}

async function main(ids) {
  const all = [...BARE.map((workload) => workload.id), ...PROGRAMS];
  const unknown = ids.find((id) => !all.includes(id));
  if (unknown !== undefined) {
    process.stderr.write(`measure-native-returns: no compute workload is called "${unknown}"; there are ${all.join(', ')}\n`);
    return BAD_INPUT;
  }
  const native = await registry.load('native');
  process.stdout.write(`${'workload'.padEnd(20)}${['computed', 'hiding', 'least', 'broken'].map((name) => name.padStart(10)).join('')}\n`);
  for (const id of ids.length > 0 ? ids : all) process.stdout.write(`${measure(native, id).row(id)}\n`);
  return 0;
}

if (process.argv[1] === import.meta.filename) process.exitCode = await main(process.argv.slice(2));
