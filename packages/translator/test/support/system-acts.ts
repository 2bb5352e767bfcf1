import { ARITHMETIC_FLAGS, CR0 as Control0, CR4 as Control4, Flag } from '@ringbench/isa';
import type { Assembler } from '../../../engine/src/conformance/assembler.js';
import { at, CR0, CR3, CR4, CS, DR0, DR7, DS, EAX, EBX, ECX, EDI, EDX, ES, ESI, ESP, FS, GS, inSegment, SS } from '../../../engine/src/conformance/operands.js';
import type { Dice } from '../../../engine/src/programs/dice.js';
import { instructionOf, ROWS } from '../../../engine/src/programs/instructions.js';
import type { ActContext, ActKind } from './act.js';
import { compute, diamond, divide, join, memory, movePointers, pointed, safeInstruction, smallLoop, stack, strings, x87 } from './compute-acts.js';
import { ALIAS, COUNTERS, DIRECTORY, entryOf, FUNCTIONS, FUNCTIONS_COPY, KERNEL_STACK, MAIN_CODE, MAIN_STACK, OPEN, OTHER_DIRECTORY, OTHER_TABLE, PAGE, Selector, TABLE, Variable, Vectors } from './system-places.js';

/** What system programs are made of: each act does one thing in one of its ways. */

const OPERAND_SIZE = 0x66;
const SHORT_JUMP = 0x70;

// ---- going elsewhere

function callFunction({ code, dice, functions, level }: ActContext): void {
  if (level === 'function' || dice.oneIn(3)) code.mov(EAX, dice.between(1, 7)).call('recursion');
  else code.call(dice.pick(functions));
}
/** By way of a table, with an index that changes; now and then the table changes. */
function callIndirect({ code, dice, counter }: ActContext): void {
  const index = counter();
  const table = COUNTERS + Variable.FUNCTION_TABLE;
  code.inc(index).mov(EAX, index);
  const slowness = dice.below(6);
  if (slowness > 0) code.shift('shr', EAX, slowness);
  code.alu('and', EAX, dice.pick([1, 3, 7])).shift('shl', EAX, 2).call(at(EAX, table));
}
function jumpIndirect({ code, dice, counter }: ActContext): void {
  const [one, two, index] = [code.newLabel('one'), code.newLabel('two'), counter()];
  code.inc(index).rm([0xf7], 0, index).long(dice.pick([1, 2, 16, 28])).mov(EAX, one).mov(EDX, two).rm([0x0f, 0x44], EAX.code, EDX); // TEST; CMOVZ EAX, EDX
  if (dice.oneIn(2)) code.jmp(EAX);
  else code.push(EAX).ret();
  code.label(one).inc(EBX).label(two);
}
/** One of many cases by a table. Most of the time a few of them, so that the others come when a region knows those few. */
function jumpTable({ code, dice, counter }: ActContext): void {
  const [index, table, end] = [counter(), code.newLabel('table'), code.newLabel('end')];
  const [few, many] = [dice.between(4, 6), dice.between(8, 16)];
  const names = Array.from({ length: many }, () => code.newLabel('case'));
  const skip = code.newLabel('skip');
  code.inc(index).mov(EAX, index).alu('and', EAX, 15).rm([0xf7], 0, index).long(dice.pick([0x30, 0x70, 0xf0])).jcc('z', skip); // TEST
  code.mov(EDX, 0).mov(ECX, few).div(ECX).mov(EAX, EDX).label(skip).shift('shl', EAX, 2).jmp(at(EAX, table)).align(4).label(table);
  for (let number = 0; number < 16; number++) code.long(names[number % many]);
  for (const [number, name] of names.entries()) {
    code.label(name).alu('add', EBX, number);
    if (number % 3 === 0) code.raw(...safeInstruction(dice));
    code.jmp(end);
  }
  code.label(end);
}
/** Returns elsewhere than behind the call in some of the iterations. */
function oddReturn({ code, dice, counter }: ActContext): void {
  const [behind, landing, callee, skip, index] = [code.newLabel('behind'), code.newLabel('landing'), code.newLabel('callee'), code.newLabel('skip'), counter()];
  code.jmp(skip).label(callee).inc(index).rm([0xf7], 0, index).long(dice.pick([1, 7, 24])).jcc('nz', landing).mov(at(ESP), behind).label(landing);
  if (dice.oneIn(3)) code.raw(0xc2, 4, 0); // RET 4
  else code.ret();
  code.label(skip).push(EAX).call(callee).inc(EBX).label(behind).mov(ESP, dice.oneIn(2) ? MAIN_STACK : KERNEL_STACK);
}

