import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, test } from 'vitest';
import { registry } from '../../packages/cli/dist/index.js';
import { differences, formatDifference, type Answer } from '../oracle/system/answer.ts';
import { systematicScenarios } from '../oracle/system/families/index.ts';
import { randomScenarios } from '../oracle/system/families/random.ts';
import { KNOWN_DIFFERENCES, unexplained } from '../oracle/system/known-differences.ts';
import { answerAll, runOnCore } from '../oracle/system/peers.ts';
import { decodeRecording, imageHash } from '../oracle/system/recording.ts';
import type { Scenario } from '../oracle/system/scenario.ts';
import { CORRECTNESS, withDifferences } from '../oracle/system/write-differences.ts';

/** QEMU's answers to a slice of the scenarios, recorded by `node scripts/oracle/system.mjs --record`; QEMU itself is not needed. */
const recording = decodeRecording(readFileSync(fileURLToPath(new URL('recorded/qemu-system.json.gz', import.meta.url))));
const [BASELINE, ...OTHERS] = registry.pcIds;
const STRIDE = 4;
const HOOK_MILLISECONDS = 60_000;

describe('system scenarios, as QEMU answered', () => {
  let all: Scenario[];
  let slice: Scenario[];
  let ours: Answer[];
  beforeAll(async () => {
    all = [...systematicScenarios(), ...randomScenarios(recording.seed, recording.count).scenarios];
    const byId = new Map(all.map((scenario) => [scenario.id, scenario]));
    slice = recording.answers.map(({ id }) => byId.get(id)).filter((scenario) => scenario !== undefined);
    ours = answerAll(runOnCore(await registry.load(BASELINE)), slice);
  }, HOOK_MILLISECONDS);

  test('the recording belongs to these scenarios; if not, record it again', () => {
    expect(slice).toHaveLength(recording.answers.length);
    expect(imageHash(slice)).toBe(recording.image);
  });
  test('names are unique', () => expect(new Set(all.map(({ id }) => id)).size).toBe(all.length));
  test('there are hundreds of them, of every family', () => {
    expect(slice.length).toBeGreaterThan(300);
    expect(new Set(slice.map(({ family }) => family))).toEqual(new Set(all.map(({ family }) => family)));
  });
  test('native differs only where known-differences.ts says why', () => {
    const used = new Set<string>();
    const wrong = slice.flatMap((scenario, index) => unexplained(scenario, ours[index], recording.answers[index].answer, differences(ours[index], recording.answers[index].answer), used).map((place) => `${scenario.id}: ${formatDifference(place)}`));
    expect(wrong).toEqual([]);
    expect(used.size).toBeGreaterThan(10);
  });
  test.each(OTHERS)('%s answers like native', async (core) => {
    const some = slice.filter((_, index) => index % STRIDE === 0);
    const answers = answerAll(runOnCore(await registry.load(core)), some);
    expect(some.flatMap(({ id }, index) => differences(ours[index * STRIDE], answers[index]).map((place) => `${id}: ${formatDifference(place)}`))).toEqual([]);
  });
  test('docs/correctness.md has the table: node scripts/oracle/system/write-differences.ts writes it', () => {
    const document = readFileSync(CORRECTNESS, 'utf8');
    expect(document).toBe(withDifferences(document));
  });
  test('every known difference has an id of its own', () => expect(new Set(KNOWN_DIFFERENCES.map(({ id }) => id)).size).toBe(KNOWN_DIFFERENCES.length));
});
