/**
 * What Node, ONNX Runtime, the file system and the way to the hub need; everything else may carry secrets or change the
 * process. NODE_EXTRA_CA_CERTS names certificates, and no code.
 */
const ALLOWED = new Set([
  'APPDATA',
  'COMSPEC',
  'HOME',
  'HTTPS_PROXY',
  'HTTP_PROXY',
  'LANG',
  'LC_ALL',
  'LOCALAPPDATA',
  'LOGNAME',
  'NODE_EXTRA_CA_CERTS',
  'NO_PROXY',
  'NUMBER_OF_PROCESSORS',
  'PATH',
  'SSL_CERT_DIR',
  'SSL_CERT_FILE',
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
