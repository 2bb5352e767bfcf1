import { describe, expect, it } from 'vitest';
import { classificationTable, classify, classifyAll, sensitiveInstructions } from '../src/encoding/classify.js';
import { encodingRows } from '../src/encoding/rows/index.js';
import { violates } from '../src/encoding/sensitive.js';
import { COUNTED_INSTRUCTIONS } from '../src/events.js';

const mnemonicsOf = (which: string): string[] => classifyAll().filter((item) => item.class === which).map((item) => item.mnemonic).sort();

describe('classification', () => {
  it('lists the 18 instructions of Robin & Irvine, with LDS and its kin, and IRET under their numbers', () => {
    expect(sensitiveInstructions().map(({ entry, reason, mnemonics }) => `${entry} ${reason} ${mnemonics.join(' ')}`)).toEqual([
      '1 3B sgdt', '2 3B sidt', '3 3B sldt', '4 3B smsw', '5 3B pushf', '6 3B popf',
      '7 3C lar', '8 3C lsl', '9 3C verr', '10 3C verw', '11 3C pop-sreg load-far-pointer', '12 3C push-sreg', '13 3C callf', '14 3C jmpf', '15 3C int', '16 3C retf', '17 3C str',
      '18 3C mov-sreg load-sreg', '19 3B iret',
    ]);
  });

  it('has nothing sensitive besides, and no sensitive row that is privileged', () => {
    const listed = sensitiveInstructions().flatMap((item) => item.mnemonics);
    expect(mnemonicsOf('sensitive')).toEqual([...listed].sort());
    for (const { traits, mnemonic } of encodingRows) {
      expect(traits.sensitive === undefined, mnemonic).toBe(traits.sensitiveEntry === undefined);
      expect(traits.sensitive !== undefined && traits.privileged === true, mnemonic).toBe(false);
    }
  });

  it('has the privileged instructions of SDM vol. 3, 5.9 that a Pentium Pro has, and the test registers of its ancestors', () => {
    expect(mnemonicsOf('privileged')).toEqual([
      'clts', 'hlt', 'invd', 'invlpg', 'lgdt', 'lidt', 'lldt', 'lmsw', 'ltr', 'mov-from-cr', 'mov-from-dr', 'mov-from-tr', 'mov-to-cr', 'mov-to-dr', 'mov-to-tr', 'rdmsr', 'wbinvd', 'wrmsr',
    ]);
  });

  it('has the instructions that obey IOPL in protected mode', () => {
    expect(mnemonicsOf('io-sensitive')).toEqual(['cli', 'in', 'ins', 'out', 'outs', 'sti']);
  });

  it('gives all rows of a mnemonic the same class', () => {
    for (const [mnemonic, rows] of Map.groupBy(encodingRows, (row) => row.mnemonic)) {
      expect(new Set(rows.map((row) => `${classify(row)} ${row.traits.sensitiveEntry}`)).size, mnemonic).toBe(1);
    }
  });

  it('knows every instruction that is counted by name, and everything but the innocuous is counted', () => {
    const mnemonics = new Set(encodingRows.map((row) => row.mnemonic));
    const counted = new Set<string>(COUNTED_INSTRUCTIONS);
    expect([...counted].filter((mnemonic) => !mnemonics.has(mnemonic))).toEqual([]);
    expect(classifyAll().filter((item) => item.class !== 'innocuous' && !counted.has(item.mnemonic)).map((item) => item.mnemonic)).toEqual([
      'mov-from-tr', 'mov-to-tr', // power-on tests of the 80386 and i486 only
      'invd', // like WBINVD, but hardly ever used: it loses data
    ]);
  });

  it('refuses a number that is not in the list', () => {
    expect(() => violates(20)).toThrow('number 20');
  });
});

describe('classificationTable', () => {
  const table = classificationTable();
  const lines = table.split('\n');

  it('is Markdown with one section a class and one line a mnemonic', () => {
    expect(lines.filter((line) => line.startsWith('## ')).length).toBe(4);
    for (const { mnemonic, class: which } of classifyAll()) {
      const found = lines.filter((line) => line.startsWith(`| \`${mnemonic}\` |`)).length;
      expect(found, mnemonic).toBe(which === 'sensitive' ? 0 : 1);
    }
    expect(lines.filter((line) => /^\| \d+ \|/.test(line)).length).toBe(19);
  });

  it('has as many cells in every line of a table as in its head', () => {
    let cells = 0;
    for (const line of lines) {
      const count = line.split(' | ').length;
      if (!line.startsWith('|')) cells = 0;
      else if (cells === 0) cells = count;
      else expect(count, line).toBe(cells);
    }
  });

  it('names the encodings', () => {
    expect(table).toContain('| `hlt` | `F4` |');
    expect(table).toContain('`0F 22 /r Cd,Rd`');
  });

  it('says what introduced a mnemonic, and which of its encodings came later', () => {
    const introduced = new Map(classifyAll().map((item) => [item.mnemonic, item.introduced]));
    expect(introduced.get('add')).toEqual([]);
    expect(introduced.get('bt')).toEqual([]);
    expect(introduced.get('xadd')).toEqual(['i486']);
    expect(introduced.get('mov-to-cr')).toEqual(['0F 22 /4: i586']);
    expect(introduced.get('mov-to-tr')).toEqual(['to i486', '0F 26 /3, 0F 26 /4, 0F 26 /5: i486 only']);
    expect(introduced.get('nop')).toEqual([expect.stringMatching(/^0F 18 .*: i686$/)]);
    expect(table).toContain('| `fxsave` | `0F AE /0 Mx` | pentium-ii |');
  });

  it('says which encodings a note is about unless it is about all', () => {
    const notes = new Map(classifyAll().map((item) => [item.mnemonic, item.notes]));
    expect(notes.get('add')).toEqual(['82 /0: alias of 80']);
    expect(notes.get('test')).toEqual(['F6 /1, F7 /1: undocumented alias of /0']);
    expect(notes.get('mov-to-cr')).toEqual(['the mod field is ignored']);
    expect(notes.get('mov')).toEqual([]);
  });
});
