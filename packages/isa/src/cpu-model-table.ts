import { CPU_MODEL_NAMES, CPU_MODELS, CpuidFeature, type CpuModel } from './cpu-models.js';
import { classifyAll, code, markdownTable } from './encoding/classify.js';
import { CR0, CR4, Feature, Flag } from './state.js';
import { modelRegisterNames } from './system/model-registers.js';

/** The table of CPU models as Markdown, for the documentation. */

const HEXADECIMAL = 16;
const hex = (value: number): string => `${(value >>> 0).toString(HEXADECIMAL).toUpperCase()}h`;
/** Names of the bits that a mask has, lowest first. */
const bitNames = (bits: Readonly<Record<string, number>>, mask: number): string => Object.entries(bits).filter(([, bit]) => (mask & bit) !== 0).map(([name]) => name).join(' ');

function cpuidText({ cpuid, features }: CpuModel): string {
  if (cpuid === undefined) return '#UD';
  const floatingPoint = (features & Feature.FPU) !== 0 ? CpuidFeature.FPU : 0;
  return `${bitNames(CpuidFeature, cpuid.features | floatingPoint)}; leaves 0 to ${cpuid.caches === undefined ? 1 : 2}`;
}

const PROPERTIES: readonly (readonly [string, (model: CpuModel) => string])[] = [
  ['stands for', ({ title }) => title],
  ['EDX after reset, CPUID signature', ({ signature }) => hex(signature)],
  ['CR0 after reset', ({ resetCr0 }) => hex(resetCr0)],
  ['bits of CR0 that MOV loads', ({ cr0 }) => bitNames(CR0, cr0)],
  ['bits of CR3 that MOV loads', ({ cr3 }) => hex(cr3)],
  ['bits of CR4', ({ cr4 }) => (cr4 === undefined ? 'no CR4: #UD' : bitNames(CR4, cr4))],
  ['EFLAGS', ({ flags }) => (flags === 0 ? 'neither AC nor ID' : bitNames({ AC: Flag.AC, ID: Flag.ID }, flags))],
  ['CPUID', cpuidText],
  ['model-specific registers', (model) => modelRegisterNames(model).join(', ') || 'none: RDMSR is #UD'],
];

function instructionsByIntroduction(): string[][] {
  const entries = classifyAll().flatMap(({ mnemonic, introduced }) => introduced.map((text) => {
    const [encodings, since] = text.includes(': ') ? text.split(': ') : ['', text];
    return { since, what: encodings === '' ? code([mnemonic]) : `${code([mnemonic])} (${encodings})` };
  }));
  // Names sort by generation.
  return [...Map.groupBy(entries, ({ since }) => since)].toSorted(([one], [other]) => one.localeCompare(other)).map(([since, group]) => [since, group.map(({ what }) => what).join(', ')]);
}

export function cpuModelTable(): string {
  const models = markdownTable(['', ...CPU_MODEL_NAMES], PROPERTIES.map(([name, text]) => [name, ...CPU_MODEL_NAMES.map((model) => text(CPU_MODELS[model]))]));
  return `${models}\n\n${markdownTable(['since', 'instructions, or encodings of them'], instructionsByIntroduction())}\n`;
}
