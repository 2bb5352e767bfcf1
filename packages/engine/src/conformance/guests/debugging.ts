import { CR0 as CR0Bit, Debug6, Flag, Vector } from '@ringbench/isa';
import { userFault, type GuestCheck } from '../guest-check.js';
import type { KernelGuest } from '../kernel-guest.js';
import { SCRATCH, Selector } from '../memory-map.js';
import { at, CR0, DR0, DR6, DR7, EAX, EBX, ECX, EDI, EDX, ESI, ESP, SS } from '../operands.js';

/** DR7: breakpoint 0 armed globally on an instruction, on writes of four bytes, on accesses of two, or on a port. */
const Armed = { EXECUTE: 2, WRITE: 2 | (0xd << 16), ACCESS: 2 | (0x7 << 16), PORT: 2 | (0x2 << 16) } as const;
const CR4_DE = 1 << 3;
const POST_PORT = 0x80;
const TASK_TRAP_OFFSET = 100;

/** Arms breakpoint 0. Uses EAX. */
function arm(guest: KernelGuest, address: number | string, control: number): void {
  guest.mov(EAX, address).mov(DR0, EAX).mov(EAX, control).mov(DR7, EAX);
}
function disarm(guest: KernelGuest): void {
  guest.clear(EAX).mov(DR7, EAX).mov(DR6, EAX);
}
/** #DB from now on logs causes, the pushed RF and the place, and goes back with RF set. EFLAGS and EIP are above the saved EAX. */
function logDebugExceptions(guest: KernelGuest): void {
  const frame = { eip: 4, eflags: 12 } as const;
  guest.handle(Vector.DB, 'debug handler').routine('debug handler', (inner) => {
    inner.push(EAX).mov(EAX, DR6).alu('and', EAX, Debug6.WRITABLE).log(EAX).mov(EAX, at(ESP, frame.eflags)).alu('and', EAX, Flag.RF).log(EAX);
    inner.mov(EAX, at(ESP, frame.eip)).alu('sub', EAX, at('try start')).log(EAX).clear(EAX).mov(DR6, EAX).alu('or', at(ESP, frame.eflags), Flag.RF).pop(EAX).iret();
  });
}
/** CR4 |= DE. Uses EAX. */
function enableDebuggingExtensions(guest: KernelGuest): void {
  guest.raw(0x0f, 0x20, 0xe0).alu('or', EAX, CR4_DE).raw(0x0f, 0x22, 0xe0);
}
/** Sets TF for what follows and clears it again behind that; the place is logged relative to the first instruction. Uses EAX. */
function step(guest: KernelGuest, body: (inner: KernelGuest) => unknown): void {
  const first = guest.newLabel('step');
  guest.mov(at('try start'), first).pushfd().alu('or', at(ESP), Flag.TF).popfd().label(first);
  body(guest);
  guest.pushfd().alu('and', at(ESP), ~Flag.TF).popfd();
}

