import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';

/** Where Debian's chromium package keeps SwiftShader, a Vulkan driver that needs no GPU, and a loader for it. */
const CHROMIUM = '/usr/lib/chromium';
const DRIVER = join(CHROMIUM, 'vk_swiftshader_icd.json');
const LOADER = join(CHROMIUM, 'libvulkan.so.1');

/** glibc's RTLD_NODELETE: stays loaded whatever becomes of the handle. */
const RTLD_NODELETE = 0x1000;

/**
 * Makes this process's WebGPU compute on the processor, the same way on every machine; call it before ONNX Runtime is
 * asked for a GPU. `VK_ICD_FILENAMES` in the environment names another driver.
 */
export function useSoftwareAdapter(): void {
  if (process.env['VK_ICD_FILENAMES'] !== undefined) return;
  assert.ok(
    existsSync(DRIVER) && existsSync(LOADER),
    `WebGPU is tested on SwiftShader, but ${DRIVER} or ${LOADER} is missing: install Debian's chromium ` +
      '(node scripts/setup.mjs chromium), or name a Vulkan driver in VK_ICD_FILENAMES.',
  );
  process.env['VK_ICD_FILENAMES'] = DRIVER;
  // Dawn looks for the loader in the system's folders only; a library of that name that is loaded already serves too.
  assert.throws(
    () => process.dlopen({ exports: {} }, LOADER, constants.dlopen.RTLD_NOW | RTLD_NODELETE),
    /did not self-register/u,
  );
}
