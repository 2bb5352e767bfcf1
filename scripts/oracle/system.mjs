// Compares privileged and protected-mode behaviour of our cores with QEMU, scenario by scenario.
//
//   node scripts/oracle/system.mjs [--seed S] [--scenarios N] [--family F] [--json] [--record FILE]
//
// All systematic scenarios (families/), and N random ones (400 unless told) that follow from the seed, run on QEMU and on every core.
// Exit code 1 when an answer differs and known-differences.ts does not say why, when an entry there explains nothing, or when the cores differ; 2
// when the arguments are bad; 0 with one line where QEMU is absent. --record writes QEMU's answers to every RECORDED_STRIDE-th scenario for the tests.
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { chosenCores, loadCore } from '../cores.mjs';
import { differences, formatDifference, signature } from './system/answer.ts';
import { randomScenarios } from './system/families/random.ts';
import { systematicScenarios } from './system/families/index.ts';
import { KNOWN_DIFFERENCES, unexplained } from './system/known-differences.ts';
import { answerAll, qemuVersion, runOnCore, runOnQemu } from './system/peers.ts';
import { encodeRecording, recordedSlice } from './system/recording.ts';

const PLACES_SHOWN = 5;
const DEFAULTS = { seed: '1', scenarios: '400' };

function usage(problem) {
  console.error(`system: ${problem}`);
  process.exit(2);
}
function options() {
  try {
    const { values } = parseArgs({ options: { seed: { type: 'string', default: DEFAULTS.seed }, scenarios: { type: 'string', default: DEFAULTS.scenarios }, family: { type: 'string' }, json: { type: 'boolean', default: false }, record: { type: 'string' } } });
    const [seed, count] = [Number(values.seed), Number(values.scenarios)];
    if (!Number.isInteger(seed) || !Number.isInteger(count) || count < 0) usage('--seed and --scenarios take whole numbers');
    return { ...values, seed, count };
  } catch (error) {
    return usage(error.message);
  }
}

const countBy = (items, key) => items.reduce((counts, item) => ({ ...counts, [key(item)]: (counts[key(item)] ?? 0) + 1 }), {});
const progress = (name, total) => (done) => {
  if (process.stderr.isTTY) process.stderr.write(`\r\u001b[K${done === total ? '' : `${name} ${done}/${total}`}`);
};

/** Scenarios whose answers differ unexplained: [scenario, places, signatures]. */
function compareAll(scenarios, ours, theirs, used) {
  const wrong = [];
  scenarios.forEach((scenario, index) => {
    const left = unexplained(scenario, ours[index], theirs[index], differences(ours[index], theirs[index]), used);
    if (left.length > 0) wrong.push({ scenario: scenario.id, places: left.map(formatDifference), ours: signature(ours[index]), theirs: signature(theirs[index]) });
  });
  return wrong;
}

/** Scenarios that a core answers otherwise than the baseline. */
const compareCores = (scenarios, ours, theirs, core) => scenarios.flatMap(({ id }, index) => {
  const places = differences(ours[index], theirs[index]).map(formatDifference);
  return places.length === 0 ? [] : [{ scenario: `${id} on ${core}`, places, ours: signature(ours[index]), theirs: signature(theirs[index]) }];
});

async function main() {
  const chosen = options();
  const qemu = qemuVersion();
  if (qemu.missing !== undefined) {
    console.log(chosen.json ? JSON.stringify({ skipped: qemu.missing }) : `skipped: ${qemu.missing}`);
    return 0;
  }
  const all = [...systematicScenarios(), ...randomScenarios(chosen.seed, chosen.count).scenarios];
  const scenarios = all.filter(({ family }) => chosen.family === undefined || family === chosen.family);
  if (scenarios.length === 0) usage(`no family is called ${chosen.family}; there are ${[...new Set(all.map(({ family }) => family))].join(', ')}`);
  const cores = await Promise.all(chosenCores().map(async (id) => [id, runOnCore(await loadCore(id))]));
  const answers = Object.fromEntries([['qemu', runOnQemu], ...cores].map(([name, run]) => [name, answerAll(run, scenarios, progress(name, scenarios.length))]));
  const [[baseline], ...others] = cores;
  const used = new Set();
  const wrong = compareAll(scenarios, answers[baseline], answers.qemu, used);
  const coresDiffer = others.flatMap(([core]) => compareCores(scenarios, answers[baseline], answers[core], core));
  const different = scenarios.filter((_, index) => differences(answers[baseline][index], answers.qemu[index]).length > 0).length;
  // Some entries need random scenarios, so that only the default run can say what is stale.
  const isDefault = chosen.family === undefined && chosen.seed === Number(DEFAULTS.seed) && chosen.count >= Number(DEFAULTS.scenarios);
  const stale = isDefault ? KNOWN_DIFFERENCES.map(({ id }) => id).filter((id) => !used.has(id)) : [];
  if (chosen.record !== undefined) {
    const slice = recordedSlice(scenarios, answers.qemu);
    writeFileSync(chosen.record, encodeRecording({ qemu: qemu.version, seed: chosen.seed, count: chosen.count }, slice));
  }
  const result = { qemu: qemu.version, seed: chosen.seed, scenarios: scenarios.length, families: countBy(scenarios, ({ family }) => family), different, entries: used.size, unexplained: wrong, cores: cores.map(([id]) => id), coresDiffer, staleEntries: stale };
  if (chosen.json) console.log(JSON.stringify(result));
  else report(result);
  return wrong.length + coresDiffer.length + stale.length > 0 ? 1 : 0;
}

function report({ qemu, scenarios, families, different, entries, unexplained: wrong, cores, coresDiffer, staleEntries }) {
  for (const [title, list] of [['DIFFERS FROM QEMU', wrong], ['CORES DIFFER', coresDiffer]]) {
    for (const { scenario, places, ours, theirs } of list) console.log(`${title} ${scenario}: [${ours}] [${theirs}]\n  ${places.slice(0, PLACES_SHOWN).join('\n  ')}`);
  }
  for (const id of staleEntries) console.log(`STALE ENTRY ${id}: no scenario differs in this way any more`);
  console.log(Object.entries(families).map(([family, count]) => `${family} ${count}`).join(', '));
  console.log(`${scenarios} scenarios on ${qemu} and the cores ${cores.join(', ')}: ${different} differ from QEMU, explained by ${entries} known differences; ${wrong.length} unexplained, ${coresDiffer.length} differ between the cores, ${staleEntries.length} stale entries`);
}

process.exitCode = await main();
