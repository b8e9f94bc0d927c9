// The bill of materials of a package, in CycloneDX 1.6 (ECMA-424): every file and every library in it.
import { createHash } from 'node:crypto';

/** @typedef {import('./libraries.mjs').Library} Library */
/** @typedef {import('./zip.mjs').PackageFile} PackageFile */

/**
 * @param {object} what
 * @param {{ name: string, version: string, license: string }} what.manifest of the extension
 * @param {string} what.target
 * @param {readonly PackageFile[]} what.files all but the bill itself
 * @param {ReadonlyMap<string, readonly Library[]>} what.contents libraries by the file that holds code of them
 * @param {readonly Library[]} what.libraries
 */
export function billOfMaterials({ manifest, target, files, contents, libraries }) {
  const main = `pkg:generic/${manifest.name}@${manifest.version}?target=${target}`;
  const paths = files.map(({ path }) => path);
  return {
    $schema: 'http://cyclonedx.org/schema/bom-1.6.schema.json',
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    version: 1,
    metadata: {
      component: {
        type: 'application',
        'bom-ref': main,
        name: manifest.name,
        version: manifest.version,
        licenses: [{ license: { id: manifest.license } }],
      },
      properties: [{ name: 'gemma-code:target', value: target }],
    },
    components: [
      ...libraries.map((library) => ({
        type: 'library',
        'bom-ref': packageUrl(library),
        name: library.name,
        version: library.version,
        licenses: [{ license: { id: library.licence } }],
        purl: packageUrl(library),
      })),
      ...files.map(({ path, bytes }) => ({
        type: 'file',
        'bom-ref': path,
        name: path,
        hashes: [{ alg: 'SHA-256', content: createHash('sha256').update(bytes).digest('hex') }],
      })),
    ],
    dependencies: [
      { ref: main, dependsOn: paths },
      ...paths.flatMap((path) => {
        const inside = contents.get(path) ?? [];
        return inside.length > 0 ? [{ ref: path, dependsOn: inside.map(packageUrl) }] : [];
      }),
    ],
  };
}

/** @param {Library} library */
const packageUrl = ({ name, version }) => `pkg:npm/${name.replace('@', '%40')}@${version}`;
