/** What a host can switch on a drive: its translation, the multiple commands and the features. */
import { Feature, isPioMode } from './ata-commands.js';
import { defaultGeometry, geometryFor, MOST_MULTIPLE_SECTORS } from './ata-identify.js';
import type { DriveSettings, Geometry } from './ata-identify.js';

/** Setters return whether the drive accepts the request. */
export class AtaSettings implements DriveSettings {
  current: Geometry;
  multiple = 0;
  writeCache = true;
  lookAhead = true;
  private keptAtReset = false;

  /** @param capacity sectors of the drive. */
  constructor(private readonly capacity: number) {
    this.current = defaultGeometry(capacity);
  }

  /** The power-on settings. */
  revert(): void {
    this.current = defaultGeometry(this.capacity);
    this.multiple = 0;
    this.writeCache = true;
    this.lookAhead = true;
    this.keptAtReset = false;
  }

  /** After a software reset the settings revert, unless the host has asked to keep them. */
  softwareReset(): void {
    if (!this.keptAtReset) this.revert();
  }

  setGeometry(heads: number, sectorsPerTrack: number): boolean {
    if (sectorsPerTrack === 0) return false;
    this.current = geometryFor(this.capacity, heads, sectorsPerTrack);
    return true;
  }

  /** Powers of two up to the buffer's size; 0 and any other count switch the multiple commands off, the latter with an error. */
  setMultiple(sectors: number): boolean {
    const valid = sectors <= MOST_MULTIPLE_SECTORS && (sectors & (sectors - 1)) === 0;
    this.multiple = valid ? sectors : 0;
    return valid;
  }

  /** @param argument the sector count register. */
  setFeature(feature: number, argument: number): boolean {
    switch (feature) {
      case Feature.SET_TRANSFER_MODE:
        return isPioMode(argument);
      case Feature.ENABLE_WRITE_CACHE:
      case Feature.DISABLE_WRITE_CACHE:
        this.writeCache = feature === Feature.ENABLE_WRITE_CACHE;
        return true;
      case Feature.ENABLE_LOOK_AHEAD:
      case Feature.DISABLE_LOOK_AHEAD:
        this.lookAhead = feature === Feature.ENABLE_LOOK_AHEAD;
        return true;
      case Feature.KEEP_SETTINGS_AT_RESET:
      case Feature.REVERT_SETTINGS_AT_RESET:
        this.keptAtReset = feature === Feature.KEEP_SETTINGS_AT_RESET;
        return true;
      default:
        return false;
    }
  }
}
