import { Feature, Word } from '../state.js';
import { advance } from './access.js';
import { isV386Root } from './modes.js';
import type { SystemOperands } from './operands.js';
import type { Silicon } from './silicon.js';

/** Feature bits of leaf 1 in EDX (SDM vol. 2, CPUID). V386 takes bit 20, which Intel reserves. */
export const CpuidFeature = { FPU: 1 << 0, DE: 1 << 2, PSE: 1 << 3, TSC: 1 << 4, MSR: 1 << 5, CX8: 1 << 8, PGE: 1 << 13, CMOV: 1 << 15, V386: 1 << 20, FXSR: 1 << 24 } as const;

const BASIC_FEATURES = CpuidFeature.DE | CpuidFeature.PSE | CpuidFeature.TSC | CpuidFeature.MSR | CpuidFeature.CX8 | CpuidFeature.PGE | CpuidFeature.CMOV;

/** The vendor, so that kernels take the paths they know. */
const VENDOR = 'GenuineIntel';
/** Family 6, model 1 (Pentium Pro), stepping 9: behind the errata that kernels work around. */
const SIGNATURE = 0x619;
const LAST_LEAF = 2;
/** Leaf 2: cache descriptors of a Pentium Pro with 256 KB L2; AL = 1 says that one query is enough. */
const CACHES = { eax: 0x03020101, ebx: 0, ecx: 0, edx: 0x06040a42 };

function vendorWord(at: number): number {
  return VENDOR.charCodeAt(at) | (VENDOR.charCodeAt(at + 1) << 8) | (VENDOR.charCodeAt(at + 2) << 16) | (VENDOR.charCodeAt(at + 3) << 24);
}

const VENDOR_EBX = vendorWord(0);
const VENDOR_EDX = vendorWord(4);
const VENDOR_ECX = vendorWord(8);

function store(state: Int32Array, eax: number, ebx: number, ecx: number, edx: number): void {
  state[Word.EAX] = eax;
  state[Word.EBX] = ebx;
  state[Word.ECX] = ecx;
  state[Word.EDX] = edx;
}

/** Leaf 1 EDX of this processor now: V386 mode does not nest, so its bit is not seen inside. */
export function cpuidFeatures(state: Int32Array): number {
  const floatingPoint = (state[Word.FEATURES] & Feature.FPU) !== 0 ? CpuidFeature.FPU : 0;
  const fastSave = (state[Word.FEATURES] & Feature.FXSR) !== 0 ? CpuidFeature.FXSR : 0;
  return BASIC_FEATURES | floatingPoint | fastSave | (isV386Root(state) ? CpuidFeature.V386 : 0);
}

/** CPUID. A leaf beyond the last answers like the last, as on the P6. */
export function identify(silicon: Silicon, op: SystemOperands): boolean {
  const state = silicon.state;
  const leaf = Math.min(state[Word.EAX] >>> 0, LAST_LEAF);
  if (leaf === 0) store(state, LAST_LEAF, VENDOR_EBX, VENDOR_ECX, VENDOR_EDX);
  else if (leaf === 1) store(state, SIGNATURE, 0, 0, cpuidFeatures(state));
  else store(state, CACHES.eax, CACHES.ebx, CACHES.ecx, CACHES.edx);
  return advance(silicon, op);
}
