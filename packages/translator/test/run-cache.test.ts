import { expect, test } from 'vitest';
import { RunCache, type Run } from '../src/run-cache.js';
import { INSTRUCTION } from './support/shapes.js';

const EIP = 0x40_0ffc;
const HOST = 0x123_0ffc;
const LENGTH = 4;

/** Decodes runs of four bytes, and counts them. */
function counted(): { readonly cache: RunCache; readonly decoded: number[] } {
  const decoded: number[] = [];
  const cache = new RunCache((eip): Run => {
    decoded.push(eip);
    return [{ ...INSTRUCTION, eip, next: eip + LENGTH }];
  });
  return { cache, decoded };
}

test('code is decoded once', () => {
  const { cache, decoded } = counted();
  expect(cache.get(EIP, HOST)).toBe(cache.get(EIP, HOST));
  expect(decoded).toEqual([EIP]);
});

test('the same host address at another EIP, and the same EIP at another host address, is other code', () => {
  const { cache, decoded } = counted();
  for (const [eip, host] of [[EIP, HOST], [EIP + 0x1000, HOST], [EIP, HOST + 0x1000]]) cache.get(eip, host);
  expect(decoded).toHaveLength(3);
});

test.each([[HOST - 1, 1, false], [HOST - 1, 2, true], [HOST + 3, 1, true], [HOST + 4, 4, false], [HOST - 0x1000, 0x1001, true]])('a write to %i of %i bytes forgets it: %s', (host, bytes, isForgotten) => {
  const { cache, decoded } = counted();
  cache.get(EIP, HOST);
  cache.codeWritten(host, bytes);
  cache.get(EIP, HOST);
  expect(decoded).toHaveLength(isForgotten ? 2 : 1);
});

test('what is not watched any more is forgotten', () => {
  const { cache, decoded } = counted();
  cache.get(EIP, HOST);
  cache.forget();
  cache.get(EIP, HOST);
  expect(decoded).toHaveLength(2);
});
