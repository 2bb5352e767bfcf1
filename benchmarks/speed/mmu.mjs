// Speed of the memory management unit's slow paths, in nanoseconds of host time. Build first, then: node benchmarks/speed/mmu.mjs [--json]
// A diagnostic for this project's developers, not an observation of the lab: one process, best of several rounds.
import { CR0, Word } from '../../packages/isa/dist/index.js';
import { MachineMemory, Mmu, Region } from '../../packages/machine/dist/index.js';

const PAGE = 4096;
const MIB = 1 << 20;
const ENTRY_BITS = 0x67; // present, writable, user, accessed, dirty
const DIRECTORY = 0x1000;
const SECOND_LEVEL_DIRECTORY = 0x2000;
const FIRST_TABLE = 0x10000;
const SECOND_LEVEL_TABLE = 0x20000;
const DATA_ENTRIES = 64;
const PAGES = 512;
const ROUNDS = 15;
const CALLS = 1 << 17;

/** Linear pages 0..1023 map to themselves, by the guest's tables and by the second-level ones. */
function buildMachine() {
  const memory = new MachineMemory(16 * MIB);
  const word = (address, value) => memory.view.setInt32(Region.RAM + address, value, true);
  word(DIRECTORY, FIRST_TABLE | ENTRY_BITS);
  word(SECOND_LEVEL_DIRECTORY, SECOND_LEVEL_TABLE | ENTRY_BITS);
  for (let page = 0; page < 1024; page++) {
    word(FIRST_TABLE + 4 * page, (page * PAGE) | ENTRY_BITS);
    word(SECOND_LEVEL_TABLE + 4 * page, (page * PAGE) | ENTRY_BITS);
  }
  memory.state[Word.CR0] = CR0.PE | CR0.PG | CR0.WP;
  memory.state[Word.CR3] = DIRECTORY;
  const mmu = new Mmu(memory, { dataEntries: DATA_ENTRIES, codeEntries: DATA_ENTRIES });
  return { memory, mmu };
}

/** Fastest round, in ns per call; `round` makes `calls` of them. */
function nanoseconds(calls, round) {
  let best = Infinity;
  for (let i = 0; i < ROUNDS; i++) {
    const start = process.hrtime.bigint();
    round(calls);
    best = Math.min(best, Number(process.hrtime.bigint() - start) / calls);
  }
  return best;
}

const { memory, mmu } = buildMachine();
const base = 256 * PAGE;
let sum = 0;

function loadsOver(pages) {
  return (calls) => {
    for (let i = 0; i < calls; i++) sum += mmu.load(base + (i % pages) * PAGE + (i & 0xffc), 4, true);
  };
}
function storesOver(pages) {
  return (calls) => {
    for (let i = 0; i < calls; i++) mmu.store(base + (i % pages) * PAGE + (i & 0xffc), 4, i, true);
  };
}
function fetchesOver(pages) {
  return (calls) => {
    for (let i = 0; i < calls; i++) sum += mmu.fetch(base + (i % pages) * PAGE, true);
  };
}
function flushes(calls) {
  for (let i = 0; i < calls; i++) {
    mmu.pagingChanged();
    for (let page = 0; page < DATA_ENTRIES; page++) sum += mmu.load(base + page * PAGE, 4, true);
  }
}

const results = {
  'data refill (read)': nanoseconds(CALLS, loadsOver(PAGES)),
  'data refill (write)': nanoseconds(CALLS, storesOver(PAGES)),
  'code refill': nanoseconds(CALLS, fetchesOver(PAGES)),
  'slow load, TLB hit': nanoseconds(CALLS, loadsOver(DATA_ENTRIES / 2)),
  'slow store, TLB hit': nanoseconds(CALLS, storesOver(DATA_ENTRIES / 2)),
  'slow load across pages': nanoseconds(CALLS, (calls) => {
    for (let i = 0; i < calls; i++) sum += mmu.load(base + PAGE - 2, 4, true);
  }),
  'read-modify-write, TLB hit': nanoseconds(CALLS, (calls) => {
    for (let i = 0; i < calls; i++) {
      sum += mmu.translateWrite(base + (i & 0xffc), 4, true);
      mmu.commitWrite();
    }
  }),
  'fetch, TLB hit': nanoseconds(CALLS, fetchesOver(DATA_ENTRIES / 2)),
  'CR3 load + 64 refills': nanoseconds(CALLS / 64, flushes),
};
mmu.watchCode(256);
results['store to watched page'] = nanoseconds(CALLS, (calls) => {
  for (let i = 0; i < calls; i++) mmu.store(base + (i & 0xffc), 4, i, true);
});
memory.state[Word.IN_V386] = 1;
memory.state[Word.SECOND_LEVEL_ROOT] = SECOND_LEVEL_DIRECTORY;
mmu.flushTranslations();
results['data refill, second level'] = nanoseconds(CALLS, loadsOver(PAGES));

if (mmu.faulted || Number.isNaN(sum)) throw new Error('the benchmark faulted');
if (process.argv.includes('--json')) {
  process.stdout.write(`${JSON.stringify(results)}\n`);
} else {
  for (const [name, value] of Object.entries(results)) process.stdout.write(`${name.padEnd(28)} ${value.toFixed(1).padStart(8)} ns\n`);
}
