import { CR0, CR4, Debug6, Debug7, Flag, Vector, Word } from '@ringbench/isa';
import { Region } from '@ringbench/machine';
import { describe, expect, it } from 'vitest';
import { HOT_SET } from '../src/hot-set.js';
import { BareMachine, CODE, EXIT, word, type Program } from './support/bare-machine.js';

/** Debug exceptions, NMI and the pins, on real code: the handler logs DR6, the pushed EIP and the pushed RF, clears DR6 and returns with RF set. */

const HANDLER = 0xa000;
const LOG = 0x30000;
const ENTRIES = LOG + 0x10;
const ENTRY_BYTES = 12;
const DATA = 0x40000;
const EAX = 0, ECX = 1, EBX = 3, ESI = 6, EDI = 7;

const move = (register: number, value: number): number[] => [0xb8 | register, ...word(value)];
const toDebug = (number: number, value: number): number[] => [...move(EAX, value), 0x0f, 0x23, 0xc0 | (number << 3)];
const load = (address: number): number[] => [0x8b, 0x0d, ...word(address)]; // mov ecx, [address]
const store = (address: number): number[] => [0x89, 0x0d, ...word(address)]; // mov [address], ecx
const setControl4 = (bits: number): number[] => [...move(EAX, bits), 0x0f, 0x22, 0xe0]; // mov cr4, eax
const setFlags = (flags: number): number[] => [0x68, ...word(flags), 0x9d]; // push flags; popfd
const NOP = 0x90;
/** push eax; push ebx; mov ebx, [LOG]; log DR6, [esp+8], [esp+16]; add [LOG], 12; DR6 = 0; or [esp+16], RF; pop ebx; pop eax; iretd */
const handlerReturning = (resumed: boolean): number[] => [
  0x50, 0x53, 0x8b, 0x1d, ...word(LOG), 0x0f, 0x21, 0xf0, 0x89, 0x03, 0x8b, 0x44, 0x24, 0x08, 0x89, 0x43, 0x04, 0x8b, 0x44, 0x24, 0x10, 0x89, 0x43, 0x08,
  0x83, 0x05, ...word(LOG), ENTRY_BYTES, 0x31, 0xc0, 0x0f, 0x23, 0xf0, ...(resumed ? [0x81, 0x4c, 0x24, 0x10, ...word(Flag.RF)] : []), 0x5b, 0x58, 0xcf,
];

/** DR7 with breakpoint `number` armed globally; `condition` 0 execute, 1 write, 2 port, 3 access; `length` the LEN field. */
const armed = (number: number, condition: number, length: number): number => (2 << (2 * number)) | ((condition | (length << 2)) << (16 + 4 * number));

interface Logged { readonly cause: number; readonly at: number; readonly resumed: boolean }

function machineWith(code: readonly number[], others: Program['at'] = [], handlers: Program['handlers'] = {}): BareMachine {
  const bare = new BareMachine(HOT_SET);
  bare.load({ at: [[CODE, code], [HANDLER, handlerReturning(true)], [LOG, word(ENTRIES)], ...others], handlers: { [Vector.DB]: HANDLER, ...handlers } });
  return bare;
}
function logOf(bare: BareMachine): Logged[] {
  const at = (address: number): number => bare.machine.memory.view.getInt32(Region.RAM + address, true);
  const entries: Logged[] = [];
  for (let entry = ENTRIES; entry < at(LOG); entry += ENTRY_BYTES) entries.push({ cause: at(entry) & Debug6.WRITABLE, at: at(entry + 4) - CODE, resumed: (at(entry + 8) & Flag.RF) !== 0 });
  return entries;
}
/** The log after the program's end, whatever the slices are. */
function traps(code: readonly number[], others: Program['at'] = []): Logged[] {
  const logs = [1, 3, 1000].map((slice) => {
    const bare = machineWith([...code, ...EXIT], others);
    bare.finish(slice);
    return logOf(bare);
  });
  expect(logs[1]).toEqual(logs[0]);
  expect(logs[2]).toEqual(logs[0]);
  return logs[0];
}

