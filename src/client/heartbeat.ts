import type { Connection } from './connection.ts';

/**
 * Asks the process for a life sign while `busy()`; its main thread never computes, so silence means that it hangs.
 * When this process itself was stopped or the machine slept, the silence counts from its end.
 */
export function watchHeartbeat(
  connection: Connection,
  hangMs: number,
  busy: () => boolean,
  onHang: () => void,
): { dispose(): void } {
  const periodMs = hangMs / 4;
  let askedAt: number | null = null;
  let checkedAt = performance.now();
  const timer = setInterval(() => {
    const now = performance.now();
    const late = now - checkedAt > 2 * periodMs;
    checkedAt = now;
    if (askedAt === null) {
      if (!busy()) return;
      askedAt = now;
      const answered = (): void => {
        askedAt = null;
      };
      connection.call('status', {}).then(answered, answered);
    } else if (late) {
      askedAt = now;
    } else if (now - askedAt >= hangMs) {
      askedAt = null;
      onHang();
    }
  }, periodMs);
  timer.unref();
  return { dispose: () => clearInterval(timer) };
}
