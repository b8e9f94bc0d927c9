import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { readBinary } from '../../../scripts/package/binaries.mjs';
import { targets } from '../../../scripts/package/targets.mjs';
import { root } from '../../../scripts/setup/paths.mjs';

const natives = Object.values(targets).flatMap(({ native }) => native ?? []);
const folderOf = (folder: string) => path.join(root, 'node_modules/onnxruntime-node/bin/napi-v6', folder);

describe("onnxruntime-node's binaries", () => {
  for (const { folder, format, machine, files, leftOut } of natives) {
    it(`of ${folder} are packed or left out for a reason, and are for that machine`, async () => {
      const known = [...Object.keys(files), ...Object.keys(leftOut)].sort();
      assert.deepEqual((await readdir(folderOf(folder))).sort(), known);
      for (const name of known) {
        const binary = readBinary(await readFile(path.join(folderOf(folder), name)));
        assert.deepEqual([binary.format, binary.machine], [format, machine], name);
      }
    });
  }

  it('left out for macOS are the same bytes as what is packed', async () => {
    const [packed, leftOut] = await Promise.all(
      ['libonnxruntime.1.dylib', 'libonnxruntime.1.30.0.dylib'].map((name) =>
        readFile(path.join(folderOf('darwin/arm64'), name)),
      ),
    );
    assert.ok(leftOut && packed?.equals(leftOut));
  });

  it('left out for Windows are not loaded with what is packed', async () => {
    for (const { folder, files, leftOut } of natives.filter(({ format }) => format === 'PE')) {
      for (const name of Object.keys(files)) {
        const { needed } = readBinary(await readFile(path.join(folderOf(folder), name)));
        assert.deepEqual(
          needed.filter((library) => library in leftOut),
          [],
        );
      }
    }
  });

  it('are refused when they are cut short or something else', async () => {
    for (const { folder } of natives) {
      const bytes = await readFile(path.join(folderOf(folder), 'onnxruntime_binding.node'));
      for (const length of [0, 4, 63, 65, 200]) assert.throws(() => readBinary(bytes.subarray(0, length)));
    }
    assert.throws(() => readBinary(Buffer.from('#!/bin/sh\n'.repeat(20))));
  });
});
