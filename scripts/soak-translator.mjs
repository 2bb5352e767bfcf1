// Runs generated programs whose code changes all the time on two machines with a translator each, and watches the process's memory: programs in one place, one over the other
// (packages/translator/test/support/churn.ts), and loops one behind the other through all of memory.
//
//   node scripts/soak-translator.mjs [--minutes M] [--seed S] [--every SECONDS] [--json]
//
// M minutes (10 unless told); a line each 10 s, after a collection of garbage. Exit code 1 when
//   more WebAssembly instances are alive than the translators' limits allow, or
//   resident memory, or JavaScript's heap with what it holds outside, grows: over the last two thirds of the time it rises by more than ALLOWED_GROWTH and twice the standard error, apart from what
//   the number of regions that happen to live explains (two regressions of one variable, after Frisch and Waugh), or
//   the last sample is above MOST_RESIDENT, or
//   nothing is translated any more.
import { parseArgs } from 'node:util';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { linearRegression, linearRegressionLine } from 'simple-statistics';
import { register } from 'tsx/esm/api';

const MIB = 2 ** 20;
/** Over the fitted part: what V8 takes and gives back in between, and what a minute may add. */
const ALLOWED_GROWTH = { base: 12, perMinute: 0.5 };
/** Of two translators that are full. V8 takes some 300 KiB for each instance that it has optimized, and up to 128 MiB for young objects. */
const MOST_RESIDENT = 1536;
/** Hot loops and dispatchers of the two machines, and instances that are unreachable but not yet found so. */
const SPARE_INSTANCES = 64;
/** Parameters of the fit: a constant, and slopes over time and regions. */
const FITTED = 3;
/** Programs of each machine between two looks at the clock. */
const BATCH = 20;

/** Counts WebAssembly instances that have been made and not been collected. */
function countInstances() {
  const counted = { live: 0, made: 0 };
  const registry = new FinalizationRegistry(() => counted.live--);
  WebAssembly.Instance = new Proxy(WebAssembly.Instance, {
    construct(target, values) {
      const instance = Reflect.construct(target, values);
      registry.register(instance, undefined);
      counted.live++;
      counted.made++;
      return instance;
    },
  });
  return counted;
}

function options() {
  const fail = (problem) => {
    console.error(`soak-translator: ${problem}`);
    process.exit(2);
  };
  try {
    const { values } = parseArgs({ options: { minutes: { type: 'string', default: '10' }, seed: { type: 'string', default: '1' }, every: { type: 'string', default: '10' }, json: { type: 'boolean', default: false } } });
    const [minutes, seed, every] = [values.minutes, values.seed, values.every].map(Number);
    if (!(minutes > 0) || !(every > 0) || !Number.isSafeInteger(seed)) fail('--minutes and --every take positive numbers, --seed a whole one');
    return { minutes, seed, every, json: values.json };
  } catch (error) {
    return fail(error.message);
  }
}

/** What of `y` is not explained by a straight line over `x`. */
function residuals(x, y) {
  const line = linearRegressionLine(linearRegression(x.map((value, i) => [value, y[i]])));
  return y.map((value, i) => value - line(x[i]));
}
/** By how much `key` rises from the first sample to the last if as many regions live, less twice the standard error: what is more than chance. */
function riseOf(samples, key) {
  const column = (name) => samples.map((sample) => sample[name]);
  const live = column('live');
  const [time, memory] = ['seconds', key].map((name) => residuals(live, column(name)));
  const slope = linearRegression(time.map((value, i) => [value, memory[i]])).m;
  const squares = (values) => values.reduce((sum, value) => sum + value ** 2, 0);
  const error = Math.sqrt(squares(residuals(time, memory)) / (samples.length - FITTED) / squares(time));
  return (slope - 2 * error) * (samples.at(-1).seconds - samples[0].seconds);
}

function judge(samples, limit) {
  const settled = samples.slice(Math.floor(samples.length / 3));
  const problems = [];
  const most = Math.max(...samples.map(({ instances }) => instances));
  if (most > limit) problems.push(`${most} instances were alive, of ${limit}`);
  if (samples.at(-1).resident > MOST_RESIDENT) problems.push(`${samples.at(-1).resident} MiB are resident, of ${MOST_RESIDENT}`);
  if (settled.at(-1).regions === settled[0].regions) problems.push('nothing was translated any more');
  if (settled.length <= FITTED) return problems;
  const allowed = ALLOWED_GROWTH.base + (ALLOWED_GROWTH.perMinute * (settled.at(-1).seconds - settled[0].seconds)) / 60;
  for (const key of ['resident', 'held']) {
    const rise = riseOf(settled, key);
    if (rise > allowed) problems.push(`${key} memory rose by at least ${rise.toFixed(1)} MiB, of ${allowed.toFixed(1)}`);
  }
  return problems;
}

const { minutes, seed, every, json } = options();
register();
const instances = countInstances();
const { inOnePlace, throughMemory } = await import('../packages/translator/test/support/churn.ts');
const { MOST_REGIONS } = await import('../packages/translator/dist/index.js');
setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc');

const machines = [inOnePlace(seed), throughMemory(seed)];
const limit = machines.length * MOST_REGIONS + SPARE_INSTANCES;
const total = { programs: 0, instructions: 0 };
const samples = [];
const began = performance.now();
const secondsNow = () => (performance.now() - began) / 1000;

async function sample() {
  // Several times, with a turn of the event loop between them: finalizers run then.
  for (let turn = 0; turn < 4; turn++) {
    collect();
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  const { rss, heapUsed, external } = process.memoryUsage();
  const statistics = machines.map(({ translator }) => translator.statistics);
  const sum = (key) => statistics.reduce((all, one) => all + one[key], 0);
  samples.push({
    seconds: Math.round(secondsNow()), ...total, regions: sum('translated'), dropped: sum('dropped'), live: machines.reduce((all, { translator }) => all + translator.store.size, 0), instances: instances.live, made: instances.made,
    resident: Math.round(rss / MIB), held: Math.round(((heapUsed + external) / MIB) * 10) / 10,
  });
  const last = samples.at(-1);
  if (!json) console.log(`${last.seconds} s: ${last.programs} programs, ${last.instructions} instructions, ${last.regions} regions made, ${last.live} live, ${last.instances} instances alive of ${last.made}; ${last.resident} MiB resident, ${last.held} MiB held`);
}

for (let next = every; secondsNow() < minutes * 60; ) {
  for (const machine of machines) {
    for (let program = 0; program < BATCH; program++) {
      total.instructions += machine.next();
      total.programs++;
    }
  }
  if (secondsNow() < Math.min(next, minutes * 60)) continue;
  next += every;
  await sample();
}
const problems = judge(samples, limit);
if (json) console.log(JSON.stringify({ limit, samples, problems }));
else console.log(problems.length === 0 ? `flat; at most ${Math.max(...samples.map((one) => one.instances))} instances alive, of ${limit}` : problems.join('\n'));
process.exitCode = problems.length === 0 ? 0 : 1;
