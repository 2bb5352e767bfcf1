import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import type { CoreDefinition } from '@ringbench/engine';
import { configurationOf, judgeInstructions, matrixErrors } from '@ringbench/harness';
import type { InstructionMatrix } from '@ringbench/journal';
import { parseInstructionMatrix } from '@ringbench/journal';
import { scratchFolder } from '../../harness/test/fixtures/scratch.js';
import { SAMPLE_HEADER } from '../../harness/test/fixtures/samples.js';
import { registry } from '../src/registry.js';
import { REAL_COMMAND, startNode } from './fixtures/command.js';

/** INT n: the gates of the VMM's own IDT are ring 0's, so that every INT n faults at ring 3 with or without the machine's help. */
const FAITHFUL_WITHOUT_HELP = [15];
const WITNESS_COUNT = 19;
/** Milliseconds for all witnesses on all cores on a busy machine. */
const PATIENCE = 60_000;

describe('sensitive instructions', () => {
  const cores: CoreDefinition[] = [];
  let matrix: InstructionMatrix;
  beforeAll(async () => {
    for (const id of registry.pcIds) cores.push(await registry.load(id));
    matrix = judgeInstructions(cores.map((core) => ({ core, configuration: configurationOf(core.id) })), 'unknown');
  }, PATIENCE);
  const verdictsOf = (id: string): readonly string[] => matrix.witnesses.map(({ judgements }) => judgements.find(({ core }) => core === id)?.verdict ?? 'missing');

  it('have a witness each, and a matrix of them all that is without errors', () => {
    expect(matrix.witnesses.map(({ entry }) => entry)).toEqual(Array.from({ length: WITNESS_COUNT }, (_, index) => index + 1));
    expect(matrixErrors(matrix)).toEqual([]);
    expect(parseInstructionMatrix(JSON.stringify(matrix))).toEqual({ ok: true, matrix });
  });

  it.each(registry.pcIds)('are faithful under %s', (id) => {
    expect(verdictsOf(id)).toEqual(Array.from({ length: WITNESS_COUNT }, () => 'faithful'));
  });

  it('fail where a kernel runs deprivileged on a machine whose sensitive instructions do not trap', () => {
    const naive = matrix.cores.filter((core) => core.naive).map(({ id }) => id);
    expect(naive.length).toBeGreaterThan(0);
    for (const id of naive) {
      for (const [index, verdict] of verdictsOf(id).entries()) {
        if (FAITHFUL_WITHOUT_HELP.includes(index + 1)) expect(verdict, `${index + 1}`).toBe('faithful');
        else expect(['wrong', 'traps'], `${index + 1}`).toContain(verdict);
      }
    }
  });

  it('make errors of a technique that is not faithful, and of witnesses that nothing fails', () => {
    const mistaken = { ...matrix, cores: matrix.cores.map((core) => ({ ...core, naive: !core.naive })) };
    const errors = matrixErrors(mistaken);
    expect(errors).toContain('no witness fails on native: they prove nothing');
    expect(errors.filter((error) => / on .*: wrong \(logs /.test(error))).toHaveLength(WITNESS_COUNT - FAITHFUL_WITHOUT_HELP.length);
  });
});

describe('ringbench matrix', () => {
  it('judges what a journal has measured, and leaves the matrix beside it', async () => {
    const folder = join(scratchFolder(), 'out');
    mkdirSync(folder);
    const [first] = SAMPLE_HEADER.cores;
    const under = { ...first, id: 'trap:shadow=drop', core: 'trap', settings: { shadow: 'drop' } };
    writeFileSync(join(folder, 'journal.jsonl'), `${JSON.stringify({ ...SAMPLE_HEADER, cores: [first, under] })}\n`);
    const { code, stdout, stderr } = await startNode(REAL_COMMAND, ['matrix', folder]).ended;
    expect({ code, stderr }).toEqual({ code: 0, stderr: `written: ${join(folder, 'instruction-matrix.json')}\n` });
    expect(stdout).toContain('19 IRET');
    const written = parseInstructionMatrix(readFileSync(join(folder, 'instruction-matrix.json'), 'utf8'));
    expect(written).toMatchObject({ ok: true, matrix: { cores: [{ id: 'native', naive: false }, { id: 'trap:shadow=drop', naive: false }, { id: 'trap:sensitive=naive', naive: true }] } });
  }, PATIENCE);

  it.each([
    [['matrix', '--core', 'trp'], 'unknown core "trp" in the matrix; did you mean "trap"?'],
    [['matrix', '/nowhere'], expect.stringContaining('cannot use /nowhere/journal.jsonl')],
  ])('%j is one line and exit code 2', async (words, message) => {
    const { code, stderr } = await startNode(REAL_COMMAND, words).ended;
    expect({ code, stderr: stderr.replace(/^ringbench: |\n$/g, '') }).toEqual({ code: 2, stderr: message });
  });
});
