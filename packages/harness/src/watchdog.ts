import { workerData } from 'node:worker_threads';

/**
 * Ends a measuring process whose parent is gone. Only a thread of its own can: the measuring thread is busy in the guest and sees no events.
 * An orphan would otherwise burn a processor on which the resumed run is measuring.
 */
const CHECK_EVERY_MILLISECONDS = 500;

const parent: unknown = workerData;

setInterval(() => {
  if (process.ppid !== parent) process.kill(process.pid, 'SIGKILL');
}, CHECK_EVERY_MILLISECONDS);
