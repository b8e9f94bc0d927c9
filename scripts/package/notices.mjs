// THIRD_PARTY_NOTICES.txt: whose software a package holds, and on which terms.
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { root } from '../setup/paths.mjs';

/** @typedef {import('./libraries.mjs').Library} Library */

/** Licences that ask for no more than their text, which the notices hold. */
export const ALLOWED_LICENCES = ['0BSD', 'Apache-2.0', 'BSD-2-Clause', 'BSD-3-Clause', 'ISC', 'MIT'];

const TEXTS = /^(copying|copyrightnotice|licen[cs]e|notices?|thirdpartynotices)(-mit)?(\.(md|txt))?$/i;

/** Packages that come without the text of their licence, by the beginning of their names. @type {[string, string][]} */
const ELSEWHERE = [
  ['onnxruntime-', 'licences/onnxruntime'],
  ['@microsoft/fast-', 'licences/fast'],
];

const RULE = '='.repeat(80);

/**
 * @param {readonly Library[]} libraries
 * @returns {Promise<string>}
 */
export async function thirdPartyNotices(libraries) {
  const parts = [
    'Gemma Code contains the following software of others. Its own licence is in LICENSE.txt.\n' +
      'ONNX Runtime in turn contains what licences/onnxruntime/ThirdPartyNotices.txt names.\n',
  ];
  for (const library of libraries) {
    const { name, version, licence } = library;
    if (!ALLOWED_LICENCES.includes(licence))
      throw new Error(`${name} has the licence ${licence}, which nobody has looked at.`);
    parts.push(`${RULE}\n${name} ${version} (${licence})\n${RULE}\n\n${await licenceTexts(library)}`);
  }
  return parts.join('\n');
}

/** @param {Library} library */
async function licenceTexts({ name, folder }) {
  const own = (await readdir(folder)).filter((file) => TEXTS.test(file)).sort();
  const texts = own.map((file) => path.join(folder, file));
  const elsewhere = ELSEWHERE.find(([start]) => name.startsWith(start));
  if (own.length === 0 && elsewhere) texts.push(path.join(root, elsewhere[1], 'LICENSE'));
  if (texts.length === 0) throw new Error(`The text of the licence of ${name} is missing.`);
  const contents = await Promise.all(texts.map((file) => readFile(file, 'utf8')));
  return contents.map((text) => `${text.replace(/\r\n?/g, '\n').trim()}\n`).join('\n');
}
