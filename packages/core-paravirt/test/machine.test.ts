import { describe, expect, it } from 'vitest';
import { DIRECT_BASE, GUEST_END, GuestEvent, GuestSelector, GuestVector, NO_SUCH_CALL } from '../src/interface.js';
import { runGuest, wordAt } from './support/run.js';
import { call, callNumber, DATA, DATA_PHYSICAL, FOREVER, interrupt, repeat, setStack, store, storeAnswer, storeRegister, tinyGuest, withHandler } from './support/tiny-guest.js';

const STATUS = 42;
const END = call('terminate', STATUS);
const STACK = DATA + 0x1000;
const ENDED = { kind: 'power-off', status: STATUS };
const PRESENT_WRITABLE = 3;
const SLEEP = 500;
/** Microseconds; some ticks pass while the guest counts. */
const TICK = 100;
const INSTRUCTIONS_PER_MICROSECOND = 200;

const exitsOf = (code: readonly number[]): number => {
  const { engine, exit } = runGuest(tinyGuest([...code, ...END]));
  expect(exit).toEqual(ENDED);
  return engine.counts()['vmm.exit'] ?? 0;
};

describe('the paravirtual machine', () => {
  it('starts a ported guest and ends it', () => {
    const { engine, exit } = runGuest(tinyGuest([...END]));
    expect(exit).toEqual(ENDED);
    expect(engine.counts()).toMatchObject({ 'paravirt.call.terminate': 1, 'vmm.exit': 1, retired: 5 });
  });

  it('changes the interrupt flag without a trap', () => {
    const changes = repeat(1000, [...storeRegister('INTERRUPTS', 1), ...storeRegister('INTERRUPTS', 0)]);
    expect(exitsOf(changes)).toBe(exitsOf([]));
  });

  it('batches events: however many timer ticks came while the flag was clear, one entry tells of them', () => {
    const wait = repeat(100_000, []);
    const code = withHandler(END, () => [...setStack(STACK), ...call('timer', TICK), ...wait, ...storeRegister('INTERRUPTS', 1), ...wait]);
    const { engine, exit } = runGuest(tinyGuest(code));
    expect(exit).toEqual(ENDED);
    expect(engine.counts()).toMatchObject({ 'paravirt.event': 1, 'paravirt.upcall': 1 });
    expect(engine.counts()['vmm.timer-deadline']).toBeGreaterThan(5);
    expect(wordAt(engine, 4)).toBe(GuestEvent.TIMER);
  });

  it('sleeps with a timeout, and comes back at once when an event is pending', () => {
    const { engine, exit } = runGuest(tinyGuest([...call('idle', SLEEP), ...storeRegister('PENDING', GuestEvent.DISK), ...call('idle', SLEEP), ...END]));
    expect(exit).toEqual(ENDED);
    expect(engine.counts()['idle']).toBe(SLEEP * INSTRUCTIONS_PER_MICROSECOND);
  });
  it('says that nothing can wake a guest that sleeps without one', () => {
    expect(runGuest(tinyGuest([...call('idle', 0)])).exit).toEqual({ kind: 'halted' });
  });

  it('enters the kernel with the frame of the manual, and returns by one', () => {
    const setUp = [...setStack(STACK), ...storeRegister('INTERRUPTS', 1)];
    let fault = 0;
    const code = withHandler(END, (at) => {
      fault = at + setUp.length;
      return [...setUp, ...store(GUEST_END, 1)];
    });
    const { engine, exit } = runGuest(tinyGuest(code));
    expect(exit).toEqual(ENDED);
    const frame = Array.from({ length: 7 }, (_, index) => wordAt(engine, DATA_PHYSICAL + 0x1000 - 28 + 4 * index) >>> 0);
    // Vector, error (a write to a page that is there, and not by a user), EIP, CS, EFLAGS with the virtual flag, ESP, SS.
    expect(frame).toEqual([14, 3, fault, GuestSelector.KERNEL_CODE, expect.toSatisfy((flags: number) => (flags & 0x200) !== 0) as number, STACK, GuestSelector.USER_DATA]);
    expect(wordAt(engine, 0)).toBe(0);
    expect(wordAt(engine, 0x14) >>> 0).toBe(GUEST_END);
  });

  it('shows a space\'s pages to its programs and the kernel\'s to nobody else', () => {
    const page = 0x400000;
    const updates = [1, page, DATA_PHYSICAL | PRESENT_WRITABLE];
    // The program reads the kernel's memory.
    const program = [0xa1, 0, 0, 0, 0xc0];
    const frame = [page, GuestSelector.USER_CODE, 0x202, page + 0x800, GuestSelector.USER_DATA];
    const put = (physical: number, values: readonly number[]): number[] => values.flatMap((value, index) => store(DIRECT_BASE + physical + 4 * index, value));
    const list = DATA_PHYSICAL + 0x2000;
    const setUp = [
      ...call('space-make'), ...call('table-make', 1, page), ...put(list, updates), ...call('update', list, 1), ...storeAnswer(DATA + 0x3000), ...call('space-use', 1),
      ...store(DATA, new DataView(Uint8Array.from(program).buffer).getInt32(0, true)), ...store(DATA + 4, program[4]), ...put(DATA_PHYSICAL + 0x1000, frame), ...storeRegister('KERNEL_STACK', STACK + 0x800),
    ];
    const { engine, exit } = runGuest(tinyGuest(withHandler(END, () => [...setUp, ...setStack(STACK), ...interrupt(GuestVector.RETURN)])));
    expect(exit).toEqual(ENDED);
    expect(wordAt(engine, DATA_PHYSICAL + 0x3000)).toBe(1);
    const [vector, error, eip, cs] = [0, 1, 2, 3].map((index) => wordAt(engine, DATA_PHYSICAL + 0x1800 - 28 + 4 * index) >>> 0);
    // A user's read of a page that is not there.
    expect([vector, error, eip, cs]).toEqual([14, 4, page, GuestSelector.USER_CODE]);
  });
});

