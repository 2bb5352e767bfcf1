import type { Engine } from '@ringbench/engine';
import { describe, expect, it } from 'vitest';
import { TerminalInput } from '../../src/guest/terminal-input.js';

/** A machine that has space for a few bytes. */
function fakeEngine(space: number, retired = 0): { readonly engine: Engine; readonly taken: (number | string)[] } {
  const taken: (number | string)[] = [];
  const take = (what: number | string): boolean => taken.length < space && taken.push(what) > 0;
  return { engine: { retired, receive: take, type: take } as unknown as Engine, taken };
}
const bytes = (text: string): Uint8Array => Buffer.from(text, 'latin1');

describe('TerminalInput', () => {
  it('hands on what a terminal types, but for the ways out', () => {
    const input = new TerminalInput('serial', true);
    const { engine, taken } = fakeEngine(100);
    input.take(bytes('a\u0001\u0001b\u0001c\u0001d'));
    input.feed(engine);
    expect(taken).toEqual([...bytes('a\u0001b\u0003d')]);
    expect(input.leaving).toBeUndefined();
    input.take(bytes('\u0001X'));
    expect(input.leaving).toMatchObject({ code: 0 });
  });
  it('leaves by Ctrl-C, which a pipe may send as it is', () => {
    const terminal = new TerminalInput('serial', true);
    terminal.take(bytes('\u0003'));
    expect(terminal.leaving).toMatchObject({ code: 130 });
    const pipe = new TerminalInput('serial', false);
    const { engine, taken } = fakeEngine(100);
    pipe.take(bytes('\u0001x\u0003'));
    pipe.feed(engine);
    expect([taken, pipe.leaving]).toEqual([[1, 0x78, 3], undefined]);
  });
  it('keeps what the machine has no space for, and logs what it takes and when', () => {
    const input = new TerminalInput('serial', false);
    input.take(bytes('abc'));
    input.feed(fakeEngine(2, 7).engine);
    expect(input.isWaiting).toBe(true);
    input.feed(fakeEngine(2, 9).engine);
    expect(input.isWaiting).toBe(false);
    expect(input.log.typed).toEqual([{ at: 7, what: 97 }, { at: 7, what: 98 }, { at: 9, what: 99 }]);
  });
  it('types keys on a keyboard and drops what has none', () => {
    const input = new TerminalInput('keyboard', true);
    const { engine, taken } = fakeEngine(100);
    input.take(bytes('A\r\u007f\u00e9\u0000\u001b'));
    input.feed(engine);
    expect(taken).toEqual(['A', '\r', '\b', '\u001b']);
  });
  it('asks the sender to wait when too much is there', () => {
    const input = new TerminalInput('serial', false);
    input.take(new Uint8Array(70_000));
    expect(input.isFull).toBe(true);
    input.feed(fakeEngine(60_000).engine);
    expect(input.isFull).toBe(false);
  });
  it('wakes a sleeper when something is typed, but not for what waits already', async () => {
    const input = new TerminalInput('serial', false);
    expect(await input.wait(1)).toBe(true);
    const sleep = input.wait(60_000);
    input.take(bytes('a'));
    expect(await sleep).toBe(false);
    expect(await input.wait(60_000)).toBe(false);
    input.feed(fakeEngine(0).engine);
    expect(await input.wait(1)).toBe(true);
  });
});
