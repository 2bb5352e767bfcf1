import { beforeEach, describe, expect, it } from 'vitest';
import { INSTRUCTIONS_PER_SECOND } from '../../src/clock.js';
import { RequestControl, RequestIdentity, RequestPort, RequestRegister } from '../../src/devices/request-registers.js';
import { RequestNetwork } from '../../src/devices/request-network.js';
import { RequestOperation, RequestStatus } from '../../src/devices/requests.js';
import { BUFFER, RequestHost } from './request-host.js';

const { NETWORK } = RequestPort;
const SECOND_BUFFER = BUFFER + 0x1000;
const BYTES = 64;
const LONG = INSTRUCTIONS_PER_SECOND / 100;
const { READ, WRITE } = RequestOperation;

let host: RequestHost;
let card: RequestNetwork;
const putFrame = (fill: number, at = BUFFER): void => host.bytes.set([1, 2, 3, 4, 5, 6, 11, 12, 13, 14, 15, 16, ...Array.from({ length: BYTES - 12 }, () => fill)], at);
const listen = (): void => host.bus.write(NETWORK + RequestRegister.CONTROL, 4, RequestControl.LISTEN);

beforeEach(() => {
  host = new RequestHost();
  card = new RequestNetwork({ clock: host.time.clock, memory: host.memory, onInterrupt: host.onInterrupt });
  card.attach(host.bus);
});

describe('the request network card', () => {
  it('says what it is and how long a frame may be', () => expect([host.register(NETWORK, 'IDENTITY'), host.register(NETWORK, 'SIZE')]).toEqual([RequestIdentity.NETWORK, 1514]));
  it('sends with one access and fetches with one, with addresses exchanged', () => {
    putFrame(7);
    host.kick(NETWORK, host.chain({ operation: WRITE, bytes: BYTES }));
    expect(host.answer()).toEqual({ status: RequestStatus.DONE, transferred: BYTES });
    const read = (): unknown => {
      host.kick(NETWORK, host.chain({ operation: READ, bytes: 2000, buffer: SECOND_BUFFER }));
      return host.answer();
    };
    expect(read()).toEqual({ status: RequestStatus.DONE, transferred: 0 });
    host.pass(LONG);
    expect(read()).toEqual({ status: RequestStatus.DONE, transferred: BYTES });
    expect([...host.bytes.subarray(SECOND_BUFFER, SECOND_BUFFER + 14)]).toEqual([11, 12, 13, 14, 15, 16, 1, 2, 3, 4, 5, 6, 7, 7]);
  });
  it('does many with one access, in order, and interrupts once until all are fetched', () => {
    listen();
    const places = [0, 1, 2].map((index) => BUFFER + index * 0x100);
    places.forEach((place, index) => putFrame(index, place));
    host.kick(NETWORK, host.chain(...places.map((buffer) => ({ operation: WRITE, bytes: BYTES, buffer }))));
    host.pass(LONG);
    expect(host.line).toEqual([true]);
    host.kick(NETWORK, host.chain({ operation: READ, bytes: 2000, buffer: SECOND_BUFFER }));
    expect(host.line).toEqual([true]);
    host.kick(NETWORK, host.chain(...[1, 2, 3].map((index) => ({ operation: READ, bytes: 2000, buffer: SECOND_BUFFER + index * 0x100 }))));
    expect(host.line).toEqual([true, false]);
    expect([0, 1, 2].map((index) => host.bytes[SECOND_BUFFER + index * 0x100 + 13])).toEqual([0, 1, 2]);
    expect(host.answer(2)).toEqual({ status: RequestStatus.DONE, transferred: 0 });
  });
  it('refuses what is no frame, and keeps one for which the buffer is too short', () => {
    for (const bytes of [13, 1515]) {
      host.kick(NETWORK, host.chain({ operation: WRITE, bytes }));
      expect(host.answer().status).toBe(RequestStatus.BAD_BUFFER);
    }
    host.kick(NETWORK, host.chain({ operation: RequestOperation.OPEN, bytes: 4 }));
    expect(host.answer().status).toBe(RequestStatus.BAD_OPERATION);
    putFrame(1);
    host.kick(NETWORK, host.chain({ operation: WRITE, bytes: BYTES }));
    host.pass(LONG);
    const lengths = [BYTES - 1, BYTES].map((bytes) => {
      host.kick(NETWORK, host.chain({ operation: READ, bytes }));
      return host.answer().transferred;
    });
    expect(lengths).toEqual([0, BYTES]);
  });
  it('has nothing on its way after a reset, and no more than 64 frames', () => {
    putFrame(1);
    for (let round = 0; round < 2; round++) {
      host.kick(NETWORK, host.chain(...Array.from({ length: 60 }, () => ({ operation: WRITE, bytes: BYTES }))));
      if (round === 0) card.reset();
    }
    host.kick(NETWORK, host.chain(...Array.from({ length: 60 }, () => ({ operation: WRITE, bytes: BYTES }))));
    host.pass(LONG);
    let fetched = 0;
    for (let round = 0; round < 2; round++) {
      host.kick(NETWORK, host.chain(...Array.from({ length: 60 }, () => ({ operation: READ, bytes: BYTES, buffer: SECOND_BUFFER }))));
      fetched += Array.from({ length: 60 }, (_, index) => host.answer(index).transferred).filter((bytes) => bytes > 0).length;
    }
    expect(fetched).toBe(64);
  });
});
