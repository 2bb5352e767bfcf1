import { describe, expect, test } from 'vitest';
import { commandLine, completeFiles, InputQueue, labImage, LONGEST_COMMAND_LINE, memoryFor, programProblem, quoteWord, type LabProgram } from '../src/index.js';
import { crashingProgram, elfProgram } from './support/tiny-programs.js';

const PROGRAM: LabProgram = {
  name: 'tool', path: '/bin/tool', arguments: [], environment: [], connection: { kind: 'streams', input: 'empty' }, verbose: false,
  files: [{ kind: 'file', path: 'bin/tool', bytes: crashingProgram(), executable: true }],
};

/** Reads words as the kernel's `word_take` does. */
function kernelWords(line: string): readonly string[] {
  const words: string[] = [];
  let word: string | undefined;
  let quote = '';
  for (const character of line) {
    if (quote === '' && character === ' ') {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else if (character === quote) quote = '';
    else if (quote === '' && (character === '"' || character === "'")) [quote, word] = [character, word ?? ''];
    else word = (word ?? '') + character;
  }
  return word === undefined ? words : [...words, word];
}

describe('the command line', () => {
  test.each(['plain', '', 'two words', `it's`, `"`, `'"'`, ` '' "" `, 'init=/x', '--count', 'a\nb\tc'])('carries the word %j', (word) => {
    expect(kernelWords(`a ${quoteWord(word)} b`)).toEqual(['a', word, 'b']);
  });
  test('has options, then the program, then its arguments', () => {
    const line = commandLine({ ...PROGRAM, arguments: ['-l', 'raw'], environment: ['A=b c'], verbose: true });
    expect(kernelWords(line)).toEqual(
      ['mortal', 'verbose', 'env=A=b c', 'raw', 'framed', 'stdin=/dev/null', 'stdout=/dev/host-output', 'stderr=/dev/host-error', 'init=/bin/tool', '-l', 'raw']);
  });
  test('a terminal is neither raw nor framed', () => {
    const words = kernelWords(commandLine({ ...PROGRAM, connection: { kind: 'terminal', showsOutput: false } }));
    expect(words).toEqual(['mortal', 'stdin=/dev/console', 'stdout=/dev/host-output', 'stderr=/dev/console', 'init=/bin/tool']);
  });
  test('is UTF-8, one character a byte', () => {
    const line = commandLine({ ...PROGRAM, arguments: ['é'] });
    expect(new TextDecoder().decode(Uint8Array.from(line, (character) => character.charCodeAt(0)))).toContain('init=/bin/tool é');
  });
});

describe('labImage', () => {
  const kernel = Uint8Array.of(1, 2, 3);
  test('the same parts give the same bytes, with the archive as the first module', () => {
    const [one, other] = [labImage(kernel, PROGRAM), labImage(kernel, PROGRAM)];
    expect(one).toEqual(other);
    expect(one.ok && one.image.modules?.[0]?.bytes).toBe(one.ok && one.archive);
    expect(one.ok && new TextDecoder().decode(one.archive)).toContain('bin/tool');
  });
  test('refuses more arguments than the kernel has space for', () => {
    const fits = commandLine(PROGRAM).length;
    expect(labImage(kernel, { ...PROGRAM, arguments: ['x'.repeat(LONGEST_COMMAND_LINE - fits - 1)] }).ok).toBe(true);
    const long = labImage(kernel, { ...PROGRAM, arguments: ['x'.repeat(LONGEST_COMMAND_LINE - fits)] });
    expect(long).toMatchObject({ ok: false, problem: `arguments and environment of tool take ${LONGEST_COMMAND_LINE + 1} bytes, the kernel has ${LONGEST_COMMAND_LINE}` });
  });
  test('refuses a path that would be a file and a folder', () => {
    expect(labImage(kernel, { ...PROGRAM, files: [...PROGRAM.files, { kind: 'file', path: 'bin', bytes: kernel }] })).toMatchObject({ ok: false, problem: expect.stringContaining('/bin') as string });
  });
  test('folders come before what is in them, and of two files with one path the last counts', () => {
    const file = (path: string, byte: number) => ({ kind: 'file', path, bytes: Uint8Array.of(byte) }) as const;
    const completed = completeFiles([file('b/c/d', 1), file('a', 2), file('b/c/d', 3)]);
    expect(completed).toEqual({ ok: true, files: [file('a', 2), { kind: 'directory', path: 'b' }, { kind: 'directory', path: 'b/c' }, file('b/c/d', 3)] });
  });
  test('memory grows with the archive', () => {
    const mebibyte = 1 << 20;
    expect(memoryFor(0)).toBe(64 * mebibyte);
    expect(memoryFor(100 * mebibyte)).toBe(320 * mebibyte);
  });
});

/** A line that takes `space` bytes at a time. */
function sendAll(queue: InputQueue, space: number): readonly number[] {
  const sent: number[] = [];
  for (let rounds = 0; queue.isPending && rounds < 100; rounds++) {
    let left = space;
    queue.feed((byte) => {
      if (left === 0) return false;
      left--;
      sent.push(byte);
      return true;
    });
  }
  return sent;
}

describe('InputQueue', () => {
  test.each([1, 2, 3, 16])('frames data, its end and interrupts, %d bytes at a time', (space) => {
    const queue = new InputQueue(true);
    queue.push(Uint8Array.of(1, 0x10, 3));
    queue.push(new Uint8Array(0));
    queue.finish();
    expect(queue.size).toBe(3);
    expect(sendAll(queue, space)).toEqual([1, 0x10, 0x10, 3, 0x10, 0x04]);
    expect(queue.isPending).toBe(false);
    queue.interrupt();
    expect(sendAll(queue, space)).toEqual([0x10, 0x03]);
  });
  test('an interrupt passes data, but never between the halves of a pair', () => {
    const queue = new InputQueue(true);
    const sent: number[] = [];
    queue.push(Uint8Array.of(0x10, 7));
    queue.feed((byte) => sent.push(byte) <= 1);
    queue.interrupt();
    expect([...sent.slice(0, 1), ...sendAll(queue, 1)]).toEqual([0x10, 0x10, 0x10, 0x03, 7]);
  });
  test('a terminal gets bytes as they are', () => {
    const queue = new InputQueue(false);
    queue.push(Uint8Array.of(0x10, 3));
    queue.finish();
    expect(sendAll(queue, 1)).toEqual([0x10, 3, 4]);
  });
});

describe('programProblem', () => {
  const patched = (at: number, ...bytes: number[]): Uint8Array => {
    const program = crashingProgram();
    program.set(bytes, at);
    return program;
  };
  const text = (content: string): Uint8Array => new TextEncoder().encode(content);
  test('accepts static programs, also position-independent ones', () => {
    expect(programProblem(crashingProgram())).toBeUndefined();
    expect(programProblem(elfProgram([0], 3))).toBeUndefined();
  });
  test.each([
    ['nothing', new Uint8Array(0), /is empty/],
    ['a text', text('hello'), /no ELF program/],
    ['a script', text('#!/bin/sh -e\necho'), /is a script for \/bin\/sh -e, not/],
    ['a dynamic program', patched(52, 3), /is dynamically linked/],
    ['a 64-bit program', patched(4, 2), /is a 64-bit program/],
    ['a program for ARM', patched(18, 40), /another processor/],
    ['an object file', patched(16, 1), /not linked/],
    ['a core dump', patched(16, 4), /core dump/],
    ['a program without segments', patched(44, 0), /no program headers/],
    ['a truncated program', crashingProgram().subarray(0, 60), /truncated/],
    ['half a header', crashingProgram().subarray(0, 30), /truncated/],
  ])('says what is wrong with %s', (_what, bytes, problem) => {
    expect(programProblem(bytes)?.problem).toMatch(problem);
    expect(programProblem(bytes)?.remedy).not.toBe('');
  });
  test('no program makes it throw', () => {
    for (let at = 0; at < 84; at++) for (const byte of [0, 1, 0x7f, 0xff]) expect(() => programProblem(patched(at, byte, byte))).not.toThrow();
  });
});
