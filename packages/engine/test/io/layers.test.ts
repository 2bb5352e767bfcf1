import { describe, expect, it } from 'vitest';
import { CopyOnWriteDisk, SECTOR_BYTES } from '@ringbench/machine';
import { DEVICE_SETTINGS, GuestIo, guestMachine, IO_EVENTS, type EngineOptions } from '../../src/index.js';

const sector = (fill: number): Uint8Array => new Uint8Array(SECTOR_BYTES).fill(fill);
const ioWith = (settings: EngineOptions['settings'], onConsole?: EngineOptions['onConsole']): GuestIo => new GuestIo({ memoryBytes: 1 << 20, settings, ...(onConsole === undefined ? {} : { onConsole }) });

describe('layers of a disk', () => {
  it('are in the order in which they are named, the first on top', () => {
    const failing = ioWith({ 'disk-layers': 'trace.faults', 'fault-period': 2 });
    const store = failing.store(sector(1));
    expect([1, 2, 3, 4].map(() => store.read(0, 1, sector(0)))).toEqual([true, false, true, false]);
    expect(failing.counts()).toEqual({ 'io.disk.read': 4, 'io.disk.sector': 4, 'io.disk.failed': 2 });
    const below = ioWith({ 'disk-layers': 'faults.trace', 'fault-period': 2 });
    const other = below.store(sector(1));
    for (let request = 0; request < 4; request++) other.write(0, 1, sector(2));
    expect(below.counts()).toEqual({ 'io.disk.write': 2, 'io.disk.sector': 2 });
  });

  it('can keep a disk from being written', () => {
    const store = ioWith({ 'disk-layers': 'readonly' }).store(sector(1));
    const read = sector(0);
    expect([store.write(0, 1, sector(2)), store.read(0, 1, read), read]).toEqual([false, true, sector(1)]);
  });

  it('let one guest have what another wrote, and keep its own', () => {
    const shared = new CopyOnWriteDisk(new Uint8Array(2 * SECTOR_BYTES));
    const [server, client] = [ioWith({}).store(shared), ioWith({ 'disk-layers': 'overlay' }).store(shared)];
    server.write(0, 1, sector(7));
    client.write(1, 1, sector(8));
    expect(shared.contents()).toEqual(Uint8Array.from([...sector(7), ...sector(0)]));
    const read = new Uint8Array(2 * SECTOR_BYTES);
    client.read(0, 2, read);
    expect(read).toEqual(Uint8Array.from([...sector(7), ...sector(8)]));
  });
});

describe('layers of a console', () => {
  const print = (settings: EngineOptions['settings'], text: string): { readonly shown: string; readonly counts: object } => {
    let shown = '';
    const io = ioWith(settings, (byte) => (shown += String.fromCharCode(byte)));
    const { onConsole } = io.equipment();
    for (const byte of new TextEncoder().encode(text)) onConsole?.(byte, 'uart');
    return { shown, counts: io.counts() };
  };

  it('count, hide control sequences, and end at a quota', () => {
    expect(print({ 'console-layers': 'printable.trace' }, 'a\u001b[2J\r\n\u007f')).toEqual({ shown: 'a?[2J\r\n?', counts: { 'io.console.byte': 8 } });
    expect(print({}, 'a\u001b')).toEqual({ shown: 'a\u001b', counts: {} });
    const [quota, more] = [16 << 20, 3];
    let passed = 0;
    const { onConsole } = ioWith({ 'console-layers': 'quota' }, () => passed++).equipment();
    for (let byte = 0; byte < quota + more; byte++) onConsole?.(0, 'e9');
    expect(passed).toBe(quota);
  });
});

describe('settings', () => {
  it('choose what the guest finds', () => {
    expect(ioWith({}).equipment()).toMatchObject({ diskInterface: 'ata', consoleInterface: 'uart' });
    expect(ioWith({ disk: 'static', console: 'virtual' }).equipment()).toMatchObject({ diskInterface: 'ata', consoleInterface: 'request' });
    const layered = ioWith({ disk: 'layered', console: 'layered' });
    expect(layered.choices).toMatchObject({ diskLayers: ['trace', 'overlay'], consoleLayers: ['trace', 'quota'] });
  });

  it.each([{ disk: 'fast' }, { console: '__proto__' }, { 'disk-layers': 'overlay.' }, { 'disk-layers': 'constructor' }, { 'console-layers': 'trace.trace' }, { 'fault-period': 0 }])('refuse %j', (settings) => {
    expect(() => ioWith(settings)).toThrow(/called|twice|cannot be 0/);
  });

  it('are all documented with values that are taken', () => {
    for (const { name, values, default: usual } of DEVICE_SETTINGS) {
      const words = 'least' in values ? [values.least, values.most, usual] : 'listOf' in values ? [values.listOf.join('.'), usual] : [...values, usual];
      for (const value of words) expect(() => ioWith({ [name]: value }), `${name}=${value}`).not.toThrow();
    }
    expect(new Set(IO_EVENTS.map(({ name }) => name)).size).toBe(IO_EVENTS.length);
  });

  it('say which guests find the same machine', () => {
    expect(guestMachine({ disk: 'static', console: 'static' })).toBe(guestMachine({}));
    expect(guestMachine({ shadow: 'drop' })).toBe(guestMachine());
    expect(guestMachine({ disk: 'layered', 'disk-layers': 'trace.overlay' })).toBe(guestMachine({ disk: 'layered' }));
    const others = [{ disk: 'virtual' }, { console: 'virtual' }, { disk: 'layered' }, { 'disk-layers': 'faults' }, { disk: 'what?' }];
    expect(new Set([{}, ...others].map((settings) => guestMachine(settings))).size).toBe(others.length + 1);
  });
});
