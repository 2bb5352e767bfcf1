import { Access, atLevel, BIG, CODE, descriptor, Flags, gate, iopl, LANDING, LANDING_OFFSET, OWN_VECTOR, Page, PAGES, FLAT_LIMIT, Selector, Task, testSelector, TSS, word } from '../layout.ts';
import { Family } from './family.ts';

/** 16-bit code: what IOPL, privilege and mode decide about (SDM vol. 3, 20.2 and 20.3), and addressing (20.1). */
const CODES: Readonly<Record<string, readonly number[]>> = {
  cli: [0xfa], sti: [0xfb, 0x90, 0xfa], pushf: [0x9c, 0x58], 'pushfd': [0x66, 0x9c, 0x66, 0x58], popf: [0x68, 0xd7, 0x7e, 0x9d, 0x9c, 0x58], popfd: [0x66, 0x68, 0xd7, 0x7e, 0x27, 0, 0x66, 0x9d, 0x66, 0x9c, 0x66, 0x58], 'int 50': [0xcd, OWN_VECTOR], 'int 3': [0xcd, 3], 'int3': [0xcc],
  into: [0xb0, 0x7f, 0x04, 1, 0xce], iret: [0x68, 0x02, 0x32, 0x68, ...word(CODE >>> 4), 0x68, ...word(LANDING_OFFSET), 0xcf], iretd: [0x66, 0x68, 0x02, 0x32, 0x27, 0, 0x66, 0x68, ...word(CODE >>> 4), 0, 0, 0x66, 0x68, ...word(LANDING_OFFSET), 0, 0, 0x66, 0xcf],
  hlt: [0xf4], clts: [0x0f, 0x06], lgdt: [0x0f, 0x01, 0x16, 0, 0], sgdt: [0x0f, 0x01, 0x06, 0, 0], sidt: [0x0f, 0x01, 0x0e, 0, 0], sldt: [0x0f, 0, 0xc0], str: [0x0f, 0, 0xc8], smsw: [0x0f, 1, 0xe0], lmsw: [0x0f, 1, 0xf0], lldt: [0x0f, 0, 0xd0], ltr: [0x0f, 0, 0xd8], lar: [0x0f, 2, 0xc0], lsl: [0x0f, 3, 0xc0],
  verr: [0x0f, 0, 0xe0], arpl: [0x63, 0xc0], 'mov cr0': [0x0f, 0x20, 0xc0], 'mov to cr0': [0x0f, 0x22, 0xc0], 'mov dr7': [0x0f, 0x21, 0xf8], 'invlpg': [0x0f, 1, 0x3e, 0, 0], 'mov sregs': [0xb8, 0x34, 0x12, 0x8e, 0xd8, 0x8e, 0xc0, 0x8e, 0xe0, 0x0f, 0xa8, 0x0f, 0xa1], 'rdtsc': [0x0f, 0x31, 0x66, 0x31, 0xc0, 0x66, 0x31, 0xd2], 'wbinvd': [0x0f, 9],
  'pop ss': [0x68, 0x00, 0x22, 0x17, 0x8c, 0xd0], 'lds': [0xc5, 0x1e, 0, 1], 'jmp far': [0xea, ...word(LANDING_OFFSET), ...word(CODE >>> 4)], 'call far': [0x9a, ...word(LANDING_OFFSET), ...word(CODE >>> 4)], 'retf': [0x68, ...word(CODE >>> 4), 0x68, ...word(LANDING_OFFSET), 0xcb], 'ud2': [0x0f, 0x0b], 'div 0': [0x31, 0xc9, 0xf7, 0xf1],
  'read at ffff': [0xbb, 0xff, 0xff, 0x8a, 0x07], 'word at ffff': [0xbb, 0xff, 0xff, 0x8b, 0x07], 'word write at ffff': [0xbb, 0xff, 0xff, 0x89, 0x07], 'long at fffd': [0xbb, 0xfd, 0xff, 0x66, 0x8b, 0x07], 'long at fffc': [0xbb, 0xfc, 0xff, 0x66, 0x8b, 0x07], 'address above 64K': [0x66, 0xbb, 0, 0, 1, 0, 0x67, 0x8a, 0x03],
  'push at 1': [0xbc, 1, 0, 0x50], 'push at 0': [0xbc, 0, 0, 0x50], 'pop at ffff': [0xbc, 0xff, 0xff, 0x58], 'pop at fffe': [0xbc, 0xfe, 0xff, 0x58], 'pusha at 6': [0xbc, 6, 0, 0x60], 'enter at 2': [0xbc, 2, 0, 0xc8, 4, 0, 0], 'lss': [0x0f, 0xb2, 0x26, 0, 1], 'bound': [0x31, 0xc0, 0x48, 0x62, 0x06, 0, 0], 'in al': [0xec], 'out dx': [0xef], 'insb': [0x6c], 'lock nop': [0xf0, 0x90], 'mov cs': [0x8e, 0xc8], 'int 60 beyond': [0xcd, 0x60],
};

