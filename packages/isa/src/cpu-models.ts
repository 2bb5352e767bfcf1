import { CR0, CR4, Feature, Flag, Word } from './state.js';

/**
 * The processors that a machine can have: one table of what exists on each. Decoding, system procedures, CPUID, reset and the documentation
 * (docs/cpu-models.md) all read it.
 */

export type CpuModelName = 'i386' | 'i486' | 'i586' | 'i686';

/** What introduced an instruction after the 80386: a generation, or the Pentium II, whose only novelty here is FXSR. */
export type Generation = Exclude<CpuModelName, 'i386'> | 'pentium-ii';

/** The bit of FEATURES that says whether a processor has what a generation introduced. */
export const GENERATION_FEATURE: Readonly<Record<Generation, number>> = { i486: Feature.I486, i586: Feature.I586, i686: Feature.I686, 'pentium-ii': Feature.FXSR };

/** Feature bits of leaf 1 in EDX (SDM vol. 2, CPUID). V386 takes bit 20, which Intel reserves. */
export const CpuidFeature = { FPU: 1 << 0, DE: 1 << 2, PSE: 1 << 3, TSC: 1 << 4, MSR: 1 << 5, CX8: 1 << 8, PGE: 1 << 13, CMOV: 1 << 15, V386: 1 << 20, FXSR: 1 << 24 } as const;

/** Four result registers of CPUID. */
export interface CpuidLeaf {
  readonly eax: number;
  readonly ebx: number;
  readonly ecx: number;
  readonly edx: number;
}

/** What CPUID says on a model beyond what options of the processor (FPU, FXSR, V386) add. */
export interface CpuidAnswers {
  /** Leaf 1 EDX. */
  readonly features: number;
  /** Leaf 2, cache descriptors, if there is such a leaf. */
  readonly caches?: CpuidLeaf;
}

/** A processor model. Masks are bits that exist: a bit outside reads as zero. */
export interface CpuModel {
  readonly title: string;
  /** Bits of FEATURES; a machine may add options. */
  readonly features: number;
  /** EDX after reset and CPUID leaf 1 EAX: type, family, model, stepping (SDM vol. 3, 9.1.2). */
  readonly signature: number;
  /** Undefined: there is no CPUID instruction. */
  readonly cpuid: CpuidAnswers | undefined;
  /** CR0 after reset (SDM vol. 3, table 9-1). */
  readonly resetCr0: number;
  /** Bits of CR0 that MOV loads; the others do not change. */
  readonly cr0: number;
  /** Bits of CR3 that MOV loads: the frame, and where they exist PWT and PCD. */
  readonly cr3: number;
  /** Bits of CR4 that can be set; undefined: there is no CR4. */
  readonly cr4: number | undefined;
  /** Of the EFLAGS bits AC and ID, those that exist. */
  readonly flags: number;
}

const CR0_386 = CR0.PE | CR0.MP | CR0.EM | CR0.TS | CR0.PG;
const CR0_486 = CR0_386 | CR0.NE | CR0.WP | CR0.AM | CR0.NW | CR0.CD;
const CR3_386 = 0xfffff000 | 0;
const CR3_486 = CR3_386 | (1 << 3) | (1 << 4);
const CR4_PENTIUM = CR4.TSD | CR4.DE | CR4.PSE;
const CPUID_PENTIUM = CpuidFeature.DE | CpuidFeature.PSE | CpuidFeature.TSC | CpuidFeature.MSR | CpuidFeature.CX8;
const RESET_486 = CR0.CD | CR0.NW | CR0.ET;

/**
 * Left out of all models: virtual-8086 extensions (VME, PVI), machine check, local APIC, MTRRs, PAE, SYSENTER, system management mode. No model
 * reports them. The i486 is one without CPUID: that is what software which asks for the generation by EFLAGS.AC and EFLAGS.ID calls a 486, and
 * what needs CPUID can have an i586.
 */
export const CPU_MODELS: Readonly<Record<CpuModelName, CpuModel>> = {
  i386: {
    // Stepping D1. A 387 is there at reset; ET can be written, because the 80386 also took an 80287.
    title: '80386DX with 80387', features: Feature.FPU, signature: 0x308, cpuid: undefined,
    resetCr0: CR0.ET, cr0: CR0_386 | CR0.ET, cr3: CR3_386, cr4: undefined, flags: 0,
  },
  i486: {
    title: 'i486DX2', features: Feature.FPU | Feature.I486, signature: 0x435, cpuid: undefined,
    resetCr0: RESET_486, cr0: CR0_486, cr3: CR3_486, cr4: undefined, flags: Flag.AC,
  },
  i586: {
    // P54C, stepping C2.
    title: 'Pentium', features: Feature.FPU | Feature.I486 | Feature.I586, signature: 0x525, cpuid: { features: CPUID_PENTIUM },
    resetCr0: RESET_486, cr0: CR0_486, cr3: CR3_486, cr4: CR4_PENTIUM, flags: Flag.AC | Flag.ID,
  },
  i686: {
    // Stepping 9: behind the errata that kernels work around. 256 KB of L2 cache; AL = 1 says that one query of leaf 2 is enough.
    title: 'Pentium Pro', features: Feature.FPU | Feature.I486 | Feature.I586 | Feature.I686, signature: 0x619,
    cpuid: { features: CPUID_PENTIUM | CpuidFeature.PGE | CpuidFeature.CMOV, caches: { eax: 0x03020101, ebx: 0, ecx: 0, edx: 0x06040a42 } },
    resetCr0: RESET_486, cr0: CR0_486, cr3: CR3_486, cr4: CR4_PENTIUM | CR4.PGE | CR4.PCE, flags: Flag.AC | Flag.ID,
  },
};

export const CPU_MODEL_NAMES: readonly CpuModelName[] = ['i386', 'i486', 'i586', 'i686'];
export const DEFAULT_CPU_MODEL: CpuModelName = 'i686';

/** The model with the latest generation that is among the features. */
function latestModel(features: number): CpuModelName {
  if ((features & Feature.I686) !== 0) return 'i686';
  if ((features & Feature.I586) !== 0) return 'i586';
  return (features & Feature.I486) !== 0 ? 'i486' : 'i386';
}

/** Generation bits are neighbours in FEATURES, so that they index a table. */
const GENERATION_SHIFT = 3;
const GENERATION_MASK = 7;
const MODEL_OF_GENERATIONS: readonly CpuModel[] = Array.from({ length: GENERATION_MASK + 1 }, (_, bits) => CPU_MODELS[latestModel(bits << GENERATION_SHIFT)]);
const { FEATURES } = Word;

/** The model of the processor with this state. */
export function modelOf(state: Int32Array): CpuModel {
  return MODEL_OF_GENERATIONS[(state[FEATURES] >>> GENERATION_SHIFT) & GENERATION_MASK];
}
