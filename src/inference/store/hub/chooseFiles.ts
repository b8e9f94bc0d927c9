import { GemmaError } from '../../../protocol/errors.ts';
import { MAX_CONFIG_BYTES, MAX_TOKENIZER_BYTES } from '../../importer/modelDescription.ts';
import { LAYOUT_FILES, MAX_LAYOUT_FILE_BYTES } from '../../importer/readLayouts.ts';
import type { RemoteFile } from '../../importer/remoteFile.ts';
import { INDEX_NAME, MAX_INDEX_BYTES, shardsOf, SINGLE_NAME } from '../../importer/weightFiles.ts';
import { isPlainName } from '../../model/plainName.ts';
import type { RepositoryListing } from './repositoryListing.ts';

/** The largest models of the family have 60 GB in all. */
const MAX_WEIGHT_FILE_BYTES = 128 * 2 ** 30;

/**
 * What an import needs of a repository, in the order in which it is read: the small files first, so that a model that
 * can't be run is known before its weights have come.
 *
 * @param readIndex the content of a small file, verified
 * @throws GemmaError `bad-input` when the repository holds no such model, `untrusted` when names or lengths can't be right
 */
export async function chooseFiles(
  listing: RepositoryListing,
  readIndex: (file: RemoteFile) => Promise<Uint8Array>,
): Promise<readonly RemoteFile[]> {
  const required = (name: string, maxBytes: number): RemoteFile => {
    if (!listing.names.has(name)) {
      throw new GemmaError('bad-input', `The repository has no ${name}: it holds no model that can be used.`);
    }
    const file = listing.file(name);
    if (file.bytes > 0 && file.bytes <= maxBytes) return file;
    throw new GemmaError('untrusted', `${name} has ${file.bytes} bytes at the hub; that can't be right.`);
  };
  const small = [
    required('config.json', MAX_CONFIG_BYTES),
    required('tokenizer.json', MAX_TOKENIZER_BYTES),
    ...LAYOUT_FILES.filter((name) => listing.names.has(name)).map((name) =>
      required(name, MAX_LAYOUT_FILE_BYTES),
    ),
  ];
  if (!listing.names.has(INDEX_NAME)) return [...small, required(SINGLE_NAME, MAX_WEIGHT_FILE_BYTES)];
  const index = required(INDEX_NAME, MAX_INDEX_BYTES);
  const shards = shardNames(await readIndex(index));
  return [...small, index, ...shards.map((name) => required(name, MAX_WEIGHT_FILE_BYTES))];
}

function shardNames(index: Uint8Array): readonly string[] {
  let names: readonly string[];
  try {
    names = shardsOf(JSON.parse(new TextDecoder().decode(index))).map(({ name }) => name);
  } catch {
    throw new GemmaError('untrusted', `${INDEX_NAME} has no usable weight_map.`);
  }
  const odd = names.find((name) => !isPlainName(name) || !name.endsWith('.safetensors'));
  if (odd === undefined && names.length > 0) return names;
  throw new GemmaError(
    'untrusted',
    `${INDEX_NAME} names files that can't be right: ${JSON.stringify(odd ?? 'none')}.`,
  );
}