/** Segments whose last bytes are still within the world. */
const WRAPPING = { ds: 0x1500, ss: 0x1500 } as const;

export function virtual8086(): Family {
  const family = new Family('v86');
  for (const [what, code] of Object.entries(CODES)) for (const level of [0, 3]) family.add(`${what} iopl${level}`, (s) => {
    s.vector(OWN_VECTOR, gate(Selector.CODE0, LANDING, atLevel(Access.INTERRUPT32, 3))).enterVirtual8086(iopl(level), code, / at f|above/.test(what) ? WRAPPING : {});
  });
  for (const level of [1, 2]) for (const what of ['cli', 'int 50', 'int3', 'popf']) family.add(`${what} iopl${level}`, (s) => void s.enterVirtual8086(iopl(level), CODES[what]));
  // INT n needs IOPL 3, then the gate's DPL 3, then a nonconforming handler of ring 0 (SDM vol. 3, 20.3.1).
  for (const level of [0, 3]) for (const dpl of [0, 3]) for (const target of [0, 1, 3]) for (const access of [Access.CODE, Access.CONFORMING]) family.add(`int iopl${level} gate dpl${dpl} target ${access === Access.CODE ? 'code' : 'conforming'} ${target}`, (s) => {
    s.table(testSelector(0), descriptor(0, FLAT_LIMIT, atLevel(access, target), BIG | PAGES)).vector(OWN_VECTOR, gate(testSelector(0), LANDING, atLevel(Access.TRAP32, dpl))).enterVirtual8086(iopl(level), [0xcd, OWN_VECTOR]);
  });
  for (const [what, access] of [['interrupt16', Access.INTERRUPT16], ['trap16', Access.TRAP16], ['task', Access.TASK_GATE]] as const) for (const cause of ['int', 'fault'] as const) family.add(`${what} gate by ${cause}`, (s) => {
    s.table(testSelector(0), descriptor(CODE, 0x1fff, Access.CODE, BIG)).vector(cause === 'int' ? OWN_VECTOR : 6, gate(what === 'task' ? Selector.OTHER_TSS : testSelector(0), what === 'task' ? 0 : LANDING_OFFSET, atLevel(access, 3)));
    s.enterVirtual8086(iopl(3), cause === 'int' ? [0xcd, OWN_VECTOR] : [0x0f, 0x0b]);
  });
  for (const [what, bits] of [['absent', 0], ['supervisor', Page.PRESENT | Page.WRITABLE], ['read-only', Page.PRESENT | Page.USER]] as const) for (const access of ['read', 'write'] as const) family.add(`page ${what} ${access}`, (s) => {
    s.paging().permissions(0x24000, bits).enterVirtual8086(0, access === 'read' ? [0xa1, 0, 0] : [0xa3, 0, 0]);
  });
  family.add('single step', (s) => void s.continues(1).enterVirtual8086(Flags.TF, [0x90, 0x40, 0x43]));
  family.add('handler returns', (s) => void s.continues(3).enterVirtual8086(iopl(3), [0xcc, 0x40, 0xcc, 0x43]));
  for (const [what, ss] of [['null', 0], ['rpl 3', Selector.DATA0 | 3], ['ring 1', 0x21]] as const) family.add(`inner stack ${what}`, (s) => void s.putWord(TSS + Task.SS0, ss).enterVirtual8086(0, [0xf4]));
  return family;
}
