import { CpuidFeature, modelOf, type CpuModel } from '../cpu-models.js';
import { Feature, Vector, Word } from '../state.js';
import { advance } from './access.js';
import { isV386Root } from './modes.js';
import type { SystemOperands } from './operands.js';
import type { Silicon } from './silicon.js';

/** The vendor, so that kernels take the paths they know. */
const VENDOR = 'GenuineIntel';

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

/** Leaf 1 EDX of this processor now: its model's and its options. V386 mode does not nest, so its bit is not seen inside. */
function leafFeatures(state: Int32Array, ofModel: number): number {
  const floatingPoint = (state[Word.FEATURES] & Feature.FPU) !== 0 ? CpuidFeature.FPU : 0;
  const fastSave = (state[Word.FEATURES] & Feature.FXSR) !== 0 ? CpuidFeature.FXSR : 0;
  return ofModel | floatingPoint | fastSave | (isV386Root(state) ? CpuidFeature.V386 : 0);
}

/** CPUID. A leaf beyond the last answers like the last (SDM vol. 2, CPUID). A model without the instruction does not decode it; asked nevertheless, it is #UD. */
export function identify(silicon: Silicon, op: SystemOperands): boolean {
  const state = silicon.state;
  const { cpuid, signature }: CpuModel = modelOf(state);
  if (cpuid === undefined) return silicon.raise(Vector.UD, 0);
  const { caches } = cpuid;
  const leaf = state[Word.EAX];
  if (leaf === 0) store(state, caches === undefined ? 1 : 2, VENDOR_EBX, VENDOR_ECX, VENDOR_EDX);
  else if (leaf === 1 || caches === undefined) store(state, signature, 0, 0, leafFeatures(state, cpuid.features));
  else store(state, caches.eax, caches.ebx, caches.ecx, caches.edx);
  return advance(silicon, op);
}
