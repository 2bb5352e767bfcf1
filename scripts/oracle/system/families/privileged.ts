import { EAX } from '../../../../packages/engine/dist/conformance/operands.js';
import { CODE, Cr0, Cr4, DATA, descriptor, Flags, iopl, long, PAGE_DIRECTORY, Selector, Task, testSelector, TSS, word } from '../layout.ts';
import { Family, hex, LEVELS } from './family.ts';

const POINTER = CODE + 0xfe0;
/** Instructions with a privilege rule, as bytes: what they do in ring 0 must be harmless. */
const INSTRUCTIONS: Readonly<Record<string, readonly number[]>> = {
  'hlt free cli': [0xfa], 'sti': [0xfb, 0xfa], 'clts': [0x0f, 0x06], 'smsw': [0x0f, 0x01, 0xe3], 'smsw 16': [0x66, 0x0f, 0x01, 0xe3], 'lmsw': [0xb8, 0x1f, 0, 0, 0, 0x0f, 0x01, 0xf0, 0x0f, 0x20, 0xc3], 'lmsw cannot clear pe': [0x31, 0xc0, 0x0f, 0x01, 0xf0, 0x0f, 0x20, 0xc3],
  'lgdt': [0x0f, 0x01, 0x15, ...long(POINTER)], 'lidt': [0x0f, 0x01, 0x1d, ...long(POINTER + 8)], 'sgdt': [0x0f, 0x01, 0x05, ...long(DATA)], 'sidt': [0x0f, 0x01, 0x0d, ...long(DATA)], 'sgdt 16': [0x66, 0x0f, 0x01, 0x05, ...long(DATA)],
  'sldt': [0x0f, 0x00, 0xc3], 'str': [0x0f, 0x00, 0xcb], 'sldt 16': [0x66, 0x0f, 0x00, 0xc3], 'str memory': [0x0f, 0x00, 0x0d, ...long(DATA)], 'mov from cr0': [0x0f, 0x20, 0xc3], 'mov from cr2': [0x0f, 0x20, 0xd3], 'mov from cr3': [0x0f, 0x20, 0xdb], 'mov from cr4': [0x0f, 0x20, 0xe3],
  'mov from cr1': [0x0f, 0x20, 0xcb], 'mov from cr5': [0x0f, 0x20, 0xeb], 'mov to cr2': [0x0f, 0x22, 0xd0], 'mov to cr7': [0x0f, 0x22, 0xf8], 'mov from dr7': [0x0f, 0x21, 0xfb], 'mov from dr6': [0x0f, 0x21, 0xf3], 'mov from dr4': [0x0f, 0x21, 0xe3], 'mov to dr7': [0x31, 0xc0, 0x0f, 0x23, 0xf8],
  'invlpg': [0x0f, 0x01, 0x3d, ...long(DATA)], 'invlpg register': [0x0f, 0x01, 0xf8], 'invd': [0x0f, 0x08], 'wbinvd': [0x0f, 0x09], 'rdmsr of none': [0xb9, 0x78, 0x56, 0x34, 0x12, 0x0f, 0x32], 'wrmsr of none': [0xb9, 0x78, 0x56, 0x34, 0x12, 0x0f, 0x30], 'rsm': [0x0f, 0xaa],
  'pushf popf': [0x9c, 0x5b, 0x68, 0xd7, 0x7e, 0x24, 0, 0x9d, 0x9c, 0x59, 0x6a, 2, 0x9d], 'pushf popf 16': [0x66, 0x9c, 0x66, 0x5b, 0x66, 0x68, 0xd7, 0x7e, 0x66, 0x9d, 0x9c, 0x59, 0x6a, 2, 0x9d], 'fnop with ts': [0x0f, 0x20, 0xc0, 0x0c, 8, 0x0f, 0x22, 0xc0, 0xd9, 0xd0], 'wait with ts': [0x0f, 0x20, 0xc0, 0x0c, 0xa, 0x0f, 0x22, 0xc0, 0x9b],
  'lar 16': [0x66, 0x0f, 0x02, 0xd8], 'ltr memory': [0x0f, 0x00, 0x1d, ...long(DATA)], 'lldt memory': [0x0f, 0x00, 0x15, ...long(DATA)], 'ud 0f 00 /6': [0x0f, 0x00, 0xf0], 'ud 0f 01 /5': [0x0f, 0x01, 0xe8], 'lgdt register': [0x0f, 0x01, 0xd0],
};

