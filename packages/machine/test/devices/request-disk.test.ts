import { describe, expect, it } from 'vitest';
import { CopyOnWriteDisk, SECTOR_BYTES } from '../../src/devices/block-store.js';
import { RequestDisk } from '../../src/devices/request-disk.js';
import { RequestDeviceStatus, RequestIdentity, RequestPort } from '../../src/devices/request-registers.js';
import { MOST_CHAIN_BYTES, MOST_REQUESTS, REQUEST_BYTES, RequestOperation, RequestStatus } from '../../src/devices/requests.js';
import { ACCESS_TIME, numberedImage } from './ata-host.js';
import { BUFFER, FIRST, MEMORY_BYTES, RequestHost, type RequestFields } from './request-host.js';

const SECTORS = 300;
const { DISK } = RequestPort;
const READ_ONE: RequestFields = { operation: RequestOperation.READ, bytes: SECTOR_BYTES };

function diskHost(): RequestHost & { readonly store: CopyOnWriteDisk } {
  const host = new RequestHost();
  const store = new CopyOnWriteDisk(numberedImage(SECTORS));
  new RequestDisk({ clock: host.time.clock, memory: host.memory, store, onInterrupt: host.onInterrupt }).attach(host.bus);
  return Object.assign(host, { store });
}
/** The statuses of a chain that was kicked and had its time. */
function statuses(host: RequestHost, ...requests: readonly RequestFields[]): readonly number[] {
  host.kick(DISK, host.chain(...requests));
  host.pass(ACCESS_TIME);
  return requests.map((_, index) => host.answer(index).status);
}

