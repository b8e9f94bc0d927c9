import type { RefObject } from 'preact';
import { useCallback, useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';

/** As near to the end as a person means the end, in CSS pixels. */
const NEAR_PX = 24;

interface Stick {
  /** What scrolls, and what is in it. */
  readonly scroller: RefObject<HTMLDivElement | null>;
  readonly content: RefObject<HTMLOListElement | null>;
  /** The end is out of sight. */
  readonly isAway: boolean;
  readonly jump: () => void;
}

/**
 * Keeps the end in sight while the content grows, until the person scrolls up; from then on nothing moves by itself.
 * @param subject when it becomes another one, the end is shown again
 */
export function useStickToBottom(subject: string): Stick {
  const scroller = useRef<HTMLDivElement>(null);
  const content = useRef<HTMLOListElement>(null);
  const isStuck = useRef(true);
  const [isAway, setAway] = useState(false);

  const jump = useCallback(() => {
    isStuck.current = true;
    const { current } = scroller;
    if (current !== null) current.scrollTop = current.scrollHeight;
  }, []);

  useLayoutEffect(jump, [jump, subject]);

  useEffect(() => {
    const { current: frame } = scroller;
    const { current: list } = content;
    if (frame === null || list === null) return undefined;
    let lastTop = frame.scrollTop;
    let lastHeight = frame.scrollHeight;
    const onScroll = (): void => {
      const { scrollTop, scrollHeight, clientHeight } = frame;
      const isAtEnd = scrollHeight - scrollTop - clientHeight < NEAR_PX;
      // What shrinks moves up too, though nobody scrolled.
      if (scrollTop < lastTop - 1 && scrollHeight >= lastHeight && !isAtEnd) isStuck.current = false;
      if (isAtEnd && scrollTop >= lastTop) isStuck.current = true;
      lastTop = scrollTop;
      lastHeight = scrollHeight;
      setAway(!isStuck.current);
    };
    // At once, before what they scroll has grown again.
    const onWheel = ({ deltaY }: WheelEvent): void => {
      if (deltaY < 0 && frame.scrollTop > 0) isStuck.current = false;
    };
    const observer = new ResizeObserver(() => {
      if (isStuck.current) frame.scrollTop = frame.scrollHeight;
    });
    observer.observe(list);
    observer.observe(frame);
    frame.addEventListener('scroll', onScroll, { passive: true });
    frame.addEventListener('wheel', onWheel, { passive: true });
    return () => {
      observer.disconnect();
      frame.removeEventListener('scroll', onScroll);
      frame.removeEventListener('wheel', onWheel);
    };
  }, []);

  return { scroller, content, isAway, jump };
}
