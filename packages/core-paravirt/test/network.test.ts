import { RequestField, RequestOperation, REQUEST_BYTES } from '@ringbench/machine';
import { describe, expect, it } from 'vitest';
import { DIRECT_BASE, GuestDevice, GuestEvent } from '../src/interface.js';
import { runGuest, wordAt } from './support/run.js';
import { call, DATA_PHYSICAL, store, storeAnswer, tinyGuest, withHandler } from './support/tiny-guest.js';

const STATUS = 42;
const END = call('terminate', STATUS);
const FRAME_BYTES = 64;
const CHAIN = DATA_PHYSICAL;
const SENT = DATA_PHYSICAL + 0x1000;
const RECEIVED = DATA_PHYSICAL + 0x2000;
const ANSWER = DATA_PHYSICAL + 0x3000;
const BATCH = 8;
/** Microseconds, longer than a batch is on its way. */
const LONG = 2000;
const NETWORK_BYTES = 0x30;
const PENDING = 4;

const put = (physical: number, value: number): number[] => store(DIRECT_BASE + physical, value);
/** A chain of so many requests, each with a buffer behind `buffers`. */
const chain = (count: number, operation: number, buffers: number): number[] => Array.from({ length: count }, (_, index) => {
  const block = CHAIN + index * REQUEST_BYTES;
  const fields = { NEXT: index === count - 1 ? 0 : block + REQUEST_BYTES, OPERATION: operation, STATUS: 0, BYTES: FRAME_BYTES, BUFFER: buffers + index * FRAME_BYTES } as const;
  return Object.entries(fields).flatMap(([name, value]) => put(block + RequestField[name as keyof typeof fields], value));
}).flat();
const frames = (count: number): number[] => Array.from({ length: count }, (_, index) => put(SENT + index * FRAME_BYTES + FRAME_BYTES - 4, 0x1000 + index)).flat();
const kick = call('kick', GuestDevice.NETWORK, CHAIN);
const send = (count: number): number[] => [...frames(count), ...chain(count, RequestOperation.WRITE, SENT), ...kick];
const receive = (count: number): number[] => [...chain(count, RequestOperation.READ, RECEIVED), ...kick];
const run = (code: readonly number[]) => {
  const { engine, exit } = runGuest(tinyGuest(withHandler(END, () => [...code, ...END])));
  expect(exit).toEqual({ kind: 'power-off', status: STATUS });
  return { engine, accesses: engine.counts()['vmm.device-access'] ?? 0, calls: engine.counts()['paravirt.call.kick'] ?? 0 };
};
/** Sleeps until all answers have come; their event would end a longer sleep. */
const wait = (count: number): number[] => Array.from({ length: count }, () => [...call('idle', LONG), ...put(PENDING, 0)]).flat();

describe('the virtual network card', () => {
  it('says how long a frame may be, and that an answer has come', () => {
    const { engine } = run([...send(1), ...call('idle', LONG)]);
    expect(wordAt(engine, NETWORK_BYTES)).toBe(1514);
    expect(wordAt(engine, PENDING)).toBe(GuestEvent.NETWORK);
    expect(engine.counts()['idle']).toBeLessThan(LONG * 200);
  });
  it('takes 1 access to send a packet and 1 to receive it', () => {
    expect(run([]).accesses).toBe(0);
    expect(run(send(1))).toMatchObject({ accesses: 1, calls: 1 });
    const { engine, accesses, calls } = run([...send(1), ...wait(1), ...receive(1), ...storeAnswer(DIRECT_BASE + ANSWER)]);
    expect({ accesses, calls }).toEqual({ accesses: 2, calls: 2 });
    expect([wordAt(engine, ANSWER), wordAt(engine, CHAIN + RequestField.STATUS), wordAt(engine, CHAIN + RequestField.TRANSFERRED), wordAt(engine, RECEIVED + FRAME_BYTES - 4)]).toEqual([1, 1, FRAME_BYTES, 0x1000]);
  });
  it('takes 1 access for a batch of packets, and one event tells of their answers', () => {
    const { engine, accesses } = run([...send(BATCH), ...wait(BATCH), ...receive(BATCH)]);
    expect(accesses).toBe(2);
    expect(Array.from({ length: BATCH }, (_, index) => wordAt(engine, RECEIVED + (index + 1) * FRAME_BYTES - 4))).toEqual(Array.from({ length: BATCH }, (_, index) => 0x1000 + index));
    expect(engine.counts()['paravirt.upcall']).toBeUndefined();
  });
});