// ---- code that changes

/** Stores to an immediate ahead in the same block, so that the next instruction is another; its register is stored as a whole, or one byte of it is changed. */
function patchNext({ code, dice, counter }: ActContext): void {
  const place = code.newLabel('place');
  const way = dice.below(3);
  code.mov(EDI, place);
  if (way === 0) code.mov(at(EDI), ECX);
  else if (way === 1) code.rm([0xfe], 0, at(EDI)); // INC byte
  else code.rm([0x01], EBX.code, at(EDI));
  if (dice.oneIn(3)) code.raw(...safeInstruction(dice));
  const user = dice.below(5);
  if (user === 0) code.raw(0xb2).label(place).raw(dice.below(256)).nop(3); // MOV DL, imm8
  else if (user === 1) code.raw(0xba).label(place).long(dice.next()); // MOV EDX, imm32
  else if (user === 2) code.raw(0x81, 0xc3).label(place).long(dice.next()); // ADD EBX, imm32
  else if (user === 3) code.rm([0x81], 0, counter()).label(place).long(dice.next()); // ADD [counter], imm32
  else code.rm([0xc7], 0, pointed(dice)).label(place).long(dice.next()); // MOV [pointer], imm32
}
/** How a store reaches code: where the code is, or by its alias. */
const codeAddress = (dice: Dice): number => (dice.oneIn(2) ? 0 : ALIAS - MAIN_CODE);
/** In one of so many iterations, changes a number in a function, which is in another page. */
function patchFunction({ code, dice, counter }: ActContext): void {
  const [index, skip] = [counter(), code.newLabel('skip')];
  code.inc(index).rm([0xf7], 0, index).long(dice.pick([0, 3, 15, 31])).jcc('nz', skip).mov(EAX, `marker ${dice.below(4)}`).alu('add', EAX, codeAddress(dice) + dice.pick([0, 0, 1, 3]));
  if (dice.oneIn(2)) code.rm([0xfe], 0, at(EAX));
  else code.rm([0x01], ECX.code, at(EAX, -1)).rm([0x29], ECX.code, at(EAX, -1)); // there and back
  code.label(skip);
}
/**
 * Stores beside code, and in one of so many iterations to code ahead: into a number, to the last byte before a jump's target, or from before such a target on. So the
 * store is one that regions call for when it hits their own code.
 */
