import { MemoryPool } from '@ringbench/machine';
import { describe, expect, it } from 'vitest';
import { CALL_NUMBERS } from '../src/abi/numbers.js';
import { PTRACE_REQUESTS } from '../src/abi/ptrace.js';
import { StreamFile } from '../src/index.js';
import { makeHost, runProgram, startProgram } from './support/host.js';
import { call, CODE, DATA, exit, FOREVER, ifZero, store, tinyProgram, words } from './support/tiny-program.js';

const SEEDS = 40;
const CALLS = 60;
const FORK = 2;
const GOLDEN_RATIO = 0x9e3779b9;

/** A sequence of 32-bit numbers (SplitMix, Steele et al., OOPSLA 2014, cut to 32 bits). */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + GOLDEN_RATIO) | 0;
    let value = Math.imul(state ^ (state >>> 16), 0x21f0aaad);
    value = Math.imul(value ^ (value >>> 15), 0x735a2d97);
    return (value ^ (value >>> 15)) >>> 0;
  };
}
type Next = () => number;
const pick = (next: Next, from: readonly number[]): number => from[next() % from.length];

/** Calls that would end the program, or wait for ever; the fuzzer asks for them last. */
const ENDING: readonly number[] = [1, 29, 72, 119, 173, 179, 252];
const NUMBERS = Object.keys(CALL_NUMBERS).map(Number).filter((number) => !ENDING.includes(number));
const REQUESTS = Object.keys(PTRACE_REQUESTS).map(Number);
const VALUES = [0, 1, 2, 3, -1, 7, 9, 11, 17, 64, 0x22, 0x32, 4096, 8192, DATA, DATA + 64, DATA + 4095, CODE & ~4095, CODE, 0x7fffffff, 0x80000000, 0xbffff000, 0xffc00000, 0xffffe000, 0xfffff000, 1000, 1001];
const anyCall = (next: Next): number[] => call(pick(next, NUMBERS), ...Array.from({ length: 6 }, () => (next() % 8 === 0 ? next() : pick(next, VALUES))));
/** ptrace of one of the processes there may be. */
const anyRequest = (next: Next): number[] => call(26, next() % 4 === 0 ? next() % 0x4210 : pick(next, REQUESTS), 1000 + (next() % 3), pick(next, VALUES), pick(next, VALUES));

/** fork for ever: the jump goes back over itself and the call. */
function repeatFork(): number[] {
  const body = call(FORK);
  return [...body, 0xeb, (-(body.length + 2)) & 0xff];
}

/** Runs one program after the other, each on a new host. */
function runEach(count: number, make: (next: Next) => readonly number[]): void {
  const memories = new MemoryPool();
  for (let seed = 1; seed <= count; seed++) {
    const { stop } = runProgram(tinyProgram(make(generator(seed))), { host: makeHost({ memories }), budget: 200_000 });
    expect(['ended', 'asleep', 'budget']).toContain(stop);
    memories.reclaim();
  }
}

