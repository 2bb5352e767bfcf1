// Times the micro programs of workloads/user/ natively on this host: what the hardware and its Linux take for each operation.
//
//   node scripts/native-micro.mjs [--json] [--rounds N] [--milliseconds N] [ID…]
//
// Each program is run at a scale that keeps it in its region, from its START line to its END line, for about the given time; the table
// has median, least and most of the rounds in nanoseconds for one unit. These are host times: they show the shape of the programs
// beside published measurements, and enter no modelled cycle.
import { spawn } from 'node:child_process';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { SKIPPED_STATUS, skipReason } from './native-program.mjs';

const PROGRAMS = fileURLToPath(new URL('../workloads/user', import.meta.url));
const MANIFEST = 'program.json';
const DEADLINE_MS = 60_000;
const NANOSECONDS = 1e6;
/** A first measurement shorter than this is mostly the START line's way to us: try a larger scale. */
const CALIBRATION_MS = 10;
const CALIBRATION_GROWTH = 8;
const SCALE_MAXIMUM = 2 ** 30;
/** How often a round is repeated whose two lines came at once, as happens when this process was not scheduled in between. */
const TRIES = 5;

/** Host milliseconds between the two lines, 0 if they came at once, or the reason why there are none. */
function timeRegion(image, scale) {
  return new Promise((resolve) => {
    let text = '';
    let words = '';
    let started = NaN;
    let ended = NaN;
    const child = spawn(image, [String(scale)], { stdio: ['ignore', 'pipe', 'pipe'], timeout: DEADLINE_MS });
    child.stdout.setEncoding('latin1').on('data', (part) => {
      text += part;
      const now = performance.now();
      if (Number.isNaN(started) && text.startsWith('START\n')) started = now;
      if (text.includes('END sum=')) ended = now;
    });
    child.stderr.setEncoding('latin1').on('data', (part) => (words += part));
    child.on('error', (error) => resolve({ reason: `this host does not run i386 programs (${error.code})` }));
    child.on('close', (status) => {
      if (status === 0) resolve({ milliseconds: ended - started });
      else if (status === SKIPPED_STATUS) resolve({ reason: skipReason(words) });
      else resolve({ reason: words.trim() || `exit status ${status}`, failed: true });
    });
  });
}

/** One round, not counting those whose lines came at once. */
async function timeOnce(image, scale) {
  for (let tried = 0; tried < TRIES; tried++) {
    const outcome = await timeRegion(image, scale);
    if (outcome.milliseconds !== 0) return outcome;
  }
  return { reason: 'the region is too short to be timed: ask for more --milliseconds', failed: true };
}

/** The scale at which the region takes about `milliseconds`. */
async function calibrate(image, scale, milliseconds) {
  for (let tried = scale; ; tried *= CALIBRATION_GROWTH) {
    const outcome = await timeRegion(image, tried);
    if (outcome.reason !== undefined) return outcome;
    if (outcome.milliseconds >= CALIBRATION_MS || tried * CALIBRATION_GROWTH > SCALE_MAXIMUM) {
      return { scale: Math.min(SCALE_MAXIMUM, Math.max(1, Math.round((tried * milliseconds) / outcome.milliseconds))) };
    }
  }
}

async function measure(id, { rounds, milliseconds }) {
  const manifest = JSON.parse(readFileSync(join(PROGRAMS, id, MANIFEST), 'utf8'));
  const { title, needs, scale: { unit, default: scale } } = manifest;
  if (needs === 'block-device') return { id, title, reason: 'the host\'s disk is not the guest\'s' };
  const image = join(PROGRAMS, id, manifest.image);
  const calibrated = await calibrate(image, scale, milliseconds);
  if (calibrated.scale === undefined) return { id, title, ...calibrated };
  const samples = [];
  for (let round = 0; round < rounds; round++) {
    const outcome = await timeOnce(image, calibrated.scale);
    if (outcome.reason !== undefined) return { id, title, ...outcome };
    samples.push((outcome.milliseconds * NANOSECONDS) / calibrated.scale);
  }
  samples.sort((a, b) => a - b);
  return { id, title, unit, scale: calibrated.scale, median: samples[samples.length >> 1], least: samples[0], most: samples.at(-1) };
}

function line({ id, reason, failed, median, least, most, unit }) {
  if (reason !== undefined) return `${id.padEnd(24)} ${failed ? 'FAILED' : 'skipped'}: ${reason}`;
  const numbers = [median, least, most].map((value) => value.toFixed(1).padStart(12)).join('');
  return `${id.padEnd(24)}${numbers}  ${unit}`;
}

function positive(text, name) {
  const number = Number(text);
  if (Number.isInteger(number) && number > 0) return number;
  console.error(`native-micro: --${name} must be a whole number above 0, not "${text}"`);
  process.exit(2);
}

async function main() {
  const { values, positionals } = parseArgs({
    options: {
      json: { type: 'boolean' }, rounds: { type: 'string', default: '5' }, milliseconds: { type: 'string', default: '100' },
    },
    allowPositionals: true,
  });
  const options = { rounds: positive(values.rounds, 'rounds'), milliseconds: positive(values.milliseconds, 'milliseconds') };
  const known = readdirSync(PROGRAMS)
    .filter((id) => existsSync(join(PROGRAMS, id, MANIFEST)))
    .filter((id) => JSON.parse(readFileSync(join(PROGRAMS, id, MANIFEST), 'utf8')).class === 'micro');
  const unknown = positionals.find((id) => !known.includes(id));
  if (unknown !== undefined) {
    console.error(`native-micro: no micro program "${unknown}"; there are ${known.join(', ')}`);
    process.exit(2);
  }
  const results = [];
  if (!values.json) console.log(`${'ns for one unit'.padEnd(24)}${'median'.padStart(12)}${'least'.padStart(12)}${'most'.padStart(12)}`);
  for (const id of positionals.length > 0 ? positionals : known) {
    const result = await measure(id, options);
    results.push(result);
    if (result.failed) process.exitCode = 1;
    if (!values.json) console.log(line(result));
  }
  if (values.json) console.log(JSON.stringify({ unit: 'ns', ...options, results }, null, 2));
}

try {
  await main();
} catch (error) {
  if (!error.code?.startsWith('ERR_PARSE_ARGS')) throw error;
  console.error(`native-micro: ${error.message}`);
  process.exitCode = 2;
}
