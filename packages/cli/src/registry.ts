import type { CoreDefinition } from '@ringbench/engine';

/**
 * The only place that knows which cores there are. A new core is one package and one line here. Packages are loaded on demand, so that a
 * measuring process contains the core that it measures and no other.
 */
const CORES = {
  native: async () => (await import('@ringbench/core-native')).core,
  emulation: async () => (await import('@ringbench/core-emulation')).core,
  v386: async () => (await import('@ringbench/core-v386')).core,
  trap: async () => (await import('@ringbench/core-trap')).core,
} as const satisfies Readonly<Record<string, () => Promise<CoreDefinition>>>;

type CoreId = keyof typeof CORES;

/** The cores that a command can choose from. */
export interface Registry {
  /** Ids in the order in which tables show them, the baseline first. */
  readonly ids: readonly string[];
  /** Loads one core. Throws on an id that is not among `ids`, or if the core names itself otherwise: both are bugs of ours. */
  load(id: string): Promise<CoreDefinition>;
}

const isCoreId = (id: string): id is CoreId => Object.hasOwn(CORES, id);

export const registry: Registry = {
  ids: Object.keys(CORES),
  async load(id) {
    if (!isCoreId(id)) throw new Error(`no core is called ${id}`);
    const core: CoreDefinition = await CORES[id]();
    if (core.id !== id) throw new Error(`the core registered as ${id} calls itself ${core.id}`);
    return core;
  },
};
