import type { RequestParams } from '../../src/protocol/engine.ts';

export function completion(prefix: string, document = 'a.ts'): RequestParams<'complete'> {
  return {
    document,
    fileName: 'a.ts',
    languageId: 'typescript',
    prefix,
    suffix: '',
    neighbors: [],
    trigger: 'automatic',
  };
}
