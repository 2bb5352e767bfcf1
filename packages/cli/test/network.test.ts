import type { EventCounts } from '@ringbench/engine';
import { answerLog, consoleWords, FRAME_BYTES, ne2000Guest, requestNetworkGuest, runGuest, summarize, type GuestRun, type NetworkPart } from '@ringbench/engine/conformance';
import { describe, expect, test } from 'vitest';
import { registry } from '../src/registry.js';

const [native = '', ...others] = registry.pcIds;
const BATCH = 8;
const FRAME_WORDS = FRAME_BYTES / 2;
/** The NE2000 puts a header before a frame. */
const HEADER_WORDS = 2;
const PARTS = ['send', 'receive'] as const;

const run = async (id: string, network: string, image: Uint8Array): Promise<GuestRun> => runGuest(await registry.load(id), { image, settings: { network } });
const regionOf = ({ region }: GuestRun): EventCounts => region?.counts ?? {};
/** Accesses to ports of the device, natively. */
const accesses = (counts: EventCounts): number => (counts['port.read'] ?? 0) + (counts['port.write'] ?? 0);

describe('a network card', () => {
  test.each([
    ['emulated', ne2000Guest('send'), 1], ['virtual', requestNetworkGuest('send', 1), 1], ['virtual', requestNetworkGuest('receive', BATCH), BATCH],
  ] as const)('that is %s echoes what was sent, the same on every core', async (network, image, frames) => {
    const expected = await run(native, network, image);
    expect(expected.exit).toEqual({ kind: 'power-off', status: 0 });
    expect(consoleWords(expected.console)).toEqual(Array.from({ length: frames }, (_, index) => answerLog(index + 1)).flat());
    for (const id of others) expect(summarize(await run(id, network, image)), id).toBe(summarize(expected));
  });
  test('is not there unless it is asked for', async () => {
    const { console } = await run(native, 'none', requestNetworkGuest('send', 1));
    expect(consoleWords(console)).toEqual([0, 0, 0]);
  });
});

describe('accesses to the card for a packet', () => {
  const counted = async (network: string, image: (part: NetworkPart) => Uint8Array): Promise<readonly number[]> => Promise.all(PARTS.map(async (part) => accesses(regionOf(await run(native, network, image(part))))));
  test('are 11 to send and 12 to receive with an NE2000, and one for each word', async () => {
    expect(await counted('emulated', ne2000Guest)).toEqual([11 + FRAME_WORDS, 12 + FRAME_WORDS + HEADER_WORDS]);
  });
  test('are 1 with the laboratory\'s card, or 1 for many', async () => {
    expect(await counted('virtual', (part) => requestNetworkGuest(part, 1))).toEqual([1, 1]);
    expect(await counted('virtual', (part) => requestNetworkGuest(part, BATCH))).toEqual([1, 1]);
  });
  test.each(['trap', 'v386'])('trap under %s as often', async (id) => {
    const trapped = async (network: string, image: Uint8Array): Promise<number> => (regionOf(await run(id, network, image))['vmm.device-access'] ?? 0);
    expect(await trapped('emulated', ne2000Guest('send'))).toBe(11 + FRAME_WORDS);
    expect(await trapped('emulated', ne2000Guest('receive'))).toBe(12 + FRAME_WORDS + HEADER_WORDS);
    expect(await trapped('virtual', requestNetworkGuest('send', 1))).toBe(1);
    expect(await trapped('virtual', requestNetworkGuest('receive', BATCH))).toBe(1);
  });
});
