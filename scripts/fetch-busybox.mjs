// Fetches Debian's static i386 BusyBox to .cache/debian/busybox, for `ringbench exec` and the workloads in workloads/real. Never committed.
import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { CACHE, fetchBusybox, obtain } from './debian/packages.mjs';

const { guests, reason } = obtain(fetchBusybox);
if (guests !== undefined) {
  const target = join(CACHE, 'busybox');
  copyFileSync(guests.path, target);
  console.log(`${target} is the busybox of ${guests.package}`);
} else {
  console.error(`fetch-busybox: ${reason}`);
  process.exitCode = 1;
}
