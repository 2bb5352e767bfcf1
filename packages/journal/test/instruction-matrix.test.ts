import { describe, expect, it } from 'vitest';
import { parseInstructionMatrix } from '../src/index.js';

const judgement = (core: string): object => ({ core, verdict: 'faithful', detail: '' });
const MATRIX = {
  type: 'instruction-matrix', schema: 1, commit: 'abc', cores: [{ id: 'native', naive: false }, { id: 'trap:sensitive=naive', naive: true }],
  witnesses: [{ entry: 6, name: 'POPF', claim: 'sets IF', failure: 'leaves IF', judgements: [judgement('native'), { core: 'trap:sensitive=naive', verdict: 'wrong', detail: 'logs 0h' }] }],
};

describe('a matrix of instructions', () => {
  it('is read as it was written', () => {
    expect(parseInstructionMatrix(JSON.stringify(MATRIX))).toEqual({ ok: true, matrix: MATRIX });
  });
  it.each([
    ['{', 'it is not JSON'],
    ['null', expect.any(String)],
    [JSON.stringify({ ...MATRIX, schema: 2 }), expect.stringContaining('schema')],
    [JSON.stringify({ ...MATRIX, cores: [{ id: '<b>', naive: false }] }), expect.stringContaining('cores.0.id')],
    [JSON.stringify({ ...MATRIX, cores: MATRIX.cores.slice(0, 1) }), 'does not have a judgement of each witness for each core'],
    [JSON.stringify({ ...MATRIX, witnesses: [{ ...MATRIX.witnesses[0], judgements: [judgement('native'), { ...judgement('x'), verdict: 'fine' }] }] }), expect.stringContaining('verdict')],
  ])('that is damaged is a value: %s', (text, problem) => {
    expect(parseInstructionMatrix(text)).toEqual({ ok: false, problem });
  });
});
