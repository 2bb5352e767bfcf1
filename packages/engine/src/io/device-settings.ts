import type { ConsoleInterface, DiskInterface, NetworkInterface } from '@ringbench/machine';
import type { EngineOptions, Setting } from '../engine.js';
import { BLOCK_LAYERS, type BlockLayerName } from './block-layers.js';
import { CHARACTER_LAYERS, type CharacterLayerName } from './character-layers.js';

/**
 * The four ways of the source slides ("Hardware devices"): emulation of the real interface; the real device, allocated to the guest; a virtual device of our
 * own semantics; an I/O API whose services can be layered. Where there is no monitor the first two are one.
 */
const WAYS = ['emulated', 'static', 'virtual', 'layered'] as const;
export type DeviceWay = (typeof WAYS)[number];

interface DeviceWayInterfaces { readonly disk: DiskInterface; readonly console: ConsoleInterface }
/** What the guest finds. */
export const INTERFACES: Readonly<Record<DeviceWay, DeviceWayInterfaces>> = {
  emulated: { disk: 'ata', console: 'uart' }, static: { disk: 'ata', console: 'uart' }, virtual: { disk: 'request', console: 'request' }, layered: { disk: 'service', console: 'service' },
};

/** What the guest finds at its network, by the value of the setting; without a driver of its own nothing else is there. */
const NETWORKS = { none: undefined, emulated: 'ne2000', virtual: 'request' } as const satisfies Readonly<Record<string, NetworkInterface | undefined>>;
const DEFAULT_NETWORK = 'none';
const DEFAULT_WAY: DeviceWay = 'emulated';
const NO_LAYERS = 'none';
const DEFAULT_DISK_LAYERS = 'trace.overlay';
const DEFAULT_CONSOLE_LAYERS = 'trace.quota';
const DEFAULT_FAULT_PERIOD = 16;
const LONGEST_FAULT_PERIOD = 1e9;
const SEPARATOR = '.';

const wayMeaning = (device: string): string =>
  `how the guest reaches its ${device}: the monitor emulates a PC's (\`emulated\`), a PC's is allocated to the guest (\`static\`), the laboratory's own (\`virtual\`), or a service of the I/O API (\`layered\`)`;

/** For the `settings` of every core. */
export const DEVICE_SETTINGS: readonly Setting[] = [
  { name: 'disk', meaning: wayMeaning('disk'), default: DEFAULT_WAY, values: WAYS },
  { name: 'console', meaning: wayMeaning('console'), default: DEFAULT_WAY, values: WAYS },
  {
    name: 'network', meaning: 'the guest\'s network card, whose peer echoes every frame: an NE2000 that the monitor emulates (`emulated`), the laboratory\'s own (`virtual`), or none',
    default: DEFAULT_NETWORK, values: Object.keys(NETWORKS),
  },
  { name: 'disk-layers', meaning: `layers that serve the disk, from the top, joined by dots; with \`disk=layered\` the default is \`${DEFAULT_DISK_LAYERS}\``, default: NO_LAYERS, values: { listOf: Object.keys(BLOCK_LAYERS) } },
  { name: 'console-layers', meaning: `layers that serve the console's output; with \`console=layered\` the default is \`${DEFAULT_CONSOLE_LAYERS}\``, default: NO_LAYERS, values: { listOf: Object.keys(CHARACTER_LAYERS) } },
  { name: 'fault-period', meaning: 'of so many requests the layer `faults` fails one', default: String(DEFAULT_FAULT_PERIOD), values: { least: 1, most: LONGEST_FAULT_PERIOD } },
];

/** What the settings say of a guest's devices. */
export interface DeviceChoices {
  readonly disk: DeviceWay;
  readonly console: DeviceWay;
  readonly network: NetworkInterface | undefined;
  readonly diskLayers: readonly BlockLayerName[];
  readonly consoleLayers: readonly CharacterLayerName[];
  readonly faultPeriod: number;
}

function wayOf(value: unknown, name: string): DeviceWay {
  const way = WAYS.find((candidate) => candidate === value);
  if (way === undefined) throw new Error(`${name} is reached in no way that is called ${String(value)}; there are ${WAYS.join(', ')}`);
  return way;
}

const isNameIn = <Name extends string>(table: Readonly<Record<Name, unknown>>, name: string): name is Name => Object.hasOwn(table, name);

function networkOf(name: string): NetworkInterface | undefined {
  if (!isNameIn(NETWORKS, name)) throw new Error(`no network is called ${name}; there are ${Object.keys(NETWORKS).join(', ')}`);
  return NETWORKS[name];
}

function layersOf<Name extends string>(table: Readonly<Record<Name, unknown>>, value: string): readonly Name[] {
  if (value === NO_LAYERS) return [];
  const names = value.split(SEPARATOR);
  if (new Set(names).size !== names.length) throw new Error(`${value} names a layer twice`);
  return names.map((name) => {
    if (!isNameIn(table, name)) throw new Error(`no layer is called ${name}; there are ${Object.keys(table).join(', ')}`);
    return name;
  });
}

function periodOf(value: unknown): number {
  const period = Number(value);
  if (!Number.isInteger(period) || period < 1 || period > LONGEST_FAULT_PERIOD) throw new Error(`the fault period cannot be ${String(value)}`);
  return period;
}

type Settings = NonNullable<EngineOptions['settings']>;

const diskLayersIn = (settings: Settings): string => String(settings['disk-layers'] ?? (settings['disk'] === 'layered' ? DEFAULT_DISK_LAYERS : NO_LAYERS));
const consoleLayersIn = (settings: Settings): string => String(settings['console-layers'] ?? (settings['console'] === 'layered' ? DEFAULT_CONSOLE_LAYERS : NO_LAYERS));

/** Reads the settings. Throws on a value that `DEVICE_SETTINGS` does not have: who offers settings checks them. */
export function deviceChoices(settings: Settings = {}): DeviceChoices {
  return {
    disk: wayOf(settings['disk'] ?? DEFAULT_WAY, 'disk'),
    console: wayOf(settings['console'] ?? DEFAULT_WAY, 'console'),
    network: networkOf(String(settings['network'] ?? DEFAULT_NETWORK)),
    diskLayers: layersOf(BLOCK_LAYERS, diskLayersIn(settings)),
    consoleLayers: layersOf(CHARACTER_LAYERS, consoleLayersIn(settings)),
    faultPeriod: periodOf(settings['fault-period'] ?? DEFAULT_FAULT_PERIOD),
  };
}

/** Identity of the machine that a guest finds under settings: guests of equal machines must behave equally, whatever the technique. Any text is a value. */
export function guestMachine(settings: Settings = {}): string {
  const found = (device: keyof DeviceWayInterfaces): string => {
    const way = String(settings[device] ?? DEFAULT_WAY);
    return isNameIn(INTERFACES, way) ? INTERFACES[way][device] : way;
  };
  return JSON.stringify([found('disk'), found('console'), settings['network'] ?? DEFAULT_NETWORK, diskLayersIn(settings), consoleLayersIn(settings), settings['fault-period'] ?? DEFAULT_FAULT_PERIOD]);
}
