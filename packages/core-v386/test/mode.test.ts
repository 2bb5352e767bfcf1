import { describe, expect, it } from 'vitest';
import { Access, CR0, Flag, Register, Segment, Shutdown, V386Access, V386Control, Vector, Word } from '@ringbench/isa';
import { FAULTS_WITHOUT_PROGRESS } from '@ringbench/machine';
import { CODE, ModeFixture } from './mode-fixture.js';

/** Sentences of docs/v386-mode.md that only an executing machine can prove; the titles name them. */

const NOP = 0x90;
const HLT = 0xf4;
const CLI = 0xfa;
const STI = 0xfb;
const IRET = 0xcf;
const FOREVER: readonly number[] = [0xeb, 0xfe];
/** mov eax, [imm32] and mov [imm32], eax. */
const loadFrom = (address: number): number[] => [0xa1, ...little(address)];
const storeTo = (address: number): number[] => [0xa3, ...little(address)];
function little(value: number): number[] {
  return [value & 0xff, (value >>> 8) & 0xff, (value >>> 16) & 0xff, (value >>> 24) & 0xff];
}

const UNUSED_INPUT = 3;
/** Initialises the host's interrupt controller and raises an input at which there is no device. */
function raiseHostInterrupt({ machine }: ModeFixture): void {
  for (const [port, value] of [[0x20, 0x11], [0x21, 0x20], [0x21, 4], [0x21, 1], [0x21, 0]] as const) machine.pc.bus.write(port, 1, value);
  machine.pc.pic.setLine(UNUSED_INPUT, true);
}

describe('3. entry, executed', () => {
  it('3.1 3.5 an IRET that the executor meets in code enters', () => {
    const mode = new ModeFixture([NOP, HLT]);
    mode.enterByExecutor([NOP, IRET]);
    expect(mode.exit()).toBe('halt');
    expect(mode.eip).toBe(CODE + 1);
    expect(mode.count('v386.entry')).toBe(1);
  });

  it('3.9 translations of host and guest do not mix', () => {
    // Linear 0 to 4095 are a page of the host and another of the guest.
    const mode = new ModeFixture([...storeTo(0x10), ...loadFrom(0x10), HLT]);
    mode.guest.processor.state[Register.EAX] = 0x55;
    const before = mode.machineByte(0x10);
    mode.machine.processor.load(0x10, 4, true);
    mode.enter();
    expect(mode.exit()).toBe('halt');
    expect([mode.guest.memory.read(0, 0x10, 1), mode.machine.processor.load(0x10, 4, true) & 0xff, mode.machineByte(0x10)]).toEqual([0x55, before, before]);
  });

  it('3.10 6.10 6.14 a shadow holds for the first instruction and no longer', () => {
    const mode = new ModeFixture([NOP, NOP, NOP, ...FOREVER], Flag.IF);
    mode.guest.processor.interruptsInhibited = true;
    mode.enter({ CONTROLS: V386Control.INTERRUPT_WINDOW });
    expect([mode.exit(), mode.eip]).toEqual(['interrupt-window', CODE + 1]);
    mode.enter({ CONTROLS: V386Control.INTERRUPT_WINDOW });
    expect([mode.exit(), mode.eip]).toEqual(['interrupt-window', CODE + 1]);
  });
});

