import type { CoreDefinition } from '@ringbench/engine';

/**
 * The only place that knows which cores there are. A new core is one package and one line here. Packages are loaded on demand, so that a
 * measuring process contains the core that it measures and no other.
 */
const CORES = {
  native: async () => (await import('@ringbench/core-native')).core,
  emulation: async () => (await import('@ringbench/core-emulation')).core,
  sbe: async () => (await import('@ringbench/core-sbe')).core,
  'dynamic-sbe': async () => (await import('@ringbench/core-dynamic-sbe')).core,
  trap: async () => (await import('@ringbench/core-trap')).core,
  v386: async () => (await import('@ringbench/core-v386')).core,
  paravirt: async () => (await import('@ringbench/core-paravirt')).core,
  uml: async () => (await import('@ringbench/core-uml')).core,
} as const satisfies Readonly<Record<string, () => Promise<CoreDefinition>>>;

type CoreId = keyof typeof CORES;

/** Those whose machine is no PC: they run what was ported to it and nothing else. */
const PORTED: readonly CoreId[] = ['paravirt', 'uml'];

/** The cores that a command can choose from. */
export interface Registry {
  /** Ids in the order in which tables show them, the baseline first. */
  readonly ids: readonly string[];
  /** Of these, the cores whose machine is a PC, which run any guest of a PC unmodified. */
  readonly pcIds: readonly string[];
  /** Loads one core. Throws on an id that is not among `ids`, or if the core names itself otherwise: both are bugs of ours. */
  load(id: string): Promise<CoreDefinition>;
}

const isCoreId = (id: string): id is CoreId => Object.hasOwn(CORES, id);

export const registry: Registry = {
  ids: Object.keys(CORES),
  pcIds: Object.keys(CORES).filter((id) => !PORTED.some((ported) => ported === id)),
  async load(id) {
    if (!isCoreId(id)) throw new Error(`no core is called ${id}`);
    const core: CoreDefinition = await CORES[id]();
    if (core.id !== id) throw new Error(`the core registered as ${id} calls itself ${core.id}`);
    if ((core.port === undefined) === PORTED.includes(id)) throw new Error(`the registry is wrong about the machine of ${id}`);
    return core;
  },
};
