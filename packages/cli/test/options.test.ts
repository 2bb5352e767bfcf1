import { describe, expect, it } from 'vitest';
import { execFileSync } from 'node:child_process';
import { integerOption, listOption, shardOption, shellQuote } from '../src/options.js';
import { objectionToNode } from '../src/node-version.js';

describe('integerOption', () => {
  it('reads whole numbers, also with an exponent', () => {
    expect(integerOption('1e9', '--budget', 1, 1e12)).toBe(1e9);
    expect(integerOption('007', '--seed', 0, 10)).toBe(7);
    expect(integerOption(undefined, '--seed', 0, 10)).toBeUndefined();
  });

  it.each(['', '1e99', '-1', '1.5', '0x10', 'NaN', '١', ' 1', '11', ['1', '2'], true])('refuses %j', (given) => {
    expect(() => integerOption(given, '--seed', 0, 10)).toThrow('--seed');
  });
});

describe('listOption', () => {
  it('adds up, once each', () => {
    expect(listOption(['a,b', 'b, c'], '--core')).toEqual(['a', 'b', 'c']);
    expect(() => listOption('a,,b', '--core')).toThrow('empty name');
  });
});

describe('shardOption', () => {
  it('reads i/n', () => {
    expect(shardOption('2/3')).toEqual({ index: 2, count: 3 });
    for (const wrong of ['0/3', '4/3', '1/', '/2', '1/2/3', '1/99999999']) expect(() => shardOption(wrong)).toThrow('--shard');
  });
});

describe('shellQuote', () => {
  it('writes words that a shell reads back', () => {
    const words = ['run', '--out', "it's here", '$HOME', 'a\nb', '', '*'];
    const read = execFileSync('sh', ['-c', `for word in ${shellQuote(words)}; do printf '%s\\0' "$word"; done`], { encoding: 'utf8' });
    expect(read.split('\0').slice(0, -1)).toEqual(words);
  });
});

describe('objectionToNode', () => {
  it('is one line for a Node that is too old', () => {
    expect(objectionToNode('20.20.2')).toMatch(/^ringbench: Node 20\.20\.2 is too old, 24 or later is needed; .+$/);
    expect(objectionToNode('24.0.0')).toBeUndefined();
    expect(objectionToNode('30.1.0')).toBeUndefined();
  });
});
