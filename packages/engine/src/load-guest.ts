import type { GuestImage } from './engine.js';
import type { LoadedGuest, WriteMemory } from './guest-load.js';
import { loadLinux } from './linux-boot.js';
import { loadMultiboot } from './multiboot.js';

/** Places any image in zeroed guest memory of `ramBytes` bytes, by its boot protocol. */
export function loadGuest(image: GuestImage, ramBytes: number, write: WriteMemory): LoadedGuest {
  return image.format === 'linux' ? loadLinux(image, ramBytes, write) : loadMultiboot(image, ramBytes, write);
}