function patchSeldom({ code, dice, counter }: ActContext): void {
  const [index, place, pad, skip] = [counter(), code.newLabel('place'), code.newLabel('pad'), code.newLabel('skip')];
  const way = dice.below(3);
  code.inc(index).mov(EDI, pad).mov(EDX, place).mov(EAX, index).alu('and', EAX, dice.pick([7, 31, 63])).rm([0x0f, 0x44], EDI.code, EDX); // CMOVZ
  if (way === 2) code.alu('xor', at(EDI, -3), 0x08000000);
  else code.rm([0xfe], 0, at(EDI)); // INC byte
  if (way === 0) code.raw(0xb2).label(place).raw(1).mov(EAX, EDX); // MOV DL, imm8
  else if (way === 1) code.rm([0xf6], 0, index).raw(1).jcc('nz', skip).raw(0xb2).label(place).raw(1).label(skip).mov(EAX, EDX);
  else code.jmp(place).nop(4).label(place).raw(0x40); // INC EAX; DEC EAX is another by one bit
  const behind = code.newLabel('behind');
  code.jmp(behind).nop(4).label(pad).nop(4).label(behind);
}
/** Copies code over itself, or data beside code. */
function copyCode({ code, dice, counter }: ActContext): void {
  const [index, skip] = [counter(), code.newLabel('skip')];
  const from = dice.oneIn(2) ? FUNCTIONS : MAIN_CODE + dice.below(PAGE);
  code.inc(index).rm([0xf7], 0, index).long(dice.pick([7, 31])).jcc('nz', skip);
  code.mov(ESI, from).mov(EDI, from + codeAddress(dice)).mov(ECX, dice.between(1, 80)).raw(0xf3, dice.oneIn(2) ? 0xa4 : 0xa5).label(skip);
}

// ---- rings

function service({ code, dice }: ActContext): void { code.int(Vectors.SERVICE + dice.below(4)); }
function toUser({ code }: ActContext): void { code.int(Vectors.TO_USER); }
function toKernel({ code }: ActContext): void { code.int(Vectors.TO_KERNEL); }
function sysenter({ code }: ActContext): void {
  const behind = code.newLabel('behind');
  code.mov(at(COUNTERS + Variable.AFTER_SYSENTER), behind).raw(0x0f, 0x34).label(behind);
}
function callGate({ code, dice }: ActContext): void { code.callFar(dice.oneIn(8) ? Selector.CODE : Selector.CALL_GATE, dice.oneIn(2) ? 0 : 'far routine'); }
const USER_PAGE = 4;
const SHARED_PAGES = [0x11000, 0x14000, 0x30000, 0x31000] as const;
function touchEverything({ code, dice }: ActContext): void {
  // The same data page in whatever ring this runs, then in the other.
  const page = dice.pick(SHARED_PAGES);
  code.mov(EAX, at(page + dice.below(64) * 4));
  if (dice.oneIn(2)) code.inc(at(page + 0x200));
  if (dice.oneIn(2)) code.mov(EDI, page + 0x300).mov(ESI, page + 0x100).mov(ECX, 40).raw(0xf3, dice.oneIn(2) ? 0xa5 : 0xab);
}
/** An access, the other ring, the access again: one piece of code with the tables of both rings. */
function bothRings(context: ActContext): void {
  const { code, dice } = context;
  const [again, left] = [code.newLabel('both'), context.counter()];
  code.mov(left, 2 * dice.between(1, 3)).label(again);
  touchEverything(context);
  if (dice.oneIn(2)) code.call(dice.pick(context.functions));
  const other = code.newLabel('other');
  code.rm([0xf6], 0, left).raw(1).jcc('z', other).int(Vectors.TO_KERNEL); // TEST byte
  if (dice.oneIn(2)) revoke(context);
  code.label(other);
  if (dice.oneIn(2)) code.int(Vectors.SERVICE + dice.below(4));
  else code.int(Vectors.TO_USER);
  code.dec(left).jcc('nz', again);
}

// ---- pages

