import { describe, expect, it } from 'vitest';
import { LONGEST_LINE, parseJournal, parseLine } from '../src/index.js';
import type { Journal } from '../src/index.js';
import { HEADER, journalText, observation } from './fixtures.js';

type Readable = Extract<Journal, { ok: true }>;

function readable(text: string): Readable {
  const journal = parseJournal(text);
  if (!journal.ok) throw new Error(journal.problem);
  return journal;
}

describe('parseJournal', () => {
  it('reads a header and its observations in order', () => {
    const journal = readable(journalText(HEADER, observation(0), observation(1)));
    expect(journal).toEqual({ ok: true, header: HEADER, observations: [observation(0), observation(1)], problems: [], torn: false });
  });

  it('drops a torn last line, wherever it was cut', () => {
    const whole = journalText(HEADER, observation(0));
    const last = JSON.stringify(observation(1));
    for (let length = 1; length < last.length; length++) {
      const journal = readable(whole + last.slice(0, length));
      expect(journal.torn, `cut after ${length}`).toBe(true);
      expect(journal.observations).toEqual([observation(0)]);
      expect(journal.problems).toEqual([]);
    }
  });

  it('keeps a last line that only lacks its newline', () => {
    const journal = readable(journalText(HEADER) + JSON.stringify(observation(0)));
    expect(journal.torn).toBe(false);
    expect(journal.observations).toEqual([observation(0)]);
  });

  it('reads a header that only lacks its newline', () => {
    expect(readable(JSON.stringify(HEADER))).toMatchObject({ header: HEADER, observations: [], torn: false });
  });

  it.each([
    ['', 'empty'],
    ['\n', 'empty'],
    ['not json\n', 'not JSON'],
    [journalText(observation(0)), 'observation'],
    [journalText({ ...HEADER, schema: 2 }), 'schema'],
    [JSON.stringify(HEADER).slice(0, 40), 'header'],
  ])('says why %j has no usable header', (text, word) => {
    const journal = parseJournal(text);
    expect(journal.ok).toBe(false);
    expect(journal.ok ? '' : journal.problem).toContain(word);
  });

  it('reports hostile lines with their numbers and goes on', () => {
    const hostile = [
      '',
      'null',
      '[]',
      '{"type":"observation"}',
      JSON.stringify(HEADER),
      JSON.stringify({ ...observation(2), retired: -1 }),
      JSON.stringify({ ...observation(2), retired: 2 ** 53 }),
      JSON.stringify({ ...observation(2), counts: { 'a\nb': 1 } }),
      JSON.stringify({ ...observation(2), extra: 1 }),
      JSON.stringify({ ...observation(2), core: 'elsewhere' }),
      JSON.stringify({ ...observation(2), workload: 'elsewhere' }),
      JSON.stringify(observation(0)),
      '['.repeat(100_000),
      `"${'x'.repeat(LONGEST_LINE)}"`,
    ];
    const journal = readable(`${journalText(HEADER, observation(0))}${hostile.join('\n')}\n${journalText(observation(1))}`);
    expect(journal.observations).toEqual([observation(0), observation(1)]);
    expect(journal.problems.map((problem) => problem.line)).toEqual(hostile.map((_, index) => index + 3));
  });
});

describe('parseLine', () => {
  it('names the field that does not fit', () => {
    expect(parseLine(JSON.stringify({ ...observation(0), milliseconds: { load: -1, run: 1, region: 1 } }))).toMatchObject({ ok: false, reason: expect.stringContaining('milliseconds.load') });
  });

  it('leaves out a key that would be a prototype', () => {
    const reading = parseLine(JSON.stringify(observation(2)).replace('"retired":50', '"__proto__":{"polluted":1}'));
    expect(reading).toMatchObject({ ok: true, line: { region: {} } });
    expect('polluted' in (reading.ok && reading.line.type === 'observation' ? reading.line.region : {})).toBe(false);
  });
});