export const DEBUG_CHECKS: readonly GuestCheck[] = [
  {
    name: 'debugging: a breakpoint on an instruction faults before it, each time, and RF lets it through',
    manual: 'SDM vol. 3, 17.3.1.1',
    code: (guest) => {
      logDebugExceptions(guest);
      arm(guest, 'watched', Armed.EXECUTE);
      guest.mov(ECX, 3).clear(EBX).tryHere().nop(2).label('watched').inc(EBX).decrementAndJump('watched');
      disarm(guest);
      guest.log(EBX);
    },
    expected: [1, 0, 2, 1, 0, 2, 1, 0, 2, 3],
  },
  {
    name: 'debugging: a breakpoint on writes traps behind the store, in ring 3 too, and between iterations',
    manual: 'SDM vol. 3, 17.2.5 and 17.3.1.2',
    code: (guest) => {
      logDebugExceptions(guest);
      arm(guest, SCRATCH + 8, Armed.WRITE);
      guest.mov(ECX, 0x1234).tryHere().mov(EAX, at(SCRATCH + 8)).mov(at(SCRATCH + 5), ECX).mov(at(SCRATCH + 12), ECX).nop();
      guest.attemptInRing3((inner) => inner.mov(at(SCRATCH + 11), ECX).nop());
      guest.mov(ESI, SCRATCH + 0x100).mov(EDI, SCRATCH).mov(ECX, 5).tryHere().raw(0xf3, 0xa5).nop(); // REP MOVSD
      guest.mov(EAX, 0x77).mov(EDI, SCRATCH).mov(ECX, 3).tryHere().raw(0xf3, 0xab).nop(); // REP STOSD
      disarm(guest);
      guest.logMemory(SCRATCH + 8);
    },
    expected: [1, 0, 12, 1, 0, 6, 1, Flag.RF, 0, 1, 0, 2, 0x77],
  },
  {
    name: 'debugging: breakpoints on ports with CR4.DE, and on the operand of OUTS',
    manual: 'SDM vol. 3, 17.2.4',
    code: (guest) => {
      logDebugExceptions(guest);
      enableDebuggingExtensions(guest);
      arm(guest, POST_PORT, Armed.PORT);
      guest.tryHere().outAl(POST_PORT).nop().inAl(POST_PORT + 1).nop();
      guest.mov(EDX, POST_PORT).mov(ESI, SCRATCH).mov(ECX, 2).tryHere().raw(0xf3, 0x6e).nop(); // REP OUTSB
      arm(guest, SCRATCH + 2, Armed.ACCESS);
      guest.mov(ESI, SCRATCH).mov(ECX, 4).tryHere().raw(0xf3, 0x6e).nop();
      disarm(guest);
    },
    expected: [1, 0, 2, 1, Flag.RF, 0, 1, 0, 2, 1, Flag.RF, 0, 1, 0, 2],
  },
  {
    name: 'debugging: a breakpoint met by MOV SS waits for the next instruction, be it an access to a port',
    manual: 'SDM vol. 3, 6.8.3',
    code: (guest) => {
      logDebugExceptions(guest);
      guest.mov(at(SCRATCH), Selector.KERNEL_DATA);
      arm(guest, SCRATCH, Armed.ACCESS);
      guest.tryHere().mov(SS, at(SCRATCH)).nop(2).mov(SS, at(SCRATCH)).outAl(POST_PORT).nop();
      disarm(guest);
    },
    expected: [1, 0, 7, 1, 0, 16],
  },
  {
    name: 'debugging: single steps trap behind STI, and port accesses, and share an exception with a breakpoint',
    manual: 'SDM vol. 3, 17.3.1.4; vol. 2, STI',
    code: (guest) => {
      logDebugExceptions(guest);
      step(guest, (inner) => inner.sti().nop());
      guest.cli();
      step(guest, (inner) => inner.mov(EBX, SS).mov(SS, EBX).outAl(POST_PORT));
      arm(guest, SCRATCH, Armed.WRITE);
      step(guest, (inner) => inner.mov(at(SCRATCH), ECX));
      disarm(guest);
    },
    expected: [
      ...[1, 2, 3, 14, 15].flatMap((place) => [Debug6.BS, 0, place]), ...[2, 6, 7, 18, 19].flatMap((place) => [Debug6.BS, 0, place]),
      Debug6.BS | 1, 0, 6, ...[7, 18, 19].flatMap((place) => [Debug6.BS, 0, place]),
    ],
  },
  {
    name: 'debugging: the T bit of a TSS traps before the first instruction of its task',
    manual: 'SDM vol. 3, 17.3.1.5',
    code: (guest) => {
      logDebugExceptions(guest);
      guest.routine('other task', (inner) => inner.label('task start').mov(EAX, 5).log(EAX).iret());
      guest.mov(EAX, 'other task state').movWord(at(EAX, TASK_TRAP_OFFSET), 1).mov(at('try start'), 'task start').callFar(Selector.OTHER_TASK, 0).mov(EAX, 6).log(EAX);
    },
    expected: [Debug6.BT, 0, 0, 5, 6],
  },
  {
    name: 'debugging: accesses of ring 3 that are not aligned raise #AC(0) with CR0.AM and EFLAGS.AC',
    manual: 'SDM vol. 3, 6.15, Interrupt 17',
    code: (guest) => {
      const flags = Flag.FIXED | Flag.AC;
      guest.mov(ECX, 0x55);
      guest.attemptInRing3((inner) => inner.mov(EAX, at(SCRATCH + 1)), flags);
      guest.mov(EAX, CR0).alu('or', EAX, CR0Bit.AM).mov(CR0, EAX);
      guest.attemptInRing3((inner) => inner.mov(EAX, at(SCRATCH + 1)));
      guest.attemptInRing3((inner) => inner.mov(EAX, at(SCRATCH)).movzxByte(EAX, at(SCRATCH + 3)).movzxWord(EAX, at(SCRATCH + 2)).tryHere().mov(EAX, at(SCRATCH + 2)), flags);
      guest.attemptInRing3((inner) => inner.pushfd().alu('or', at(ESP), Flag.AC).popfd().tryHere().inc(at(SCRATCH + 5)));
      guest.attemptInRing3((inner) => inner.pushfd().alu('and', at(ESP), ~Flag.AC).popfd().inc(at(SCRATCH + 5)), flags);
      // Ring 0 is not checked, whatever the flag says.
      guest.pushfd().alu('or', at(ESP), Flag.AC).popfd().mov(at(SCRATCH + 9), ECX).mov(EAX, at(SCRATCH + 9)).log(EAX).pushfd().alu('and', at(ESP), ~Flag.AC).popfd();
      guest.logMemory(SCRATCH + 5);
    },
    expected: [...userFault(Vector.AC), ...userFault(Vector.AC), 0x55, 1],
  },
];
