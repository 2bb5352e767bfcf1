export * from './engine.js';
export { loadMultiboot, MULTIBOOT_MAGIC, type GuestStart, type MultibootResult, type WriteMemory } from './multiboot.js';
export * from './guest-start.js';
export { DirectEngine, type CountView } from './direct-engine.js';
export { RegionRecorder, subtractCounts } from './marker.js';
export { fingerprintOf } from './fingerprint.js';
export { digestMemory, MemoryDigest } from './digest.js';
