import { describe, expect, it } from 'vitest';
import { ScreenLog, scrolledBy } from '../../src/guest/screen-log.js';

const ROWS = 4;
const screen = (...lines: readonly string[]): readonly string[] => Array.from({ length: ROWS }, (_, row) => (lines[row] ?? '').padEnd(10));

function logOf(...screens: readonly (readonly string[])[]): readonly string[] {
  const written: string[] = [];
  const log = new ScreenLog((line) => void written.push(line));
  for (const each of screens) log.look(each);
  log.finish();
  return written;
}

describe('ScreenLog', () => {
  it('writes a line once it has stayed, not while it is being printed', () => {
    expect(logOf(screen('he'), screen('hello'), screen('hello'), screen('hello', 'you'), screen('hello', 'you'))).toEqual(['hello', 'you']);
  });
  it('writes what is there at the end', () => {
    expect(logOf(screen('a', 'b'))).toEqual(['a', 'b']);
  });
  it('follows a screen that scrolls and loses no line', () => {
    expect(logOf(screen('1', '2', '3', '4'), screen('3', '4', '5', '6'), screen('3', '4', '5', '6'), screen('4', '5', '6', '7'))).toEqual(['1', '2', '3', '4', '5', '6', '7']);
  });
  it('writes a line that is changed in place again', () => {
    expect(logOf(screen('10 %'), screen('10 %'), screen('20 %'), screen('20 %'))).toEqual(['10 %', '20 %']);
  });
  it('says nothing of a screen that is cleared', () => {
    expect(logOf(screen('menu'), screen('menu'), screen(), screen())).toEqual(['menu']);
  });
});

describe('scrolledBy', () => {
  it('is the least distance at which the old lines are found', () => {
    expect(scrolledBy(['a', 'b', 'c'], ['a', 'b', 'x'])).toBe(0);
    expect(scrolledBy(['a', 'b', 'c'], ['b', 'cd', ''])).toBe(1);
    expect(scrolledBy(['a', 'b', 'c'], ['x', 'y', 'z'])).toBe(0);
    expect(scrolledBy([], ['a'])).toBe(0);
  });
});
