/**
 * What lies in the endpoint folder, where clients find the inference process.
 *
 * A process owns the engine when its socket has the highest number in the folder and answers. Numbers only grow:
 * a dead owner's socket is never reused or deleted by anyone but its successor, so that "the highest one is dead"
 * stays true once it is seen, and creating the next number decides the succession.
 */

/** 64 lower-case hex digits, created once for the folder; a client shows it in `hello`. */
export const TOKEN_FILE = 'token';

const SOCKET_NAME = /^([1-9]\d{0,8})\.sock$/;

export function socketFile(generation: number): string {
  return `${generation}.sock`;
}

/** Process id of the owner of that generation, in decimal; written after it won. */
export function pidFile(generation: number): string {
  return `${generation}.pid`;
}

/** Generation of a socket or null for any other file. */
export function generationOf(name: string): number | null {
  const match = SOCKET_NAME.exec(name);
  return match?.[1] === undefined ? null : Number(match[1]);
}

/** The highest generation among `names`; 0 when there is no socket. */
export function latestGeneration(names: readonly string[]): number {
  return names.reduce((latest, name) => Math.max(latest, generationOf(name) ?? 0), 0);
}
