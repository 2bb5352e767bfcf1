// Runs generated guests (packages/engine/src/programs) on each core twice, on the interpreter and on a translator that translates at once, and compares everything that the
// guests show at every look: hostile programs, and kernels that do everything a kernel may.
//
//   node scripts/oracle/translator-guests.mjs [--programs N] [--seed S] [--core a,b]
//
// N programs of each kind (200 unless told). Exit code 1 when something differs, with the seed of the image.
import { parseArgs } from 'node:util';
import { buildImage, firstDifference, generateProgram, observe } from '../../packages/engine/dist/programs/index.js';
import { chosenCores, loadCore } from '../cores.mjs';

const PROFILES = ['hostile', 'mixed'];
const PROGRAMS_OF_AN_IMAGE = 20;
/** Pages of another owner among the guest's. */
const NEIGHBOUR_PAGES = 128;

const { values } = parseArgs({ options: { programs: { type: 'string', default: '200' }, seed: { type: 'string', default: '1' }, core: { type: 'string' } } });
const [programs, seed] = [Number(values.programs), Number(values.seed)];
if (!Number.isSafeInteger(programs) || programs < 1 || !Number.isSafeInteger(seed)) {
  console.error('translator-guests: --programs takes a positive whole number, --seed a whole number');
  process.exit(2);
}

const hasExecutors = ({ settings = [] }) => settings.some(({ name }) => name === 'executor');
const cores = (await Promise.all(chosenCores(values.core).map((id) => loadCore(id)))).filter(hasExecutors);

function compare(core, image) {
  const neighbourPages = core.id === 'native' ? 0 : NEIGHBOUR_PAGES;
  const on = (executor) => observe(core, image, { neighbourPages, settings: { executor } });
  try {
    const expected = on('interpreter');
    return { looks: expected.looks.length, instructions: expected.looks.at(-1).retired, difference: firstDifference(expected, on('eager-translator')) };
  } catch (error) {
    return { looks: 0, instructions: 0, difference: `throws ${error.stack ?? error.message}` };
  }
}

const total = { images: 0, looks: 0, instructions: 0, differences: 0 };
for (const profile of PROFILES) {
  for (let next = 0; next < programs; next += PROGRAMS_OF_AN_IMAGE) {
    const first = seed + next;
    const image = buildImage(Array.from({ length: Math.min(PROGRAMS_OF_AN_IMAGE, programs - next) }, (_, index) => generateProgram(first + index, profile)));
    total.images++;
    for (const core of cores) {
      const { looks, instructions, difference } = compare(core, image);
      total.looks += looks;
      total.instructions += instructions;
      if (difference === undefined) continue;
      total.differences++;
      console.log(`${core.id}, ${profile} programs from seed ${first} on: ${difference.slice(0, 2000)}`);
    }
  }
}
console.log(`${programs} programs of each of ${PROFILES.join(', ')} on ${cores.map(({ id }) => id).join(', ')}: ${total.images} images, ${total.instructions} instructions, ${total.looks} looks; ${total.differences === 0 ? 'no difference' : `${total.differences} differ`}`);
process.exitCode = total.differences === 0 ? 0 : 1;
