import { CopyOnWriteDisk, type BlockStore, type PcEquipment } from '@ringbench/machine';
import type { EngineOptions, EventCounts } from '../engine.js';
import { stackBlocks } from './block-layers.js';
import { stackCharacters } from './character-layers.js';
import { deviceChoices, INTERFACES, type DeviceChoices } from './device-settings.js';
import { IoCounters } from './io-counters.js';

/** How one guest's disk and console are served: its equipment and the stacks of layers behind it. */
export class GuestIo {
  readonly choices: DeviceChoices;
  private readonly counters = new IoCounters();

  constructor(private readonly options: EngineOptions) {
    this.choices = deviceChoices(options.settings);
  }

  /** The PC that every core gives its guests; disks are connected when an image is loaded. */
  equipment(): PcEquipment {
    const { onConsole, onPostCode, postPort } = this.options;
    const { disk, console, network, consoleLayers } = this.choices;
    const onLayeredConsole = onConsole === undefined && consoleLayers.length === 0 ? undefined : stackCharacters(onConsole ?? (() => undefined), consoleLayers, this.counters);
    return {
      keyboard: true, video: true, chipset: true, onPostCode, postPort, onConsole: onLayeredConsole,
      diskInterface: INTERFACES[disk].disk, consoleInterface: INTERFACES[console].console, ...(network === undefined ? {} : { networkInterface: network }),
    };
  }

  /** A disk of the guest's: its own copy of an image, or a store that others may have too, under its layers. */
  store(disk: Uint8Array | BlockStore): BlockStore {
    const { diskLayers, faultPeriod } = this.choices;
    return stackBlocks(disk instanceof Uint8Array ? new CopyOnWriteDisk(disk) : disk, diskLayers, { counters: this.counters, faultPeriod });
  }

  /** What layers counted, by the names of `IO_EVENTS`. */
  counts(): EventCounts {
    return this.counters.counts();
  }
}