export function privileged(): Family {
  const family = new Family('privileged');
  for (const [what, bytes] of Object.entries(INSTRUCTIONS)) for (const cpl of LEVELS) if (cpl !== 2 || bytes.length < 4) family.add(`${what} cpl${cpl}`, (s) => {
    s.put(POINTER, [...word(0x7ff), ...long(0x10000), 0, 0, ...word(0x2ff), ...long(0x12000)]).put(DATA, word(0)).enter(cpl).raw(...bytes).done();
  });
  for (const cpl of [1, 3] as const) for (const level of LEVELS) for (const [what, bytes] of [['cli', [0xfa]], ['sti', [0xfb]], ['popf', [0x68, 0xd7, 0x7e, 0x24, 0, 0x9d, 0x9c, 0x59]]] as const) family.add(`${what} cpl${cpl} iopl${level}`, (s) => {
    s.enter(cpl, Flags.FIXED | iopl(level)).raw(...bytes).done();
  });
  controlRegisters(family);
  return family;
}

/** Values that MOV to CR0, CR3 and CR4 refuses or alters (SDM vol. 3, 2.5). */
function controlRegisters(family: Family): void {
  const cr0 = [Cr0.PE, Cr0.PE | Cr0.ET | Cr0.TS, Cr0.PE | 0x20, Cr0.PE | 0x40000000, Cr0.PE | 0x20000000, 0x80000000, 0x80000000 | Cr0.PE, Cr0.PE | 0x60000000, Cr0.PE | Cr0.AM | Cr0.WP | Cr0.MP | Cr0.EM, Cr0.PE | 0x1ff80fc0];
  for (const value of cr0) family.add(`cr0 ${hex(value)}`, (s) => void s.mov(EAX, value).raw(0x0f, 0x22, 0xc0, 0x0f, 0x20, 0xc3).done());
  for (const value of [0, Cr4.TSD, Cr4.DE, Cr4.PSE, 0x80, 0x9c, 0x800000, 0x80000000]) family.add(`cr4 ${hex(value)}`, (s) => void s.mov(EAX, value).raw(0x0f, 0x22, 0xe0, 0x0f, 0x20, 0xe3).done());
  for (const bits of [0, 8, 0x18, 0xfff]) family.add(`cr3 low bits ${hex(bits)}`, (s) => void s.mov(EAX, PAGE_DIRECTORY | bits).raw(0x0f, 0x22, 0xd8, 0x0f, 0x20, 0xdb).done());
  for (const cpl of [0, 3] as const) for (const tsd of [0, Cr4.TSD]) family.add(`rdtsc cpl${cpl} tsd${tsd === 0 ? 0 : 1}`, (s) => {
    s.header.cr4 = tsd;
    s.enter(cpl).raw(0x0f, 0x31, 0x31, 0xc0, 0x31, 0xd2).done();
  });
  for (const code of [4, 5, 6, 7]) for (const de of [0, Cr4.DE]) family.add(`dr${code} with de${de === 0 ? 0 : 1}`, (s) => {
    s.header.cr4 = de;
    s.raw(0x0f, 0x21, 0xc3 | (code << 3)).mov(EAX, 0).raw(0x0f, 0x23, 0xc0 | (code << 3), 0x0f, 0x21, 0xc1 | (code << 3)).done();
  });
}

