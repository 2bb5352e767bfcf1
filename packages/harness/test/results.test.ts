import { chmodSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { JOURNAL_NAME } from '@ringbench/journal';
import { describe, expect, it } from 'vitest';
import { InputProblem, openResults, summarise, writeResults } from '../src/index.js';
import { SAMPLE_HEADER, sampleObservation } from './fixtures/samples.js';
import { scratchFolder } from './fixtures/scratch.js';

function folderWith(...lines: readonly unknown[]): string {
  const folder = scratchFolder();
  writeFileSync(join(folder, JOURNAL_NAME), lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
  return folder;
}

describe('writeResults', () => {
  it('writes one long row for each thing measured', () => {
    const folder = folderWith(SAMPLE_HEADER, sampleObservation('native', 3));
    writeResults(folder, summarise(openResults(folder)));
    expect(readFileSync(join(folder, 'results.csv'), 'utf8').trimEnd().split('\n')).toEqual([
      'suite,workload,core,process,iteration,phase,metric,value',
      'quick,sieve,native,3,0,run,ok,true',
      'quick,sieve,native,3,0,run,outcome,ok',
      'quick,sieve,native,3,0,run,checksum,00000001',
      'quick,sieve,native,3,0,run,fingerprint,registers=00 memory=11',
      'quick,sieve,native,3,0,run,executor,interpreter',
      'quick,sieve,native,3,0,load,milliseconds,1.5',
      'quick,sieve,native,3,0,run,milliseconds,2',
      'quick,sieve,native,3,0,run,instructions,100',
      'quick,sieve,native,3,0,run,retired,100',
      'quick,sieve,native,3,0,region,milliseconds,0.25',
      'quick,sieve,native,3,0,region,retired,50',
      'quick,sieve,native,3,1,sample,milliseconds,2',
      'quick,sieve,native,3,2,sample,milliseconds,1.5',
    ]);
  });

  it('spells out what is not ok', () => {
    const folder = folderWith(SAMPLE_HEADER, { ...sampleObservation('native', 0), outcome: 'budget' });
    writeResults(folder, summarise(openResults(folder)));
    expect(readFileSync(join(folder, 'results.csv'), 'utf8')).toContain('quick,sieve,native,0,0,run,ok,false\n');
  });

  it('writes the run, its problems and its violations as JSON', () => {
    const folder = folderWith(SAMPLE_HEADER, sampleObservation('native', 0), { ...sampleObservation('v386', 0), retired: 1 }, 'damage');
    const paths = writeResults(folder, summarise(openResults(folder)));
    expect(paths).toEqual([join(folder, 'results.csv'), join(folder, 'results.json')]);
    expect(JSON.parse(readFileSync(join(folder, 'results.json'), 'utf8'))).toMatchObject({
      schema: 1, run: SAMPLE_HEADER, problems: [{ line: 4 }], violations: [{ kind: 'retired', core: 'v386' }], observations: [{ core: 'native' }, { core: 'v386' }],
    });
  });

  it('writes the same bytes from the same journal, and leaves no scraps', () => {
    const folder = folderWith(SAMPLE_HEADER, sampleObservation('native', 0));
    const write = (): string[] => writeResults(folder, summarise(openResults(folder))).map((path) => readFileSync(path, 'utf8'));
    expect(write()).toEqual(write());
    expect(readdirSync(folder).toSorted()).toEqual([JOURNAL_NAME, 'results.csv', 'results.json']);
  });

  it('says where it cannot write', () => {
    const folder = folderWith(SAMPLE_HEADER);
    mkdirSync(join(folder, 'results.csv'));
    expect(() => writeResults(folder, summarise(openResults(folder)))).toThrow(InputProblem);
    expect(readdirSync(folder).toSorted()).toEqual([JOURNAL_NAME, 'results.csv']);
  });

  it.skipIf(process.getuid?.() === 0)('says that it may not write (root may)', () => {
    const folder = folderWith(SAMPLE_HEADER);
    chmodSync(folder, 0o500);
    expect(() => writeResults(folder, summarise(openResults(folder)))).toThrow('EACCES');
    chmodSync(folder, 0o700);
  });
});

describe('openResults', () => {
  it('says what is wrong with a folder', () => {
    expect(() => openResults('/nowhere')).toThrow(/cannot use \/nowhere\/journal\.jsonl: .*ENOENT.*; name a folder/);
    expect(() => openResults(folderWith())).toThrow('it is empty');
  });
});
