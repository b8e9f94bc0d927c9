/** What Node, ONNX Runtime and the file system need; everything else may carry secrets or change the process. */
const ALLOWED = new Set([
  'APPDATA',
  'COMSPEC',
  'HOME',
  'LANG',
  'LC_ALL',
  'LOCALAPPDATA',
  'LOGNAME',
  'NUMBER_OF_PROCESSORS',
  'PATH',
  'SYSTEMDRIVE',
  'SYSTEMROOT',
  'TEMP',
  'TMP',
  'TMPDIR',
  'TZ',
  'USER',
  'USERNAME',
  'USERPROFILE',
  'WINDIR',
  'XDG_RUNTIME_DIR',
]);

/**
 * Environment of the inference process. An allow-list: NODE_OPTIONS, LD_PRELOAD and the like never get in.
 * Windows spells variables in any case.
 */
export function processEnvironment(
  parent: Readonly<Record<string, string | undefined>>,
): Record<string, string> {
  const environment: Record<string, string> = {};
  for (const [name, value] of Object.entries(parent)) {
    if (value !== undefined && ALLOWED.has(name.toUpperCase())) environment[name] = value;
  }
  // In VS Code execPath is Electron, which is Node only when told so.
  environment['ELECTRON_RUN_AS_NODE'] = '1';
  return environment;
}
