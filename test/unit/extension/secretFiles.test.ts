import assert from 'node:assert/strict';
import { isSecretFile, withoutSecretFiles } from '../../../src/extension/chat/attachments/secretFiles.ts';

/** What a diff says about one file. */
function part(name: string): string {
  return `diff --git a/${name} b/${name}\n--- a/${name}\n+++ b/${name}\n@@ -1 +1 @@\n-a\n+b\n`;
}

describe('a file that usually holds secrets', () => {
  it('is known by its name', () => {
    for (const path of [
      '/a/.env',
      '/a/.env.local',
      'server.PEM',
      '/home/me/.ssh/config',
      'id_ed25519',
      '/a/secrets.yaml',
      '.npmrc',
    ]) {
      assert.ok(isSecretFile(path), path);
    }
    for (const path of [
      '/a/env.ts',
      '/a/.envrc.md',
      '/a/keyboard.ts',
      '/a/secretary.ts',
      '/a/ssh/config.ts',
    ]) {
      assert.ok(!isSecretFile(path), path);
    }
  });

  it('is left out of changes', () => {
    const all = part('a.ts') + part('conf/.env') + part('b.ts');
    assert.equal(withoutSecretFiles(all), part('a.ts') + part('b.ts'));
    assert.equal(withoutSecretFiles(''), '');
  });
});
