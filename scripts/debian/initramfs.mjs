// The initial RAM disk with which Debian's kernel is booted: BusyBox, a script that checks the machine, and an init that leads to a shell. The same
// BusyBox gives the same bytes.
import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { writeArchive } from '../../packages/archive/dist/index.js';

const INIT = `#!/bin/busybox sh
/bin/busybox --install -s /bin
exec sh
`;

const COUNT = 5000;
const MULTIPLIER = 7919;
const MODULUS = 10007;
const SQUARES = 200;

const CHECK = `mount -t proc proc /proc && grep -c '^proc /proc proc' /proc/mounts
awk 'BEGIN { for (i = 1; i <= ${COUNT}; i++) printf "%d %d\\n", i, (i * ${MULTIPLIER}) % ${MODULUS} }' > /numbers
sha256sum /numbers
sort -k2,2n /numbers | head -n 3
gzip -c /numbers > /numbers.gz && gunzip -c /numbers.gz | cmp - /numbers && echo round trip: same
seq 1 ${SQUARES} | while read n; do echo $((n * n)); done | grep '6$' | sort -rn | sed -n 1p
awk '{ sum += $2 } END { print sum }' /numbers
`;

/** What CHECK prints, computed here. */
export function expectedOutput() {
  const rows = Array.from({ length: COUNT }, (_, at) => [at + 1, ((at + 1) * MULTIPLIER) % MODULUS]);
  const text = rows.map(([n, value]) => `${n} ${value}\n`).join('');
  const sorted = rows.toSorted((a, b) => a[1] - b[1]).slice(0, 3).map(([n, value]) => `${n} ${value}`);
  const squares = Array.from({ length: SQUARES }, (_, at) => (at + 1) ** 2).filter((square) => square % 10 === 6);
  const sum = rows.reduce((total, [, value]) => total + value, 0);
  return ['1', `${createHash('sha256').update(text).digest('hex')}  /numbers`, ...sorted, 'round trip: same', String(Math.max(...squares)), String(sum)];
}

/** The compressed archive. `check.sh` in it is run by typing `sh /check.sh`. */
export function buildInitramfs(busybox) {
  const text = (content) => new TextEncoder().encode(content);
  const folders = ['bin', 'dev', 'proc'].map((path) => ({ kind: 'directory', path }));
  return gzipSync(writeArchive([
    ...folders,
    { kind: 'device', path: 'dev/console', major: 5, minor: 1 },
    { kind: 'file', path: 'bin/busybox', bytes: busybox, executable: true },
    { kind: 'file', path: 'init', bytes: text(INIT), executable: true },
    { kind: 'file', path: 'check.sh', bytes: text(CHECK) },
  ]), { level: 9 });
}
