// What has to be true of a package, read from the finished archive.
import { createHash } from 'node:crypto';
import path from 'node:path';
import * as v from 'valibot';
import { readBinary } from './binaries.mjs';
import { ALLOWED_LICENCES } from './notices.mjs';
import { targets } from './targets.mjs';
import { readZip } from './zip.mjs';

/** @typedef {import('./targets.mjs').TargetName} TargetName */
/** @typedef {import('./targets.mjs').Native} Native */

/** Every file of a package matches one of these. */
const ALLOWED = [
  /^(extension\.vsixmanifest|\[Content_Types\]\.xml)$/,
  /^extension\/(package(\.nls(\.[\w-]+)?)?\.json|readme\.md|changelog\.md|LICENSE\.txt|NOTICE|SECURITY\.md)$/i,
  /^extension\/(THIRD_PARTY_NOTICES\.txt|sbom\.cdx\.json|licences\/onnxruntime\/ThirdPartyNotices\.txt)$/,
  /^extension\/dist\/(extension\.cjs|(chat|inspector)\.(js|css)|inference\/[\w./-]+\.(mjs|wasm))$/,
  /^extension\/models\/pebble\/([\w.-]+\.(json|safetensors|md)|NOTICE)$/,
  /^extension\/media\/[\w./-]+\.(png|svg)$/,
  /^extension\/l10n\/[\w.-]+\.json$/,
];

/** And in a package with a native library, beside its binaries. */
const ALLOWED_NATIVE =
  /^extension\/node_modules\/onnxruntime-(common\/(dist\/cjs\/)?|node\/(dist\/)?)[\w-]+\.js(on)?$/;

/** Without these the extension can't work offline, or must not be given away. */
export const REQUIRED = [
  'extension/package.json',
  'extension/LICENSE.txt',
  'extension/NOTICE',
  'extension/THIRD_PARTY_NOTICES.txt',
  'extension/sbom.cdx.json',
  'extension/licences/onnxruntime/ThirdPartyNotices.txt',
  'extension/dist/extension.cjs',
  'extension/dist/chat.js',
  'extension/dist/chat.css',
  'extension/dist/inspector.js',
  'extension/dist/inspector.css',
  'extension/dist/inference/main.mjs',
  'extension/dist/inference/engineWorker.mjs',
  'extension/dist/inference/storeWorker.mjs',
  'extension/dist/inference/ort/ort-wasm-simd-threaded.wasm',
  'extension/media/icons/gemma-code.svg',
  ...['ghost-text', 'dials', 'models', 'chat', 'privacy'].map(
    (name) => `extension/media/walkthrough/${name}.png`,
  ),
  'extension/models/pebble/config.json',
  'extension/models/pebble/tokenizer.json',
  'extension/models/pebble/model.safetensors',
];

const BINARIES = 'extension/node_modules/onnxruntime-node/bin/napi-v6';
const BILL = 'extension/sbom.cdx.json';
const NOTICES = 'extension/THIRD_PARTY_NOTICES.txt';

/** What CycloneDX 1.6 asks for in the parts that are used. */
const Reference = v.pipe(v.string(), v.minLength(1));
const Licence = v.strictObject({ license: v.strictObject({ id: v.picklist(ALLOWED_LICENCES) }) });
const Application = v.strictObject({
  type: v.literal('application'),
  'bom-ref': Reference,
  name: v.literal('gemma-code'),
  version: v.string(),
  licenses: v.tuple([Licence]),
});
const LibraryComponent = v.strictObject({
  type: v.literal('library'),
  'bom-ref': Reference,
  name: v.pipe(v.string(), v.minLength(1)),
  version: v.pipe(v.string(), v.minLength(1)),
  licenses: v.tuple([Licence]),
  purl: v.pipe(v.string(), v.regex(/^pkg:npm\/(%40[\w.-]+\/)?[\w.-]+@[\w.+-]+$/)),
});
const FileComponent = v.strictObject({
  type: v.literal('file'),
  'bom-ref': Reference,
  name: v.pipe(v.string(), v.minLength(1)),
  hashes: v.tuple([
    v.strictObject({
      alg: v.literal('SHA-256'),
      content: v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/)),
    }),
  ]),
});
const Bill = v.strictObject({
  $schema: v.literal('http://cyclonedx.org/schema/bom-1.6.schema.json'),
  bomFormat: v.literal('CycloneDX'),
  specVersion: v.literal('1.6'),
  version: v.literal(1),
  metadata: v.strictObject({
    component: Application,
    properties: v.array(v.strictObject({ name: v.string(), value: v.string() })),
  }),
  components: v.array(v.variant('type', [LibraryComponent, FileComponent])),
  dependencies: v.array(v.strictObject({ ref: Reference, dependsOn: v.array(Reference) })),
});

/**
 * @param {TargetName} target
 * @param {Buffer} vsix
 * @returns {string[]} what is wrong, in sentences; empty for a good package
 */
