// Proves the lab kernel's port to a host process (docs/user-mode.md) on this Linux, with no model of a host in between: what kernel-proofs.mjs has, in each
// arrangement that Linux offers. Then counts what a system call, faults, a signal, fork and exec ask of the host, next to what User-Mode Linux asked.
//
//   node scripts/prove-um-native.mjs [--arrangement skas0,skas0-no-sysemu,tt] [--counts] [ID…]
//
// Exit code 1 when anything differs. With IDs only those programs, with --counts only the counts. Skips with the reason where the host cannot run it.
import { parseArgs } from 'node:util';
import { proveKernel } from './kernel-proofs.mjs';
import { COUNTED, countOnHost, describeCounts } from './um-counts.mjs';
import { ARRANGEMENTS, runOnHost, sessionOnPort, whyNotOnHost } from './um-native.mjs';

/** With this status a program says that its machine lacks what it measures (workloads/user/README.md). */
const STATUS_SKIP = 77;

const { values, positionals } = parseArgs({ options: { arrangement: { type: 'string' }, counts: { type: 'boolean' } }, allowPositionals: true });
const say = (text) => process.stderr.write(`prove-um-native: ${text}\n`);
let problems = 0;

async function prove(id, runOn, judge) {
  for (const machine of machines) {
    const started = performance.now();
    const outcome = await runOn(machine);
    const skips = outcome.exit.status === STATUS_SKIP;
    const difference = skips ? undefined : judge(outcome);
    if (difference !== undefined) problems++;
    const verdict = skips ? `skips: ${outcome.stderr.trim()}` : difference === undefined ? 'same' : `DIFFERS: ${difference}`;
    process.stdout.write(`${id.padEnd(24)} ${machine.name.padEnd(16)} ${((performance.now() - started) / 1000).toFixed(1).padStart(6)} s  ${verdict}\n`);
  }
}

const wanted = values.arrangement?.split(',') ?? Object.keys(ARRANGEMENTS);
const unknown = wanted.find((name) => !Object.hasOwn(ARRANGEMENTS, name));
if (unknown !== undefined) {
  say(`no arrangement is called "${unknown}"; there are ${Object.keys(ARRANGEMENTS).join(', ')}`);
  process.exit(2);
}
const machines = wanted.map((name) => ({ name, words: ARRANGEMENTS[name] }));
const reason = await whyNotOnHost();
if (reason !== undefined) {
  say(`skipped: ${reason}`);
} else {
  if (values.counts !== true) await proveKernel({ prove, run: runOnHost, session: sessionOnPort, say }, (id) => positionals.length === 0 || positionals.includes(id));
  if (values.counts === true || positionals.length === 0) {
    for (const machine of machines) for (const event of COUNTED) process.stdout.write(`${describeCounts(machine.name, event, await countOnHost(machine, event.id))}\n`);
  }
}
process.exitCode = problems === 0 ? 0 : 1;
