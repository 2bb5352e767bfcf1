import type { EngineOptions, Setting } from '@ringbench/engine';

/** What a port access takes to the device process, the exit's qualification and value, and back, the value: words of 32 bits. */
const WORDS_COPIED = 3;
/** Kernel to device process, and back. */
const SWITCHES = 2;

export const DEVICES_SETTING: Setting = {
  name: 'devices',
  meaning: 'who serves the guest\'s port accesses: the VMM in the host\'s kernel (`host`), or a process of the host\'s, to which each is handed over (`process`)',
  default: 'host', values: ['host', 'process'],
};

/** What `devices=process` costs beside the exit, for `CoreDefinition.events`. */
export const DEVICE_SERVER_EVENTS = [
  { name: 'v386.device.switch', meaning: 'context switches of the host for the device process: one to it and one back for each port access that it serves' },
  { name: 'v386.device.copy', meaning: 'words copied between the host\'s kernel and the device process' },
] as const;

/**
 * Who serves port accesses. The device models are the same objects either way, so that a guest cannot tell; what a process in between costs the host is counted.
 */
export class DeviceServer {
  private served = 0;
  private readonly isProcess: boolean;

  /** Throws on a value that the setting does not have: who offers settings checks them. */
  constructor({ settings }: EngineOptions) {
    const { devices = 'host' } = settings ?? {};
    if (devices !== 'host' && devices !== 'process') throw new Error(`nobody serves devices as ${devices}`);
    this.isProcess = devices === 'process';
  }

  /** A port access is about to be served. */
  serve(): void { if (this.isProcess) this.served++; }

  /** By the names of `DEVICE_SERVER_EVENTS`; what never happened is left out. */
  counts(): Record<string, number> {
    return this.served === 0 ? {} : { 'v386.device.switch': SWITCHES * this.served, 'v386.device.copy': WORDS_COPIED * this.served };
  }
}
