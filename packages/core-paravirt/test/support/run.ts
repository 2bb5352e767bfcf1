import type { Engine, Exit, MultibootImage } from '@ringbench/engine';
import { core } from '../../src/index.js';

const MEMORY_BYTES = 4 << 20;
const BUDGET = 2_000_000;

/** Loads a guest and runs it to its end, or to the end of its budget. */
export function runGuest(image: MultibootImage, options: { readonly settings?: Readonly<Record<string, string>>; readonly neighbourPages?: number; readonly budget?: number } = {}): { readonly engine: Engine; readonly exit: Exit } {
  const { budget = BUDGET, ...rest } = options;
  const engine = core.create({ memoryBytes: MEMORY_BYTES, ...rest });
  const loaded = engine.load(image);
  if (!loaded.ok) throw new Error(loaded.problem);
  return { engine, exit: engine.run(budget) };
}

/** A word of guest memory. */
export function wordAt(engine: Engine, physical: number): number {
  return new DataView(engine.inspect().readPhysical(physical, 4).buffer).getInt32(0, true);
}