describe('5. inside the mode, executed', () => {
  it('5.1 5.3 reading and writing its own system state, a guest causes no exit', () => {
    const program = [
      0x0f, 0x01, 0x05, ...little(0x9000), // sgdt
      0x0f, 0x01, 0x15, ...little(0x9000), // lgdt
      0x0f, 0x01, 0xe3, // smsw ebx
      0x0f, 0x20, 0xc1, // mov ecx, cr0
      0x0f, 0x22, 0xc1, // mov cr0, ecx
      0x8c, 0xcd, // mov ebp, cs
      0x9c, 0x9d, CLI, STI, 0x0f, 0x31, 0x0f, 0xa2, // pushf popf cli sti rdtsc cpuid
      HLT,
    ];
    const mode = new ModeFixture(program);
    mode.enter();
    expect([mode.exit(), mode.eip]).toEqual(['halt', CODE + program.length - 1]);
    expect([mode.register(Register.EBP), mode.guest.memory.read(9, 0, 2)]).toEqual([8, 0]);
  });

  it('5.6 the guest’s addresses are translated again, those of its page tables too', () => {
    const directory = 0x20000;
    const table = 0x21000;
    const mode = new ModeFixture([...loadFrom(0x5000), HLT]);
    const { memory, processor } = mode.guest;
    memory.write(directory >>> 12, 0, 4, table | 3);
    for (let page = 0; page < 16; page++) memory.write(table >>> 12, page * 4, 4, (page << 12) | 3);
    memory.write(table >>> 12, 5 * 4, 4, 0x7003);
    memory.write(7, 0, 4, 0x1234567);
    processor.state[Word.CR3] = directory;
    processor.state[Word.CR0] |= CR0.PG;
    mode.enter();
    expect(mode.exit()).toBe('halt');
    expect(mode.register(Register.EAX)).toBe(0x1234567);
    expect(memory.machinePage(7)).not.toBe(7);
  });

  it('5.7 with no second level guest-physical addresses are physical', () => {
    const mode = new ModeFixture([]);
    mode.machine.processor.mmu.writePhysical(mode.hostCode, Uint8Array.from([...loadFrom(mode.fieldAddress('REVISION')), HLT]));
    mode.guest.processor.state[Word.EIP] = mode.hostCode;
    mode.block.store('SECOND_LEVEL_ROOT', 0);
    mode.enter();
    expect(mode.exit()).toBe('halt');
    expect(mode.register(Register.EAX)).toBe(mode.block.load('REVISION'));
  });
});