describe('data breakpoints', () => {
  const arm = [...toDebug(0, DATA + 4), ...toDebug(7, armed(0, 1, 3))];
  const behind = arm.length;

  it('trap behind a store in the middle of a block, not behind a load, and the pushed RF is clear', () => {
    expect(traps([...arm, ...load(DATA + 4), NOP, ...store(DATA + 4), NOP, NOP])).toEqual([{ cause: 1, at: behind + 13, resumed: false }]);
  });
  it('trap behind a load that they watch', () => {
    const access = [...toDebug(2, DATA), ...toDebug(7, armed(2, 3, 0))];
    expect(traps([...access, ...load(DATA), NOP, ...load(DATA + 1), ...load(DATA - 3)])).toEqual([
      { cause: 4, at: access.length + 6, resumed: false }, { cause: 4, at: access.length + 19, resumed: false },
    ]);
  });
  it('see the overlap of unaligned accesses and addresses, and others on the page do not trap', () => {
    expect(traps([...arm, ...store(DATA + 1), ...store(DATA + 7), ...store(DATA), ...store(DATA + 8)]).map(({ at }) => at - behind)).toEqual([6, 12]);
  });
  it('see read-modify-writes and pushes', () => {
    expect(traps([...arm, 0xff, 0x05, ...word(DATA + 4), /* inc */ ...move(4, DATA + 8), 0x51 /* push ecx */, ...move(4, 0x7000)]).map(({ at }) => at - behind)).toEqual([6, 12]);
  });
  it('trap between the iterations of a repeated instruction, with RF pushed', () => {
    const code = [...arm, ...move(ESI, DATA + 0x100), ...move(EDI, DATA), ...move(ECX, 4), 0xf3, 0xa5];
    expect(traps([...code, NOP])).toEqual([{ cause: 1, at: code.length - 2, resumed: true }]);
    // Behind the last iteration it is a trap like any other.
    const last = [...arm, ...move(ESI, DATA + 0x100), ...move(EDI, DATA), ...move(ECX, 2), 0xf3, 0xa5];
    expect(traps([...last, NOP])).toEqual([{ cause: 1, at: last.length, resumed: false }]);
  });
  it('and a single step are one exception', () => {
    const code = [...arm, ...setFlags(Flag.TF | Flag.FIXED), ...store(DATA + 4), ...setFlags(Flag.FIXED)];
    expect(traps(code).slice(0, 2)).toEqual([{ cause: 1 | Debug6.BS, at: behind + 12, resumed: false }, { cause: Debug6.BS, at: behind + 17, resumed: false }]);
  });
  it('wait behind a load of SS', () => {
    const code = [...arm, 0x8c, 0xd1, /* mov ecx, ss */ ...store(DATA + 4), ...toDebug(7, armed(0, 3, 3)), 0x8e, 0x15, ...word(DATA + 4), /* mov ss, [] */ NOP, NOP];
    expect(traps(code).map(({ at }) => at)).toEqual([behind + 8, code.length - 1]);
  });
  it('of an instruction that faults are forgotten', () => {
    const absent = 0x50000;
    const bare = new BareMachine(HOT_SET);
    const code = [...toDebug(0, DATA), ...toDebug(7, armed(0, 3, 3)), ...move(ESI, DATA), ...move(EDI, absent), 0xa5 /* movsd */, ...EXIT];
    bare.load({ at: [[CODE, code], [HANDLER, handlerReturning(true)], [LOG, word(ENTRIES)], [0xb000, EXIT]], handlers: { [Vector.DB]: HANDLER, [Vector.PF]: 0xb000 }, map: { [absent]: 0 } });
    bare.finish(1000);
    expect([logOf(bare), bare.machine.counts()['exception.14']]).toEqual([[], 1]);
  });
});

