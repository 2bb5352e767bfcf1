// How soon Debian's i386 kernel and BusyBox reach their prompt under our command, under v86 and under QEMU: the same files, the same memory; see README.md here.
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { bootstrapRatio, seededRandom } from '../../packages/analysis/dist/index.js';
import { buildInitramfs } from '../../scripts/debian/initramfs.mjs';
import { CACHE, fetchGuests, obtain } from '../../scripts/debian/packages.mjs';
import { UserError, runScript } from '../../scripts/guest-toolchain.mjs';
import { debianReport } from './peers/debian-tables.mjs';
import { MACHINES, versions } from './peers/machines.mjs';
import { runUntil } from './peers/measure.mjs';
import { chosen, exitOnTermination, positive, progress, say } from './peers/options.mjs';
import { shuffled } from './peers/plan.mjs';
import { cpuMilliseconds, peakMebibytes } from './peers/process-use.mjs';
import { spread } from './peers/summary.mjs';

const RINGBENCH = fileURLToPath(new URL('../../packages/cli/dist/main.js', import.meta.url));
const V86_GUEST = fileURLToPath(new URL('peers/debian-guest.mjs', import.meta.url));
const RESULTS = fileURLToPath(new URL('../../results/bench', import.meta.url));
/** SeaBIOS, which v86 starts Linux with, as Debian and others install it. v86's package has none. */
const FIRMWARE_FOLDERS = ['/usr/share/seabios', '/usr/share/qemu'];
const FIRMWARE = ['bios.bin', 'vgabios-stdvga.bin'];
const PROMPT = '/ # ';
const COMMAND_LINE = 'console=ttyS0 panic=-1 nokaslr';
const MEMORY_MIB = 128;
const MS_PER_S = 1000;

const firmware = () => FIRMWARE.map((file) => FIRMWARE_FOLDERS.map((folder) => join(folder, file)).find((path) => existsSync(path)));
const ours = (executor) => ({
  absent: () => undefined,
  stream: 'stderr',
  // With --json the guest's console goes to stderr, byte by byte.
  command: ({ kernel, initrd }) => [process.execPath, [RINGBENCH, 'boot', '--core', 'native', '--executor', executor, '--memory', `${MEMORY_MIB}M`, '--kernel', kernel, '--initrd', initrd, '--append', COMMAND_LINE, '--json']],
});
const v86 = (mode) => ({
  absent: () => MACHINES.v86.absent() ?? (firmware().includes(undefined) ? `no ${FIRMWARE.join(' and ')} of SeaBIOS in ${FIRMWARE_FOLDERS.join(' or ')}` : undefined),
  command: ({ kernel, initrd }) => [process.execPath, [V86_GUEST, mode, kernel, initrd, COMMAND_LINE, String(MEMORY_MIB << 20), ...firmware()]],
});
const BOOTS = {
  translator: ours('translator'),
  interpreter: ours('interpreter'),
  'v86-translator': v86('translates'),
  v86: v86('interprets'),
  qemu: {
    absent: MACHINES.qemu.absent,
    command: ({ kernel, initrd }) => ['qemu-system-i386', ['-accel', 'tcg,thread=single', '-m', String(MEMORY_MIB), '-display', 'none', '-serial', 'stdio', '-no-reboot', '-nic', 'none', '-kernel', kernel, '-initrd', initrd, '-append', COMMAND_LINE]],
  },
};
const DEFAULT_PEERS = 'translator,v86-translator,qemu';
const HELP = `Usage: node benchmarks/speed/debian.mjs [options]        (after npx tsc -b)

Boots Debian's i386 kernel with BusyBox to its prompt on several machines: seconds from process start, and peak memory. Writes debian.json.

  --rounds N      boots of each machine (5)
  --peers A,B     which machines: ${Object.keys(BOOTS).join(', ')} (${DEFAULT_PEERS})
  --deadline S    seconds after which a boot is ended and reported as a bound (120)
  --seed N        of the order and of the intervals (1)
  --out DIR       where the result goes (results/bench)
  --json          the whole result on standard output instead of a table
  --help

Examples:
  node benchmarks/speed/debian.mjs
  node benchmarks/speed/debian.mjs --rounds 1 --peers translator,interpreter`;
