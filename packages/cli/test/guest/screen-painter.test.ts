import { describe, expect, it } from 'vitest';
import { ScreenPainter } from '../../src/guest/screen-painter.js';

class FakeTerminal {
  rows = 3;
  columns = 4;
  text = '';
  write(text: string): void { this.text += text; }
  /** What has been written since the last call. */
  take(): string {
    const { text } = this;
    this.text = '';
    return text;
  }
}

describe('ScreenPainter', () => {
  it('paints lines that changed, at most twenty times a second, within the terminal', () => {
    const terminal = new FakeTerminal();
    let now = 0;
    const painter = new ScreenPainter(terminal, () => now);
    painter.look(['abcdef', 'b  ', '', 'below']);
    expect(terminal.take()).toBe('\u001b[?1049h\u001b[2J\u001b[1;1Habcd\u001b[2;1Hb\u001b[K\u001b[3;1H\u001b[K');
    now = 49;
    painter.look(['abcdef', 'c', '', '']);
    expect(terminal.take()).toBe('');
    now = 50;
    painter.look(['abcdef', 'c', '', '']);
    expect(terminal.take()).toBe('\u001b[2;1Hc\u001b[K');
    painter.leave();
    painter.leave();
    expect(terminal.take()).toBe('\u001b[?1049l');
  });
});
