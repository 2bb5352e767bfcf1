import { spawnSync } from 'node:child_process';

/**
 * Hands the terminal of standard input over to a guest's terminal: bytes pass unchanged in both directions, because the line discipline is the guest's.
 * @returns what gives the terminal back as it was.
 */
export function rawTerminal(): () => void {
  const { stdin } = process;
  stdin.setRawMode(true);
  // Node's raw mode concerns input alone: it even switches ONLCR on, which would put a second carriage return behind the guest's (POSIX, stty(1), "opost").
  // Where there is no stty it stays so; nothing on the screen shows it.
  spawnSync('stty', ['-opost'], { stdio: ['inherit', 'ignore', 'ignore'] });
  return () => void stdin.setRawMode(false);
}
