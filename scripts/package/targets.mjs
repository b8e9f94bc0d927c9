// The packages that are made, and what is in each beside the common files.

/** @typedef {'linux-x64' | 'linux-arm64' | 'darwin-arm64' | 'win32-x64' | 'win32-arm64' | 'universal'} TargetName */

/** @typedef {'ELF' | 'Mach-O' | 'PE'} BinaryFormat */

/**
 * @typedef {object} Native
 * @property {string} folder of onnxruntime-node's binaries, below `bin/napi-v6`
 * @property {BinaryFormat} format
 * @property {number} machine e_machine of ELF, cputype of Mach-O, Machine of PE
 * @property {Record<string, string>} files what is packed, and why
 * @property {Record<string, string>} leftOut what else is in the folder, and why it is not packed
 * @property {RegExp} system libraries that every such machine has
 */

/** @typedef {{ native?: Native, maxBytes: number }} Target */

const MIB = 1024 * 1024;

const BINDING = 'the add-on that Node loads';

/** glibc 2.28 and GCC's runtime: what VS Code itself asks for. */
const LINUX = /^(lib(c|m|dl|rt|pthread|stdc\+\+|gcc_s)\.so\.\d+|ld-linux-[\w-]+\.so\.\d+)$/;

/** @param {'x64' | 'arm64'} arch @param {number} machine @returns {Native} */
const linux = (arch, machine) => ({
  folder: `linux/${arch}`,
  format: 'ELF',
  machine,
  files: {
    'onnxruntime_binding.node': BINDING,
    'libonnxruntime.so.1': 'NEEDED by the add-on, whose RUNPATH is its own folder',
  },
  leftOut: {},
  system: LINUX,
});

/** @param {'x64' | 'arm64'} arch @param {number} machine @returns {Native} */
const windows = (arch, machine) => ({
  folder: `win32/${arch}`,
  format: 'PE',
  machine,
  files: {
    'onnxruntime_binding.node': BINDING,
    'onnxruntime.dll': 'imported by the add-on',
  },
  leftOut: {
    'DirectML.dll': 'its import is delayed until somebody asks for DirectML, which nothing here does',
    'dxcompiler.dll': 'looked for by WebGPU alone, which takes the compiler of Windows without it',
    'dxil.dll': 'as dxcompiler.dll, and its terms would be terms for whoever installs the extension',
  },
  // Windows 10, and the Visual C++ runtime, without which VS Code's other native extensions don't load either.
  system:
    /^(api-ms-win-[\w-]+|kernel32|user32|shell32|setupapi|dbghelp|d3d12|dxgi|msvcp140(_1|_atomic_wait)?|vcruntime140(_1)?)\.dll$/i,
});

/** @type {Record<TargetName, Target>} */
export const targets = {
  'linux-x64': { native: linux('x64', 62), maxBytes: 40 * MIB },
  'linux-arm64': { native: linux('arm64', 183), maxBytes: 30 * MIB },
  'darwin-arm64': {
    native: {
      folder: 'darwin/arm64',
      format: 'Mach-O',
      machine: 0x0100000c,
      files: {
        'onnxruntime_binding.node': BINDING,
        'libonnxruntime.1.dylib': 'loaded by the add-on as @rpath/libonnxruntime.1.dylib, in its own folder',
      },
      leftOut: { 'libonnxruntime.1.30.0.dylib': 'the same bytes once more' },
      system: /^\/(usr\/lib\/[\w.+-]+\.dylib|System\/Library\/Frameworks\/[\w./]+)$/,
    },
    maxBytes: 35 * MIB,
  },
  'win32-x64': { native: windows('x64', 0x8664), maxBytes: 30 * MIB },
  'win32-arm64': { native: windows('arm64', 0xaa64), maxBytes: 30 * MIB },
  // The WASM runtime, for every other machine.
  universal: { maxBytes: 20 * MIB },
};

/** @param {string} name @returns {name is TargetName} */
export const isTarget = (name) => Object.hasOwn(targets, name);

/** @param {TargetName} target the file's name */
export const vsixName = (target) =>
  target === 'universal' ? 'gemma-code.vsix' : `gemma-code-${target}.vsix`;
