import type { GuestHost } from './guest-host.js';

/** Where a VGA shows its memory. */
const VIDEO_MEMORY = 0xa0000;
const VIDEO_MEMORY_BYTES = 0x20000;

/** The text on a guest's screen; where the machine has no memory behind the screen, ones. */
export function showScreen(host: GuestHost): readonly string[] {
  return host.pc.vga?.text(host.readPhysical(VIDEO_MEMORY, VIDEO_MEMORY_BYTES), VIDEO_MEMORY) ?? [];
}
