import type { BlockStore } from '@ringbench/machine';
import { loadDisk } from './disk-boot.js';
import type { EngineOptions, GuestImage, LoadResult } from './engine.js';
import type { GuestHost } from './guest-host.js';
import type { LoadedGuest } from './guest-load.js';
import type { GuestIo } from './io/guest-io.js';
import { startGuest } from './guest-start.js';
import { loadLinux } from './linux-boot.js';
import { loadMultiboot } from './multiboot.js';
import { loadRoms } from './rom-boot.js';

const DONE: LoadResult = { ok: true };

/** Stores for the machine's disks, or what is wrong with them. */
function diskStores(image: GuestImage, { pc }: GuestHost, disks: NonNullable<EngineOptions['disks']>, io: GuestIo): readonly BlockStore[] | string {
  const images = image.format === 'disk' ? [image.bytes, ...disks] : disks;
  const empty = images.findIndex((disk) => disk instanceof Uint8Array && disk.length === 0);
  if (empty >= 0) return `${image.format === 'disk' && empty === 0 ? image.name : `disk ${empty}`} is empty: a disk has at least one byte`;
  if (images.length > pc.mostDisks) return `${images.length} disks are too many: the machine has room for ${pc.mostDisks}`;
  return images.map((disk) => io.store(disk));
}

/**
 * Puts any image in a machine after power-on, by its boot protocol: memory, disks, ROMs, and the processor at its entry. A defect is a value, and leaves a
 * machine that another image can be loaded into.
 */
export function bootGuest(image: GuestImage, host: GuestHost, options: EngineOptions, io: GuestIo): LoadResult {
  const stores = diskStores(image, host, options.disks ?? [], io);
  if (typeof stores === 'string') return { ok: false, problem: stores };
  if (stores.length > 0 && host.pc.hasDisks) return { ok: false, problem: `${image.name} needs a new machine: this one has its disks already` };
  const problem = placeImage(image, host, stores);
  if (problem !== undefined) return { ok: false, problem };
  if (stores.length > 0) host.pc.connectDisks(stores);
  return DONE;
}

function placeImage(image: GuestImage, host: GuestHost, stores: readonly BlockStore[]): string | undefined {
  const write = (physical: number, bytes: Uint8Array): void => host.writePhysical(physical, bytes);
  switch (image.format) {
    case 'disk': return loadDisk(image, host, stores);
    case 'rom': return loadRoms(image, host);
    case 'linux': return start(host, loadLinux(image, host.ramBytes, write));
    case 'multiboot': return start(host, loadMultiboot(image, host.ramBytes, write));
  }
}

function start(host: GuestHost, guest: LoadedGuest): string | undefined {
  if (!guest.ok) return guest.problem;
  startGuest(host.processor, guest);
  return undefined;
}
