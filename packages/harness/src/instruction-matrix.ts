import type { CoreDefinition } from '@ringbench/engine';
import { WITNESSES } from '@ringbench/engine/instruction-matrix';
import { INSTRUCTION_MATRIX_NAME, INSTRUCTION_MATRIX_VERSION } from '@ringbench/journal';
import type { InstructionMatrix } from '@ringbench/journal';
import { configurationName } from './configuration.js';
import type { Configuration } from './configuration.js';
import { writeWhole } from './write-whole.js';

/** A column of the matrix. */
export interface JudgedCore {
  readonly core: CoreDefinition;
  readonly configuration: Configuration;
}

/** A core's column without what makes it faithful; undefined if it has no such settings. */
export function naiveColumn(core: CoreDefinition): JudgedCore | undefined {
  const { naive } = core;
  return naive === undefined ? undefined : { core, configuration: { name: configurationName(core.id, naive), core: core.id, settings: naive } };
}

/** Runs every witness on every core, and on the naive form of those that have one. Takes milliseconds for each. */
export function judgeInstructions(judged: readonly JudgedCore[], commit: string): InstructionMatrix {
  const definitions = [...new Map(judged.map(({ core }) => [core.id, core])).values()];
  const naive = definitions.flatMap((core) => naiveColumn(core) ?? []);
  const isNaive = (name: string): boolean => naive.some(({ configuration }) => configuration.name === name);
  const columns = [...judged.filter(({ configuration }) => !isNaive(configuration.name)), ...naive];
  return {
    type: 'instruction-matrix',
    schema: INSTRUCTION_MATRIX_VERSION,
    commit,
    cores: columns.map(({ configuration: { name } }) => ({ id: name, naive: isNaive(name) })),
    witnesses: WITNESSES.map(({ entry, name, claim, failure, judge }) => ({
      entry, name, claim, failure,
      judgements: columns.map(({ core, configuration }) => ({ core: configuration.name, ...judge(core, configuration.settings) })),
    })),
  };
}

/** What of a matrix is an error: a technique that is not faithful, and a naive one with which nothing fails. One line each. */
export function matrixErrors({ cores, witnesses }: InstructionMatrix): readonly string[] {
  return cores.flatMap(({ id, naive }) => {
    const unfaithful = witnesses.flatMap(({ name, judgements }) => judgements.filter(({ core, verdict }) => core === id && verdict !== 'faithful').map(({ verdict, detail }) => `${name} on ${id}: ${verdict} (${detail})`));
    if (!naive) return unfaithful;
    return unfaithful.length === 0 ? [`no witness fails on ${id}: they prove nothing`] : [];
  });
}

/** Writes a matrix into a folder; returns its path. Throws InputProblem if it cannot. */
export function writeInstructionMatrix(folder: string, matrix: InstructionMatrix): string {
  return writeWhole(folder, INSTRUCTION_MATRIX_NAME, `${JSON.stringify(matrix, null, 2)}\n`);
}
