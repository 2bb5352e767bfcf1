import { composeFlags, Flag, Register, Segment, Word } from '@ringbench/isa';

/** How registers and flags are written for people: in the failure report and in traces. */

const HEX = 16;
const DOUBLEWORD_DIGITS = 8;
const WORD_DIGITS = 4;
const LOW_WORD = 0xffff;

export const hex = (value: number, digits = DOUBLEWORD_DIGITS): string => (value >>> 0).toString(HEX).padStart(digits, '0');
/** A far address as `selector:offset`. */
export const farAddress = (selector: number, offset: number): string => `${hex(selector & LOW_WORD, WORD_DIGITS)}:${hex(offset)}`;

const GENERAL = ['EAX', 'EBX', 'ECX', 'EDX', 'ESI', 'EDI', 'EBP', 'ESP'] as const satisfies readonly (keyof typeof Register)[];
const SEGMENTS = ['CS', 'SS', 'DS', 'ES', 'FS', 'GS'] as const satisfies readonly (keyof typeof Segment)[];
const SYSTEM_SEGMENTS = ['LDTR', 'TR'] as const satisfies readonly (keyof typeof Segment)[];
const CONTROL = ['CR0', 'CR2', 'CR3', 'CR4'] as const;

/** One letter a flag, in the order of the bits from 0 on; upper case means set (SDM vol. 1, 3.4.3). */
const FLAG_LETTERS: readonly (readonly [letter: string, bit: number])[] = [
  ['c', Flag.CF], ['p', Flag.PF], ['a', Flag.AF], ['z', Flag.ZF], ['s', Flag.SF], ['t', Flag.TF], ['i', Flag.IF], ['d', Flag.DF], ['o', Flag.OF],
];
/** Flags without a customary letter. */
const FLAG_NAMES: readonly (readonly [name: string, bit: number])[] = [['nt', Flag.NT], ['rf', Flag.RF], ['vm', Flag.VM], ['ac', Flag.AC], ['vif', Flag.VIF], ['vip', Flag.VIP], ['id', Flag.ID]];

/** EFLAGS by letters, for example `cPaZstIdo iopl=0`: set flags in upper case; the rarer ones by name and only if set. */
export function flagLetters(flags: number): string {
  const letters = FLAG_LETTERS.map(([letter, bit]) => ((flags & bit) === 0 ? letter : letter.toUpperCase())).join('');
  const names = FLAG_NAMES.filter(([, bit]) => (flags & bit) !== 0).map(([name]) => ` ${name.toUpperCase()}`).join('');
  return `${letters} iopl=${(flags & Flag.IOPL) >>> Flag.IOPL_SHIFT}${names}`;
}

/** What changed between two EFLAGS, for example `+Z -C`; empty if nothing did. */
export function flagChanges(before: number, after: number): string {
  const changed = [...FLAG_LETTERS, ...FLAG_NAMES]
    .filter(([, bit]) => ((before ^ after) & bit) !== 0)
    .map(([name, bit]) => `${(after & bit) === 0 ? '-' : '+'}${name.toUpperCase()}`);
  if (((before ^ after) & Flag.IOPL) !== 0) changed.push(`iopl=${(after & Flag.IOPL) >>> Flag.IOPL_SHIFT}`);
  return changed.join(' ');
}

/** The value of each register that reports and traces know, by its name in the manuals; selectors have 16 bits. */
function registersOf(state: Int32Array): Readonly<Record<string, number>> {
  const registers: Record<string, number> = {};
  for (const name of GENERAL) registers[name] = state[Register[name]] >>> 0;
  registers['EIP'] = state[Word.EIP] >>> 0;
  registers['EFLAGS'] = composeFlags(state) >>> 0;
  for (const name of [...SEGMENTS, ...SYSTEM_SEGMENTS]) registers[name] = state[Word.SELECTOR + Segment[name]] & LOW_WORD;
  for (const name of CONTROL) registers[name] = state[Word[name]] >>> 0;
  return registers;
}

const isSelector = (name: string): boolean => Object.hasOwn(Segment, name);
const digitsOf = (name: string): number => (isSelector(name) ? WORD_DIGITS : DOUBLEWORD_DIGITS);

/** The same as text: hexadecimal, with as many digits as the register has. */
export function registerTexts(state: Int32Array): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(registersOf(state)).map(([name, value]) => [name, hex(value, digitsOf(name))]));
}

/** Names and new values of the registers that differ, without EIP and EFLAGS. */
export function changedRegisters(before: Int32Array, after: Int32Array): Readonly<Record<string, string>> {
  const old = registerTexts(before);
  return Object.fromEntries(Object.entries(registerTexts(after)).filter(([name, value]) => name !== 'EIP' && name !== 'EFLAGS' && old[name] !== value));
}

/** Lines of a register dump. */
export function registerLines(state: Int32Array): readonly string[] {
  const texts = registerTexts(state);
  const line = (names: readonly string[]): string => names.map((name) => `${name} ${texts[name]}`).join('  ');
  const segment = (name: keyof typeof Segment): string =>
    `${name.padEnd(WORD_DIGITS)} ${texts[name]}  base ${hex(state[Word.BASE + Segment[name]])}  limit ${hex(state[Word.LIMIT + Segment[name]])}`;
  return [
    line(GENERAL.slice(0, GENERAL.length / 2)),
    line(GENERAL.slice(GENERAL.length / 2)),
    `${line(['EIP', 'EFLAGS'])} ${flagLetters(composeFlags(state))}  CPL ${state[Word.CPL]}`,
    ...[...SEGMENTS, ...SYSTEM_SEGMENTS].map(segment),
    `GDTR base ${hex(state[Word.GDTR_BASE])}  limit ${hex(state[Word.GDTR_LIMIT], WORD_DIGITS)}   IDTR base ${hex(state[Word.IDTR_BASE])}  limit ${hex(state[Word.IDTR_LIMIT], WORD_DIGITS)}`,
    line(CONTROL),
  ];
}