function changePage({ code, dice }: ActContext): void {
  const page = dice.pick([0x10000, 0x11000, 0x13000, 0x14000, 0x30000, 0x31000, 0x33000, 0x34000]);
  const entry = at(entryOf(dice.oneIn(4) ? OTHER_TABLE : TABLE, page));
  if (dice.oneIn(3)) code.mov(entry, dice.pick([page, 0x12000, 0x15000, 0x32000]) | dice.pick([OPEN, 1, 3, 5, 0]));
  else code.alu('xor', entry, dice.pick([1, 2, 4, 6, 0x40, 0x100]));
  if (!dice.oneIn(4)) code.invlpg(at(page));
}
/** Takes a page from ring 3 and uses it: its translation for ring 0 is there, and user code must not see it. */
function revoke({ code, dice }: ActContext, page: number = dice.pick(SHARED_PAGES)): void {
  for (const table of [TABLE, OTHER_TABLE]) code.alu('and', at(entryOf(table, page)), ~USER_PAGE);
  code.invlpg(at(page)).mov(EAX, at(page + 0x100)).inc(at(page + 0x300)).inc(at(page + 0x80));
}
/** A repetition in ring 3 on a page that ring 0 has taken away and used meanwhile. */
function stringsOnRevoked(context: ActContext): void {
  const { code, dice, counter } = context;
  const [again, left, page] = [code.newLabel('revoked'), counter(), dice.pick(SHARED_PAGES)];
  code.mov(left, dice.between(2, 6)).label(again).mov(EDI, page + 0x300).mov(ESI, page + 0x100).mov(ECX, dice.between(2, 50));
  code.raw(0xf3, dice.pick([0xa4, 0xa5, 0xaa, 0xab])).int(Vectors.TO_KERNEL);
  revoke(context, page);
  code.int(Vectors.TO_USER).dec(left).jcc('nz', again);
}
function swapFunctions({ code, dice }: ActContext): void {
  const entry = at(entryOf(TABLE, FUNCTIONS));
  code.alu('xor', entry, FUNCTIONS ^ FUNCTIONS_COPY);
  if (!dice.oneIn(3)) code.invlpg(at(FUNCTIONS + dice.below(PAGE)));
}
function changeDirectory({ code, dice }: ActContext): void {
  code.mov(EAX, CR3);
  if (!dice.oneIn(3)) code.alu('xor', EAX, DIRECTORY ^ OTHER_DIRECTORY);
  code.mov(CR3, EAX);
}
function changeControl(context: ActContext): void {
  const { code, dice } = context;
  const way = dice.below(5);
  const flip = (bits: number): Assembler => code.mov(EAX, CR0).alu('xor', EAX, bits).mov(CR0, EAX);
  if (way === 0) flip(Control0.WP);
  else if (way === 1) code.mov(EAX, CR4).alu('xor', EAX, Control4.PGE).mov(CR4, EAX);
  else if (way === 2) code.mov(EAX, CR0).mov(EDX, EAX).alu('and', EAX, ~Control0.PG).mov(CR0, EAX).mov(CR0, EDX); // off and as it was
  else if (way === 3) {
    flip(dice.pick([Control0.TS, Control0.EM]));
    x87(context);
  }
  else flip(Control0.AM).raw(0x0f, 0x06); // CLTS
}

// ---- segments, modes, events

