import { beforeEach, describe, expect, it } from 'vitest';
import { CopyOnWriteDisk, SECTOR_BYTES } from '../../src/devices/block-store.js';
import { RequestConsole } from '../../src/devices/request-console.js';
import { RequestControl, RequestDeviceStatus, RequestIdentity, RequestPort, RequestRegister } from '../../src/devices/request-registers.js';
import type { CharacterServerOptions } from '../../src/devices/request-servers.js';
import { RequestOperation, RequestStatus } from '../../src/devices/requests.js';
import { ServicePort } from '../../src/devices/service-port.js';
import { numberedImage } from './ata-host.js';
import { BUFFER, RequestHost, type RequestFields } from './request-host.js';

const { CONSOLE, SERVICES } = RequestPort;
let host: RequestHost;
let written: string[];

function characters(): CharacterServerOptions {
  const output = (channel: number) => (byte: number) => (written[channel] += String.fromCharCode(byte));
  return { memory: host.memory, outputs: [output(0), output(1)], onInterrupt: host.onInterrupt };
}
function putText(text: string, at = BUFFER): number {
  host.bytes.set(new TextEncoder().encode(text), at);
  return text.length;
}
const textAt = (count: number): string => String.fromCharCode(...host.bytes.subarray(BUFFER, BUFFER + count));

beforeEach(() => {
  host = new RequestHost();
  written = ['', ''];
});

describe('the request console', () => {
  let console: RequestConsole;
  beforeEach(() => {
    console = new RequestConsole(characters());
    console.attach(host.bus);
  });
  const listen = (on: boolean): void => host.bus.write(CONSOLE + RequestRegister.CONTROL, 4, on ? RequestControl.LISTEN : 0);
  const read = (bytes: number): { readonly status: number; readonly transferred: number } => {
    host.kick(CONSOLE, host.chain({ operation: RequestOperation.READ, bytes }));
    return host.answer();
  };

  it('writes whole texts to its channels, within the access', () => {
    expect([host.register(CONSOLE, 'IDENTITY'), host.register(CONSOLE, 'SIZE')]).toEqual([RequestIdentity.CONSOLE, 2]);
    host.kick(CONSOLE, host.chain({ operation: RequestOperation.WRITE, bytes: putText('hello') }, { operation: RequestOperation.WRITE, position: 1, bytes: 2 }, { operation: RequestOperation.WRITE, position: 2, bytes: 2 }));
    expect(written).toEqual(['hello', 'he']);
    expect([0, 1, 2].map((index) => host.answer(index))).toEqual([
      { status: RequestStatus.DONE, transferred: 5 }, { status: RequestStatus.DONE, transferred: 2 }, { status: RequestStatus.BEYOND_END, transferred: 0 },
    ]);
  });

  it('keeps what comes in until it is read, and interrupts while the driver listens', () => {
    expect(new TextEncoder().encode('abc').every((byte) => console.offer(byte))).toBe(true);
    expect(host.line).toEqual([]);
    listen(true);
    expect(host.line).toEqual([true]);
    expect(read(2)).toEqual({ status: RequestStatus.DONE, transferred: 2 });
    expect([textAt(2), host.line]).toEqual(['ab', [true]]);
    expect(read(10)).toEqual({ status: RequestStatus.DONE, transferred: 1 });
    expect(host.line).toEqual([true, false]);
    expect(read(10).transferred).toBe(0);
  });

  it('interrupts anew when the driver listens again', () => {
    console.offer(1);
    listen(true);
    listen(false);
    listen(true);
    expect(host.line).toEqual([true, false, true]);
  });

  it('makes the sender wait when it is full, and is empty after a reset', () => {
    let taken = 0;
    while (console.offer(7)) taken++;
    expect(taken).toBe(256);
    console.reset();
    listen(true);
    expect(host.line).toEqual([]);
  });

  it('refuses what is no chain', () => {
    host.kick(CONSOLE, 3);
    expect(host.register(CONSOLE, 'KICK')).toBe(RequestDeviceStatus.REFUSED);
    host.kick(CONSOLE, host.chain({ operation: RequestOperation.OPEN }));
    expect([host.answer().status, host.register(CONSOLE, 'KICK')]).toEqual([RequestStatus.BAD_OPERATION, 0]);
  });
});

describe('the I/O API', () => {
  let services: ServicePort;
  beforeEach(() => {
    services = new ServicePort(host.memory);
    services.addCharacters('console', characters());
    services.addBlocks('disk', new CopyOnWriteDisk(numberedImage(9)));
    services.attach(host.bus);
  });
  const call = (fields: RequestFields): { readonly status: number; readonly transferred: number } => {
    host.kick(SERVICES, host.chain(fields));
    return host.answer();
  };
  const open = (name: string) => call({ operation: RequestOperation.OPEN, bytes: putText(name) });

  it('opens services by name and tells their sizes', () => {
    expect([host.register(SERVICES, 'IDENTITY'), host.register(SERVICES, 'SIZE')]).toEqual([RequestIdentity.SERVICES, 2]);
    expect([open('console'), open('disk')]).toEqual([{ status: RequestStatus.DONE, transferred: 1 }, { status: RequestStatus.DONE, transferred: 2 }]);
    expect(call({ operation: RequestOperation.SIZE, service: 2 }).transferred).toBe(9);
    expect([open('printer').status, open('').status, open('d'.repeat(33)).status]).toEqual([RequestStatus.NO_SERVICE, RequestStatus.NO_SERVICE, RequestStatus.BAD_BUFFER]);
  });

  it('leads each call to its service, within the access', () => {
    expect(call({ operation: RequestOperation.READ, service: 2, position: 3, bytes: SECTOR_BYTES })).toEqual({ status: RequestStatus.DONE, transferred: SECTOR_BYTES });
    expect(host.bytes.slice(BUFFER, BUFFER + SECTOR_BYTES)).toEqual(numberedImage(9).slice(3 * SECTOR_BYTES, 4 * SECTOR_BYTES));
    call({ operation: RequestOperation.WRITE, service: 1, bytes: putText('ok') });
    expect(written[0]).toBe('ok');
    expect([0, 3, 0xffffffff].map((service) => call({ operation: RequestOperation.READ, service, bytes: SECTOR_BYTES }).status)).toEqual([6, 6, 6]);
  });

  it('has input for its character service', () => {
    expect(services.offer(65)).toBe(true);
    host.bus.write(SERVICES + RequestRegister.CONTROL, 4, RequestControl.LISTEN);
    expect(host.line).toEqual([true]);
    expect(call({ operation: RequestOperation.READ, service: 1, bytes: 8 }).transferred).toBe(1);
    expect(new ServicePort(host.memory).offer(65)).toBeUndefined();
  });
});
