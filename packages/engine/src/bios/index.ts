export { Bios } from './bios.js';
export { hasBootSignature } from './disk.js';
export type { FirmwareHost } from './firmware-host.js';
export { buildBiosRom, ROM_ADDRESS } from './rom.js';
