import { expect, test } from 'vitest';
import { createDispatcher } from '../src/dispatcher.js';
import { Links, MOST_LINKS } from '../src/links.js';
import { Outcome } from '../src/locals.js';
import { CODE, EXIT, word } from '../../interpreter/test/support/bare-machine.js';
import { expectSame } from './support/both.js';

const FIRST = 10;
const TARGET = { eip: 0x8123, host: 0x77_0123, user: false };
const FUNCTION = 0x9000;
const ITERATIONS = 3000;
const INC_EBX = 0x43;

function links(): { readonly links: Links; readonly dispatcher: ReturnType<typeof createDispatcher> } {
  const dispatcher = createDispatcher(new WebAssembly.Memory({ initial: 1 }), FIRST + MOST_LINKS);
  return { links: new Links(dispatcher.table, FIRST, dispatcher.none), dispatcher };
}

test('a link leads to the region that there is, whichever came first, and to none when it is gone', () => {
  const { links: all, dispatcher } = links();
  const place = all.placeOf(TARGET);
  const at = (): unknown => dispatcher.table.get(place);
  expect(at()).toBe(dispatcher.none);
  all.add(TARGET, dispatcher.dispatch);
  expect(at()).toBe(dispatcher.dispatch);
  all.remove(TARGET);
  expect(at()).toBe(dispatcher.none);
  expect(dispatcher.none()).toBe(Outcome.ELSEWHERE);
  const later = { ...TARGET, eip: 0x9123 };
  all.add(later, dispatcher.dispatch);
  expect(dispatcher.table.get(all.placeOf(later))).toBe(dispatcher.dispatch);
  const gone = { ...TARGET, eip: 0xa123 };
  all.add(gone, dispatcher.dispatch);
  all.remove(gone);
  expect(dispatcher.table.get(all.placeOf(gone))).toBe(dispatcher.none);
});

test('other code, another mapping and another level have other places', () => {
  const { links: all } = links();
  const places = [TARGET, { ...TARGET, eip: 0x9123 }, { ...TARGET, host: 0x77_1123 }, { ...TARGET, user: true }].map((target) => all.placeOf(target));
  expect(new Set(places).size).toBe(places.length);
  expect(all.placeOf({ ...TARGET })).toBe(places[0]);
});

test('a loop calls a function that is too long to be inlined, on another page', () => {
  const { translator } = expectSame({
    at: [
      [CODE, [0xb9, ...word(ITERATIONS), 0xe8, ...word(FUNCTION - CODE - 10), 0x49, 0x75, 0xf8, ...EXIT]], // mov ecx, n; call function; dec ecx; jnz back to the call
      [FUNCTION, [...Array.from({ length: 100 }, () => INC_EBX), 0xc3]],
    ],
  });
  expect(translator.store.linkCount).toBeGreaterThan(0);
});