const OPTIONS = {
  rounds: { type: 'string', default: '5' }, peers: { type: 'string', default: DEFAULT_PEERS }, deadline: { type: 'string', default: '120' }, seed: { type: 'string', default: '1' },
  out: { type: 'string', default: RESULTS }, json: { type: 'boolean', default: false }, help: { type: 'boolean', default: false },
};

/** Milliseconds to the first console output and to the prompt, processor time and peak memory then. */
async function bootOnce(peer, files, deadlineMs) {
  const { command, stream } = BOOTS[peer];
  let [console, firstOutputMs] = ['', undefined];
  const result = await runUntil(command(files), { deadlineMs, stream, onText: (text, { pid, milliseconds }) => {
    firstOutputMs ??= milliseconds;
    console = (console + text).slice(-text.length - PROMPT.length);
    if (!console.includes(PROMPT)) return undefined;
    return { promptMs: milliseconds, promptCpuMs: cpuMilliseconds(pid), peakMiB: peakMebibytes(pid) };
  } });
  return { peer, firstOutputMs, timedOut: result === undefined, ...(result ?? { promptMs: deadlineMs }) };
}

function summarize(boots, peers, seed) {
  const of = (peer, key) => boots.filter((boot) => boot.peer === peer).map((boot) => boot[key]).filter((value) => value !== undefined);
  const rows = Object.fromEntries(peers.map((peer) => {
    const [prompt, cpu, peak] = ['promptMs', 'promptCpuMs', 'peakMiB'].map((key) => of(peer, key));
    const isBound = of(peer, 'timedOut').includes(true);
    return [peer, { isBound, promptMs: spread(prompt), ...(cpu.length > 0 ? { promptCpuMs: spread(cpu) } : {}), ...(peak.length > 0 ? { peakMiB: spread(peak) } : {}) }];
  }));
  const ratios = (key) => Object.fromEntries(peers.filter((peer) => peer !== peers[0]).map((peer) => {
    const [numerator, denominator] = [of(peer, key), of(peers[0], key)];
    if (numerator.length === 0 || denominator.length === 0) return [peer, undefined];
    return [peer, { ...bootstrapRatio({ numerator, denominator }, { seed, purpose: `${key} ${peer}` }), bound: rows[peer].isBound ? 'least' : rows[peers[0]].isBound ? 'most' : 'none' }];
  }));
  return { rows, wallRatios: ratios('promptMs'), cpuRatios: ratios('promptCpuMs') };
}

async function main() {
  const { values } = parseArgs({ options: OPTIONS });
  if (values.help) return console.log(HELP);
  const [rounds, seed] = [positive(values.rounds, 'rounds', true), positive(values.seed, 'seed', true)];
  const deadlineMs = positive(values.deadline, 'deadline', false) * MS_PER_S;
  const wanted = chosen(values.peers.split(','), Object.keys(BOOTS), 'machine');
  if (!existsSync(RINGBENCH)) throw new UserError('packages/cli is not built; run npx tsc -b');
  const { guests, reason } = obtain(() => fetchGuests(say));
  if (guests === undefined) return say(`skipped: ${reason}`);
  const skipped = Object.fromEntries(wanted.map((peer) => [peer, BOOTS[peer].absent()]).filter(([, why]) => why !== undefined));
  for (const [peer, why] of Object.entries(skipped)) say(`${peer} skipped: ${why}`);
  const peers = wanted.filter((peer) => skipped[peer] === undefined);
  const files = { kernel: guests.kernel.path, initrd: join(CACHE, 'initramfs.gz') };
  writeFileSync(files.initrd, buildInitramfs(guests.busybox.bytes));
  const random = seededRandom(seed, 'order of the boots');
  const boots = [];
  exitOnTermination();
  for (let round = 0; round < rounds; round++) {
    for (const peer of shuffled(peers, random)) {
      progress(`round ${round + 1}/${rounds}: ${peer}`);
      boots.push(await bootOnce(peer, files, deadlineMs));
    }
  }
  progress('');
  const summary = summarize(boots, peers, seed);
  const result = { schema: 1, seed, rounds, packages: [guests.kernel.package, guests.busybox.package], memoryMiB: MEMORY_MIB, versions: versions(), peers, skipped, ...summary, boots };
  mkdirSync(values.out, { recursive: true });
  writeFileSync(join(values.out, 'debian.json'), `${JSON.stringify(result, undefined, 1)}\n`);
  if (values.json) console.log(JSON.stringify(result, undefined, 1));
  else console.log(debianReport(result));
}

await runScript('debian', main);