describe('6. exits, executed', () => {
  it('6.5 a repeated string output exits at each iteration with its count untouched', () => {
    const mode = new ModeFixture([0xf3, 0x6e, HLT]);
    mode.guest.processor.state[Register.ECX] = 3;
    mode.enter();
    expect([mode.exit(), mode.eip, mode.register(Register.ECX), mode.register(Register.ESI)]).toEqual(['io', CODE, 3, 0]);
  });

  it('6.8 an interrupt of the host’s exits with the guest’s IF clear, and stays pending', () => {
    const mode = new ModeFixture(FOREVER);
    mode.enter();
    mode.machine.run(10);
    raiseHostInterrupt(mode);
    expect(mode.exit()).toBe('interrupt');
    mode.enter();
    expect(mode.exit()).toBe('interrupt');
    expect(mode.count('interrupt.hardware')).toBe(0);
  });

  it('6.8 an NMI exits, with the guest handling one too, and is then the host’s', () => {
    const mode = new ModeFixture(FOREVER);
    mode.guest.processor.state[Word.NMI_BLOCKED] = 1;
    mode.enter();
    mode.machine.run(10);
    mode.machine.nmi();
    expect([mode.exit(), mode.eip, mode.guest.processor.state[Word.NMI_BLOCKED] !== 0]).toEqual(['interrupt', CODE, true]);
    expect(mode.count('exception.2')).toBe(1);
  });

  it('5.8 a debug trap comes before an exit at the same boundary', () => {
    // Without gates the guest's #DB ends in a triple fault: the exit says which came first.
    const mode = new ModeFixture(FOREVER, Flag.TF);
    mode.enter({ CONTROLS: V386Control.TIMER, DEADLINE: mode.now + 2 });
    expect(mode.exit()).toBe('shutdown');
  });

  it.each([1, 2, 100, 5000])('6.9 the timer exits after exactly %i instructions', (instructions) => {
    const mode = new ModeFixture(FOREVER);
    mode.enter({ CONTROLS: V386Control.TIMER, DEADLINE: mode.now + 1 + instructions });
    const entered = mode.now;
    expect(mode.exit()).toBe('timer');
    expect(mode.now - entered).toBe(instructions);
  });

  it('6.9 also when the entry lies in the middle of the executor’s slice', () => {
    const mode = new ModeFixture(FOREVER);
    mode.block.store('CONTROLS', V386Control.TIMER);
    mode.block.store('DEADLINE', mode.now + 50);
    mode.enterByExecutor([NOP, NOP, IRET]);
    const started = mode.now;
    expect(mode.exit()).toBe('timer');
    expect(mode.now - started).toBe(50);
  });

  it('6.9 a deadline that has passed exits before the first instruction', () => {
    const mode = new ModeFixture(FOREVER);
    mode.enter({ CONTROLS: V386Control.TIMER, DEADLINE: 1 });
    const entered = mode.now;
    expect([mode.exit(), mode.now - entered]).toEqual(['timer', 0]);
  });

  it('6.10 the window opens behind the instruction that STI shadows, and at once behind POPF', () => {
    const sti = new ModeFixture([NOP, STI, NOP, NOP, HLT]);
    sti.enter({ CONTROLS: V386Control.INTERRUPT_WINDOW });
    expect([sti.exit(), sti.eip]).toEqual(['interrupt-window', CODE + 3]);
    const popf = new ModeFixture([0x68, ...little(Flag.IF | Flag.FIXED), 0x9d, NOP, NOP, HLT]);
    popf.enter({ CONTROLS: V386Control.INTERRUPT_WINDOW });
    expect([popf.exit(), popf.eip]).toEqual(['interrupt-window', CODE + 6]);
  });

  it('6.11 an access without second-level translation commits nothing', () => {
    const beyond = 0x400010;
    const mode = new ModeFixture([0x87, 0x05, ...little(beyond), HLT]); // xchg eax, [beyond]
    mode.guest.processor.state[Register.EAX] = 7;
    mode.guest.processor.state[Word.CR2] = 0x777;
    mode.enter();
    expect([mode.exit(), mode.eip, mode.register(Register.EAX), mode.guest.processor.state[Word.CR2]]).toEqual(['second-level', CODE, 7, 0x777]);
    expect([mode.block.load('EXIT_PHYSICAL'), mode.block.load('EXIT_LINEAR'), mode.block.load('EXIT_LENGTH')]).toEqual([beyond, beyond, 0]);
    expect(mode.block.load('EXIT_QUALIFICATION') & (V386Access.FETCH | V386Access.USER | V386Access.WALK | V386Access.PRESENT)).toBe(0);
    expect(mode.secondLevel.resolve(beyond, false)).toBe(true);
    mode.enter();
    expect([mode.exit(), mode.eip, mode.register(Register.EAX)]).toEqual(['halt', CODE + 6, -1]);
  });

  it('6.11 4.7 a violation while an interrupt is delivered tells which, and it can be delivered again', () => {
    const mode = new ModeFixture([NOP, HLT], Flag.IF);
    const { memory, processor } = mode.guest;
    const handler = 0x9000;
    // The guest's stack is where it has no memory; its IDT and GDT are in place.
    memory.write(2, 0x30 * 8, 4, (8 << 16) | handler);
    memory.write(2, 0x30 * 8 + 4, 4, 0x8e00);
    memory.write(3, 8, 4, 0xffff);
    memory.write(3, 12, 4, 0x00cf9b00);
    memory.writeBytes(handler, Uint8Array.from([HLT]));
    Object.assign(processor.state, { [Word.IDTR_BASE]: 0x2000, [Word.IDTR_LIMIT]: 0x7ff, [Word.GDTR_BASE]: 0x3000, [Word.GDTR_LIMIT]: 0xf, [Register.ESP]: 0x500000 });
    mode.guest.pending = { kind: 'interrupt', vector: 0x30 };
    mode.enter();
    expect([mode.exit(), mode.eip, mode.block.load('EXIT_PHYSICAL')]).toEqual(['second-level', CODE, 0x4ffffc]);
    expect(mode.block.load('VECTORING_EVENT') >>> 0).toBe(0x8000_0030);
    mode.secondLevel.resolve(0x4ffffc, false);
    mode.guest.pending = { kind: 'interrupt', vector: 0x30 };
    mode.enter();
    expect([mode.exit(), mode.eip, mode.register(Register.ESP)]).toEqual(['halt', handler, 0x500000 - 12]);
  });

  it('6.12 a triple fault exits, and the machine goes on', () => {
    const mode = new ModeFixture([0x0f, 0x0b]);
    mode.enter();
    expect([mode.exit(), mode.block.load('EXIT_QUALIFICATION')]).toEqual(['shutdown', Shutdown.TRIPLE_FAULT]);
    expect(mode.machine.processor.inShutdown).toBe(false);
  });

  it('6.12 exceptions without end exit too, behind the one that was too many', () => {
    // An interrupt table at 2000h whose gate of #UD leads to the UD2 itself, and a descriptor table for it at 3000h.
    const mode = new ModeFixture([0x0f, 0x0b]);
    const { memory, processor } = mode.guest;
    memory.write(2, Vector.UD * 8, 4, 0x80000 | CODE);
    memory.write(2, Vector.UD * 8 + 4, 4, 0x8e00);
    memory.write(3, 8, 4, 0xffff);
    memory.write(3, 12, 4, 0x00cf9b00);
    // Twelve bytes a frame: on a 16-bit stack, which goes around.
    Object.assign(processor.state, { [Word.IDTR_BASE]: 0x2000, [Word.IDTR_LIMIT]: 0x7ff, [Word.GDTR_BASE]: 0x3000, [Word.GDTR_LIMIT]: 0xf, [Word.ACCESS + Segment.SS]: processor.state[Word.ACCESS + Segment.SS] & ~Access.BIG, [Word.BASE + Segment.SS]: 0x10000 });
    const stack = processor.state[Register.ESP] & 0xffff;
    mode.enter();
    expect([mode.exit(), mode.block.load('EXIT_QUALIFICATION'), mode.eip]).toEqual(['shutdown', Shutdown.LIVELOCK, CODE]);
    expect(mode.register(Register.ESP) & 0xffff).toBe((stack - 12 * (FAULTS_WITHOUT_PROGRESS + 1)) & 0xffff);
    expect(mode.machine.processor.inShutdown).toBe(false);
  });

  it('6.19 what an exit left is the frame of the next entry', () => {
    const mode = new ModeFixture([NOP, HLT]);
    for (let again = 0; again < 3; again++) {
      mode.enter();
      expect([mode.exit(), mode.eip]).toEqual(['halt', CODE + 1]);
    }
  });

  it('3.12 a VMM with a spoilt block has a bug, and is told which', () => {
    const mode = new ModeFixture([NOP]);
    mode.block.store('REVISION', 1);
    expect(() => mode.enter()).toThrow('entry check 1');
  });
});

describe('resource control', () => {
  it('a guest that writes at every address reaches no page of the host', () => {
    // 1: mov [esi], eax; add esi, 1000h; jnc 1b; hlt
    const mode = new ModeFixture([0x89, 0x06, 0x81, 0xc6, ...little(0x1000), 0x73, 0xf6, HLT]);
    Object.assign(mode.guest.processor.state, { [Register.ESI]: 0xffc, [Register.EAX]: 0x5a5a5a5a });
    const before = mode.hostWords();
    let exits = 0;
    for (mode.enter(); mode.exit(10_000_000) === 'second-level'; mode.enter(), exits++) {
      expect(mode.secondLevel.resolve(mode.block.load('EXIT_PHYSICAL'), false)).toBe(true);
    }
    // The rest of the first 4 MB page by page, then 1023 times 4 MB.
    expect(exits).toBe(1024 - mode.guest.memory.pages + 1023);
    const after = mode.hostWords();
    expect([...after].filter(([page, words]) => words !== before.get(page) && words.includes('1515870810'))).toEqual([]);
    for (let page = 0; page < mode.guest.memory.pages; page++) expect(mode.guest.memory.read(page, 0xffc, 4)).toBe(0x5a5a5a5a);
  });
});
