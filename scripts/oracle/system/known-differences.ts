import { signature, type Answer, type Difference } from './answer.ts';
import type { Scenario } from './scenario.ts';

/**
 * Where QEMU and the project's cores are known to differ, who is right by the manual (Intel SDM, order number 325462-075US), and why. The oracle fails
 * on a difference that no entry explains, and on an entry that explains nothing any more.
 */
export type KnownDifference = KnownPlace | KnownOutcome;

interface Known {
  readonly id: string;
  /** Whose answer the manual demands; `undefined`: it leaves the matter open. */
  readonly right: 'ours' | 'undefined';
  /** The part of the manual that decides. */
  readonly manual: string;
  readonly why: string;
  /** Scenarios, by `family/name`; absent means all. */
  readonly scenarios?: RegExp;
}
/** Explains single places: those that match `place` and, with `bits`, differ in nothing but these. */
interface KnownPlace extends Known {
  readonly place: RegExp;
  readonly bits?: readonly number[];
}
/**
 * Explains a scenario whose answers have these signatures, so that the two machines went different ways: `ours` is the outcome that the manual demands,
 * vectors and error codes included. What that makes differ is `open`, places as in `KnownPlace`; all others have to agree.
 */
interface KnownOutcome extends Known {
  readonly ours: RegExp;
  readonly theirs: RegExp;
  readonly open: RegExp;
}

/** What differs where one machine faults and the other does not, in the same task: the event, its frame on the stack of ring 0, and what is left in ESP. */
const EVENT = /^(event0 (vector|esp|frame\d)|memory 1e)/;
/** With the registers that the code behind the fault changes. */
const EVENT_AND_REGISTERS = /^(event0 (vector|esp|frame\d|e[a-d]x|ebp|esi|edi)|memory 1e)/;
/** With the data segments and stack of another ring, which a return loads. */
const RETURN = /^(event0 (vector|e[a-d]x|esp|ebp|esi|edi|[defgs]s|frame\d)|memory 1e)/;
/** A whole task: a double fault goes through a task gate here, so that TSSs, busy bits and the stack of the new task differ too. */
const TASK = /^(event0 (vector|e[a-d]x|esp|ebp|esi|edi|[defgs]s|eflags|cr0|tr|ldtr|frame\d)|memory (10|13|14|16|27|1[cdef]))/;
/** The events of a debugger's run, which shift by one where a trap is missing. */
const TRAPS = /^(events|event\d (vector|esp|dr6|frame\d)|memory 1e)/;


