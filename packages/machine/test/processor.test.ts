import { Flag, refreshSegment, Segment, storeSegmentRegister, Vector, Word } from '@ringbench/isa';
import { beforeEach, describe, expect, it } from 'vitest';
import { MARKER_PORT } from '../src/ports.js';
import type { Processor } from '../src/processor.js';
import { KERNEL_CODE, KERNEL_DATA, RAM_BYTES, scriptedMachine, setFlags, type Scripted } from './machine-support.js';

const DATA = 0x50000;
const PAGE = 4096;
const EXPAND_DOWN = 0x4097;
const READ_ONLY = 0xc091;

let scripted: Scripted;
let processor: Processor;
beforeEach(() => {
  scripted = scriptedMachine();
  ({ processor } = scripted);
});

describe('the instruction clock', () => {
  it('counts down a slice, passes idle time, and knows what a block was charged too early', () => {
    expect(processor.now()).toBe(0);
    processor.beginSlice(100);
    expect(processor.now()).toBe(0);
    processor.state[Word.BUDGET] -= 30;
    expect(processor.now()).toBe(30);
    processor.uncompleted = 5;
    expect(processor.now()).toBe(25);
    processor.uncompleted = 0;
    processor.skip(1000);
    expect(processor.now()).toBe(1030);
    processor.beginSlice(10);
    expect(processor.now()).toBe(1030);
  });
  it('holds interrupts back at one boundary', () => {
    processor.beginSlice(10);
    processor.inhibitInterrupts(false);
    expect(processor.interruptsInhibited).toBe(false);
    processor.state[Word.BUDGET]--;
    expect([processor.interruptsInhibited, processor.debugInhibited]).toEqual([true, false]);
    processor.state[Word.BUDGET]--;
    expect(processor.interruptsInhibited).toBe(false);
  });
});

describe('memory', () => {
  it.each([1, 2, 4] as const)('loads what was stored with %i bytes, anywhere, through filled and empty tables', (bytes) => {
    const pattern = 0x89abcdef;
    const expected = bytes === 4 ? pattern | 0 : pattern & ((1 << (8 * bytes)) - 1);
    for (const linear of [DATA, DATA + 1, DATA + PAGE - bytes, DATA + PAGE - 1, DATA + 3]) {
      for (const system of [false, true]) {
        for (let again = 0; again < 2; again++) {
          processor.store(linear, bytes, pattern, system);
          expect(processor.load(linear, bytes, system)).toBe(expected);
        }
      }
    }
    expect(processor.faulted).toBe(false);
  });
  it('reads ones behind its end', () => {
    processor.store(RAM_BYTES, 4, 0, false);
    expect([1, 2, 4].map((bytes) => processor.load(RAM_BYTES, bytes as 1 | 2 | 4, false))).toEqual([0xff, 0xffff, -1]);
    expect(processor.loadPhysical(RAM_BYTES)).toBe(-1);
  });
});

describe('linear addresses', () => {
  it('add the base, and fault with #GP or #SS where the segment ends', () => {
    storeSegmentRegister(processor, Segment.ES, KERNEL_DATA, 0x1000, 0xff, 0x4093);
    expect(processor.linear(Segment.ES, 0xfc, 4, true)).toBe(0x10fc);
    expect(processor.faulted).toBe(false);
    processor.linear(Segment.ES, 0xfd, 4, false);
    expect([processor.faulted, processor.faultVector, processor.faultErrorCode]).toEqual([true, Vector.GP, 0]);
    processor.clearFault();
    storeSegmentRegister(processor, Segment.SS, KERNEL_DATA, 0, 0xff, 0x4093);
    processor.linear(Segment.SS, 0x100, 1, false);
    expect(processor.faultVector).toBe(Vector.SS);
  });
  it('know expand-down and read-only segments, and wrap-around in flat ones', () => {
    storeSegmentRegister(processor, Segment.ES, KERNEL_DATA, 0, 0xfff, EXPAND_DOWN);
    processor.linear(Segment.ES, 0x1000, 4, true);
    expect(processor.faulted).toBe(false);
    processor.linear(Segment.ES, 0xfff, 1, false);
    expect(processor.faultVector).toBe(Vector.GP);
    processor.clearFault();
    storeSegmentRegister(processor, Segment.ES, KERNEL_DATA, 0, -1, READ_ONLY);
    processor.linear(Segment.ES, 0, 4, false);
    expect(processor.faulted).toBe(false);
    processor.linear(Segment.ES, 0, 4, true);
    expect(processor.faultVector).toBe(Vector.GP);
    processor.clearFault();
    expect(processor.linear(Segment.DS, -1, 1, true)).toBe(-1);
    expect(processor.faulted).toBe(false);
  });
});

