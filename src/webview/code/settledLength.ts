import { useRef } from 'preact/hooks';

/** Between two highlightings of code that is being written, in milliseconds. */
const INTERVAL_MS = 250;

/**
 * How much of `code` to highlight now, in UTF-16 units: all of it when it is finished; of code that is being written
 * its whole lines, now and then.
 */
export function useSettledLength(code: string, isOpen: boolean): number {
  const settled = useRef({ code: '', time: -Infinity });
  if (!isOpen) return code.length;
  const now = performance.now();
  const { current } = settled;
  if (now - current.time >= INTERVAL_MS || !code.startsWith(current.code))
    settled.current = { code: code.slice(0, code.lastIndexOf('\n') + 1), time: now };
  return settled.current.code.length;
}
