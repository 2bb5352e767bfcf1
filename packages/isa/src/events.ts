/**
 * What the silicon counts. An event's name exists here once; a core that adds events of its own declares them in its package.
 * Counters are 64-bit floats in linear memory (exact to 2^53), so that generated code can add to them.
 */
export interface EventDefinition {
  readonly name: string;
  readonly meaning: string;
}

/** Instructions that are counted by name: those that a technique may have to treat specially, or whose price differs from an ordinary instruction's. */
export const COUNTED_INSTRUCTIONS = [
  'sgdt', 'sidt', 'sldt', 'smsw', 'str', 'pushf', 'popf', 'lar', 'lsl', 'verr', 'verw', 'mov-sreg', 'load-sreg', 'push-sreg', 'pop-sreg', 'load-far-pointer', 'callf', 'jmpf', 'retf', 'int', 'iret',
  'lgdt', 'lidt', 'lldt', 'ltr', 'lmsw', 'clts', 'mov-from-cr', 'mov-to-cr', 'mov-from-dr', 'mov-to-dr', 'invlpg', 'wbinvd', 'rdmsr', 'wrmsr', 'rdtsc', 'cpuid', 'hlt', 'cli', 'sti', 'in', 'out', 'ins', 'outs',
] as const;
export type CountedInstruction = (typeof COUNTED_INSTRUCTIONS)[number];

/** V386 exits, one event each; numbers and meanings in docs/v386-mode.md. */
export const V386_EXITS = ['io', 'halt', 'timer', 'interrupt', 'interrupt-window', 'second-level', 'msr', 'shutdown', 'invalid-state'] as const;
export type V386ExitName = (typeof V386_EXITS)[number];

export const SILICON_EVENTS = [
  { name: 'retired', meaning: 'guest instructions that completed; each iteration of a repeated string instruction counts' },
  { name: 'idle', meaning: 'instruction-clock units spent halted' },
  ...Array.from({ length: 32 }, (_, vector) => ({ name: `exception.${vector}`, meaning: `faults and traps delivered through vector ${vector}` })),
  { name: 'interrupt.hardware', meaning: 'interrupts taken from the interrupt pin' },
  { name: 'interrupt.software', meaning: 'INT n, INT3 and INTO delivered' },
  { name: 'ring.in', meaning: 'transfers to a more privileged level' },
  { name: 'ring.out', meaning: 'transfers to a less privileged level' },
  { name: 'tlb.fill.code', meaning: 'code TLB entries filled' },
  { name: 'tlb.fill.data', meaning: 'data TLB entries filled' },
  { name: 'tlb.dirty', meaning: 'page walks made only to set a dirty bit' },
  { name: 'tlb.flush', meaning: 'flushes of the non-global or of all TLB entries' },
  { name: 'walk.reads', meaning: 'page-table entries read by page walks: 2 a walk for 4 KB pages, up to 8 with second-level translation' },
  { name: 'walk.writes', meaning: 'page-table entries written by page walks (accessed and dirty bits)' },
  { name: 'port.read', meaning: 'port reads that reached a device of the machine' },
  { name: 'port.write', meaning: 'port writes that reached a device of the machine' },
  { name: 'v386.entry', meaning: 'entries into V386 mode' },
  ...V386_EXITS.map((exit) => ({ name: `v386.exit.${exit}`, meaning: `exits from V386 mode for reason ${exit}` })),
  ...COUNTED_INSTRUCTIONS.map((mnemonic) => ({ name: `executed.${mnemonic}`, meaning: `${mnemonic.toUpperCase()} instructions completed` })),
] as const satisfies readonly EventDefinition[];

const indexOfName = new Map(SILICON_EVENTS.map((event, index) => [event.name as string, index]));

/** Counter number of a silicon event. Throws on a name that is not defined: that is a bug of ours. */
export function eventIndex(name: string): number {
  const index = indexOfName.get(name);
  if (index === undefined) throw new Error(`no silicon event is called ${name}`);
  return index;
}