function segments(context: ActContext): void {
  const { code, dice } = context;
  const way = dice.below(5);
  const segment = dice.pick([DS, ES, FS, GS]);
  if (way === 0) code.push(segment).pop(segment);
  else if (way === 1) code.mov(EAX, Selector.USER_DATA).mov(segment, EAX);
  else if (way === 2) code.mov(EAX, segment).mov(segment, EAX);
  else {
    code.mov(EAX, Selector.BASED_DATA).mov(dice.oneIn(2) ? ES : segment, EAX);
    memory(context);
    code.mov(EAX, dice.below(0x8000)).rm([0x8b], ECX.code, inSegment(dice.pick([ES, DS, FS, GS]), at(EAX))).mov(EAX, Selector.USER_DATA).mov(ES, EAX).mov(segment, EAX);
  }
  if (way === 3) code.rm([0x8b], EDX.code, inSegment(dice.pick([CS, SS, FS]), pointed(dice)));
}
/** 16-bit code in ring 0 and back. */
function code16({ code, dice }: ActContext): void {
  const [there, back] = [code.newLabel('16 bits'), code.newLabel('32 bits')];
  code.jmpFar(Selector.CODE16, there).label(there);
  for (let count = dice.between(1, 6); count > 0; count--) code.raw(...dice.pick([[0x40], [0x01, 0xd8], [0x89, 0xc2], [0xd1, 0xe0], [0x66, 0x41], [0x50, 0x5a], [0x67, 0x8b, 0x07], [0xb8, 1, 2]]));
  code.raw(OPERAND_SIZE).jmpFar(Selector.CODE, back).label(back);
}
function flags({ code, dice }: ActContext): void {
  const way = dice.below(7);
  if (way === 0) code.sti();
  else if (way === 1) code.cli();
  else if (way === 2) code.sti().raw(...safeInstruction(dice)).cli();
  else if (way === 3) code.pushfd().alu('xor', at(ESP), Flag.IF).popfd();
  else if (way === 4) code.pushfd().alu('xor', at(ESP), dice.pick([Flag.DF, Flag.AC, ARITHMETIC_FLAGS, Flag.ID])).popfd().cld();
  else if (way === 5) code.mov(EAX, SS).mov(SS, EAX).inc(EBX);
  else code.pushfd().alu('or', at(ESP), Flag.TF).popfd().inc(EAX).inc(ECX);
}
function ports({ code, dice }: ActContext): void {
  const way = dice.below(5);
  if (way === 0) code.outAl(0x80);
  else if (way === 1) code.inAl(dice.pick([0x40, 0x60, 0x61, 0x64, 0x21]));
  else if (way === 2) code.mov(EDX, 0x80).raw(dice.pick([0xee, 0xef, 0xec, 0xed]));
  else if (way === 3) code.mov(EDX, 0x80).mov(ECX, dice.below(9)).mov(ESI, 0x30ffc).raw(0xf3, dice.pick([0x6e, 0x6f]));
  else code.mov(EDX, 0x80).mov(ECX, dice.below(9)).mov(EDI, 0x30ffc).raw(0xf3, dice.pick([0x6c, 0x6d]));
}
function sensitive({ code, dice }: ActContext): void {
  const target = at(dice.pick([0x30ff8, 0x33010, 0x10ffe]));
  const way = dice.below(9);
  if (way === 0) code.sgdt(target);
  else if (way === 1) code.sidt(target);
  else if (way === 2) code.sldt(dice.oneIn(2) ? EAX : target).str(EAX);
  else if (way === 3) code.smsw(dice.oneIn(2) ? EAX : target);
  else if (way === 4) code.mov(EAX, dice.pick([8, 0x23, 0x4b, 0x60, 0])).lar(EDX, EAX).lsl(ECX, EAX).verr(EAX).verw(EAX);
  else if (way === 5) code.cpuid();
  else if (way === 6) code.rdtsc();
  else if (way === 7) code.raw(...dice.pick([[0xcc], [0xce], [0x0f, 0x0b], [0xf1], [0x62, 0x03]])); // INT3, INTO, UD2, INT1, BOUND
  else code.raw(...instructionOf(dice.pick(ROWS.sensitive), dice, true));
}
/** Breakpoints on data or code, off again in half of the cases. */
function debug({ code, dice }: ActContext): void {
  const address = dice.pick([0x30000, 0x10000, COUNTERS + Variable.FREE, FUNCTIONS]);
  code.mov(EAX, dice.oneIn(2) ? 0x400 : 0x400 | 1 | (dice.pick([0, 1, 3]) << 16) | (address === FUNCTIONS ? 0 : 3 << 18)).mov(EDX, address).mov(DR0, EDX).mov(DR7, EAX);
}
function halt({ code }: ActContext): void { code.sti().hlt(); }
function anything({ code, dice }: ActContext): void { code.raw(...instructionOf(dice.pick(ROWS.all), dice, true)).nop(4); }
function shortJump({ code, dice }: ActContext): void {
  const bytes = safeInstruction(dice);
  code.raw(SHORT_JUMP | dice.below(16), bytes.length, ...bytes);
}

