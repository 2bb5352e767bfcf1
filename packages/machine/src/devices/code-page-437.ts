/** The characters of a PC's display adapter. */

/** One character each from 01h to 1Fh, and from 7Fh to FEh. */
const LOW = '☺☻♥♦♣♠•◘○◙♂♀♪♫☼►◄↕‼¶§▬↨↑↓→←∟↔▲▼';
const HIGH = '⌂'
  + 'ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒáíóúñÑªº¿⌐¬½¼¡«»'
  + '░▒▓│┤╡╢╖╕╣║╗╝╜╛┐└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀'
  + 'αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■';
const ASCII_FIRST = 0x20;
const ASCII_LAST = 0x7e;
const CHARACTERS = 256;
const BLANK = ' ';

function characterOf(code: number): string {
  if (code >= ASCII_FIRST && code <= ASCII_LAST) return String.fromCharCode(code);
  if (code > ASCII_LAST) return HIGH[code - ASCII_LAST - 1] ?? BLANK;
  return code === 0 ? BLANK : LOW[code - 1];
}

/** Code page 437 by character code; 00h and FFh are blanks. */
export const CODE_PAGE_437: readonly string[] = Array.from({ length: CHARACTERS }, (_, code) => characterOf(code));
