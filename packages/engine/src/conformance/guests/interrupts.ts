import { Flag, Vector } from '@ringbench/isa';
import { fault, type GuestCheck } from '../guest-check.js';
import type { KernelGuest } from '../kernel-guest.js';
import { Interrupt, SCRATCH, Selector } from '../memory-map.js';
import { at, EAX, EBX, ECX, EDI, EDX, ESP, FS, SS } from '../operands.js';
import { timerEdge } from '../pit-time.js';

const OWN_TIME = 'guest time is the number of instructions';
const RATE_GENERATOR = 2;
const SQUARE_WAVE = 3;
const TERMINAL_COUNT = 0;
const SHORT_COUNT = 4;
/** More instructions than SHORT_COUNT pulses take. */
const ROUNDS_PAST_SHORT_COUNT = 600;

/** The timer's handler: logs the instruction number of its own first instruction, ends the program after `times` interrupts. Uses EAX, EDX. */
function stampInterrupts(guest: KernelGuest, times: number): void {
  guest.handle(Interrupt.TIMER, 'timer').mov(at('counter'), times);
  guest.routine('timer', (inner) => inner.rdtsc().log(EAX).endOfInterrupt().dec(at('counter')).jcc('z', 'finish').iret());
}

/** With an interrupt pending and IF clear, runs code and logs after how many of its bytes the interrupt came. The flags for POPF or IRET are on the stack. */
function whenTaken(guest: KernelGuest, body: (inner: KernelGuest) => unknown): void {
  guest.handle(Interrupt.TIMER, 'taken').enableTimerInterrupt().startTimer(TERMINAL_COUNT, SHORT_COUNT).delay(ROUNDS_PAST_SHORT_COUNT);
  guest.mov(EBX, SS).push(Flag.FIXED | Flag.IF);
  const start = guest.newLabel('try');
  guest.mov(at('try start'), start).label(start);
  body(guest);
  guest.nop(8).mov(EAX, 0xdead).log(EAX).jmp('finish');
  guest.routine('taken', (inner) => inner.mov(EAX, at(ESP)).alu('sub', EAX, at('try start')).log(EAX).jmp('finish'));
}

const shadow = (name: string, body: (guest: KernelGuest) => unknown, offset: number): GuestCheck => ({
  name: `interrupts: a pending interrupt ${name}`,
  manual: 'SDM vol. 3, 6.8.1 and 6.8.3',
  code: (guest) => whenTaken(guest, body),
  expected: [offset],
});

const SHADOWS: readonly GuestCheck[] = [
  shadow('waits for the instruction behind STI', (guest) => guest.sti(), 2),
  shadow('is not taken between STI and CLI', (guest) => guest.sti().cli().nop(), 0xdead),
  shadow('comes right behind POPF', (guest) => guest.popfd(), 1),
  shadow('comes before the instruction that IRET returns to', (guest) => guest.push(Selector.KERNEL_CODE).push('target').iret().nop(3).label('target'), 14),
  shadow('is not held back by other segment loads', (guest) => guest.sti().mov(FS, EBX), 3),
  shadow('waits while IF is 0', (guest) => guest.nop(), 0xdead),
];

/**
 * Lets the timer strike within a long run of one pattern, at each of its places in turn, and logs whether the interrupt came `shadowStart` bytes into the pattern.
 * A chain of shadows is left out: of those only the first is certain (SDM vol. 3, 6.8.3).
 */
const neverBehind = (name: string, pattern: (guest: KernelGuest) => unknown, patternBytes: number, shadowStart: number): GuestCheck => ({
  name: `interrupts: never between ${name} and the next instruction`,
  manual: 'SDM vol. 3, 6.8.3',
  code: (guest) => {
    guest.handle(Interrupt.TIMER, 'struck').enableTimerInterrupt().mov(EBX, SS).mov(EDI, EBX);
    for (let places = 0; places < patternBytes; places++) {
      guest.attempt((inner) => {
        inner.startTimer(TERMINAL_COUNT, 2).mov(EBX, EDI).nop(places).sti().tryHere();
        for (let i = 0; i < PATTERNS; i++) pattern(inner);
      });
    }
    guest.routine('struck', (inner) => {
      inner.mov(EAX, at(ESP)).alu('sub', EAX, at('try start')).clear(EDX).mov(ECX, patternBytes).div(ECX).alu('cmp', EDX, shadowStart).mov(EAX, 0).set('z', EAX).log(EAX).endOfInterrupt().alu('add', ESP, 12).jmp(at('resume at'));
    });
  },
  expected: Array.from({ length: patternBytes }, () => 0),
});
/** Enough of them for two pulses of the timer, and a third in which it loads its count. */
const PATTERNS = 300;