/** What needs ring 0, in code of either ring: mostly left out in ring 3, where it is an exception. */
function inKernel(emit: ActKind['emit']): ActKind['emit'] {
  return (context) => {
    const { code, dice, level } = context;
    if (level === 'kernel' || dice.oneIn(6)) return emit(context);
    const skip = code.newLabel('ring 3');
    code.mov(EAX, CS).raw(0xa8, 3).jcc('nz', skip); // TEST AL, 3
    emit(context);
    code.label(skip);
  };
}

const EVERYWHERE = ['main', 'function', 'kernel'] as const;
const CODE_OF_LOOPS = ['main', 'kernel'] as const;
const KERNEL_ONLY = ['kernel', 'main'] as const;
const MAIN = ['main'] as const;
const kind = (name: string, weight: number, levels: ActKind['levels'], emit: ActKind['emit']): ActKind => ({ name, weight, levels, emit });

export const ACTS: readonly ActKind[] = [
  kind('compute', 10, EVERYWHERE, compute), kind('memory', 12, EVERYWHERE, memory), kind('move-pointers', 4, EVERYWHERE, movePointers), kind('join', 6, EVERYWHERE, join), kind('diamond', 4, EVERYWHERE, diamond),
  kind('short-jump', 2, EVERYWHERE, shortJump), kind('small-loop', 4, EVERYWHERE, smallLoop), kind('stack', 4, EVERYWHERE, stack), kind('divide', 2, EVERYWHERE, divide), kind('x87', 4, EVERYWHERE, x87), kind('strings', 5, EVERYWHERE, strings),
  kind('call', 6, CODE_OF_LOOPS, callFunction), kind('recursion', 1, ['function'], callFunction), kind('call-indirect', 4, CODE_OF_LOOPS, callIndirect), kind('jump-indirect', 4, CODE_OF_LOOPS, jumpIndirect), kind('jump-table', 3, CODE_OF_LOOPS, jumpTable), kind('odd-return', 2, MAIN, oddReturn),
  kind('patch-next', 3, EVERYWHERE, patchNext), kind('patch-function', 2, CODE_OF_LOOPS, patchFunction), kind('patch-seldom', 3, EVERYWHERE, patchSeldom), kind('copy-code', 1, CODE_OF_LOOPS, copyCode),
  kind('service', 6, MAIN, service), kind('to-user', 3, MAIN, toUser), kind('to-kernel', 3, MAIN, toKernel), kind('sysenter', 2, MAIN, sysenter), kind('call-gate', 2, MAIN, callGate), kind('touch', 4, EVERYWHERE, touchEverything), kind('both-rings', 5, MAIN, bothRings), kind('strings-on-revoked', 4, MAIN, stringsOnRevoked),
  kind('change-page', 4, KERNEL_ONLY, inKernel(changePage)), kind('revoke', 4, KERNEL_ONLY, inKernel((context) => revoke(context))), kind('swap-functions', 4, KERNEL_ONLY, inKernel(swapFunctions)), kind('change-directory', 2, KERNEL_ONLY, inKernel(changeDirectory)), kind('change-control', 3, KERNEL_ONLY, inKernel(changeControl)),
  kind('segments', 3, CODE_OF_LOOPS, segments), kind('code16', 1, MAIN, inKernel(code16)), kind('flags', 3, CODE_OF_LOOPS, flags), kind('ports', 2, CODE_OF_LOOPS, ports), kind('sensitive', 3, EVERYWHERE, sensitive), kind('debug', 1, KERNEL_ONLY, inKernel(debug)), kind('halt', 1, MAIN, halt), kind('anything', 2, MAIN, anything),
];
const BY_NAME = new Map(ACTS.map((one) => [one.name, one]));

export function actNamed(name: string): ActKind {
  const found = BY_NAME.get(name);
  if (found === undefined) throw new Error(`no act is called ${name}`);
  return found;
}