describe('faults', () => {
  it('stay recorded until cleared, and are counted then', () => {
    expect(processor.raise(Vector.NP, 0x58)).toBe(false);
    expect([processor.faulted, processor.faultVector, processor.faultErrorCode]).toEqual([true, Vector.NP, 0x58]);
    processor.clearFault();
    processor.clearFault();
    expect([processor.faulted, processor.faultsTaken]).toEqual([false, 1]);
  });
});

describe('the execution context', () => {
  const context = (): readonly boolean[] => [processor.context.code32, processor.context.stack32, processor.context.flat];

  it('is flat with four flat segments of 32 bits and asks for attention when that changes', () => {
    expect(context()).toEqual([true, true, true]);
    processor.attention = false;
    storeSegmentRegister(processor, Segment.FS, KERNEL_DATA, 0x1000, 0xff, 0x4093);
    expect([context(), processor.attention]).toEqual([[true, true, true], false]);
    storeSegmentRegister(processor, Segment.ES, KERNEL_DATA, 0x1000, -1, 0xc093);
    expect([context(), processor.attention]).toEqual([[true, true, false], true]);
    processor.attention = false;
    storeSegmentRegister(processor, Segment.ES, KERNEL_DATA, 0, -1, 0xc093);
    expect([context(), processor.attention]).toEqual([[true, true, true], true]);
  });
  it('is not flat with a read-only data segment, or with 16 bits of code or stack', () => {
    storeSegmentRegister(processor, Segment.DS, KERNEL_DATA, 0, -1, READ_ONLY);
    expect(context()).toEqual([true, true, false]);
    storeSegmentRegister(processor, Segment.DS, KERNEL_DATA, 0, -1, 0xc093);
    storeSegmentRegister(processor, Segment.CS, KERNEL_CODE, 0, -1, 0x809b);
    expect(context()).toEqual([false, true, false]);
    storeSegmentRegister(processor, Segment.CS, KERNEL_CODE, 0, -1, 0xc09b);
    storeSegmentRegister(processor, Segment.SS, KERNEL_DATA, 0, -1, 0x8093);
    expect(context()).toEqual([true, false, false]);
  });
  it('does not change with the table registers', () => {
    refreshSegment(processor.state, Segment.LDTR);
    processor.segmentChanged(Segment.LDTR);
    expect(context()).toEqual([true, true, true]);
  });
});

describe('attention', () => {
  it('is asked for by TF, by a waiting interrupt when IF changes, by HLT and by shutdown', () => {
    const asks = (act: () => void): boolean => {
      processor.attention = false;
      act();
      return processor.attention;
    };
    expect(asks(() => setFlags(processor, Flag.IF))).toBe(false);
    expect(asks(() => setFlags(processor, Flag.TF))).toBe(true);
    processor.state[Word.INTERRUPT_PIN] = 1;
    expect(asks(() => setFlags(processor, Flag.IF))).toBe(true);
    expect(asks(() => processor.halt())).toBe(true);
    expect(asks(() => processor.shutdown())).toBe(true);
  });
  it('makes sensitive instructions trap at CPL 3 only, and only when asked', () => {
    const traps = (): readonly number[] => [0, 3].map((cpl) => {
      processor.state[Word.CPL] = cpl;
      processor.privilegeChanged();
      return processor.state[Word.TRAP_SENSITIVE];
    });
    expect(traps()).toEqual([0, 0]);
    processor.sensitiveTraps = true;
    expect(traps()).toEqual([0, 1]);
  });
});

describe('ports', () => {
  it('are counted but for the marker, which only a byte reaches', () => {
    const counts = (): readonly (number | undefined)[] => [scripted.machine.counts()['port.read'], scripted.machine.counts()['port.write']];
    processor.portWrite(MARKER_PORT, 1, 1);
    expect(counts()).toEqual([undefined, undefined]);
    processor.portWrite(MARKER_PORT, 2, 1);
    processor.portWrite(0x80, 1, 0x5a);
    expect(processor.portRead(0x80, 1)).toBe(0x5a);
    expect(processor.portRead(0x5a0, 4)).toBe(-1);
    expect(counts()).toEqual([2, 2]);
  });
});
