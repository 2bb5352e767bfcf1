// Proves the lab kernel under the cores, all of them unless told: what kernel-proofs.mjs has, and the cores retire the same number of instructions for
// each. Then a fuzzer makes system calls on the first core, and the kernel must be alive at the end.
//
//   node scripts/prove-kernel.mjs [--core a,b] [--calls N] [--seed N] [ID…]
//
// Exit code 1 when anything differs. With IDs only those programs. Without Debian's packages the script is skipped, and says why. Some minutes.
import { parseArgs } from 'node:util';
import { chosenCores, loadCore } from './cores.mjs';
import { isClean, proveKernel } from './kernel-proofs.mjs';
import { executable, labGuest, labProgram, runLabGuest } from './lab-guest.mjs';
import { sessionInGuest } from './terminal-session.mjs';

const BUDGET = 100_000_000_000;
const FUZZ = 'call-fuzz';
/** With this status a program says that its machine lacks what it measures (workloads/user/README.md); a ported one may. */
const STATUS_SKIP = 77;

const { values, positionals } = parseArgs({
  options: { core: { type: 'string' }, calls: { type: 'string', default: '1000000' }, seed: { type: 'string', default: '1' } }, allowPositionals: true,
});
const cores = chosenCores(values.core);
const isWanted = (id) => positionals.length === 0 || positionals.includes(id);
let problems = 0;

function report(id, core, outcome, difference) {
  if (difference !== undefined) problems++;
  process.stdout.write(`${id.padEnd(24)} ${core.padEnd(10)} ${String(outcome.retired).padStart(11)} instructions  ${difference === undefined ? 'same' : `DIFFERS: ${difference}`}\n`);
}

/** Runs a guest on every core by `runOn(core)`; `judge(outcome)` says what is wrong with the first, to which the others are compared. */
async function prove(id, runOn, judge) {
  let first;
  for (const name of cores) {
    const core = await loadCore(name);
    const outcome = runOn(core);
    first ??= outcome;
    // A ported kernel takes another number of instructions.
    const compared = core.port === undefined ? ['retired', 'stdout', 'stderr', 'shown'] : ['stdout', 'stderr', 'shown'];
    const refuses = core.port !== undefined && outcome.exit.status === STATUS_SKIP;
    const matches = refuses || compared.every((what) => outcome[what] === first[what]);
    report(id, name, outcome, outcome === first ? judge(outcome) : matches ? undefined : `not as on ${cores[0]}, which retired ${first.retired}`);
  }
}

async function proveCalls() {
  const { bytes, manifest } = labProgram('proofs', FUZZ);
  const outcome = runLabGuest(await loadCore(cores[0]), labGuest([`/bin/${FUZZ}`, values.calls, values.seed], [executable(`bin/${FUZZ}`, bytes)]), { budget: BUDGET });
  process.stdout.write(outcome.stderr);
  report(`${FUZZ} seed ${values.seed}`, cores[0], outcome, isClean(outcome) && outcome.stdout === manifest.expected.stdout ? undefined : JSON.stringify(outcome.exit));
}

const prover = {
  prove,
  run: (core, guest, options) => runLabGuest(core, guest, { budget: BUDGET, ...options }),
  session: sessionInGuest,
  say: (text) => process.stderr.write(`prove-kernel: ${text}\n`),
};
await proveKernel(prover, isWanted);
if (isWanted(FUZZ)) await proveCalls();
process.exitCode = problems === 0 ? 0 : 1;
