import { execFileSync } from 'node:child_process';
import { appendFileSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { JOURNAL_NAME, JournalWriter, readJournalFile } from '../src/index.js';
import { HEADER, journalText, observation } from './fixtures.js';

let folder = '';
let path = '';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ringbench-journal-'));
  path = join(folder, JOURNAL_NAME);
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

function write(...lines: Parameters<JournalWriter['append']>): void {
  const writer = JournalWriter.create(path);
  writer.append(HEADER);
  for (const line of lines) writer.append(line);
  writer.close();
}

describe('JournalWriter', () => {
  it('has each line in the file as soon as it is appended', () => {
    const writer = JournalWriter.create(path);
    writer.append(HEADER);
    expect(readFileSync(path, 'utf8')).toBe(journalText(HEADER));
    writer.append(observation(0));
    expect(readFileSync(path, 'utf8')).toBe(journalText(HEADER, observation(0)));
    writer.close();
  });

  it('never overwrites a journal', () => {
    write();
    expect(() => JournalWriter.create(path)).toThrow('EEXIST');
  });

  it('refuses what its readers would refuse, and writes none of it', () => {
    const writer = JournalWriter.create(path);
    writer.append(HEADER);
    expect(() => writer.append({ ...observation(0), retired: Number.NaN })).toThrow();
    writer.close();
    expect(readFileSync(path, 'utf8')).toBe(journalText(HEADER));
  });

  it('resumes behind the last complete line, wherever the last one was cut', () => {
    const whole = journalText(HEADER, observation(0), observation(1));
    const kept = journalText(HEADER, observation(0));
    for (let length = kept.length; length < whole.length - 1; length += 7) {
      writeFileSync(path, whole.slice(0, length));
      const writer = JournalWriter.resume(path);
      writer.append(observation(2));
      writer.close();
      expect(readFileSync(path, 'utf8')).toBe(journalText(HEADER, observation(0), observation(2)));
    }
  });

  it('completes a last line that only lacks its newline', () => {
    write(observation(0));
    truncateSync(path, readFileSync(path).length - 1);
    const writer = JournalWriter.resume(path);
    writer.append(observation(1));
    writer.close();
    expect(readFileSync(path, 'utf8')).toBe(journalText(HEADER, observation(0), observation(1)));
  });

  it('finds the end of a torn line with characters of several bytes', () => {
    writeFileSync(path, journalText({ ...HEADER, commit: 'é€' }));
    appendFileSync(path, Buffer.from('{"type":"é').subarray(0, -1));
    JournalWriter.resume(path).close();
    expect(readFileSync(path, 'utf8')).toBe(journalText({ ...HEADER, commit: 'é€' }));
  });
});

describe('readJournalFile', () => {
  it('reads what the writer wrote', () => {
    write(observation(0));
    expect(readJournalFile(path)).toMatchObject({ ok: true, header: HEADER, observations: [observation(0)], torn: false });
  });

  it('says that there is none', () => {
    expect(readJournalFile(path)).toMatchObject({ ok: false, problem: expect.stringContaining('ENOENT') });
  });

  it('does not read a folder or wait for a pipe', () => {
    expect(readJournalFile(folder)).toMatchObject({ ok: false, problem: 'it is not a file' });
    execFileSync('mkfifo', [path]);
    expect(readJournalFile(path)).toMatchObject({ ok: false, problem: 'it is not a file' });
  });

  it('does not mind bytes that are not text', () => {
    writeFileSync(path, Buffer.concat([Buffer.from(journalText(HEADER)), Buffer.from([0xff, 0xfe, 0x0a, 0x00])]));
    expect(readJournalFile(path)).toMatchObject({ ok: true, problems: [{ line: 2 }], torn: true });
  });
});