const IO_MAP = TSS + Task.BYTES;
const MAP_OFFSET = Task.BYTES;
/** Port instructions by width: bytes for a port in DX. Ports without a device read all ones. */
const PORTS: readonly (readonly [string, number, readonly number[]])[] = [['in al', 1, [0xec]], ['in ax', 2, [0x66, 0xed]], ['in eax', 4, [0xed]], ['out al', 1, [0xee]], ['out ax', 2, [0x66, 0xef]], ['out eax', 4, [0xef]]];
const QUIET_PORT = 0x2f0;
/** MOV EAX, 0: what an empty port reads as is the board's business. */
const FORGET_VALUE = [0xb8, 0, 0, 0, 0] as const;

/** The I/O permission bit map by width and position, its end, and the TSS's limit (SDM vol. 1, 19.5.2). */
export function ioPermissions(): Family {
  const family = new Family('io-map');
  for (const [what, width, bytes] of PORTS) {
    for (const cpl of LEVELS) for (const level of LEVELS) family.add(`${what} cpl${cpl} iopl${level} all closed`, (s) => void s.enter(cpl, Flags.FIXED | iopl(level)).raw(0x66, 0xba, ...word(QUIET_PORT)).raw(...bytes).done());
    for (const closed of [-1, 0, 1, 2, 3, 4]) for (const start of [0, 5, 7]) family.add(`${what} at bit ${start} with bit ${closed} closed`, (s) => {
      const port = QUIET_PORT + start;
      const map = [0, 0];
      if (closed >= 0) map[(start + closed) >> 3] |= 1 << ((start + closed) & 7);
      s.put(IO_MAP + QUIET_PORT / 8, map).enter(3).raw(0x66, 0xba, ...word(port)).raw(...bytes, ...FORGET_VALUE).done();
    });
    for (const limit of [MAP_OFFSET + QUIET_PORT / 8 - 1, MAP_OFFSET + QUIET_PORT / 8, MAP_OFFSET + QUIET_PORT / 8 + 1, MAP_OFFSET - 1]) family.add(`${what} tss limit ${hex(limit)}`, (s) => {
      s.table(Selector.TSS, descriptor(TSS, limit, 0x89, 0)).put(IO_MAP + QUIET_PORT / 8, [0, 0]).enter(3).raw(0x66, 0xba, ...word(QUIET_PORT)).raw(...bytes).done();
    });
    family.add(`${what} in virtual 8086 ${width}`, (s) => void s.put(IO_MAP + QUIET_PORT / 8, [0, 0]).enterVirtual8086(iopl(3), [0xba, ...word(QUIET_PORT), ...(bytes[0] === 0x66 ? bytes.slice(1) : width === 4 ? [0x66, ...bytes] : bytes), 0xba, 0xf0, 1, 0xec]));
  }
  for (const base of [0, 0x68, 0xe0, 0xffff, 0x7000]) family.add(`map base ${hex(base)}`, (s) => void s.putWord(TSS + Task.IO_MAP, base).put(IO_MAP + QUIET_PORT / 8, [0, 0]).enter(3).raw(0x66, 0xba, ...word(QUIET_PORT), 0xec).done());
  family.add('16-bit tss has no map', (s) => {
    s.header.tr = testSelector(3);
    s.table(testSelector(3), descriptor(0x15000, 0x2b + 0x90, 0x81, 0)).enter(3).raw(0x66, 0xba, ...word(QUIET_PORT), 0xec).done();
  });
  for (const [what, bytes] of [['insb', [0x6c]], ['outsb', [0x6e]], ['rep insb', [0xf3, 0x6c]], ['rep outsw', [0xf3, 0x66, 0x6f]]] as const) for (const open of [true, false]) for (const count of [0, 2]) family.add(`${what} ${open ? 'open' : 'closed'} count ${count}`, (s) => {
    if (open) s.put(IO_MAP + QUIET_PORT / 8, [0, 0]);
    s.enter(3).raw(0x66, 0xba, ...word(QUIET_PORT), 0xbf, ...long(DATA), 0xbe, ...long(DATA + 0x100), 0xb9, ...long(count)).raw(...bytes).done();
  });
  return family;
}