export const INTERRUPT_CHECKS: readonly GuestCheck[] = [
  ...SHADOWS,
  neverBehind('MOV SS', (guest) => guest.mov(SS, EBX).nop(), 3, 2),
  neverBehind('POP SS', (guest) => guest.push(SS).pop(SS).nop(), 3, 2),
  {
    name: 'interrupts: the timer in mode 2 interrupts a loop at exact instruction numbers',
    manual: '8254 data sheet, "Mode 2"; decision: guest time is retired instructions',
    code: (guest) => {
      stampInterrupts(guest, 5);
      guest.enableTimerInterrupt().startTimer(RATE_GENERATOR, 25).log(EBX).sti().label('loop').inc(ECX).nop(3).jmp('loop');
    },
    expected: ([written = 0]) => [written, ...[1, 2, 3, 4, 5].map((nth) => timerEdge(written, 25, nth))],
    ownTo: OWN_TIME,
  },
  {
    name: 'interrupts: the timer in mode 3, with calls, stores and branches in the loop',
    manual: '8254 data sheet, "Mode 3"',
    code: (guest) => {
      stampInterrupts(guest, 7);
      guest.enableTimerInterrupt().startTimer(SQUARE_WAVE, 10).log(EBX).sti();
      guest.label('loop').call('step').alu('add', at(SCRATCH), ECX).alu('cmp', ECX, 77).jcc('nz', 'loop').clear(ECX).jmp('loop');
      guest.routine('step', (inner) => inner.push(EBX).inc(ECX).pop(EBX).ret());
    },
    expected: ([written = 0]) => [written, ...[1, 2, 3, 4, 5, 6, 7].map((nth) => timerEdge(written, 10, nth))],
    ownTo: OWN_TIME,
  },
  {
    name: 'interrupts: HLT sleeps to the timer\'s instruction number; idle time passes on the clock',
    manual: 'SDM vol. 2, HLT; 8254 data sheet, "Mode 0"',
    code: (guest) => {
      stampInterrupts(guest, 2);
      guest.enableTimerInterrupt().startTimer(TERMINAL_COUNT, 5000).log(EBX).sti().hlt().rdtsc().log(EAX).startTimer(TERMINAL_COUNT, 700).log(EBX).hlt().jmp('finish');
    },
    expected: ([first = 0, , , second = 0]) => {
      // Behind HLT: RDTSC, three PUSH, MOV … of the handler are the instructions that `stampInterrupts` has; counted once here.
      const handlerInstructions = 12;
      return [first, timerEdge(first, 5000), timerEdge(first, 5000) + handlerInstructions, second, timerEdge(second, 700)];
    },
    ownTo: OWN_TIME,
  },
  {
    name: 'interrupts: an interrupt in ring 3 goes to the kernel at its instruction number and back',
    manual: 'SDM vol. 3, 6.12.1',
    code: (guest) => {
      stampInterrupts(guest, 3);
      guest.enableTimerInterrupt().startTimer(RATE_GENERATOR, 30).log(EBX).attemptInRing3((inner) => inner.label('user loop').inc(ECX).jmp('user loop'), Flag.FIXED | Flag.IF);
    },
    expected: ([written = 0]) => [written, ...[1, 2, 3].map((nth) => timerEdge(written, 30, nth))],
    ownTo: OWN_TIME,
  },
  {
    name: 'interrupts: a repeated string instruction is interrupted between iterations, each an instruction of its own',
    manual: 'SDM vol. 2, REP; decision: an iteration is one instruction',
    code: (guest) => {
      guest.handle(Interrupt.TIMER, 'in the middle').enableTimerInterrupt().startTimer(TERMINAL_COUNT, 10).log(EBX).cld();
      guest.mov(EAX, 0x11).mov(EDI, SCRATCH).mov(ECX, 4000).mov(at('try start'), 'repeat').sti().label('repeat').raw(0xf3, 0xaa).log(ECX).log(EDI).logMemory(SCRATCH + 3996).jmp('finish');
      guest.routine('in the middle', (inner) => {
        inner.mov(EAX, at(ESP)).alu('sub', EAX, at('try start')).log(EAX).log(ECX).log(EDI).endOfInterrupt().mov(EAX, 0x22).iret();
      });
    },
    expected: ([written = 0]) => {
      // From the write of the count to the first iteration: the OUT, the seven instructions of `log`, CLD, four MOV, STI.
      const before = 1 + 6 + 1 + 4 + 1;
      const done = timerEdge(written, 10) - (written + before);
      return [written, 0, 4000 - done, SCRATCH + done, 0, SCRATCH + 4000, 0x22222222];
    },
    ownTo: OWN_TIME,
  },
  {
    name: 'interrupts: masked at the controller an interrupt waits; in service it blocks the next until EOI',
    manual: '8259A data sheet, "Interrupt Mask Register", "Fully Nested Mode"',
    code: (guest) => {
      guest.handle(Interrupt.TIMER, 'count it').enableTimerInterrupt().outByte(0x21, 0xff).mov(at('counter'), 0).startTimer(RATE_GENERATOR, SHORT_COUNT).sti().delay(ROUNDS_PAST_SHORT_COUNT).logMemory('counter');
      guest.outByte(0x21, 0xfe).delay(ROUNDS_PAST_SHORT_COUNT).logMemory('counter').outByte(0x20, 0x0b).inAl(0x20).alu('and', EAX, 0xff).log(EAX);
      guest.endOfInterrupt().nop(2).logMemory('counter');
      guest.routine('count it', (inner) => inner.inc(at('counter')).iret());
    },
    expected: [0, 1, 1, 2],
    ownTo: OWN_TIME,
  },
  {
    // STI holds back interrupts alone, and only up to the next event: here the step behind STI itself, whose handler goes back with IF set.
    name: 'interrupts: an exception and a single step come before a pending interrupt',
    manual: 'SDM vol. 3, table 6-2; vol. 2, STI',
    code: (guest) => {
      guest.handle(Interrupt.TIMER, 'late').handle(Vector.DB, 'stepped').enableTimerInterrupt().startTimer(TERMINAL_COUNT, SHORT_COUNT).delay(ROUNDS_PAST_SHORT_COUNT);
      guest.mov(EBX, 1).push(Flag.FIXED | Flag.TF).popfd().sti().mov(EBX, 2).mov(EBX, 3).mov(EBX, 4).nop(4).jmp('finish');
      guest.routine('stepped', (inner) => inner.mov(EAX, 0xdb).log(EAX).log(EBX).alu('and', at(ESP, 8), ~Flag.TF).iret());
      guest.routine('late', (inner) => inner.mov(EAX, 0x20).log(EAX).log(EBX).endOfInterrupt().iret());
    },
    expected: [0xdb, 1, 0x20, 1],
  },
  {
    name: 'interrupts: RDTSC counts instructions, faults count for nothing',
    manual: 'decision: guest time is retired instructions',
    code: (guest) => {
      guest.rdtsc().mov(EBX, EAX).nop(5).rdtsc().alu('sub', EAX, EBX).log(EAX);
      guest.handle(Vector.UD, 'skip').routine('skip', (inner) => inner.alu('add', at(ESP), 2).iret());
      guest.rdtsc().mov(EBX, EAX).ud2().rdtsc().alu('sub', EAX, EBX).log(EAX).log(EDX);
    },
    expected: [7, 4, 0],
    ownTo: OWN_TIME,
  },
  {
    name: 'interrupts: an interrupt whose gate is absent becomes #NP with the EXT bit',
    manual: 'SDM vol. 3, 6.13',
    code: (guest) => {
      guest.movByte(at(`access ${Interrupt.TIMER}`), 0x0e).enableTimerInterrupt().startTimer(TERMINAL_COUNT, SHORT_COUNT).delay(ROUNDS_PAST_SHORT_COUNT);
      guest.attempt((inner) => inner.sti().nop(4)).mov(EAX, 1).log(EAX);
    },
    expected: [...fault(Vector.NP, { error: Interrupt.TIMER * 8 + 3, at: 2 }), 1],
  },
];