describe('the request disk', () => {
  it('says what it is, and nothing to accesses of another width', () => {
    const host = diskHost();
    expect(host.register(DISK, 'IDENTITY')).toBe(RequestIdentity.DISK);
    expect(host.register(DISK, 'SIZE')).toBe(SECTORS);
    expect(host.bus.read(DISK, 1)).toBe(0xff);
    expect(host.bus.read(DISK, 2)).toBe(0xffff);
    host.bus.write(DISK + 8, 1, 0);
    expect(host.register(DISK, 'KICK')).toBe(0);
  });

  it('answers a chain with one interrupt, at its time, after one port access', () => {
    const host = diskHost();
    host.kick(DISK, host.chain({ ...READ_ONE, position: 7, bytes: 2 * SECTOR_BYTES }, { ...READ_ONE, position: 2, buffer: BUFFER + 0x1000 }));
    host.pass(ACCESS_TIME - 1);
    expect([host.answer().status, host.line]).toEqual([RequestStatus.PENDING, []]);
    host.pass(1);
    expect([host.answer(0), host.answer(1)]).toEqual([{ status: RequestStatus.DONE, transferred: 2 * SECTOR_BYTES }, { status: RequestStatus.DONE, transferred: SECTOR_BYTES }]);
    expect(host.line).toEqual([true]);
    const image = numberedImage(SECTORS);
    expect(host.bytes.slice(BUFFER, BUFFER + 2 * SECTOR_BYTES)).toEqual(image.slice(7 * SECTOR_BYTES, 9 * SECTOR_BYTES));
    expect(host.bytes.slice(BUFFER + 0x1000, BUFFER + 0x1000 + SECTOR_BYTES)).toEqual(image.slice(2 * SECTOR_BYTES, 3 * SECTOR_BYTES));
  });

  it('takes its interrupt back at the next kick, or when its status is read', () => {
    const host = diskHost();
    statuses(host, READ_ONE);
    host.kick(DISK, host.chain(READ_ONE));
    expect(host.line).toEqual([true, false]);
    host.pass(ACCESS_TIME);
    expect(host.register(DISK, 'KICK')).toBe(0);
    expect(host.line).toEqual([true, false, true, false]);
  });

  it('writes', () => {
    const host = diskHost();
    host.bytes.fill(0xab, BUFFER, BUFFER + SECTOR_BYTES);
    expect(statuses(host, { operation: RequestOperation.WRITE, position: SECTORS - 1, bytes: SECTOR_BYTES })).toEqual([RequestStatus.DONE]);
    expect(host.store.contents().slice(-SECTOR_BYTES)).toEqual(new Uint8Array(SECTOR_BYTES).fill(0xab));
  });

  it('is busy until then, and loses a kick meanwhile', () => {
    const host = diskHost();
    host.kick(DISK, host.chain(READ_ONE));
    host.kick(DISK, 0);
    expect(host.register(DISK, 'KICK')).toBe(RequestDeviceStatus.BUSY | RequestDeviceStatus.REFUSED);
    host.pass(ACCESS_TIME);
    expect(host.answer().status).toBe(RequestStatus.DONE);
    expect(host.register(DISK, 'KICK')).toBe(RequestDeviceStatus.REFUSED);
    host.kick(DISK, host.chain(READ_ONE));
    expect(host.register(DISK, 'KICK')).toBe(RequestDeviceStatus.BUSY);
  });

  it('answers what it cannot do, and goes on with the chain', () => {
    const far = 0xfffffe00;
    expect(statuses(diskHost(),
      { ...READ_ONE, operation: 77 }, { ...READ_ONE, bytes: 0 }, { ...READ_ONE, bytes: 511 }, { ...READ_ONE, buffer: MEMORY_BYTES - 511 }, { ...READ_ONE, buffer: far },
      { ...READ_ONE, bytes: far }, { ...READ_ONE, position: SECTORS }, { ...READ_ONE, position: 0xffffffff }, READ_ONE,
    )).toEqual([
      RequestStatus.BAD_OPERATION, RequestStatus.BAD_BUFFER, RequestStatus.BAD_BUFFER, RequestStatus.BAD_BUFFER, RequestStatus.BAD_BUFFER,
      RequestStatus.BAD_BUFFER, RequestStatus.BEYOND_END, RequestStatus.BEYOND_END, RequestStatus.DONE,
    ]);
  });

  it('says when the medium fails', () => {
    const host = new RequestHost();
    const store = { sectors: 4, read: () => false, write: () => false };
    new RequestDisk({ clock: host.time.clock, memory: host.memory, store, onInterrupt: host.onInterrupt }).attach(host.bus);
    expect(statuses(host, READ_ONE, { ...READ_ONE, operation: RequestOperation.WRITE })).toEqual([RequestStatus.MEDIUM_FAILED, RequestStatus.MEDIUM_FAILED]);
  });

  it.each([['an odd address', FIRST + 4], ['the end of memory', MEMORY_BYTES], ['beyond memory', 0xffffffe0]])('refuses a chain at %s', (_, address) => {
    const host = diskHost();
    host.kick(DISK, address);
    host.pass(ACCESS_TIME);
    expect(host.register(DISK, 'KICK')).toBe(RequestDeviceStatus.REFUSED);
  });

  it('ends at a chain that leads back to itself, or to what is answered', () => {
    const host = diskHost();
    expect(statuses(host, READ_ONE, { ...READ_ONE, next: FIRST })).toEqual([RequestStatus.DONE, RequestStatus.DONE]);
    expect(host.register(DISK, 'KICK')).toBe(RequestDeviceStatus.REFUSED);
    expect(statuses(host, { ...READ_ONE, next: FIRST })).toEqual([RequestStatus.DONE]);
    expect(statuses(host, { ...READ_ONE, status: RequestStatus.DONE })).toEqual([RequestStatus.DONE]);
    expect(host.register(DISK, 'KICK')).toBe(RequestDeviceStatus.REFUSED);
  });

  it('moves no more for one chain than it may', () => {
    const whole = MOST_CHAIN_BYTES;
    expect(statuses(diskHost(), { ...READ_ONE, bytes: whole }, READ_ONE)).toEqual([RequestStatus.DONE, RequestStatus.BAD_BUFFER]);
    expect(statuses(diskHost(), { ...READ_ONE, bytes: whole + SECTOR_BYTES })).toEqual([RequestStatus.BAD_BUFFER]);
    const host = diskHost();
    const answers = statuses(host, ...Array.from({ length: MOST_REQUESTS + 1 }, (): RequestFields => ({ operation: 99 })));
    expect(answers.filter((status) => status !== RequestStatus.PENDING)).toHaveLength(MOST_REQUESTS);
    expect(host.register(DISK, 'KICK')).toBe(RequestDeviceStatus.REFUSED);
  });

  it('may have its own chain overwritten by what it reads', () => {
    const host = diskHost();
    // The second block is replaced by a sector, which is no pending request.
    expect(statuses(host, { ...READ_ONE, position: 5, buffer: FIRST + REQUEST_BYTES }, READ_ONE)[0]).toBe(RequestStatus.DONE);
    expect(host.register(DISK, 'KICK')).toBe(RequestDeviceStatus.REFUSED);
  });
});