describe('instruction breakpoints', () => {
  it('are faults before the instruction, once, with RF clear in the image; RF lasts for one instruction', () => {
    // The loop comes to the INC three times.
    const setup = [...toDebug(1, CODE + 25), ...toDebug(7, armed(1, 0, 0)), ...move(ECX, 3)];
    expect(setup).toHaveLength(21);
    const code = [...setup, NOP, NOP, NOP, NOP, 0x43 /* inc ebx */, 0xe2, 0xfd /* loop to it */];
    expect(traps(code)).toEqual(Array.from({ length: 3 }, () => ({ cause: 2, at: 25, resumed: false })));
  });
  it('meet a repeated instruction once, though each iteration is an instruction boundary', () => {
    const setup = [...toDebug(1, CODE + 31), ...toDebug(7, armed(1, 0, 0)), ...move(ECX, 5), ...move(EDI, DATA), ...move(ESI, DATA)];
    expect(setup).toHaveLength(31);
    expect(traps([...setup, 0xf3, 0xaa])).toEqual([{ cause: 2, at: 31, resumed: false }]);
  });
  it('without RF in the returned image come again at once', () => {
    const setup = [...toDebug(1, CODE + 16), ...toDebug(7, armed(1, 0, 0))];
    const bare = machineWith([...setup, NOP, ...EXIT], [[HANDLER, handlerReturning(false)]]);
    expect(bare.run(200).kind).toBe('budget');
    expect(logOf(bare).length).toBeGreaterThan(5);
  });
  it('do not stop the instruction behind a load of SS', () => {
    const setup = [...toDebug(1, CODE + 20), ...toDebug(7, armed(1, 0, 0)), 0x8c, 0xd1, 0x8e, 0xd1];
    expect(traps([...setup, NOP, NOP])).toEqual([]);
  });
});

describe('I/O breakpoints', () => {
  const access = [0xe6, 0x80 /* out 80h, al */, NOP, 0xe4, 0x81 /* in al, 81h */];
  it('trap behind the access with CR4.DE, and are none without', () => {
    const arm = [...toDebug(3, 0x80), ...toDebug(7, armed(3, 2, 0))];
    const enable = setControl4(CR4.DE);
    expect(traps([...enable, ...arm, ...access])).toEqual([{ cause: 8, at: enable.length + arm.length + 2, resumed: false }]);
    expect(traps([...arm, ...access])).toEqual([]);
  });
});

describe('other debug exceptions', () => {
  it('GD faults before MOV, pushes RF, and the handler finds it clear', () => {
    const setup = toDebug(7, Debug7.GD);
    expect(traps([...setup, 0x0f, 0x21, 0xc3, NOP])).toEqual([{ cause: Debug6.BD, at: setup.length, resumed: true }]);
  });
  it('single steps trap behind STI, not behind MOV SS', () => {
    const sti = [...setFlags(Flag.TF | Flag.FIXED), 0xfb, ...setFlags(Flag.FIXED)];
    expect(traps(sti).map(({ at }) => at)).toEqual([7, 12, 13]);
    const load0 = [0x8c, 0xd1, ...setFlags(Flag.TF | Flag.FIXED), 0x8e, 0xd1, NOP, ...setFlags(Flag.FIXED)];
    expect(traps(load0).map(({ at }) => at)).toEqual([11, 16, 17]);
  });
  it('INT1 leaves DR6 alone and traps behind itself', () => expect(traps([0xf1, NOP])).toEqual([{ cause: 0, at: 1, resumed: false }]));
});

describe('RF', () => {
  it('is in the image of an interrupt that comes right behind the IRET which loaded it, and gone one instruction later', () => {
    for (const [extra, expected] of [[0, true], [1, false]] as const) {
      const frame = [0x68, ...word(Flag.RF | Flag.FIXED), 0x6a, 0x08, 0x68, ...word(CODE + 13), 0xcf];
      expect(frame).toHaveLength(13);
      const bare = machineWith([...frame, NOP, NOP, ...EXIT], [], { [Vector.NMI]: HANDLER });
      bare.run(4 + extra);
      bare.machine.nmi();
      bare.finish(1000);
      expect(logOf(bare)).toEqual([{ cause: 0, at: 13 + extra, resumed: expected }]);
    }
  });
  it('is in the image of an NMI between two iterations, not of one before the first or behind the last', () => {
    const code = [...move(ECX, 3), ...move(EDI, DATA), 0xf3, 0xaa, NOP];
    for (const [instructions, at, expected] of [[2, 10, false], [3, 10, true], [4, 10, true], [5, 12, false]] as const) {
      const bare = machineWith([...code, ...EXIT], [], { [Vector.NMI]: HANDLER });
      bare.run(instructions);
      bare.machine.nmi();
      bare.finish(1000);
      expect(logOf(bare)).toEqual([{ cause: 0, at, resumed: expected }]);
    }
  });
});

