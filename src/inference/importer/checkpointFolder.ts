import { realpath, stat } from 'node:fs/promises';
import { basename, dirname, join, relative, isAbsolute } from 'node:path';
import { GemmaError } from '../../protocol/errors.ts';
import { isPlainName } from '../model/plainName.ts';

/** Reads files of one folder and never follows a name or link out of it. */
export class CheckpointFolder {
  readonly path: string;
  /** Real folders that files may lie in. */
  readonly #roots: readonly string[];

  private constructor(path: string, roots: readonly string[]) {
    this.path = path;
    this.#roots = roots;
  }

  /** @throws GemmaError `bad-input` unless `path` is a folder */
  static async open(path: string): Promise<CheckpointFolder> {
    const isFolder = await stat(path).then(
      (stats) => stats.isDirectory(),
      () => false,
    );
    if (!isFolder) throw new GemmaError('bad-input', `${path} is not a folder.`);
    const real = await realpath(path);
    // The Hugging Face cache: snapshots/REVISION/NAME are links to blobs/HASH.
    const snapshots = dirname(real);
    const roots = basename(snapshots) === 'snapshots' ? [real, join(dirname(snapshots), 'blobs')] : [real];
    return new CheckpointFolder(real, roots);
  }

  /**
   * Real path of the regular file `name`; null when there is none.
   *
   * @throws GemmaError `model-damaged` when `name` is not plain, leads out of the folder or is not a regular file
   */
  async find(name: string): Promise<string | null> {
    if (!isPlainName(name)) {
      throw new GemmaError(
        'model-damaged',
        `The checkpoint names the file ${JSON.stringify(name)}: names with a folder in them are refused.`,
      );
    }
    let real: string;
    try {
      real = await realpath(join(this.path, name));
    } catch {
      return null;
    }
    if (!this.#roots.some((root) => isInside(root, real))) {
      throw new GemmaError(
        'model-damaged',
        `${join(this.path, name)} is a link to a file outside the folder: refused.`,
      );
    }
    if (!(await stat(real)).isFile()) {
      throw new GemmaError('model-damaged', `${join(this.path, name)} is not a regular file.`);
    }
    return real;
  }

  /** As `find`. @throws GemmaError `model-damaged` when it is missing, too */
  async require(name: string): Promise<string> {
    const path = await this.find(name);
    if (path === null) throw new GemmaError('model-damaged', `${name} is missing in ${this.path}.`);
    return path;
  }
}

function isInside(root: string, path: string): boolean {
  const way = relative(root, path);
  return way !== '' && !isAbsolute(way) && way.split(/[/\\]/)[0] !== '..';
}
