// Fetches Debian's static i386 BusyBox to .cache/debian/busybox, for `ringbench exec` and the workloads in workloads/real. Never committed.
import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { CACHE, fetchBusybox, whyNotDebian } from './debian/packages.mjs';

const reason = whyNotDebian();
if (reason === undefined) {
  const target = join(CACHE, 'busybox');
  const { path, package: name } = fetchBusybox();
  copyFileSync(path, target);
  console.log(`${target} is the busybox of ${name}`);
} else {
  console.error(`fetch-busybox: ${reason}`);
  process.exitCode = 1;
}