export const KNOWN_DIFFERENCES: readonly KnownDifference[] = [
  {
    id: 'resume flag', right: 'ours', manual: 'vol. 3, 17.3.1.1', place: /^(event\d frame|memory)/, bits: [0x10000],
    why: 'The EFLAGS image that a fault pushes or saves in a TSS has RF set; QEMU never sets it.',
  },
  {
    id: 'resume flag in a misaligned frame', right: 'ours', manual: 'vol. 3, 17.3.1.1', scenarios: /size 16|es 16|16 |16$/, place: /^(event\d frame|memory)/, bits: [1],
    why: 'The same bit behind 16-bit pushes: bit 16 of the image is bit 0 of the next double word.',
  },
  {
    id: 'EXT', right: 'ours', manual: 'vol. 3, 6.13', scenarios: /by fault|inner-stack\/.* fault|^(double-fault|random|interrupt|task-gate|transfer-page-fault)/, place: /^(event\d frame0|memory)/, bits: [1],
    why: 'The error code of a fault during the delivery of an earlier exception has EXT set; QEMU leaves it clear.',
  },
  {
    id: 'RPL of conforming code', right: 'ours', manual: 'vol. 2, CALL and INT n, same privilege: CS(RPL) = CPL', scenarios: /conforming|^random/, place: /^(event\d (frame1|cs)|memory)/, bits: [1, 2, 3],
    why: 'A gate to conforming code leaves CPL, and CS takes it as RPL; QEMU keeps the RPL of the gate\'s selector.',
  },
  {
    id: 'accessed bit', right: 'ours', manual: 'vol. 3, 3.4.5.1', place: /^memory 1[01]/, bits: [0x100],
    why: 'The processor sets the accessed bit whenever a selector is loaded; QEMU does not in gates, returns and task switches.',
  },
  {
    id: 'high half of ESP on a 16-bit inner stack', right: 'ours', manual: 'vol. 2, INT n: ESP = NewESP', scenarios: /^inner-stack/, place: /^event0 esp/,
    why: 'ESP comes from the TSS as a whole; QEMU keeps the high half of the outer ESP.',
  },
  {
    id: 'registers after a switch to a 16-bit task', right: 'undefined', manual: 'vol. 3, 7.6', scenarios: /16-bit|16 bit|^(task|random)/, place: /^(event\d (eax|ecx|edx|ebx|esp|ebp|esi|edi|fs|gs|frame)|memory)/, bits: [0xa0a00000, 0xc1c10000, 0xd2d20000, 0xb3b30000, 0x10000, 0x20000, 0xb5b50000, 0x51510000, 0xd1d10000],
    why: 'A 16-bit TSS holds 16-bit registers. The manual does not say what becomes of the high halves; ours are cleared, QEMU\'s kept.',
  },
  {
    id: 'stack after a switch to a 16-bit task', right: 'undefined', manual: 'vol. 3, 7.6', scenarios: /16-bit|16 bit|system type 1$/, place: /^event\d (e..|frame\d)$/,
    why: 'The same high halves: those of ESP, with what lies there, and those that a zero register hides.',
  },
  {
    id: 'task gate with a local selector', right: 'ours', manual: 'vol. 2, INT n: TASK-GATE', scenarios: /^task-gate\/local/, place: /^event0 vector$/,
    why: 'A TSS selector in a gate that names the local table is #GP; QEMU raises #TS.',
  },
  {
    id: 'jump gate to absent code', right: 'ours', manual: 'vol. 2, JMP: CALL-GATE', scenarios: /^call-gate\/jump target absent|^random/, ours: /^11\(/, theirs: /^13\(/, open: /^event0 vector$/,
    why: 'A code segment that is not present is #NP; QEMU raises #GP for JMP.',
  },
  {
    id: 'absent stack of an outer ring', right: 'ours', manual: 'vol. 2, RET and IRET: RETURN-TO-OUTER-PRIVILEGE-LEVEL', scenarios: /^(iret|retf)\/stack absent|^random/, ours: /^12\(/, theirs: /^11\(/, open: /^event0 vector$/,
    why: 'A stack segment that is not present is #SS(selector); QEMU raises #NP.',
  },
  {
    id: 'target beyond the limit of its code segment', right: 'ours', manual: 'vol. 2, CALL, INT n, RET, IRET: #GP(0)', scenarios: /offset beyond limit|eip beyond limit|callFar short/, ours: /^13\([01]\)$/, theirs: /^(64|13\(100\)|13\(0\))$/, open: RETURN,
    why: 'The new EIP is checked against the new limit before the transfer; QEMU does not in gates and returns, and gives another error code or state elsewhere.',
  },
  {
    id: 'EIP above 64 KB for virtual-8086 mode', right: 'ours', manual: 'vol. 2, IRET: RETURN-TO-VIRTUAL-8086-MODE', scenarios: /to V86 with eip above 64K/, ours: /^13\(0\)$/, theirs: /^13\(0\)$/, open: RETURN,
    why: 'The check comes before the mode changes: the fault is one of ring 0. QEMU changes first.',
  },
  {
    id: 'limits of accesses are not checked', right: 'ours', manual: 'vol. 3, 5.3', scenarios: /^(limit|segment-load|v86)\//, ours: /^1[23]\(0\)$/, theirs: /^(64|13\(0\))$/, open: /^(event0 (vector|e[a-d]x|esp|ebp|esi|edi|frame\d)|memory (1e|14ffc|15|2[345]))/,
    why: 'An offset beyond the limit is #GP(0), or #SS(0) in the stack segment; QEMU\'s translator compares no offset with a limit, so that the access, push, fetch or wrap at 64 KB goes on, in virtual-8086 mode to the INT behind it, which IOPL refuses.',
  },
  {
    id: 'limit of the inner stack is not checked', right: 'ours', manual: 'vol. 2, CALL and INT n: #SS if the new stack has no room; vol. 3, 6.15, interrupt 8', scenarios: /^(inner-stack|task-gate)\/|^segment-load\/lss /, ours: /^8\(0\)$/, theirs: /^(64|6)$/, open: TASK,
    why: 'A frame that does not fit the inner stack is #SS, whose handler in the same ring finds no room either: a double fault, which has a task of its own here. QEMU writes beyond the limit.',
  },
  {
    id: 'limit of the stack is not checked by returns', right: 'ours', manual: 'vol. 2, RET and IRET: #SS(0) if the top bytes of the stack are not within its limit', scenarios: /^iret\//, ours: /^12\(0\)$/, theirs: /^(64|13\(0\))$/, open: RETURN,
    why: 'QEMU pops beyond the limit, and returns or refuses what it finds there.',
  },
  {
    id: 'null selector in use', right: 'ours', manual: 'vol. 3, 3.4.2', scenarios: /null ds is empty|^random/, ours: /^13\(0\)$/, theirs: /^64$/, open: EVENT_AND_REGISTERS,
    why: 'An access through a null DS is #GP(0); QEMU accesses base 0.',
  },
  {
    id: 'alignment check', right: 'ours', manual: 'vol. 3, 6.15, interrupt 17', scenarios: /^limit\/alignment/, ours: /^17$/, theirs: /^64$/, open: /^(event0 (vector|esp|frame\d|eax|ebx)|memory (1e|24))/,
    why: 'QEMU has no #AC.',
  },
  {
    id: 'TSS too short for the inner stack', right: 'ours', manual: 'vol. 2, INT n: TSSstackAddress + 5 > current TSS limit', scenarios: /^inner-stack\/tss limit/, ours: /^(64|10\(48\))$/, theirs: /^(10\(48\)|8\(0\))$/, open: TASK,
    why: 'SS takes two bytes of its field; QEMU demands all four, also for the stack of the #TS handler.',
  },
  {
    id: 'limit of the TSS that is left', right: 'undefined', manual: 'vol. 3, 7.3', scenarios: /^inner-stack\/tss limit|old tss limit/, ours: /^(shutdown|10\(48\))$/, theirs: /^(8\(0\)|64)$/, open: /^(end$|event0 (vector|e[a-d]x|esp|ebp|esi|edi|cr0|tr|frame\d)$|memory (10|13|14|1e))/,
    why: 'Ours refuses with #TS to save registers beyond the limit of the old TSS; the manual names only the new TSS\'s limit, QEMU saves.',
  },
  {
    id: 'stack not usable in a task just entered', right: 'ours', manual: 'vol. 3, 7.3 and 6.15, interrupt 10', scenarios: /^(task|random)/, ours: /^8\(0\)$/, theirs: /^1[01]\(/, open: TASK,
    why: 'A fault in loading CS, SS or LDTR of the new task finds no stack in SS, so that a same-ring handler makes a double fault. QEMU pushes through SS all the same.',
  },
  {
    id: 'ring of a task whose CS is refused', right: 'ours', manual: 'vol. 3, 7.3', scenarios: /^(task|random)/, ours: /^10\(\w+\)$/, theirs: /^10\(cccccccc\)$/, open: EVENT,
    why: 'CPL is the RPL of the new CS by then, so that the handler gets the stack of ring 0 from the TSS; QEMU is still in the old ring and pushes through the refused SS.',
  },
  {
    id: 'conforming code of a task', right: 'ours', manual: 'vol. 3, table 7-1, check of CS', scenarios: /^(task|random)/, ours: /64$/, theirs: /^10\(/, open: /^(event0 (vector|esp|ss|frame\d)|memory 1e)/,
    why: 'Conforming code needs DPL <= RPL of CS; QEMU refuses DPL < RPL.',
  },
  {
    id: 'EIP of a fault in a task just entered', right: 'ours', manual: 'vol. 3, 7.3', scenarios: /^random/, place: /^(event0 frame1|memory 1e6f4)$/,
    why: 'The fault is signalled before the first instruction of the new task, whose EIP is pushed; QEMU has advanced it by the length of the instruction that switched.',
  },
  {
    id: 'T bit', right: 'ours', manual: 'vol. 3, 17.3.1.5', scenarios: /T bit|debug trap of T/, ours: /^(1|8)/, theirs: /^(64|10\()/, open: TRAPS,
    why: 'QEMU ignores the T bit of a TSS.',
  },
  {
    id: 'page faults of a task switch', right: 'undefined', manual: 'vol. 3, 7.3', scenarios: / with (old|new|other) tss |^transfer-page-fault\/.*tss/, place: /^(event0 (cr2|frame0)|memory 1eef0)$/,
    why: 'The manual leaves open which byte of an unmapped TSS is touched first, and whether by a read or a write.',
  },
  {
    id: 'read-modify-write of a descriptor', right: 'undefined', manual: 'vol. 3, 3.4.5.1', scenarios: /gdt read-only wp/, place: /^event0 cr2$/,
    why: 'The accessed or busy bit is written with its byte or with its double word: CR2 differs.',
  },
  {
    id: 'stack reads of returns in ring 3', right: 'ours', manual: 'vol. 3, 4.6', scenarios: /^transfer-page-fault\/(iret|retf) frame/, ours: /^14\([45]\)$/, theirs: /^(14\(0\)|64)$/, open: /^(event0 (vector|esp|cr2|frame\d)|memory 1e)/,
    why: 'IRET and RET pop with the privilege of CPL; QEMU reads as the supervisor.',
  },
  {
    id: 'LTR of a null selector', right: 'ours', manual: 'vol. 2, LTR: #GP(0)', scenarios: /ltr (null|memory)/, ours: /^13\(0\)$/, theirs: /^64$/, open: /^(event0 (vector|esp|tr|frame\d)|memory 1e)/,
    why: 'QEMU accepts it.',
  },
  {
    id: 'control register that does not exist', right: 'ours', manual: 'vol. 3, table 6-2: invalid opcode before faults of execution', scenarios: /^privileged\/mov (from cr[15]|to cr7)/, ours: /^6$/, theirs: /^13\(0\)$/, open: EVENT,
    why: '#UD comes from decoding, before the privilege check; QEMU checks privilege first.',
  },
  {
    id: 'MSR that does not exist', right: 'ours', manual: 'vol. 2, RDMSR and WRMSR: #GP(0)', scenarios: /(rdmsr|wrmsr) of none/, ours: /^13\(0\)$/, theirs: /^64$/, open: /^(event0 (vector|esp|eax|edx|frame\d)|memory 1e)/,
    why: 'QEMU reads zero and ignores the write.',
  },
  {
    id: 'control register values', right: 'ours', manual: 'vol. 3, 2.5; vol. 2, MOV to control registers', scenarios: /^privileged\/cr[04] /, ours: /^13\(0\)$/, theirs: /^(64|hung)$/, open: /^(end$|event0 (vector|esp|ebx|cr[04]|frame\d)|memory 1e)/,
    why: 'NW without CD, PG without PE and reserved bits of CR4 are #GP(0); QEMU accepts them.',
  },
  {
    id: 'reserved bits of CR0 and CR3', right: 'undefined', manual: 'vol. 3, 2.5', scenarios: /^privileged\/cr0 1ff80fc1|^privileged\/cr3 low/, place: /^event0 (ebx|cr0|cr3)$/,
    why: 'Reserved bits are to be written as they were read; ours drops them, QEMU keeps them.',
  },
  {
    id: 'ICEBP', right: 'ours', manual: 'vol. 2, INT n/INTO/INT3/INT1', scenarios: /ICEBP|icebp|^double-fault\/DB/, ours: /^(1|1 1 64|1[013]\(.*)$/, theirs: /^6$/, open: TRAPS,
    why: 'F1 is INT1, which raises #DB; QEMU 7.2 raises #UD.',
  },
  {
    id: 'LOCK', right: 'ours', manual: 'vol. 2, LOCK: #UD', scenarios: /LOCK MOV/, ours: /^6$/, theirs: /^64$/, open: /^(event0 (vector|frame\d)|memory (1e|20))/,
    why: 'MOV may not have a LOCK prefix; QEMU ignores it.',
  },
  {
    id: 'REP with a count of 0 and a closed port', right: 'ours', manual: 'vol. 2, REP: Operation', scenarios: /^io-map\/rep .* closed count 0/, ours: /^64$/, theirs: /^13\(0\)$/, open: EVENT,
    why: 'With a count of zero the string instruction is not executed, so its permission is not checked; QEMU checks first.',
  },
  {
    id: 'accessed bits before a fault', right: 'undefined', manual: 'vol. 3, 4.8', place: /^memory (18|19|1a)/, bits: [0x20, 0x60, 0x40],
    why: 'The manual does not say whether a translation that ends in a fault leaves accessed bits; QEMU sets those of the levels that it passed, and that of a read-modify-write that it reads first.',
  },
  {
    id: 'read-modify-write is a write', right: 'ours', manual: 'vol. 3, 4.7; recorded from silicon by scripts/oracle/silicon.mjs', scenarios: /^page\//, place: /^(event0 frame0|memory 1eee8|memory 1eef0)$/, bits: [2],
    why: 'An instruction that will write faults as a write at once; QEMU reads first and reports a read. Silicon reports a write.',
  },
  {
    id: 'order of the pushes of PUSHA', right: 'undefined', manual: 'vol. 2, PUSHA', scenarios: /^page\/crossing pusha, /, place: /^(event0 cr2|memory 2[45]...)$/,
    why: 'Which of the eight pushes faults first, and what the others have written by then, is not specified.',
  },
  {
    id: 'pushes of an ENTER that faults', right: 'undefined', manual: 'vol. 2, ENTER; vol. 3, 6.5', scenarios: /^page\/crossing enter, /, place: /^memory 2[45]...$/,
    why: 'What the pushes before the one that faults have written by then is not specified. QEMU leaves it behind; here nothing is written, so that a frame whose copies overlap can be begun again.',
  },
  {
    id: 'POPA that faults', right: 'ours', manual: 'vol. 3, 6.5: a fault restores the state of before', scenarios: /^page\/crossing popa, /, place: /^event0 edi$/,
    why: 'QEMU leaves the registers behind that it had popped.',
  },
  {
    id: 'reserved bit error code', right: 'ours', manual: 'vol. 3, 4.7: bit 3 can be set only if bit 0 is also set', scenarios: /^page\/4 MB page with reserved bit/, place: /^(event0 frame0|memory 1eef0)$/, bits: [1],
    why: 'A reserved bit is checked in entries that are present, so that P is set; QEMU leaves it clear.',
  },
  {
    id: 'reserved bits of a 4 MB page', right: 'undefined', manual: 'vol. 3, table 4-3', scenarios: /^page\/4 MB page with reserved bit 1000/, ours: /^14\(9\)$/, theirs: /^64$/, open: /^(event0 (vector|esp|eax|cr2|frame\d)|memory 1e)/,
    why: 'Bit 12 is PAT where the processor has it, as QEMU\'s has and ours has not: a difference of models.',
  },
  {
    id: 'VM in the image outside of ring 0', right: 'ours', manual: 'vol. 2, IRET: VM = 1 and CPL = 0', scenarios: /VM in the image from ring/, ours: /^64$/, theirs: /^13\(0\)$/, open: RETURN,
    why: 'Only ring 0 returns to virtual-8086 mode by IRET; elsewhere the bit is ignored.',
  },
  {
    id: 'VIF and VIP', right: 'undefined', manual: 'vol. 1, 3.4.3', scenarios: /^iret\/to V86 all/, place: /^(event0 (eflags|frame2)|memory 1eee4)$/, bits: [0x180000],
    why: 'QEMU\'s model has these bits (VME), ours has not.',
  },
  {
    id: 'interrupt from virtual-8086 mode to a ring other than 0', right: 'ours', manual: 'vol. 3, 20.3.1', scenarios: /^v86\/int iopl3/, ours: /^13\(100\)$/, theirs: /^64$/, open: /^(event0 (vector|esp|frame\d)|memory 1[ce])/,
    why: 'The handler must be in ring 0, else #GP(selector); QEMU enters ring 1.',
  },
  {
    id: 'single step over STI', right: 'ours', manual: 'vol. 2, STI; vol. 3, 6.8.3', scenarios: /^debug\/step sti/, ours: /^1 1 1 64$/, theirs: /^1 1 64$/, open: TRAPS,
    why: 'STI delays interrupts, not the single-step trap.',
  },
  {
    id: 'data breakpoints', right: 'ours', manual: 'vol. 3, 17.2.5 and 17.3.1.2', scenarios: /^debug\/(breakpoint|two conditions)/, ours: /^1 .*64$/, theirs: /^[1 ]*64$/, open: TRAPS,
    why: 'The low bits of an address are ignored according to LEN; a repeated string instruction traps behind its iteration; conditions of one instruction make one trap. QEMU compares unaligned, traps at the instruction, and traps twice.',
  },
  {
    id: 'I/O breakpoint without DE', right: 'undefined', manual: 'vol. 3, 17.2.4', scenarios: /^debug\/io breakpoint de0/, ours: /^64$/, theirs: /^1 64$/, open: TRAPS,
    why: 'R/W 10b is undefined while CR4.DE is clear.',
  },
  {
    id: 'general detect', right: 'ours', manual: 'vol. 3, 17.2.4', scenarios: /^debug\/GD and/, ours: /^1$/, theirs: /^(64|13\(0\))$/, open: /^(event0 (vector|esp|eax|dr[67]|frame\d)|memory 1e)/,
    why: 'QEMU has no DR7.GD. In ring 3 both #DB and #GP apply; the manual does not order them.',
  },
  {
    id: 'bit 12 of DR6', right: 'ours', manual: 'vol. 3, 17.2.3', scenarios: /^debug\/dr6 reads back/, place: /^event0 (ecx|dr6)$/, bits: [0x1000],
    why: 'The bit reads as 0; QEMU sets it.',
  },
  {
    id: 'memory at 0', right: 'undefined', manual: 'vol. 3, 5.3', scenarios: /^limit\/read whole at ffffffff$/, place: /^event0 eax$/,
    why: 'An operand across the end of a segment of 4 GB may fault or not; on both it goes on at linear address 0, where QEMU has its firmware\'s interrupt table and we have zeros.',
  },
];

/** The differences of one scenario that no entry explains; notes the entries used. */
export function unexplained(scenario: Scenario, ours: Answer, theirs: Answer, found: readonly Difference[], used: Set<string>): readonly Difference[] {
  if (found.length === 0) return found;
  const candidates = KNOWN_DIFFERENCES.filter(({ scenarios }) => scenarios === undefined || scenarios.test(scenario.id));
  const left = found.filter((difference) => {
    const place = candidates.find((known) => 'place' in known && explains(known, difference));
    if (place !== undefined) used.add(place.id);
    return place === undefined;
  });
  if (left.length === 0) return left;
  const outcome = candidates.find((known): known is KnownOutcome => 'ours' in known && known.ours.test(signature(ours)) && known.theirs.test(signature(theirs)));
  if (outcome === undefined) return left;
  used.add(outcome.id);
  return left.filter(({ place }) => !outcome.open.test(place));
}

function explains({ place, bits }: KnownPlace, difference: Difference): boolean {
  if (!place.test(difference.place)) return false;
  if (bits === undefined) return true;
  return typeof difference.ours === 'number' && typeof difference.theirs === 'number' && bits.includes((difference.ours ^ difference.theirs) >>> 0);
}
