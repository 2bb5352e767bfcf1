// The command line of the fuzzers.
import { parseArgs } from 'node:util';
import { EXECUTOR_NAMES } from '../../packages/engine/dist/index.js';
import { chosenCores } from '../cores.mjs';

const BAD_INPUT = 2;

/** `--programs N --seed S --core a,b --executor E --json`; a mistake ends the process with one line and exit code 2. */
export function fuzzOptions(name, defaultPrograms) {
  const fail = (problem) => {
    process.stderr.write(`${name}: ${problem}\n`);
    process.exit(BAD_INPUT);
  };
  try {
    const { values } = parseArgs({
      options: { programs: { type: 'string', default: String(defaultPrograms) }, seed: { type: 'string', default: '1' }, core: { type: 'string' }, executor: { type: 'string' }, json: { type: 'boolean', default: false } },
    });
    const [programs, seed] = [Number(values.programs), Number(values.seed)];
    if (!Number.isSafeInteger(programs) || programs < 1 || !Number.isSafeInteger(seed) || seed < 0) fail('--programs takes a positive whole number, --seed a whole number');
    const { executor } = values;
    if (executor !== undefined && !EXECUTOR_NAMES.includes(executor)) fail(`--executor takes ${EXECUTOR_NAMES.join(', ')}`);
    return { programs, seed, cores: chosenCores(values.core), executor, json: values.json };
  } catch (error) {
    return fail(error.message);
  }
}