describe('what the machine refuses', () => {
  it('a hypercall that it does not have', () => {
    const { engine } = runGuest(tinyGuest([...callNumber(99, []), ...storeAnswer(DATA), ...END]));
    expect(wordAt(engine, DATA_PHYSICAL)).toBe(NO_SUCH_CALL);
  });
  it('images that were not ported, with the reason', () => {
    const image = tinyGuest([...END]);
    image.bytes.fill(0, 108, 112);
    expect(runGuest(image).exit).toEqual({ kind: 'refused', reason: expect.stringContaining('not ported') as string });
  });
  it('guests that need address spaces where there are none', () => {
    const settings = { mmu: 'none' };
    expect(runGuest(tinyGuest([...END], 1), { settings }).exit).toEqual({ kind: 'refused', reason: expect.stringContaining('mmu=none') as string });
    const { engine, exit } = runGuest(tinyGuest([...call('space-make'), ...storeAnswer(DATA), ...END]), { settings });
    expect([exit, wordAt(engine, DATA_PHYSICAL)]).toEqual([ENDED, 0]);
  });
  it('a kernel without a stack, and one that only ever faults: both end', () => {
    expect(runGuest(tinyGuest([...setStack(0x1000), ...store(GUEST_END, 1)])).exit).toMatchObject({ kind: 'shutdown', detail: expect.stringContaining('no room') as string });
    expect(runGuest(tinyGuest([...storeRegister('KERNEL_ENTRY', GUEST_END), ...setStack(DIRECT_BASE + 0x8000), ...store(GUEST_END, 1)])).exit).toMatchObject({ kind: 'shutdown' });
    expect(runGuest(tinyGuest([...setStack(0), ...interrupt(GuestVector.RETURN)])).exit).toMatchObject({ kind: 'shutdown', detail: expect.stringContaining('returned by a frame') as string });
  });
  it('nothing that only takes time: an endless guest ends with its budget', () => {
    expect(runGuest(tinyGuest([...FOREVER]), { budget: 1000 }).exit).toEqual({ kind: 'budget' });
  });
});