describe('no program harms the host', () => {
  it(`calls at random, ${SEEDS} programs of ${CALLS}`, () => {
    runEach(SEEDS, (next) => [...Array.from({ length: CALLS }, () => (next() % 5 === 0 ? anyRequest(next) : anyCall(next))).flat(), ...exit(0)]);
  });

  it('a tracer with a stopped child, requests at random', () => {
    runEach(SEEDS, (next) => {
      const child = [...call(26, 0), 0xcc, ...Array.from({ length: 10 }, () => anyCall(next)).flat(), ...exit(3)];
      const requests = Array.from({ length: CALLS }, () => [...anyRequest(next), ...(next() % 4 === 0 ? call(114, -1, DATA, 1, 0) : [])]).flat();
      return [...call(FORK), ...ifZero(child), ...call(114, -1, DATA, 0x40000000, 0), ...requests, ...exit(0)];
    });
  });

  it('registers that a tracer makes up: selectors and flags that a process cannot have', () => {
    // ds es fs gs orig_eax eip cs eflags esp ss of user_regs_struct, all ones.
    const child = [...call(26, 0), 0xcc, ...call(20), ...exit(3)];
    const registers = Array.from({ length: 17 }, (_, index) => store(DATA + 256 + 4 * index, index === 12 ? 0x123 : -1)).flat();
    const { stop, counts } = runProgram(tinyProgram([...call(FORK), ...ifZero(child), ...call(114, -1, DATA, 0x40000000, 0), ...registers, ...call(26, 13, 1001, 0, DATA + 256), ...call(26, 7, 1001, 0, 0), ...call(114, -1, DATA, 0x40000000, 0), ...exit(0)]));
    expect(stop).toBe('ended');
    // The fault at EIP 123h is a stop; then the tracer ends, and the child with it or by itself.
    expect(counts).toMatchObject({ 'host.stop': 2, 'ptrace.setregs': 1, 'host.exit': 2 });
  });

  it('files that are no programs', () => {
    const program = tinyProgram(exit(0));
    const memories = new MemoryPool();
    const refusal = (bytes: Uint8Array): string => {
      memories.reclaim();
      const started = makeHost({ memories }).start({ name: 'x', bytes, words: ['x'], streams: [new StreamFile(), new StreamFile(), new StreamFile()] });
      return started.ok ? 'started' : started.problem;
    };
    expect(refusal(new Uint8Array(0))).toContain('no ELF');
    expect(refusal(new Uint8Array(100))).toContain('no 32-bit ELF');
    for (let offset = 16; offset < 84; offset++) {
      const bytes = program.slice();
      bytes[offset] ^= 0xff;
      expect(typeof refusal(bytes)).toBe('string');
    }
  });

  it('one that takes all memory is killed, and the host gets it back', () => {
    const host = makeHost({}, 256);
    const grab = [...call(192, 0, 4 << 20, 3, 0x22, -1, 0), 0x89, 0xc7, 0xb9, ...words(1 << 20), 0xf3, 0xab, ...exit(0)];
    const first = runProgram(tinyProgram(grab), { host });
    expect(first.status).toBe(9);
    expect(runProgram(tinyProgram(exit(5)), { host }).status).toBe(5 << 8);
  });

  it('one that only forks stays within its memory', () => {
    const host = makeHost({}, 512);
    const { process } = startProgram(host, tinyProgram(repeatFork()));
    expect(['budget', 'ended', 'asleep']).toContain(host.run(20_000));
    host.endAll();
    expect(process.isDead).toBe(true);
  });
});

describe('processes share the processor', () => {
  it('evenly, however little they give it back', () => {
    const host = makeHost();
    const processes = [0, 1, 2].map(() => startProgram(host, tinyProgram(FOREVER)).process);
    expect(host.run(6_000_000)).toBe('budget');
    for (const { account } of processes) expect(account.time).toBeCloseTo(2_000_000, -4);
    expect(host.counters.counts()['host.preempt']).toBeGreaterThanOrEqual(29);
  });

  it('in the same way, whether the host runs at once or in pieces', () => {
    const [whole, pieces] = [6_000_000, 7_001].map((step) => {
      const host = makeHost();
      const processes = [0, 1, 2].map(() => startProgram(host, tinyProgram(FOREVER)).process);
      while (host.retired < 6_000_000) host.run(Math.min(step, 6_000_000 - host.retired));
      return [processes.map(({ account }) => [account.time, account.slices, account.preemptions]), host.counters.counts()];
    });
    expect(pieces).toEqual(whole);
  });

  it('a crash ends one and no other', () => {
    const host = makeHost();
    const good = startProgram(host, tinyProgram([...call(4, 1, CODE, 1), ...exit(4)]));
    const bad = startProgram(host, tinyProgram(store(16, 1)));
    expect(host.run(1_000_000)).toBe('ended');
    expect([good.process.status, bad.process.status, good.output().length]).toEqual([4 << 8, 11, 1]);
  });

  it('the same run twice is the same to the instruction', () => {
    const program = tinyProgram([...call(FORK), ...call(FORK), ...call(114, -1, DATA, 0, 0), ...call(114, -1, DATA, 0, 0), ...exit(1)]);
    const [one, other] = [runProgram(program), runProgram(program)];
    expect(one).toEqual(other);
    expect(one.counts['host.process']).toBe(4);
  });
});

describe('what the host does not have', () => {
  it('is ENOSYS, counted and listed', () => {
    const host = makeHost();
    const { status } = runProgram(tinyProgram([...call(4444), 0xf7, 0xd8, 0x89, 0xc3, 0xb8, ...words(252), 0xcd, 0x80]), { host });
    expect(status).toBe(38 << 8);
    expect([...host.counters.unknownCalls]).toEqual([[4444, 1]]);
  });
});