describe('NMI', () => {
  it('comes with IF clear, wakes HLT, and waits for an IRET while one is handled', () => {
    const bare = machineWith([0xf4, NOP, ...EXIT], [], { [Vector.NMI]: HANDLER });
    expect(bare.run(10).kind).toBe('halted');
    bare.machine.nmi();
    bare.run(5);
    bare.machine.nmi();
    bare.finish(1000);
    expect(logOf(bare).map(({ at }) => at)).toEqual([1, 1]);
    expect(bare.machine.counts()['exception.2']).toBe(2);
  });
  it('waits behind the mask and behind a load of SS', () => {
    const bare = machineWith([NOP, 0x8c, 0xd1, 0x8e, 0xd1, NOP, NOP, ...EXIT], [], { [Vector.NMI]: HANDLER });
    bare.machine.nmiMasked = true;
    bare.machine.nmi();
    bare.run(3);
    bare.machine.nmiMasked = false;
    bare.finish(1000);
    expect(logOf(bare).map(({ at }) => at)).toEqual([6]);
  });
});

describe('pins', () => {
  it('A20M# folds odd megabytes onto even ones, for data and code, and lets go again', () => {
    const high = 0x100000;
    const bare = new BareMachine(HOT_SET, 0x180000);
    const code = [...load(high + DATA), 0x89, 0xcb, /* mov ebx, ecx */ ...EXIT];
    for (const [enabled, expected] of [[true, 0x2222], [false, 0x1111], [true, 0x2222]] as const) {
      bare.load({ at: [[CODE, code], [DATA, word(0x1111)], [high + DATA, word(0x2222)]] });
      bare.machine.processor.a20Enabled = enabled;
      bare.finish(100);
      expect([bare.register(EBX), bare.machine.processor.a20Enabled]).toEqual([expected, enabled]);
    }
    bare.load({ at: [[CODE, [...move(EAX, high + 0x9000), 0xff, 0xe0]], [0x9000, [...move(EBX, 1), ...EXIT]], [high + 0x9000, [...move(EBX, 2), ...EXIT]]] });
    bare.machine.processor.a20Enabled = false;
    bare.finish(100);
    expect(bare.register(EBX)).toBe(1);
  });
  it('A20M# asserted by an instruction holds for the next one, however long the slices are', () => {
    const [high, routine] = [0x100000, 0x9000];
    const code = (value: number): number[] => [0xb0, 0, 0xe6, 0x92, /* mov al, 0; out 92h, al */ ...move(EBX, value), ...EXIT];
    for (const slice of [1, 100]) {
      const bare = new BareMachine(HOT_SET, 0x180000);
      bare.load({ at: [[CODE, [...move(EAX, high + routine), 0xff, 0xe0]], [routine, code(1)], [high + routine, code(2)]] });
      bare.machine.processor.a20Enabled = true;
      for (let done = 0; done < 10; done += slice) bare.machine.run(slice);
      expect(bare.register(EBX), `slices of ${slice}`).toBe(1);
    }
  });
  it('RESET starts at the last 64 KB with the state of SDM table 9-1', () => {
    const bare = machineWith([...toDebug(0, 1), ...toDebug(7, armed(0, 0, 0)), NOP]);
    bare.run(6);
    const { processor } = bare.machine;
    const before = processor.now();
    bare.machine.reset();
    const { state } = processor;
    expect([state[Word.EIP], state[Word.BASE + 1] >>> 0, state[Word.CR0] >>> 0, state[Word.EDX], state[Word.DR + 6] >>> 0, state[Word.DR + 7], state[Word.FLAG_SYSTEM]])
      .toEqual([0xfff0, 0xffff0000, (CR0.CD | CR0.NW | CR0.ET) >>> 0, 0x619, 0xffff0ff0, 0x400, Flag.FIXED]);
    expect([processor.watchesInstructions, processor.now(), state[Word.X87_CONTROL]]).toEqual([false, before, 0x40]);
    state[Word.X87_CONTROL] = 0x37f;
    processor.reset('init');
    expect(state[Word.X87_CONTROL]).toBe(0x37f);
  });
});
