import type { Role } from '../../protocol/engine.ts';
import { readServerAddress } from '../../remote/serverAddress.ts';
import type { ServerAddress } from '../../remote/serverAddress.ts';
import type { Settings } from '../settings.ts';

type Reader = Pick<Settings, 'get'>;

/** Whether a server answers for the role; the engine on this machine then loads nothing for it. */
export function usesServer(settings: Reader, role: Role): boolean {
  const use = settings.get('gemmaCode.remote.use');
  return settings.get('gemmaCode.remote.url') !== '' && (use === role || use === 'both');
}

/** The server that is used; null: none is, or its address can't be read, so that nothing is sent. */
export function serverInUse(settings: Reader): ServerAddress | null {
  const url = settings.get('gemmaCode.remote.url');
  if (url === '') return null;
  try {
    return readServerAddress(url);
  } catch {
    return null;
  }
}
