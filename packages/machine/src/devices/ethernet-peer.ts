/**
 * The other end of a network card's cable: a station that sends every frame back to who sent it. It answers after a fixed guest time, so that a run with
 * network repeats exactly, and nothing outside of the guest takes part.
 */
import type { InstructionClock } from '../clock.js';
import { Deadline, TickRate } from '../clock.js';

/** Sizes of an Ethernet frame in bytes, from the destination address to the last byte of data, without checksum (IEEE 802.3, 3.2). */
export const Frame = { ADDRESS_BYTES: 6, HEADER_BYTES: 14, MOST_BYTES: 1514 } as const;
/** Around each frame on the cable: preamble, checksum and the gap between frames, in bytes. */
const OVERHEAD_BYTES = 8 + 4 + 12;
/** 10 megabits in a second: 10BASE-T. */
const BYTES_PER_SECOND = 1_250_000;
/** From the end of a frame to the end of its answer, in byte times: 100 microseconds. */
const ANSWER_BYTE_TIMES = 125;
/** Frames on their way; the cable loses what comes on top. */
const MOST_FRAMES = 64;

interface Arrival { readonly at: number; readonly frame: Uint8Array }

/** A frame that goes back: destination and source change places. */
function answerTo(frame: Uint8Array): Uint8Array {
  const answer = frame.slice();
  answer.set(frame.subarray(Frame.ADDRESS_BYTES, 2 * Frame.ADDRESS_BYTES), 0);
  answer.set(frame.subarray(0, Frame.ADDRESS_BYTES), Frame.ADDRESS_BYTES);
  return answer;
}

export class EchoPeer {
  private readonly arrivals: Arrival[] = [];
  private readonly next: Deadline;
  private readonly rate: TickRate;
  private cableFreeAt = 0;

  /** @param onFrame called with each frame that arrives at the card. */
  constructor(private readonly clock: InstructionClock, private readonly onFrame: (frame: Uint8Array) => void, instructionsPerSecond?: number) {
    this.rate = new TickRate(BYTES_PER_SECOND, instructionsPerSecond);
    this.next = new Deadline(() => this.deliver());
  }

  /** Puts a frame on the cable behind those that are being sent. Returns the guest time at which it has been sent. Frames without a whole header have no answer. */
  send(frame: Uint8Array): number {
    const { clock, rate, arrivals } = this;
    this.cableFreeAt = Math.max(clock.now(), this.cableFreeAt) + rate.instructionsAt(frame.length + OVERHEAD_BYTES);
    if (frame.length >= Frame.HEADER_BYTES && arrivals.length < MOST_FRAMES) {
      arrivals.push({ at: this.cableFreeAt + rate.instructionsAt(ANSWER_BYTE_TIMES), frame: answerTo(frame) });
      if (this.next.at === Infinity) clock.reschedule(this.next, arrivals[0].at);
    }
    return this.cableFreeAt;
  }

  /** An access to the card on the very instruction of an arrival sees it, whether or not the driver has fired the deadline yet. */
  settle(): void {
    while (this.next.at <= this.clock.now()) this.deliver();
  }

  /** The cable is pulled and put in again. */
  reset(): void {
    this.clock.cancel(this.next);
    this.arrivals.length = 0;
    this.cableFreeAt = 0;
  }

  private deliver(): void {
    const { clock, arrivals } = this;
    clock.cancel(this.next);
    const arrived = arrivals.shift();
    if (arrivals.length > 0) clock.reschedule(this.next, arrivals[0].at);
    if (arrived !== undefined) this.onFrame(arrived.frame);
  }
}
