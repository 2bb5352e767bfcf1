import { Flag, Vector } from '@ringbench/isa';
import { fault, type GuestCheck } from '../guest-check.js';
import { Interrupt, Selector, TASK_STACK } from '../memory-map.js';
import { at, EAX, EBX, ECX, ESI, ESP } from '../operands.js';

/** What `kernel-guest.ts` puts in ESI's place. The back link is a TSS's first word. */
const INITIAL_ESI = 0x7a56;
const TYPE_BUSY = 0x200;

export const TASK_CHECKS: readonly GuestCheck[] = [
  {
    name: 'tasks: CALL to a TSS nests: registers from the TSS, NT, back link, busy; IRET returns',
    manual: 'SDM vol. 3, 7.3 and 7.4',
    code: (guest) => {
      guest.routine('other task', (inner) => {
        inner.log(ESI).mov(EBX, ESP).log(EBX).logFlags(Flag.NT).str(EAX).log(EAX).mov(EAX, at('other task state')).log(EAX).mov(EAX, Selector.TASK).lar(EAX, EAX).alu('and', EAX, TYPE_BUSY).log(EAX).iret().mov(EAX, 2).log(EAX).iret();
      });
      guest.mov(ESI, 0x51).callFar(Selector.OTHER_TASK, 0).log(ESI).logFlags(Flag.NT).str(EAX).log(EAX);
      guest.mov(EAX, Selector.OTHER_TASK).lar(EAX, EAX).alu('and', EAX, TYPE_BUSY).log(EAX);
      // A second call goes on behind the task's IRET.
      guest.callFar(Selector.OTHER_TASK, 0).mov(EAX, 3).log(EAX);
    },
    expected: [INITIAL_ESI, TASK_STACK, Flag.NT, Selector.OTHER_TASK, Selector.TASK, TYPE_BUSY, 0x51, 0, Selector.TASK, 0, 2, 3],
  },
  {
    name: 'tasks: JMP to a TSS leaves the old one not busy and does not nest',
    manual: 'SDM vol. 3, table 7-2',
    code: (guest) => {
      guest.routine('other task', (inner) => inner.logFlags(Flag.NT).mov(EAX, Selector.TASK).lar(EAX, EAX).alu('and', EAX, TYPE_BUSY).log(EAX).jmpFar(Selector.TASK, 0));
      guest.mov(ECX, 0x77).jmpFar(Selector.OTHER_TASK, 0).log(ECX);
    },
    expected: [0, 0, 0x77],
  },
  {
    name: 'tasks: INT through a task gate, and a busy target raises #GP or #TS with its selector',
    manual: 'SDM vol. 3, 6.12.2; vol. 2, CALL',
    code: (guest) => {
      guest.routine('other task', (inner) => inner.mov(EAX, at('other task state')).log(EAX).attempt((nested) => nested.callFar(Selector.TASK, 0)).jmp('finish'));
      guest.attempt((inner) => inner.jmpFar(Selector.TASK, 0)).int(Interrupt.TASK_GATE);
    },
    expected: [...fault(Vector.GP, { error: Selector.TASK }), Selector.TASK, ...fault(Vector.GP, { error: Selector.TASK })],
  },
];
