import type { Connection } from './connection.ts';

/**
 * Asks the process for a life sign while `busy()`; its main thread never computes, so silence means that it hangs.
 * A timer that was itself late (the machine slept) only asks again.
 */
export function watchHeartbeat(
  connection: Connection,
  hangMs: number,
  busy: () => boolean,
  onHang: () => void,
): { dispose(): void } {
  let askedAt: number | null = null;
  const timer = setInterval(() => {
    const now = performance.now();
    if (askedAt !== null && now - askedAt >= hangMs) {
      askedAt = null;
      onHang();
    } else if (askedAt === null && busy()) {
      askedAt = now;
      const answered = (): void => {
        askedAt = null;
      };
      connection.call('status', {}).then(answered, answered);
    }
  }, hangMs / 4);
  timer.unref();
  return { dispose: () => clearInterval(timer) };
}