export function checkPackage(target, vsix) {
  const { maxBytes } = targets[target];
  return [
    ...(vsix.length > maxBytes ? [`${target}: it has ${vsix.length} bytes, more than ${maxBytes}`] : []),
    ...checkFiles(target, readZip(vsix)),
  ];
}

/**
 * @param {TargetName} target
 * @param {readonly import('./zip.mjs').PackageFile[]} entries
 * @returns {string[]}
 */
export function checkFiles(target, entries) {
  const { native } = targets[target];
  const files = new Map(entries.map(({ path: name, bytes }) => [name, bytes]));
  const binaries = Object.keys(native?.files ?? {}).map((name) => `${BINARIES}/${native?.folder}/${name}`);
  /** @param {string} name */
  const allowed = (name) =>
    ALLOWED.some((pattern) => pattern.test(name)) ||
    (native !== undefined && (ALLOWED_NATIVE.test(name) || binaries.includes(name)));
  const complaints = [
    ...(entries.length === files.size ? [] : ['a file is in the package twice']),
    ...[...files.keys()].filter((name) => !allowed(name)).map((name) => `${name} does not belong in it`),
    ...[...REQUIRED, ...binaries].filter((name) => !files.has(name)).map((name) => `${name} is missing`),
    ...(platformOf(files) === target ? [] : [`its manifest is for ${platformOf(files)}`]),
    ...(native ? checkBinaries(native, files) : []),
    ...checkBill(files),
  ];
  return complaints.map((complaint) => `${target}: ${complaint}`);
}

/** @param {ReadonlyMap<string, Buffer>} files */
function platformOf(files) {
  const manifest = files.get('extension.vsixmanifest')?.toString() ?? '';
  return / TargetPlatform="([\w-]+)"/.exec(manifest)?.[1] ?? 'universal';
}

/**
 * Each binary is for this machine and finds whatever it is loaded with.
 * @param {Native} native
 * @param {ReadonlyMap<string, Buffer>} files
 */
function checkBinaries({ folder, format, machine, files: packed, system }, files) {
  const names = Object.keys(packed);
  const needed = new Set(names.filter((name) => name.endsWith('.node')));
  const complaints = [];
  for (const name of names) {
    const bytes = files.get(`${BINARIES}/${folder}/${name}`);
    if (!bytes) continue;
    const binary = readBinary(bytes);
    if (binary.format !== format || binary.machine !== machine)
      complaints.push(`${name} is a ${binary.format} file for machine ${binary.machine}`);
    for (const library of binary.needed) {
      const beside = path.posix.basename(library);
      if (names.includes(beside)) needed.add(beside);
      else if (!system.test(library)) complaints.push(`${name} needs ${library}, which is nowhere`);
    }
    const looksBeside = binary.searched.some((where) => /^(\$ORIGIN|@loader_path)\/?$/.test(where));
    if (format !== 'PE' && !looksBeside) complaints.push(`${name} does not look in its own folder`);
  }
  const idle = names.filter((name) => !needed.has(name));
  return [...complaints, ...idle.map((name) => `${name} is loaded by nothing`)];
}

/**
 * The bill is well-formed and says of every file what it is; every library's terms are in the notices.
 * @param {ReadonlyMap<string, Buffer>} files
 */
function checkBill(files) {
  const text = files.get(BILL)?.toString();
  if (text === undefined) return [];
  const parsed = v.safeParse(Bill, JSON.parse(text));
  if (!parsed.success) {
    const [issue] = parsed.issues;
    return [`the bill of materials is wrong at ${v.getDotPath(issue)}: ${issue.message}`];
  }
  const { metadata, components, dependencies } = parsed.output;
  const references = new Set([metadata.component, ...components].map((component) => component['bom-ref']));
  const mentioned = new Set(dependencies.flatMap(({ ref, dependsOn }) => dependsOn.concat(ref)));
  const notices = files.get(NOTICES)?.toString() ?? '';
  const hashes = new Map(
    components.flatMap((component) =>
      component.type === 'file' ? [[component.name, component.hashes[0].content]] : [],
    ),
  );
  return [
    ...(references.size === components.length + 1 ? [] : ['the bill names something twice']),
    ...[...mentioned]
      .filter((name) => !references.has(name))
      .map((name) => `the bill does not describe ${name}`),
    ...[...hashes.keys()].filter((name) => !files.has(name)).map((name) => `the bill invents ${name}`),
    ...[...files]
      .filter(([name, bytes]) => name !== BILL && hashes.get(name) !== sha256(bytes))
      .map(([name]) => `the bill says something else of ${name}`),
    ...components
      .filter(
        (component) =>
          component.type === 'library' && !notices.includes(`\n${component.name} ${component.version} (`),
      )
      .map(({ name }) => `the notices don't mention ${name}`),
  ];
}

/** @param {Buffer} bytes */
export const sha256 = (bytes) => createHash('sha256').update(bytes).digest('hex');
