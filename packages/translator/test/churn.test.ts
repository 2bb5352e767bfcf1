import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { MOST_REGIONS } from '@ringbench/translator';
import { inOnePlace, throughMemory, type ChurningMachine } from './support/churn.js';

/** A slice of `node scripts/soak-translator.mjs`: translated code whose bytes are gone must be collectable, for V8 aborts the process at some 30,000 live instances. */
const PROGRAMS = 6;
/** Functions that regions share are made with the first one that needs them, and stay. */
const LASTING = 2;
const SEED = 386;
const ROUNDS = 20;

/** Collects garbage; finalizers and weak references are settled between turns of the event loop. */
async function collect(): Promise<void> {
  setFlagsFromString('--expose-gc');
  const gc = runInNewContext('gc') as () => void;
  for (let round = 0; round < 2; round++) {
    gc();
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

/** Weak references to all instances made while `body` runs. */
function watchInstances(body: () => void): WeakRef<WebAssembly.Instance>[] {
  const made: WeakRef<WebAssembly.Instance>[] = [];
  const Original = WebAssembly.Instance;
  WebAssembly.Instance = new Proxy(Original, {
    construct(target, values: [WebAssembly.Module, WebAssembly.Imports?]) {
      const instance = new target(...values);
      made.push(new WeakRef(instance));
      return instance;
    },
  });
  try {
    body();
  } finally {
    WebAssembly.Instance = Original;
  }
  return made;
}

test.each([['in one place', inOnePlace], ['through memory', throughMemory]] as const)('regions of code that is gone are collected: programs %s', async (_, create) => {
  const machine: ChurningMachine = create(SEED);
  const { store, statistics } = machine.translator;
  const made = watchInstances(() => {
    for (let program = 0; program < PROGRAMS; program++) machine.next();
  });
  expect(made.length).toBeGreaterThan(PROGRAMS);
  expect(statistics.dropped).toBeGreaterThan(0);
  expect(store.size).toBeLessThanOrEqual(MOST_REGIONS);
  store.dropAll();
  expect(store.size).toBe(0);
  const alive = (): number => made.filter((instance) => instance.deref() !== undefined).length;
  for (let round = 0; round < ROUNDS && alive() > LASTING; round++) await collect();
  expect(alive()).toBeLessThanOrEqual(LASTING);
});
