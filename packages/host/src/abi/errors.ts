/** Error numbers of the Linux i386 ABI (asm-generic/errno-base.h, errno.h). A call answers with the negative. */
export const ErrorNumber = {
  PERM: 1, NOENT: 2, SRCH: 3, INTR: 4, IO: 5, BADF: 9, CHILD: 10, AGAIN: 11, NOMEM: 12, ACCES: 13, FAULT: 14, EXIST: 17, NODEV: 19, NOTDIR: 20, INVAL: 22, MFILE: 24, NOTTY: 25, FBIG: 27, SPIPE: 29, PIPE: 32, RANGE: 34, NOSYS: 38,
} as const;

/**
 * What a call that a signal interrupts leaves in EAX until the signal is dealt with (Linux, include/linux/errno.h). No program ever sees them: they become EINTR or
 * the call begins again.
 */
export const Restart = {
  /** Again after a handler with SA_RESTART, or without a handler; else EINTR. */
  SYS: 512,
  /** Again in any case. */
  NO_INTERRUPT: 513,
  /** Again without a handler, else EINTR. */
  NO_HANDLER: 514,
} as const;
