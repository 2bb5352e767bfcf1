import { OverlayStore, type BlockStore } from '@ringbench/machine';
import type { IoCounters } from './io-counters.js';

/** What a layer may need beside the store below it. */
export interface LayerContext {
  readonly counters: IoCounters;
  /** One of so many requests fails in the layer `faults`. */
  readonly faultPeriod: number;
}

export type BlockLayer = (below: BlockStore, context: LayerContext) => BlockStore;

function traced(below: BlockStore, { counters }: LayerContext): BlockStore {
  const note = (event: 'io.disk.read' | 'io.disk.write', count: number, done: boolean): boolean => {
    counters.add(event, 1);
    counters.add('io.disk.sector', count);
    if (!done) counters.add('io.disk.failed', 1);
    return done;
  };
  return {
    sectors: below.sectors,
    read: (lba, count, into) => note('io.disk.read', count, below.read(lba, count, into)),
    write: (lba, count, from) => note('io.disk.write', count, below.write(lba, count, from)),
  };
}

/** The last one of each period fails without reaching the layer below: always the same ones. */
function failing(below: BlockStore, { faultPeriod }: LayerContext): BlockStore {
  let requests = 0;
  const fails = (): boolean => ++requests % faultPeriod === 0;
  return {
    sectors: below.sectors,
    read: (lba, count, into) => !fails() && below.read(lba, count, into),
    write: (lba, count, from) => !fails() && below.write(lba, count, from),
  };
}

/** Layers of a disk, by the names that settings give them. */
export const BLOCK_LAYERS = {
  /** Keeps what is written; the store below never changes. */
  overlay: (below) => new OverlayStore(below),
  /** Counts requests. */
  trace: traced,
  /** Fails writes. */
  readonly: (below) => ({ sectors: below.sectors, read: (lba, count, into) => below.read(lba, count, into), write: () => false }),
  /** Fails one request in so many. */
  faults: failing,
} as const satisfies Readonly<Record<string, BlockLayer>>;

export type BlockLayerName = keyof typeof BLOCK_LAYERS;

/** A store under layers, the first of which is on top. */
export function stackBlocks(base: BlockStore, layers: readonly BlockLayerName[], context: LayerContext): BlockStore {
  return layers.reduceRight<BlockStore>((below, name) => BLOCK_LAYERS[name](below, context), base);
}
