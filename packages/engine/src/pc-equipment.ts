import type { PcEquipment } from '@ringbench/machine';
import type { EngineOptions } from './engine.js';

/** The PC that every core gives its guests; disks are connected when an image is loaded. */
export function guestEquipment({ onConsole, onPostCode, postPort }: EngineOptions): PcEquipment {
  return { keyboard: true, video: true, chipset: true, onConsole, onPostCode, postPort };
}
