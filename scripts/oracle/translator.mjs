// Runs generated programs on the translator in lock step with the interpreter (packages/translator/test/support/lockstep.ts): loops and calls around random
// instructions of all rows, with faults, page-crossing accesses, changing code, TLB flushes and NMIs at random instruction counts.
//
//   node scripts/oracle/translator.mjs [--instructions N] [--seed S] [--force none|some|all] [--json]
//
// N instructions (1,000,000 unless told) on each of the two. `--force`: which checks of the generated code always fail, so that their sites are left at.
// Exit code 1 and the shrunk program when state, memory or counts differ.
import { parseArgs } from 'node:util';
import { register } from 'tsx/esm/api';

const FORCED = { none: undefined, some: (check) => check % 3 === 0, all: () => true };

function options() {
  const fail = (problem) => {
    console.error(`translator: ${problem}`);
    process.exit(2);
  };
  try {
    const { values } = parseArgs({ options: { instructions: { type: 'string', default: '1000000' }, seed: { type: 'string', default: '1' }, force: { type: 'string', default: 'none' }, json: { type: 'boolean', default: false } } });
    const [instructions, seed] = [Number(values.instructions), Number(values.seed)];
    if (!Number.isInteger(instructions) || instructions < 1 || !Number.isInteger(seed)) fail('--instructions and --seed take whole numbers, --instructions a positive one');
    if (!(values.force in FORCED)) fail('--force takes none, some or all');
    return { instructions, seed, failsAlways: FORCED[values.force], json: values.json };
  } catch (error) {
    return fail(error.message);
  }
}

const { instructions, seed, failsAlways, json } = options();
register();
const { checkLockstep } = await import('../../packages/translator/test/support/lockstep.ts');
const onProgress = (done) => process.stderr.isTTY && process.stderr.write(`\r${done}/${instructions}`);
const result = checkLockstep({ instructions, seed, onProgress, ...(failsAlways === undefined ? {} : { options: { failsAlways } }) });
if (process.stderr.isTTY) process.stderr.write('\r\u001b[K');
if (json) console.log(JSON.stringify(result));
else console.log(`${result.programs} programs, ${result.instructions} instructions in lock step, ${result.regions} regions; ${result.failure === undefined ? 'no difference' : 'they differ'}`);
if (!json && result.failure !== undefined) console.log(result.failure);
process.exitCode = result.failure === undefined ? 0 : 1;
